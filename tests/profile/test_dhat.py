"""DHAT's JSON, of real programs, against what the tools print and what dh_view.html sums up."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.profile.errors import Malformed
from alloclens.profile.formats import dhat, is_json_profile, json_text, read
from alloclens.profile.model import Frame
from alloclens.stats.sampling import errors
from alloclens.tables.top import top

from tests.fuzz.seeds import FOREIGN
from tests.support import tools

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alloclens.profile.model import Profile

KEYS = {
    "alloc_objects": "tbk",
    "alloc_space": "tb",
    "peak_objects": "gbk",
    "peak_space": "gb",
    "inuse_objects": "ebk",
    "inuse_space": "eb",
}
"""The fields that dh_view.html sums up, see its addPPs."""


def by_frame(file: dict, key: str) -> Counter[str]:
    """Sum a field of all program points through each frame, once for each, with plain loops."""
    sums = Counter[str]()
    for point in file["pps"]:
        for text in {file["ftbl"][number] for number in point["fs"]}:
            sums[text] += point[key]
    return sums


def place(text: str) -> tuple[str, str, int]:
    found = re.match(r"0x\w+: (.*) \((?:in .*|(.*?):(\d+)(?::\d+)?)\)$", text.replace("???", ""))
    return found[1], found[2] or "", int(found[3] or 0)


def assert_as_dh_view(data: bytes) -> Profile:
    """Compare the total, and the sum through every line that one frame names, for all six numbers."""
    profile, file = read(data), json.loads(data)
    assert [t.type for t in profile.sample_types] == list(KEYS)
    for column, key in enumerate(KEYS.values()):
        table = top(profile, column, "line", "cum")
        assert table.total == sum(point[key] for point in file["pps"])
        sums, names = by_frame(file, key), Counter(map(place, file["ftbl"][1:]))
        got = {(row.function, row.file, row.line): row.cum for row in table.rows()}
        wanted = {place(text): value for text, value in sums.items() if names[place(text)] == 1 and place(text)[0]}
        assert {name: got.get(name, 0) for name in wanted} == wanted
    return profile


PRINTED = re.compile(r"(Total|At t-gmax|At t-end): +([\d,]+) bytes in ([\d,]+) blocks")


def test_keys_may_be_sorted() -> None:
    """As by `jq -S`."""
    data = json.dumps(json.loads(FOREIGN["dhat"]), sort_keys=True, indent=1).encode()
    assert is_json_profile(data[:50])
    assert assert_as_dh_view(data).values.tolist() == read(FOREIGN["dhat"].encode()).values.tolist()


@pytest.mark.programs
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("made", [tools.valgrind, tools.rust_dhat])
def test_real_programs(made: Callable[[Path], tools.Made], tmp_path: Path) -> None:
    profile = made(tmp_path)
    data = profile.path.read_bytes()
    read_ = assert_as_dh_view(data)
    printed = {(bytes_, blocks) for _, bytes_, blocks in PRINTED.findall(profile.said.replace(",", ""))}
    total, peak, end = ((str(read_.values[:, 2 * n + 1].sum()), str(read_.values[:, 2 * n].sum())) for n in range(3))
    assert printed == {total, peak, end}
    of_lines = {row.line: row for row in top(read_, 5, "line", "cum").rows() if row.file.endswith(profile.source.name)}
    assert of_lines[profile.line("leaks")].cum == of_lines[profile.line("calls keep")].cum == 100 * 1000
    assert profile.line("churns") not in {line for line, row in of_lines.items() if row.cum}


def test_every_number_is_exact() -> None:
    found = errors(read(FOREIGN["dhat"].encode()))
    assert np.all(found.variance == 0)
    assert found.sampled.tolist() == [[100, 100, 90, 90, 80, 80], [1, 1, 1, 1, 0, 0]]


def test_frames() -> None:
    profile = assert_as_dh_view(FOREIGN["dhat"].encode())
    assert [profile.frame(row) for row in profile.stack_frames.tolist()] == [
        Frame("malloc", "", 0),
        Frame("std::function<void (int)>::operator()(int) const", "std_function.h", 5),
        Frame("leaks::main", "rust/src/main.rs", 17),
        Frame("malloc", "", 0),
        Frame("", "", 0),
    ]


def test_what_was_counted_without_lifetimes() -> None:
    """dhat::ad_hoc_event(7) twice, on one line, as dhat 0.3.3 writes it."""
    data = (
        b'{"dhatFileVersion":2,"mode":"rust-ad-hoc","verb":"Allocated","bklt":false,"bkacc":false,"bu":"unit","bsu":"units",'
        b'"bksu":"events","tu":"\xc2\xb5s","Mtu":"s","tuth":10,"cmd":"a","pid":1,"te":2,'
        b'"pps":[{"tb":14,"tbk":2,"fs":[1]}],"ftbl":["[root]","0x1: a::main (src/main.rs:3:5)"]}'
    )
    profile = read(data)
    assert profile.sample_types == (("events", "count"), ("units", "count"))
    assert profile.values.tolist() == [[2, 14]]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"dhatFileVersion":2', '"dhatFileVersion":3', "version 3 of DHAT"),
        ('"fs":[1,4]', '"fs":[1,5]', "not in the list of frames"),
        ('"fs":[1,4]', '"fs":[-1]', "not in the list of frames"),
        ('"fs":[1,4]', '"fs":[["a"]]', "Expected `int`"),
        ('"fs":[1,4]', '"fs":4', "Expected `array`"),
        ('"tb":500000', f'"tb":{2**63}', "64 bits"),
        ('"tb":500000,', "", "missing required field `tb`"),
        ('"eb":80000', '"eb":-80000', "`int` >= 0"),
        ('"acc":[-4,7]', '"acc":' + "[" * 100_000, "nested too deeply"),
        ('"fs":[1,4]', '"fs":' + "[" * 100_000, "nested too deeply"),
        ('"ftbl"', '"ftb', "truncated|malformed"),
    ],
)
def test_damage_is_an_error(before: str, after: str, words: str) -> None:
    assert before in FOREIGN["dhat"]
    with pytest.raises(Malformed, match=words):
        read(FOREIGN["dhat"].replace(before, after).encode())


@pytest.mark.parametrize(
    ("bound", "most", "words"),
    [
        ("MAX_DHAT_FRAMES", 5, "the stacks have more than 4 frames"),
        ("MAX_DEPTH", 3, "a stack has more than 2 frames"),
        ("MAX_NAMES", 5, "name more than 4 frames"),
    ],
)
def test_what_takes_memory_is_bounded(bound: str, most: int, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dhat, bound, most)
    assert np.diff(read(FOREIGN["dhat"].encode()).location_at).tolist() == [3, 2]
    monkeypatch.setattr(dhat, bound, most - 1)
    with pytest.raises(Malformed, match=words):
        read(FOREIGN["dhat"].encode())


@pytest.mark.parametrize(("bound", "character", "most"), [("MAX_OBJECTS", "{", 3), ("MAX_QUOTES", '"', 82)])
def test_json_is_bounded_before_it_is_decoded(
    bound: str, character: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = FOREIGN["dhat"].encode()
    assert data.count(character.encode()) == most
    monkeypatch.setattr(json_text, bound, most)
    assert read(data)
    monkeypatch.setattr(json_text, bound, most - 1)
    with pytest.raises(Malformed, match=f"more than {most - 1} of the character {character}"):
        read(data)


def test_only_json_that_is_a_profile_is_one() -> None:
    assert is_json_profile(FOREIGN["dhat"].encode()[:64])
    assert not is_json_profile(b'{"name": "web", "dhatFileVersion": 2}')
