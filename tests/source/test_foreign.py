"""Somebody else's code never stands on the user's own lines, however alike its files and functions are called."""

from __future__ import annotations

import pytest
from alloclens.source.places import Place, SourceMap
from alloclens.source.recorded import Origin

from tests.support.files import FakeFiles
from tests.support.placement.foreign import FOREIGN, OWN, ROOTS, TRUE, Foreign


@pytest.mark.parametrize("case", FOREIGN.values(), ids=FOREIGN)
def test_no_foreign_file_is_placed_on_an_own_line(case: Foreign) -> None:
    there = {"/w/node_modules/a/i.js": ""}
    sources = SourceMap(ROOTS, FakeFiles(OWN | there), {case.recorded: (case.function,), **case.beside})
    found = sources.find(case.recorded)
    assert not isinstance(found, Place), found
    assert found.reason


@pytest.mark.parametrize("case", TRUE.values(), ids=TRUE)
def test_own_files_are_found_all_the_same(case: Foreign) -> None:
    there = {
        "/w/node_modules/a/i.js": "",
        "/w/src/main/kotlin/cart/Cart.kt": "package com.shop.cart\n\nclass Cart {\n  fun add() {\n  }\n}\n",
    }
    sources = SourceMap(ROOTS, FakeFiles(OWN | there), {case.recorded: (case.function,), **case.beside})
    found = sources.find(case.recorded)
    assert isinstance(found, Place), found
    assert found.origin is Origin.OWN
