"""The pages that the server writes for a person to read: whole, read-only, and not too many."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from alloclens.cache import pages
from alloclens.disk import STALE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the pages lie: fewer than the user has, because each is written to the disk."""
    monkeypatch.setattr(pages, "MAX_PAGES", 20)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "alloclens" / "pages"


def names(folder: Path) -> set[str]:
    return {path.stem for path in folder.iterdir()}


def test_a_page_is_read_only_and_is_written_anew(folder: Path) -> None:
    path = pages.write("a", "one\n")
    assert path == folder / "a.txt"
    assert pages.write("a", "two \udc80\n") == path
    assert path.read_bytes() == b"two ?\n"
    assert path.stat().st_mode & 0o777 == 0o444
    assert names(folder) == {"a"}


def test_what_is_kept_beside_a_page_goes_with_it(folder: Path) -> None:
    path = pages.write("a", "one \udc80\n", [1, "\udc80"])
    assert pages.data(str(path), "one ?\n") == [1, "\udc80"]
    assert pages.data(str(path), "another\n") is pages.data(str(folder / "b.txt"), "one ?\n") is None
    os.utime(path, (1, 1))
    for number in range(pages.MAX_PAGES):
        pages.write(f"{number}", "")
    pages.prune()
    assert not [name for name in os.listdir(folder) if name.startswith("a.")]


def test_the_oldest_go_but_none_of_the_answer(folder: Path) -> None:
    for number in range(pages.MAX_PAGES):
        path = pages.write(f"{number}", "")
        os.utime(path, (number + 1, number + 1))
    answer = [pages.write(name, "") for name in ("new", "0")]
    pages.prune(answer)
    assert names(folder) == {"new", "0", *map(str, range(2, pages.MAX_PAGES))}  # 21 pages: the oldest but 0 is gone


def test_an_answer_of_very_many_is_kept_whole(folder: Path) -> None:
    answer = [pages.write(f"{number}", "") for number in range(pages.MAX_PAGES + 5)]
    pages.prune(answer)
    assert len(names(folder)) == pages.MAX_PAGES + 5
    pages.prune()
    assert len(names(folder)) == pages.MAX_PAGES


def test_what_is_no_page_stays(folder: Path) -> None:
    pages.write("a", "")
    (folder / ".a.txt.1.tmp").touch()
    (folder / "notes.md").touch()
    for number in range(pages.MAX_PAGES + 1):
        pages.write(f"{number}", "")
    pages.prune()
    assert {".a.txt.1.tmp", "notes.md"} <= {path.name for path in folder.iterdir()}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no FIFOs")
def test_odd_entries_keep_no_page_from_going(folder: Path) -> None:
    for number in range(pages.MAX_PAGES + 1):
        os.utime(pages.write(f"{number}", ""), (number + 1, number + 1))
    (folder / "directory.txt").mkdir()
    (folder / "dangling.txt").symlink_to("nowhere")
    (folder / "loop.txt").symlink_to("loop.txt")
    os.mkfifo(folder / "fifo.txt")
    pages.prune()
    assert names(folder) == {"directory", "dangling", "loop", "fifo", *map(str, range(1, pages.MAX_PAGES + 1))}
    with pytest.raises(OSError, match=r"."):
        pages.write("directory", "")
    assert pages.write("loop", "text").read_text() == "text"
    assert pages.write("fifo", "text").read_text() == "text"
    assert not [name for name in os.listdir(folder) if name.endswith(".tmp")]


def test_what_a_killed_server_left_goes(folder: Path) -> None:
    pages.write("a", "")
    young, old = (f".alloclens.{digit * 16}.tmp" for digit in "ab")
    for name, age in ((young, 0), (old, STALE_SECONDS + 1), ("mine.tmp", 99 * 99)):
        (folder / name).touch()
        then = time.time() - age
        os.utime(folder / name, (then, then))
    pages.prune()
    assert {path.name for path in folder.iterdir()} == {"a.txt", young, "mine.tmp"}


def test_a_disk_that_takes_none(tmp_path: Path) -> None:
    (tmp_path / "alloclens").write_text("no folder")
    with pytest.raises(OSError, match="alloclens"):
        pages.write("a", "")
    pages.prune()
