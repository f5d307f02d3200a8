"""What an editor or a file sets: the valid part applies, and the rest is reported."""

from __future__ import annotations

import json
import pickle
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alloclens.settings.checking import Mistake, allowed, checked, parse, shown, unknown
from alloclens.settings.settings import PathMapping, Settings, layered
from hypothesis import given
from hypothesis import strategies as st

SCHEMA = Path(__file__).parents[2] / "vscode-client/alloclens.schema.json"
WHOLE = {
    "profileDirs": ["p"],
    "base": "previous",
    "head": "a.pb.gz",
    "sampleType": "alloc_space",
    "pathMappings": [{"from": "/build", "to": "${workspaceFolder}"}],
    "ownCode": ["lib/**", "!lib/x.go"],
    "revision": "v1",
    "binaries": ["bin"],
    "largestProfile": 1,
    "memoryLimit": "1.5 GiB",
    "leakSeverity": "error",
    "growingSeverity": "hint",
    "fillingSeverity": "information",
    "hints": False,
    "codeLens": True,
    "symbolPrefix": "%",
}


def test_all_of_them() -> None:
    assert parse(WHOLE) == (
        Settings(
            profile_dirs=("p",),
            base="previous",
            head="a.pb.gz",
            sample_type="alloc_space",
            path_mappings=(PathMapping(from_="/build", to="${workspaceFolder}"),),
            own_code=("lib/**", "!lib/x.go"),
            revision="v1",
            binaries=("bin",),
            largest_profile=1,
            memory_limit="1.5 GiB",
            leak_severity="error",
            growing_severity="hint",
            filling_severity="information",
            hints=False,
            code_lens=True,
            symbol_prefix="%",
        ),
        [],
    )


def test_none_of_them() -> None:
    assert parse({}) == (Settings(), [])
    assert parse(dict.fromkeys(WHOLE)) == (Settings(), [])
    assert Settings() == Settings(
        profile_dirs=("profiles", ".pprof", "pprof"), base="first", head="latest", largest_profile=128, hints=True
    )


def test_they_are_values() -> None:
    one, other = parse(WHOLE)[0], parse(WHOLE)[0]
    assert {one: 1}[other] == 1
    assert pickle.loads(pickle.dumps(one)) == one
    assert one.largest_bytes == 1_048_576
    with pytest.raises(AttributeError):
        one.base = "x"  # type: ignore[misc] # what is tested


@pytest.mark.parametrize(
    ("limit", "wanted"),
    [
        ("", 0),
        ("512", 512),
        ("2GB", 2 << 30),
        ("2GiB", 2 << 30),
        ("1.5 m", 3 << 19),
        ("100kB", 102_400),
        ("1T", 1 << 40),
    ],
)
def test_a_memory_limit_in_bytes(limit: str, wanted: int) -> None:
    assert Settings(memory_limit=limit).memory_bytes == wanted


