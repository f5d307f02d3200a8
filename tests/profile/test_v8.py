"""V8's heap profiles, of a real Node, against sums by hand."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from alloclens.profile.errors import Malformed
from alloclens.profile.formats import read, v8
from alloclens.profile.model import Frame
from alloclens.stats.sampling import errors
from alloclens.tables.top import top

from tests.fuzz.seeds import FOREIGN
from tests.support import tools

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.profile.model import Profile

Sums = Counter[tuple[str, str, int]]


def sums(node: dict[str, Any], flat: Sums, cum: Sums, above: frozenset[tuple[str, str, int]] = frozenset()) -> None:
    """Add up the self sizes of a tree, node by node: cum once for each function of a stack."""
    call = node["callFrame"]
    # of a URL, pprof keeps one slash
    name = (
        call["functionName"] or "(anonymous)",
        re.sub("^file://|(?<=:)/(?=/)", "", call["url"]),
        call["lineNumber"] + 1,
    )
    path = above if call["functionName"] == "(root)" else above | {name}
    flat[name] += node["selfSize"]
    for one in path:
        cum[one] += node["selfSize"]
    for child in node["children"]:
        sums(child, flat, cum, path)


def assert_as_summed(data: bytes) -> Profile:
    profile, flat, cum = read(data), Sums(), Sums()
    sums(json.loads(data)["head"], flat, cum)
    table = top(profile, 0, "line", "cum")
    got = {(row.function, row.file, row.line): (row.flat, row.cum) for row in table.rows()}
    assert table.total == flat.total()
    assert got == {name: (flat[name], value) for name, value in cum.items() if value}
    return profile


@pytest.mark.programs
def test_real_node(tmp_path: Path) -> None:
    made = tools.node(tmp_path)
    data = made.path.read_bytes()
    profile = assert_as_summed(data)
    rows = {row.line: row for row in top(profile, 0, "line", "cum").rows() if row.file.endswith("/src/shop.ts")}
    assert rows[made.line("leaks")].function == "keep"
    # 100,000 objects of about 140 bytes, of which each sample stands for 16 KiB
    assert 10 << 20 < rows[made.line("leaks")].flat < 20 << 20
    assert tools.NODE_INTERVAL <= profile.period <= tools.NODE_INTERVAL + 64
    assert profile.by_function


def test_a_small_tree() -> None:
    profile = assert_as_summed(FOREIGN["v8"].encode())
    assert profile.sample_types == (("inuse_space", "bytes"),)
    ends = pairwise(profile.frame_at.tolist())
    stacks = [profile.stack_frames[begin:end].tolist() for begin, end in ends]
    named = [[profile.frame(row).function for row in stack] for stack in stacks]
    assert sorted(zip(profile.values[:, 0].tolist(), named, strict=True)) == [
        (16, ["(anonymous)"]),
        (524312, ["keep"]),
        (915752, ["push", "(anonymous)"]),
        (1048624, ["keep", "(anonymous)"]),
    ]
    columns = {profile.frame(row): column for row, column in enumerate(profile.columns.tolist())}
    assert columns == {
        Frame("(anonymous)", "/w/dist/app.js", 1): 0,
        Frame("keep", "/w/dist/app.js", 2): 13,
        Frame("push", "", 0): -1,
    }


def test_errors_follow_from_the_interval() -> None:
    """The variance of bytes v sampled every R is v times R, for objects of any size at most."""
    profile = read(FOREIGN["v8"].encode())
    assert profile.period == 524304
    assert errors(profile).variance[:, 0].tolist() == [value * 524304.0 for value in profile.values[:, 0].tolist()]
    assert read(FOREIGN["v8"].split('"samples"')[0].rstrip(",\n").encode() + b"}").period == 0


def chain(depth: int, size: int = 1) -> bytes:
    call = '"callFrame":{"functionName":"f","url":"a.js","lineNumber":%d,"columnNumber":0}'
    root = call.replace('"f"', '"(root)"')
    nodes = "".join(f'{{{(call if n else root) % n},"selfSize":{size},"children":[' for n in range(depth))
    return f'{{"head":{nodes}{"]}" * depth}}}'.encode()


def test_a_deep_tree() -> None:
    depth = 300
    profile = assert_as_summed(chain(depth))
    assert np.diff(profile.location_at).tolist() == list(range(depth))  # the root is in no stack
    with pytest.raises(Malformed, match="nested too deeply"):
        read(chain(100_000))


def test_the_frames_of_all_stacks_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(v8, "MAX_EXPANDED_FRAMES", 300 * 299 // 2 - 1)
    with pytest.raises(Malformed, match="the stacks have more than"):
        read(chain(300))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"selfSize":16', f'"selfSize":{2**63}', "64 bits"),
        ('"lineNumber":1', f'"lineNumber":{2**64}', "<= 2147483647"),
        ('"selfSize":16', '"selfSize":"16"', "Expected `int`"),
        ('"selfSize":16', '"selfSize":-16', "`int` >= 0"),
        ('"children":[]}]', '"children":{}}]', "Expected `array`"),
        ('"samples"', '"samples":[1', "Expected `object`, got `int`"),
    ],
)
def test_damage_is_an_error(before: str, after: str, words: str) -> None:
    assert before in FOREIGN["v8"]
    with pytest.raises(Malformed, match=words):
        read(FOREIGN["v8"].replace(before, after, 1).encode())
