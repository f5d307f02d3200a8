"""Frames that are added to a profile."""

from __future__ import annotations

from alloclens.profile.formats import read
from alloclens.transform.symbolize import SymbolizedFrame, resolved

from tests.support.profiles import heap


def test_pprof_does_not_show_frames_that_were_added() -> None:
    profile = read(heap("main.serve@/src/main.go:8 = 1x16"))
    assert profile.is_pprof
    assert not resolved(profile, {0: [SymbolizedFrame("shop::put", "_ZN4shop3putEv", "/src/shop.cpp", 3)]}).is_pprof
