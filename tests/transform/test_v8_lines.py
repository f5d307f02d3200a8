"""Heap profiles of JavaScript have the lines of functions."""

from __future__ import annotations

import pytest
from alloclens.profile.formats import read
from alloclens.transform.v8_lines import with_v8_lines

from tests.support.profiles import CPU, profile

HEAP = "objects/count space/bytes"


@pytest.mark.parametrize(
    ("types", "stack", "by_function"),
    [
        (HEAP, "keep@/w/dist/shop.js:3 < emit@node:events:513 < (V8 API)@:0", True),
        (HEAP, "keep@file:///w/src/shop.mts:3 < look@/w/a.tsx:3", True),
        (HEAP, "keep@/w/shop.py:3 < keep@/w/dist/shop.js:3", False),
        (HEAP, "emit@node:events:513", False),
        (HEAP, "keep@/w/a.ts:3 < keep@/w/a.ts:9", False),  # two lines of one function
        (
            HEAP,
            "get@/w/a.ts:3 < get@/w/a.ts:9 < look@/w/a.ts:20 < serve@/w/a.ts:30 < main@/w/a.ts:40",
            True,
        ),  # namesakes
        (HEAP, "get@/w/a.ts:3 < get@/w/a.ts:9 < look@/w/a.ts:20 < serve@/w/a.ts:30", False),
        (CPU, "keep@/w/dist/shop.js:3", False),
    ],
)
def test_which_lines_are_of_functions(types: str, stack: str, by_function: bool) -> None:
    given = read(profile(types, f"{stack.replace('@:0', '@:1')} = 3 1048576"))
    assert with_v8_lines(given).by_function is by_function