DIRS = '; using ["profiles", ".pprof", "pprof"]'


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        (
            [{"token": "s3cret"}],
            "item 1: token: no field holds a secret; use tokenEnv or tokenFile, which say where it is",
        ),
        ([{"apiKey": "s3cret", "name": "m"}], "item 1: apiKey: no field holds a secret; use tokenEnv or tokenFile,"),
        ({"token": "s3cret"}, "this is not a list of tables with name, "),
        (["s3cret"], "item 1: this is not a table with only name, "),
        ([{"name": {"token": "s3cret"}}], "item 1: name: this is not "),
        ([{"name": "m", "type": "http", "url": ["s3cret"]}], "item 1: url: this is not a non-empty string"),
        (
            [{"name": "m", "type": "http", "url": "x", "tenant": "s3cret\0"}],
            "item 1: tenant: this is not a string without",
        ),
        ([{"name": "m", "type": "http", "url": "s3cret\ud800"}], "this is not valid Unicode"),
        (
            [{"name": "m", "type": "http", "url": "x", "s3": "s3cret"}],
            "item 1: s3: unknown field; the fields are name, ",
        ),
    ],
)
def test_no_message_shows_what_may_be_a_secret(value: object, wrong: str) -> None:
    _, (mistake,) = parse({"sources": value})
    assert mistake.message.startswith(f"sources: {wrong}")
    assert "s3cret" not in mistake.message


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("profileDirs", 3, "profileDirs: 3 is not a list of strings" + DIRS),
        ("profileDirs", "p", 'profileDirs: "p" is not a list of strings' + DIRS),
        ("profileDirs", ["a", 3], "profileDirs: item 2: 3 is not a string" + DIRS),
        ("profileDirs", ["a", None], "profileDirs: item 2: null is not a string" + DIRS),
        ("base", True, 'base: true is not a string; using "first"'),
        ("head", ["é"], 'head: ["é"] is not a string; using "latest"'),
        ("sampleType", {}, 'sampleType: {} is not a string; using ""'),
        ("revision", 1.5, 'revision: 1.5 is not a string; using ""'),
        ("ownCode", [[]], "ownCode: item 1: [] is not a string; none is used"),
        ("binaries", {"a": 1}, 'binaries: {"a": 1} is not a list of strings; none is used'),
        ("pathMappings", {}, "pathMappings: {} is not a list of tables with from and to; none is used"),
        ("pathMappings", ["x"], 'pathMappings: item 1: "x" is not a table with only from and to; none is used'),
        (
            "pathMappings",
            [{"from": "/a", "to": "/b"}, {"from": 3, "to": "/b"}],
            "pathMappings: item 2: from: 3 is not a non-empty string; none is used",
        ),
        (
            "pathMappings",
            [{"from": "/a", "to": ""}],
            'pathMappings: item 1: to: "" is not a non-empty string; none is used',
        ),
        (
            "pathMappings",
            [{"to": "/b"}],
            "pathMappings: item 1: from is missing; none is used",
        ),
        (
            "pathMappings",
            [{"from": "/a", "to": "/b", "at": 1}],
            "pathMappings: item 1: at: unknown field; the fields are from and to; none is used",
        ),
        (
            "pathMappings",
            [{"From": "/a", "to": "/b"}],
            "pathMappings: item 1: From: unknown field; did you mean from?; none is used",
        ),
        (
            "sources",
            [{"name": "a\x1b/x", "type": "http", "url": "http://x"}],
            (
                'sources: item 1: name: "a\\u001b/x" is not a name of 1 to 60 letters, digits, dots, hyphens and underscores '
                "that begins with a letter or digit; none is used"
            ),
        ),
        (
            "sources",
            [{"name": "m", "type": "http", "url": "http://x"}, {"name": "n", "token_env": "T"}],
            "sources: item 2: token_env: unknown field; did you mean tokenEnv?; none is used",
        ),
        (
            "profileDirs",
            ["a"] * 101,
            'profileDirs: ["a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a"… is not a list of strings of at most 100 items'
            + DIRS,
        ),
        (
            "pathMappings",
            [{"from": "/a", "to": "/b" * 2049}],
            f'pathMappings: item 1: to: "{"/b" * 29}… is not a non-empty string of at most 4096 characters; none is used',
        ),
        (
            "binaries",
            ["b", "a\0b"],
            'binaries: item 2: "a\\u0000b" is not a string without null characters; none is used',
        ),
        ("leakSeverity", "\ud800", 'leakSeverity: "\\ud800" is not valid Unicode; using "warning"'),
        ("pathMappings", [{"\ud800": "x"}], 'pathMappings: [{"\\ud800": "x"}] is not valid Unicode; none is used'),
        ("binaries", ["\ud800"], 'binaries: ["\\ud800"] is not valid Unicode; none is used'),
        ("ownCode", ["a", "[z-a]"], 'ownCode: "[z-a]" is not a valid .gitignore pattern; none is used'),
        ("ownCode", ["!"], 'ownCode: "!" is not a valid .gitignore pattern; none is used'),
        ("ownCode", ["*a" * 500] * 100, "ownCode: the patterns are too long in total; none is used"),
        ("largestProfile", 0, "largestProfile: 0 is not an integer from 1 to 1048576; using 128"),
        ("largestProfile", 2**20 + 1, "largestProfile: 1048577 is not an integer from 1 to 1048576; using 128"),
        ("largestProfile", True, "largestProfile: true is not an integer from 1 to 1048576; using 128"),
        ("largestProfile", 1.5, "largestProfile: 1.5 is not an integer from 1 to 1048576; using 128"),
        ("largestProfile", "64", 'largestProfile: "64" is not an integer from 1 to 1048576; using 128'),
        ("memoryLimit", "much", 'memoryLimit: "much" is not a size; using ""'),
        ("memoryLimit", 5, 'memoryLimit: 5 is not a size; using ""'),
        (
            "leakSeverity",
            "loud",
            'leakSeverity: "loud" is not one of error, warning, information, hint, off; using "warning"',
        ),
        ("hints", 1, "hints: 1 is not true or false; using true"),
        ("codeLens", "on", 'codeLens: "on" is not true or false; using false'),
        ("symbolPrefix", 1, 'symbolPrefix: 1 is not a string; using "$"'),
    ],
)
def test_a_bad_one_costs_itself_alone(key: str, value: Any, message: str) -> None:
    settings, problems = parse({**WHOLE, key: value})
    assert [(problem.key, problem.message) for problem in problems] == [(key, message)]
    good, _ = parse({k: v for k, v in WHOLE.items() if k != key})
    assert settings == good
    assert checked({**WHOLE, key: value})[0] == {k: v for k, v in WHOLE.items() if k != key}


