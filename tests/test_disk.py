"""One way to open a file and one to write one: whatever stands under the name, neither waits nor leaves half a file."""

from __future__ import annotations

import errno
import os
import socket
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from alloclens.disk import is_name, open_file, read_file, real_path, write_file

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_file(path, 5) == b"12345"
    with pytest.raises(OSError, match="larger than 4 bytes"):
        read_file(path, 4)


@pytest.mark.timeout(5)
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no FIFOs")
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        for name in ("fifo", "link", "socket", ".", "/dev/zero", "missing", "nul\0", "x" * 300):
            with pytest.raises(OSError, match=r".+"):
                open_file(tmp_path / name)


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 300, "y/" * 5000])
def test_a_path_that_leads_nowhere_is_its_own_real_path(tmp_path: Path, name: str) -> None:
    path = f"{tmp_path}/{name}".rstrip("/")
    assert real_path(path) == path
    assert is_name(path) == ("\0" not in name and "\ud800" not in name)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_chain_of_links_without_end_is_no_fault(tmp_path: Path) -> None:
    for i in range(2000):
        (tmp_path / f"l{i}").symlink_to(tmp_path / f"l{i + 1}")
    assert real_path(str(tmp_path / "l0")).startswith(str(tmp_path))


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path, link = tmp_path / "settings.toml", tmp_path / "link.toml"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_file(link, b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o640)
    assert link.is_symlink()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.toml", "settings.toml"]


def test_a_failed_write_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b"old")

    def full(_descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_file(path, b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("settings.toml", b"old")]


@pytest.mark.parametrize("links", [True, False])
def test_a_new_file_takes_no_name_that_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    """Also on a file system without hard links."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", refused)
    path, dangling = tmp_path / "a", tmp_path / "link"
    write_file(path, b"first", new=True, mode=0o440)
    dangling.symlink_to("nowhere")
    for taken in (path, dangling):
        with pytest.raises(FileExistsError):
            write_file(taken, b"second", new=True)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"first", 0o440)
    assert sorted(tmp_path.iterdir()) == [path, dangling]


def test_of_many_writers_one_gets_the_name(tmp_path: Path) -> None:
    def written(body: bytes) -> bytes:
        try:
            write_file(tmp_path / "a", body, new=True)
        except FileExistsError:
            return b""
        return body

    with ThreadPoolExecutor(8) as pool:
        (winner,) = filter(None, pool.map(written, [b"%d" % n for n in range(64)]))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [winner]
