"""Stores the lines of the addresses of a snapshot when it was first seen, because its binary may be rebuilt."""

from __future__ import annotations

import math
import os
import zlib
from typing import TYPE_CHECKING

import msgspec

from alloclens.cache import folder
from alloclens.cache.database import WRITING, Cache, checked, sql_text, whole
from alloclens.disk import is_absent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from alloclens.disk import Stamp

VERSION = 1
"""Of the tables and of what their blobs hold."""
SCHEMA = """
    CREATE TABLE frames (
        snapshot TEXT PRIMARY KEY, stamp TEXT NOT NULL, directory TEXT NOT NULL, built_at REAL NOT NULL, body BLOB NOT NULL,
        check_sum INTEGER NOT NULL
    );
    CREATE INDEX by_directory ON frames (directory);
"""
OLDEST = "DELETE FROM frames WHERE rowid IN (SELECT rowid FROM frames ORDER BY rowid LIMIT 100)"
MAX_FRAMES_BYTES = 256 << 20
"""Compressed size of all frames; the oldest are dropped first. 10,000 addresses take about 200 KB."""
FramesOfAddresses = dict[int, list[tuple[str, str, str, int]]]
"""Of each address: name, linker's name, file and line of its calls, the innermost first."""
NO_FRAMES = (math.inf, FramesOfAddresses())
DECODER = msgspec.msgpack.Decoder(FramesOfAddresses)


class FrameStore:
    """A store of frames. All methods are thread-safe; none raises because of the disk."""

    def __init__(self, path: Path | None = None) -> None:
        self._cache = Cache(folder.FRAMES, VERSION, SCHEMA, path)

    def close(self) -> None:
        """Close the file."""
        self._cache.close()

    def of(self, snapshot: str, stamp: Stamp) -> tuple[float, FramesOfAddresses]:
        """Return when the program of a snapshot was built, and the frames of its addresses; NO_FRAMES if they were not stored."""
        key = sql_text(snapshot), repr(tuple(stamp))
        for *_, built_at, body, _ in whole(self._cache.ask("SELECT * FROM frames WHERE snapshot = ?", key[0]), *key):
            return built_at, DECODER.decode(zlib.decompress(body))
        return NO_FRAMES

    def keep(
        self, snapshot: str, stamp: Stamp, built_at: float, frames: Mapping[int, Sequence[tuple[str, str, str, int]]]
    ) -> None:
        """Store the frames of a snapshot in place of those that are stored."""
        body = zlib.compress(msgspec.msgpack.encode(frames), 1)
        row = checked(
            sql_text(snapshot), repr(tuple(stamp)), sql_text(os.path.dirname(snapshot)), float(built_at), body
        )
        with self._cache.transaction() as base:
            base.execute("INSERT OR REPLACE INTO frames VALUES (?, ?, ?, ?, ?, ?)", row)

    def forget(self, directories: Iterable[str], but: Collection[str]) -> None:
        """Drop the frames of deleted snapshots in these directories, and the oldest beyond the limit."""
        kept = set(map(sql_text, but))
        with self._cache.transaction() as base:
            base.execute(WRITING)
            for directory in directories:
                rows = base.execute("SELECT snapshot FROM frames WHERE directory = ?", (sql_text(directory),))
                gone = [(path,) for (path,) in rows if path not in kept and is_absent(path)]
                base.executemany("DELETE FROM frames WHERE snapshot = ?", gone)
            size = "SELECT total(length(body)) FROM frames"
            while base.execute(size).fetchone()[0] > MAX_FRAMES_BYTES and base.execute(OLDEST).rowcount:
                pass
