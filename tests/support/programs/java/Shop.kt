package com.acme.shop

// A shop whose sessions and audit trail leak; of the pages, only the recent ones are kept.

class Entry(size: Int) {
    val text = ByteArray(size) // leaks a record
}

private val sessions = HashMap<Int, ByteArray>()
private val audit = ArrayList<Entry>()
private val recent = ArrayDeque<ByteArray>()

fun login(id: Int) {
    sessions[id] = ByteArray(16 shl 10) // leaks a session
}

fun record() {
    now { audit.add(Entry(12 shl 10)) } // makes an entry
}

private fun now(append: () -> Unit) = append()

object Pages {
    fun look() {
        recent.add(ByteArray(16 shl 10)) // keeps pages
        if (recent.size > 1000) recent.removeFirst()
    }
}

fun main() {
    repeat(2000) { Pages.look() }
    for (i in 0 until 6000) {
        login(i)
        record()
        repeat(3) { Pages.look() }
        if (i % 100 == 0) Thread.sleep(10)
    }
    listOf(3, 1, 2).map { ByteArray(1 shl 20) }.filter { it.size > 1 }.forEach { sessions[-it.size] = it } // inlined
    System.gc()
}
