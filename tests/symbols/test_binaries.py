"""Which files are looked at, and where their code lies."""

from __future__ import annotations

import io
import os
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.symbols import binaries
from alloclens.symbols.binaries import MAGIC_BYTES, is_binary, search
from alloclens.symbols.layout import NOWHERE, Mapped, layout

if TYPE_CHECKING:
    from pathlib import Path

ELF = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")


@pytest.fixture(autouse=True)
def _fresh() -> None:
    """Search anew in each test, not only after binaries.SEARCH_TTL_SECONDS seconds."""
    binaries._search.cache_clear()


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the paths that are opened."""
    seen: list[str] = []
    monkeypatch.setattr(binaries, "_read", lambda path, *_: seen.append(path) or ())
    return seen


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (ELF + b"\2\0\0\0", True),
        (ELF + b"\3\0\0\0", True),
        (ELF + b"\1\0\0\0", False),
        (ELF, False),
        (b"\x7fELF\1\2".ljust(16, b"\0") + b"\0\2\0\0", True),
        (b"MZ".ljust(MAGIC_BYTES), True),
        (b"\xcf\xfa\xed\xfe".ljust(MAGIC_BYTES), True),
        (b"\xca\xfe\xba\xbe\0\0\0\2".ljust(MAGIC_BYTES), True),
        (b"\xca\xfe\xba\xbe\0\0\0\x34".ljust(MAGIC_BYTES), False),
        (b"#!/bin/sh", False),
        (b"", False),
    ],
    ids=["exec", "dyn", "object", "cut", "big-endian", "pe", "mach-o", "universal", "java", "script", "empty"],
)
def test_what_is_a_binary(head: bytes, expected: bool) -> None:
    assert is_binary(head) is expected


def test_what_is_looked_at(tmp_path: Path, looked_at: list[str]) -> None:
    outside = tmp_path / "outside"
    work = tmp_path / "work"
    for name in ("bin/app", "lib/a.so.1", "a.debug", ".git/x.so", "node_modules/y.so", "text", "A.dSYM/Contents/A"):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_bytes(b"x")
    (work / "bin" / "app").chmod(0o755)
    outside.mkdir()
    (outside / "z.so").write_bytes(b"x")
    (work / "link").symlink_to(outside)
    (work / "z.so").symlink_to(outside / "z.so")
    os.mkfifo(work / "pipe.so")
    search([str(work)], [])
    assert {p[len(str(work)) + 1 :] for p in looked_at} == {"bin/app", "lib/a.so.1", "a.debug", "A.dSYM/Contents/A"}
    looked_at.clear()
    found = search([str(work)], ["text", "none", str(outside)])
    assert looked_at[:2] == [str(work / "text"), str(outside / "z.so")]
    assert found.messages == ("setting binaries: none is not there",)


def test_a_search_has_an_end(tmp_path: Path, looked_at: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(9):
        (tmp_path / f"{n}.so").write_bytes(b"x")
    monkeypatch.setattr(binaries, "MAX_SEARCHED_FILES", 5)
    assert "only 5 files were searched" in search([str(tmp_path)], []).messages[0]
    assert len(looked_at) == 5


def elf(kind: int, *segments: tuple[int, int, int, int]) -> bytes:
    """Return an ELF header and its loaded segments: (flags, offset, address, size)."""
    head = ELF + struct.pack("<HHIQQQIHHHHHH", kind, 62, 1, 0, 64, 0, 0, 64, 56, len(segments), 0, 0, 0)
    return head + b"".join(struct.pack("<IIQQQQQQ", 1, f, o, a, a, s, s, 4096) for f, o, a, s in segments)


def lookup(data: bytes, mapped: Mapped, *addresses: int) -> list[int | None]:
    found = layout(io.BytesIO(data), 1 << 20).lookup_addresses(np.array(addresses, np.uint64), mapped)
    return [None if a == NOWHERE else a for a in found.tolist()]


def test_where_code_is_looked_up() -> None:
    # As lld links: in the file at 0x5a0, in memory at 0x15a0. The loader maps whole pages: byte 0 at start + 0x1000.
    library = elf(3, (4, 0, 0, 0x5A0), (5, 0x5A0, 0x15A0, 0x1000))
    start = 0x7F00_0000_1000
    assert lookup(library, Mapped(start, start + 0x2000, 0), start + 0x5A0, start + 0x59F) == [0x15A0, None]
    assert lookup(library, Mapped(start, start + 0x2000, 0), start + 0x159F, start + 0x15A0, 7) == [0x259F, None, None]
    # Linked to run at 0x400000 and nowhere else; symbols count from there.
    fixed = elf(2, (4, 0, 0x400000, 0x1000), (5, 0x1000, 0x401000, 0x500))
    assert lookup(fixed, Mapped(0x401000, 0x402000, 0x1000), 0x401282, 0x401500) == [0x1282, None]
    assert lookup(fixed, Mapped(0x400000, 0x402000, 0), 0x401282) == [0x1282]
    # A mapping that stands for all memory: the addresses are the file's own.
    assert lookup(library, Mapped(0, 2**64 - 1, 0), 0x15A0, 0x5A0) == [0x15A0, None]
    # Above 2^63, where the kernel and vsyscall lie.
    high = 0xFFFF_FFFF_8000_0000
    assert lookup(library, Mapped(high, high + 0x2000, 0), high + 0x5A0) == [0x15A0]


def test_segments_out_of_order() -> None:
    """ELF wants them in the order of their addresses; a damaged file need not have it."""
    damaged = elf(2, (4, 0, 0x500000, 0x1000), (5, 0x1000, 0x401000, 0x500))
    assert lookup(damaged, Mapped(0x401000, 0x402000, 0x1000), 0x401282) == [0x282]


@pytest.mark.parametrize("size", [4, 30, 63, 64, 100, 170])
def test_a_layout_cut_off(size: int) -> None:
    data = elf(2, (5, 0, 0x400000, 0x1000), (5, 0x1000, 0x401000, 0x500))[:size]
    with pytest.raises((ValueError, IndexError, struct.error)):
        layout(io.BytesIO(data), len(data))
