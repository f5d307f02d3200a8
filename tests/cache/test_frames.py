"""The lines of addresses: kept with the stamp of their snapshot, and dropped with it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from alloclens.cache import frames
from alloclens.cache.frames import NO_FRAMES, FrameStore
from alloclens.disk import Stamp

if TYPE_CHECKING:
    from pathlib import Path

STAMP = Stamp(*range(len(Stamp._fields)))
LATER = Stamp(*range(1, len(Stamp._fields) + 1))
FOUND = {0x46A2B1: [("inner", "_Zinner", "/w/a.cc", 9), ("outer", "_Zouter", "/w/a.cc", 14)], -5: [("f", "f", "", 0)]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "frames.sqlite3"


def test_what_is_kept_is_found_by_another_session(path: Path) -> None:
    store = FrameStore(path)
    store.keep("/p/a.heap", STAMP, 12.5, FOUND)
    store.close()
    again = FrameStore(path)
    assert again.of("/p/a.heap", STAMP) == (12.5, FOUND)
    assert again.of("/p/a.heap", LATER) == NO_FRAMES  # another file of that name
    assert again.of("/p/b.heap", STAMP) == NO_FRAMES


def test_what_is_gone_is_dropped_and_of_too_much_the_oldest(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FrameStore(path)
    here = tmp_path / "here.heap"
    here.touch()
    for snapshot in (f"{tmp_path}/gone.heap", str(here), f"{tmp_path}/q/other.heap"):
        store.keep(snapshot, STAMP, 1, FOUND)
    store.forget([str(tmp_path)], {str(here)})
    kept = [
        s for s in (f"{tmp_path}/gone.heap", str(here), f"{tmp_path}/q/other.heap") if store.of(s, STAMP) != NO_FRAMES
    ]
    assert kept == [str(here), f"{tmp_path}/q/other.heap"]
    monkeypatch.setattr(frames, "MAX_FRAMES_BYTES", 0)
    store.forget([], ())
    assert store.of(str(here), STAMP) == NO_FRAMES


def test_damaged_rows_are_ignored(path: Path) -> None:
    store = FrameStore(path)
    store.keep("/p/a.heap", STAMP, 1, FOUND)
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("UPDATE frames SET body = x'00'")
    assert store.of("/p/a.heap", STAMP) == NO_FRAMES
