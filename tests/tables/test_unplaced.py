"""Bytes without a line, and frames put in place of addresses."""

from __future__ import annotations

from alloclens.profile.formats import read
from alloclens.tables.lines import unplaced
from alloclens.transform.difference import difference, total
from alloclens.transform.symbolize import SymbolizedFrame, resolved

from tests.support import native
from tests.support.profiles import heap

MAPPED = (0x1000, 0x9000, 0)


def test_bytes_without_a_line() -> None:
    known = read(heap("main.a@/w/a.go:1 < main.b@:0 = 1x100", "main.b@:0 = 1x7", "main.a@/w/a.go:1 = -1x20"))
    column = known.sample_types.index(("inuse_space", "bytes"))
    assert unplaced(known)[column] == 7
    unknown = native.addresses([0x2000, 0x3000], MAPPED, "app")
    assert unplaced(unknown)[0] == total(unknown, 0) == 200
    assert unplaced(difference(unknown, native.addresses([0x2000], MAPPED, "app")))[0] == 100


def test_frames_in_place_of_addresses() -> None:
    given = native.addresses([0x2000, 0x3000, 0x4000], MAPPED, "app")
    inlined = [SymbolizedFrame("f", "_f", "/w/f.c", 3), SymbolizedFrame("g", "_g", "/w/f.c", 9)]
    found = resolved(given, {2: inlined, 0: [SymbolizedFrame("h", "h", "", 0)]})
    assert [native.frames(found, n) for n in range(3)] == [
        [("h", "", 0)],
        [("", "", 0)],
        [("f", "/w/f.c", 3), ("g", "/w/f.c", 9)],
    ]
    assert found.text(found.functions.system_name) == ["h", "_f", "_g"]
    assert found.frame_at.tolist() == [0, 1, 2, 4]
    assert unplaced(found)[0] == 200
    again = resolved(found, {2: [SymbolizedFrame("k", "k", "/w/k.c", 1)]})
    assert [native.frames(again, n)[0][0] for n in range(3)] == ["h", "", "k"]
    assert unplaced(given)[0] == 300