def test_a_problem_says_where() -> None:
    paths = parse({"pathMappings": [{"from": "/a", "to": "/b"}, {"from": 3, "to": "/b"}], "hints": 1})[1]
    assert [problem.path for problem in paths] == [("pathMappings", 1, "from"), ("hints",)]


def test_a_long_value_is_cut() -> None:
    message = parse({"base": ["x" * 1000]})[1][0].message
    assert message == f'base: ["{"x" * 57}… is not a string; using "first"'


def test_what_can_be_shown() -> None:
    assert shown("a\nb\x9b") == '"a\\nb\\x9b"'
    assert shown("\ud800é") == '"\\ud800é"'
    assert shown([None, 2.5, {"a": False}]) == '[null, 2.5, {"a": false}]'
    assert shown(date(2026, 1, 2)) == "2026-01-02"
    assert shown([16**5000]) == "this"


def test_a_nest_deeper_than_the_stack() -> None:
    nest: list = []
    for _ in range(100_000):
        nest = [nest]
    assert shown(nest) == "[" * 60


def test_unknown_keys() -> None:
    given = {"profile_dirs": 1, "BASE": 1, "pathMapings": 1, "head": 1, "": 1, "xyz": None}
    everything = ", ".join(sorted(json.loads(SCHEMA.read_text("utf-8"))["properties"]))
    assert [problem.message for problem in unknown(given)] == [
        "profile_dirs: unknown setting; did you mean profileDirs?",
        "BASE: unknown setting; did you mean base?",
        "pathMapings: unknown setting; did you mean pathMappings?",
        f'"": unknown setting; the settings are {everything}',
        f"xyz: unknown setting; the settings are {everything}",
    ]
    assert unknown(given)[0] == Mistake("profile_dirs", unknown(given)[0].message, ("profile_dirs",))


def test_an_editors_own_keys_are_no_problem() -> None:
    assert parse({"server": {"command": "x"}, "trace": {"server": "off"}}) == (Settings(), [])


def test_the_later_layer_wins_key_by_key() -> None:
    assert layered({"base": "a", "head": "b"}, {"base": "c", "head": None}, {"hints": False}) == {
        "base": "c",
        "head": "b",
        "hints": False,
    }
    assert layered() == {}


def test_what_is_allowed() -> None:
    assert allowed("base") == 'a string, such as "first"'
    assert allowed("profileDirs") == 'a list of strings, such as ["profiles", ".pprof", "pprof"]'
    assert allowed("hints") == "true or false, such as true"
    assert allowed("largestProfile") == "an integer from 1 to 1048576, such as 128"
    assert allowed("pathMappings") == "a list of tables with from and to"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from(["from", "to"]), inner),
    max_leaves=8,
)


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(list(WHOLE)) | st.text(), anything))
def test_anything_can_be_given(given_: dict[str, Any]) -> None:
    settings, problems = parse(given_)
    bad = {problem.key for problem in problems}
    for key in WHOLE:
        name = re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", key)
        if key in bad or given_.get(key) is None:
            assert getattr(settings, name) == getattr(Settings(), name)
        elif not isinstance(given_[key], list):
            assert getattr(settings, name) == given_[key]
    for problem in problems + unknown(given_):
        problem.message.encode()
        assert problem.message.isprintable()
