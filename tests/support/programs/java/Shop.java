package com.acme.shop;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A shop whose sessions and audit trail leak; of the pages, only the recent ones are kept. */
public class Shop {
    private static final Shop SHOP = new Shop();
    private final Map<Integer, byte[]> sessions = new HashMap<>();
    private final List<Entry> audit = new ArrayList<>();
    private final ArrayDeque<byte[]> recent = new ArrayDeque<>();

    static class Entry {
        final byte[] text;

        Entry(int size) {
            text = new byte[size]; // leaks a record
        }
    }

    void login(int id) {
        sessions.put(id, new byte[16 << 10]); // leaks a session
    }

    void record() {
        Runnable append = () -> audit.add(new Entry(12 << 10)); // makes an entry
        append.run(); // runs it
    }

    void look() {
        recent.add(new byte[16 << 10]); // keeps pages
        if (recent.size() > 1000) {
            recent.poll();
        }
    }

    public static void main(String[] args) throws InterruptedException {
        for (int i = 0; i < 2000; i++) {
            SHOP.look();
        }
        for (int i = 0; i < 6000; i++) {
            SHOP.login(i); SHOP.record(); SHOP.look(); SHOP.look(); SHOP.look(); // starts
            if (i % 100 == 0) {
                Thread.sleep(10);
            }
        }
        System.gc(); // of what is dead, too, a profile of what is alive has what was not collected
    }
}
