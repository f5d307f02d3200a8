"""python -m scripts.services.load caddy|nats-server PORT: clients of a real service, whose number rises for some minutes and then stays.

What each client makes the service hold is given back when it leaves, so nothing leaks by itself.
"""

from __future__ import annotations

import asyncio
import json
import sys
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

CLIENTS = 40
RISE_SECONDS = 120.0
PAUSE_SECONDS = 0.2
"""Between two requests of a client, so that the load leaves the machine some time."""
ROUND = 40
"""The requests after which a client leaves, and another takes its place."""
SUBJECTS = 20
STREAM = {"name": "orders", "subjects": ["orders.>"], "storage": "memory", "max_bytes": 24 << 20, "discard": "old"}


async def visits(port: int, number: int) -> None:
    """Ask Caddy for pages over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for turn in range(ROUND):
        page = ("index.html", "orders.html")[(number + turn) % 2]
        writer.write(
            f"GET /{page}?visit={number}-{turn} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n".encode()
        )
        await _response(reader)
        await asyncio.sleep(PAUSE_SECONDS)
    writer.close()


async def _response(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert b" 200 " in head.split(b"\r\n")[0], head
    if b"content-length: " in head:
        await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
        return
    while size := int(await reader.readline(), 16):
        await reader.readexactly(size + 2)
    await reader.readline()


async def messages(port: int, number: int) -> None:
    """Subscribe to subjects of NATS, and publish orders, which its stream keeps in memory up to a limit."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b'CONNECT {"verbose":false,"pedantic":false,"lang":"load","version":"1"}\r\nPING\r\n')
    writer.write(b"".join(f"SUB client.{number}.{i}.> {i + 1}\r\n".encode() for i in range(SUBJECTS)))
    if number == 0:
        text = json.dumps(STREAM).encode()
        writer.write(b"PUB $JS.API.STREAM.CREATE.orders %d\r\n%s\r\n" % (len(text), text))
    reading = asyncio.create_task(_answer_pings(reader, writer))
    for turn in range(ROUND):
        for _ in range(4):
            body = f"{number}-{turn} ".encode() * 60
            writer.write(f"PUB orders.{number % 50}.new {len(body)}\r\n".encode() + body + b"\r\n")
            writer.write(f"PUB client.{number}.{turn % SUBJECTS}.done 5\r\nready\r\n".encode())
        await writer.drain()
        await asyncio.sleep(PAUSE_SECONDS)
    reading.cancel()
    writer.close()


async def _answer_pings(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        if line.startswith(b"PING"):
            writer.write(b"PONG\r\n")


async def rising(client: Callable[[int], Awaitable[None]]) -> None:
    """Run clients, one more every few seconds; each is replaced when it has left."""
    numbers = count()

    async def one_after_another() -> None:
        while True:
            await client(next(numbers))

    async def later(number: int) -> None:
        await asyncio.sleep(number * RISE_SECONDS / CLIENTS)
        await one_after_another()

    await asyncio.gather(*(later(number) for number in range(CLIENTS)))


if __name__ == "__main__":
    load = {"caddy": visits, "nats-server": messages}[sys.argv[1]]
    asyncio.run(rising(lambda number: load(int(sys.argv[2]), number)))
