"""How much of a profile is placed here, and which mappings would place the rest: made-up files, and sums made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.source.coverage import CoverageGroup, Unfiled, coverage
from alloclens.source.mappings import MAX_SUGGESTIONS
from alloclens.source.places import SourceMap
from alloclens.source.profiled_text import RecordedLines
from alloclens.source.recorded import Origin
from alloclens.source.roots import Module, Packages, Roots

from tests.support.files import FakeFiles, go

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alloclens.source.coverage import Coverage

ROOTS = Roots(
    folders=("/w",),
    modules=(Module("example.com/app", "/w"),),
    packages=(Packages(r"site-packages/", "/w/.venv/lib/python3.12/site-packages"),),
)


def python(*functions: str) -> str:
    return "".join(f"def {name}():\n    pass\n" for name in functions)


def covered(
    here: Mapping[str, str],
    charged: Mapping[str, int],
    functions: Mapping[str, Sequence[str]] | None = None,
    starts: Mapping[str, int] | None = None,
    nameless: int = 0,
) -> Coverage:
    """Return the coverage of files with these functions, which start on these lines if any are known."""
    named = functions or {}
    sources = SourceMap(ROOTS, FakeFiles(dict(here)), {file: tuple(named.get(file, ())) for file in charged})

    def lines_of(file: str, there: str) -> RecordedLines:
        names = list(named.get(file, ()))
        start = np.array([(starts or {}).get(name, 0) for name in names], np.int64)
        return RecordedLines(start + 1, np.arange(len(names)), names, start, there)

    return coverage(charged, Unfiled(nameless), sources, lines_of)


def test_what_is_placed_and_what_is_lost() -> None:
    here = {
        "/w/main.go": go("main"),
        "/w/.venv/lib/python3.12/site-packages/jax/api.py": python("vmap"),
    }
    charged = {
        "/w/main.go": 50,
        "/usr/lib/python3/dist-packages/numpy/core.py": 20,
        "/x/site-packages/jax/api.py": 7,
        "/usr/local/go/src/runtime/proc.go": 3,
        "/opt/lost/deep/down/a.py": 4,
        "/opt/lost/deeper/b.py": 6,
        r"C:\ci\job\17\c.go": 8,
        "d.py": 9,
        "/opt/light/e.py": 0,
    }
    found = covered(here, charged, {"/usr/local/go/src/runtime/proc.go": ["runtime.malg"]}, nameless=6)
    assert found.total == 113
    assert found.parts == {
        CoverageGroup(Origin.OWN, found=True): 50,
        CoverageGroup(Origin.DEPENDENCY, found=False): 20,
        CoverageGroup(Origin.DEPENDENCY, found=True): 7,
        CoverageGroup(Origin.STANDARD, found=False): 3,
        CoverageGroup(Origin.UNKNOWN, found=False): 27,
    }
    assert found.lost == 27
    assert found.lost_roots == ("/opt/lost/…", "d.py", "C:/ci/job/…")  # 10, 9 and 8
    assert [file.value for file in found.files] == [50, 20, 9, 8, 7, 6, 4, 3, 0]
    assert covered(here, {"/w/main.go": 1}).lost == 0


PARSER = {"/w/tools/parser.py": python("load"), "/w/tools/writer.py": python("dump", "flush")}
BOTH = {"/opt/x/parser.py": ["load"], "/opt/x/writer.py": ["dump"]}
MAPPED = [("/opt/x", "/w/tools", 3)]


def absent(count: int) -> dict[str, list[str]]:
    """Return recorded files of the same directory that are not here."""
    return {f"/opt/x/{number}.py": [] for number in range(count)}


@pytest.mark.parametrize(
    ("functions", "starts", "expected"),
    [
        pytest.param(BOTH, {}, MAPPED, id="two files, each with its own functions"),
        # As many may be missing as were found, and as there are files whose functions agree: 2 + 2.
        pytest.param({**BOTH, **absent(4)}, {}, MAPPED, id="four more that are not here"),
        pytest.param({**BOTH, **absent(5)}, {}, [], id="five more that are not here"),
        pytest.param({"/opt/x/parser.py": ["load"]}, {}, [], id="one file that does not say where its function starts"),
        pytest.param({"/opt/x/parser.py": ["load"]}, {"load": 1}, [("/opt/x", "/w/tools", 1)], id="one that says so"),
        pytest.param({"/opt/x/parser.py": ["load"]}, {"load": 2}, [], id="one whose function starts elsewhere"),
        pytest.param({"/opt/x/parser.py": ["main"]}, {"main": 1}, [], id="one that has no function but main"),
        # Functions without a name tell nothing; of those with one, half must be here.
        pytest.param(
            {"/opt/x/parser.py": ["load", "<lambda>", "<module>"], "/opt/x/writer.py": ["dump"]},
            {},
            MAPPED,
            id="functions without a name",
        ),
        pytest.param({**BOTH, "/opt/x/writer.py": ["dump", "gone"]}, {}, MAPPED, id="half of the functions"),
        pytest.param({**BOTH, "/opt/x/writer.py": ["dump", "gone", "too"]}, {}, [], id="a third of the functions"),
    ],
)
def test_a_mapping_needs_proof(
    functions: Mapping[str, Sequence[str]], starts: Mapping[str, int], expected: list[tuple[str, str, int]]
) -> None:
    charged = (
        dict.fromkeys(functions, 0)
        | {"/opt/x/parser.py": 1}
        | dict.fromkeys(functions.keys() & {"/opt/x/writer.py"}, 2)
    )
    found = covered(PARSER, charged, functions, starts)
    assert [one[:3] for one in found.suggestions] == expected
    assert all(
        one.found == {file.replace("/opt/x", "/w/tools") for file in functions if len(file) > 12}
        for one in found.suggestions
    )


@pytest.mark.parametrize(
    ("file", "functions", "expected"),
    [
        ("/opt/x/parser.py", ["load"], ("/opt/x", "/w/tools", 1, {"/w/tools/parser.py"})),
        ("parser.py", ["load"], ("parser.py", "/w/tools/parser.py", 1, {"/w/tools/parser.py"})),
        ("parser.py", ["gone"], None),
        ("parser.py", [], None),
        ("other.py", ["load"], None),
        ("twice.py", ["again"], None),  # there are two files like it
    ],
)
def test_a_mapping_that_may_be_right(file: str, functions: list[str], expected: object) -> None:
    here = {**PARSER, "/w/a/twice.py": python("again"), "/w/b/twice.py": python("again")}
    found = covered(here, {file: 1, "/opt/x/lost.py": 2}, {file: functions})
    assert (found.suggestions, found.possible) == ((), expected)


def test_two_files_with_the_same_function_prove_nothing() -> None:
    here = {"/w/tools/parser.py": python("load"), "/w/tools/writer.py": python("load")}
    functions = {"/opt/x/parser.py": ["load"], "/opt/x/writer.py": ["load"]}
    assert covered(here, dict.fromkeys(functions, 1), functions).suggestions == ()


def test_the_heaviest_mapping_comes_first_and_an_ambiguous_one_never() -> None:
    here = {f"/w/{part}/{name}.py": python(name) for part, name in (("one", "load"), ("two", "dump"))}
    functions = {"/opt/x/load.py": ["load"], "/ci/y/dump.py": ["dump"]}
    charged, starts = {"/opt/x/load.py": 5, "/ci/y/dump.py": 9}, {"load": 1, "dump": 1}
    found = covered(here, charged, functions, starts).suggestions
    assert [one[:3] for one in found] == [("/ci/y", "/w/two", 9), ("/opt/x", "/w/one", 5)]
    twice = here | {"/w/three/dump.py": python("dump")}
    assert covered(twice, charged, functions, starts).suggestions == ()
    assert covered(here, dict.fromkeys(charged, 0), functions, starts).suggestions == ()


def test_as_many_mappings_as_somebody_reads() -> None:
    names = [f"keep{number}" for number in range(MAX_SUGGESTIONS + 1)]
    here = {f"/w/{name}/{name}.py": python(name) for name in names}
    functions = {f"/ci/{number}/{name}.py": [name] for number, name in enumerate(names)}
    charged = {file: 10 - number for number, file in enumerate(functions)}
    found = covered(here, charged, functions, dict.fromkeys(names, 1)).suggestions
    assert [one.value for one in found] == [10, 9, 8, 7, 6]
