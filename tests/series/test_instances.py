"""On which instances of a service a line is found, and since which version: what is said, and when nothing is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from alloclens.profile.model import ValueType
from alloclens.series.instances import Instances
from alloclens.wording.instances import spread

if TYPE_CHECKING:
    from collections.abc import Sequence

SPACE = ValueType("inuse_space", "bytes")
ROOT = "/w/profiles"
EVERY = 60.0


class Pod(NamedTuple):
    """An instance of the tests."""

    verdict: str = ""
    """Of its line; "candidate" for one."""
    version: str = ""
    observations: int = 20
    begun: float = 0.0
    line: int = 9
    name: str = ""
    program: str = ""
    replica: int = 0
    directory: str = ""


def comparison(pod: Pod, number: int) -> Any:
    """Return what is looked at of a comparison."""
    directory = pod.directory or f"{ROOT}/api/{pod.name or f'pod-{number}'}"
    process = [
        SimpleNamespace(series_key="heap", taken_at=SimpleNamespace(seconds=pod.begun + i * EVERY))
        for i in range(pod.observations)
    ]
    series = SimpleNamespace(
        directory=directory, program=pod.program, replica=pod.replica, snapshots=process, process=lambda _: process
    )
    finding = SimpleNamespace(function="main.keep", file="/w/main.go", line=pod.line, sample_type=SPACE)
    finding.verdict = "noise" if pod.verdict == "candidate" else pod.verdict
    raised, candidates = ([finding], []) if pod.verdict in ("leak", "growing") else ([], [finding])
    judgement = SimpleNamespace(
        history=process, findings=lambda _: raised, candidates=lambda: candidates if pod.verdict else []
    )
    provenance = SimpleNamespace(build=SimpleNamespace(version=pod.version))
    return Hashed(
        series=Hashed(**vars(series)), head=process[-1], judgement=judgement, provenance=provenance, finding=finding
    )


class Hashed(SimpleNamespace):
    """Equal to nothing else, as a series is."""

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other


def said(pods: Sequence[Pod], of: int = 0) -> str:
    """Return what is said of the line of one of the pods."""
    comparisons = [comparison(pod, number) for number, pod in enumerate(pods)]
    found = Instances(comparisons, [ROOT]).spread(comparisons[of].finding, comparisons[of])
    return spread(found) if found else ""


LEAKS, CLEAR = Pod("leak"), Pod()
OLD, NEW = CLEAR._replace(version="1.9.9"), LEAKS._replace(version="1.10.0")


@pytest.mark.parametrize(
    ("pods", "words"),
    [
        ([LEAKS], ""),
        ([LEAKS, CLEAR], "leak only on pod-0, of 2 instances"),
        ([LEAKS, LEAKS], "leak on all 2 instances"),
        ([LEAKS, LEAKS, CLEAR], "leak on 2 of 3 instances (pod-0, pod-1)"),
        ([LEAKS] * 14 + [CLEAR] * 2, "leak on 14 of 16 instances"),
        ([LEAKS, Pod("growing"), CLEAR], "leak or growing on 2 of 3 instances (pod-0, pod-1)"),
        ([LEAKS, Pod("candidate")], "leak on 1 of 2 instances (pod-0), not proven on 1"),
        ([LEAKS, Pod(observations=19, begun=60.0)], "leak on 1 of 2 instances (pod-0), too early to tell on 1"),
        ([LEAKS, LEAKS._replace(line=8)], "leak only on pod-0, of 2 instances"),
        ([LEAKS._replace(name="a\x1b"), CLEAR], "leak only on a\\x1b, of 2 instances"),
    ],
)
def test_on_which_instances(pods: list[Pod], words: str) -> None:
    assert said(pods) == words


@pytest.mark.parametrize(
    ("pods", "since"),
    [
        ([NEW, OLD], "1.10.0"),
        ([NEW, NEW._replace(verdict="", observations=19, begun=60.0), OLD], "1.10.0"),
        ([NEW, NEW._replace(verdict=""), OLD], "1.10.0"),
        ([NEW, OLD._replace(verdict="leak")], ""),
        ([NEW, OLD._replace(verdict="candidate")], ""),
        ([NEW, OLD, OLD._replace(verdict="candidate")], ""),
        ([NEW, OLD._replace(observations=19, begun=60.0)], ""),
        ([NEW, OLD, CLEAR._replace(version="1.11")], ""),
        ([NEW, OLD, CLEAR], ""),
        ([NEW, NEW], ""),
        ([NEW._replace(version="v1.10.0-rc1"), OLD], ""),
        ([NEW._replace(version="beef", begun=3600.0), OLD._replace(version="cafe", observations=80)], "beef"),
        ([NEW._replace(version="beef", begun=30.0), OLD._replace(version="cafe")], ""),
    ],
)
def test_since_which_version(pods: list[Pod], since: str) -> None:
    words = said(pods)
    assert words
    assert (words.partition(" since version ")[2].partition(",")[0]) == since


def test_what_has_ended_is_no_instance_but_a_witness() -> None:
    """Its last snapshot is an hour before those of the others."""
    ended = OLD._replace(begun=-3600.0)
    assert said([NEW, ended]) == ""
    assert said([NEW, NEW, ended]) == "leak on all 2 instances since version 1.10.0"
    assert said([NEW._replace(begun=7200.0), NEW._replace(begun=7200.0), NEW], of=2) == ""


def test_two_versions_meet_by_function() -> None:
    pods = [NEW, NEW._replace(version="1.10.1", line=12), NEW._replace(line=13)]
    assert said(pods) == "leak on 2 of 3 instances (pod-0, pod-1)"


@pytest.mark.parametrize(
    ("directories", "programs", "replicas", "words"),
    [
        (("/w/profiles/a", "/w/profiles/b"), ("", ""), (0, 0), ""),
        (("/w/profiles/a", "/w/profiles/b"), ("shop", "shop"), (0, 0), "leak on all 2 instances"),
        (("/w/profiles/a", "/w/profiles/b"), ("shop", "web"), (0, 0), ""),
        (("/w/profiles/a", "/w/profiles"), ("", ""), (0, 0), ""),
        (("/w/profiles/a/1", "/w/profiles/a/2"), ("", ""), (0, 0), "leak on all 2 instances"),
        (("/w/profiles/a/1", "/w/profiles/b/1"), ("shop", "shop"), (0, 0), ""),
        (("/w/profiles", "/w/profiles"), ("", ""), (1, 2), "leak on all 2 instances"),
        (("/w/profiles/a", "/w/profiles/a"), ("", ""), (1, 2), "leak on all 2 instances"),
    ],
)
def test_what_is_a_service(
    directories: tuple[str, str], programs: tuple[str, str], replicas: tuple[int, int], words: str
) -> None:
    pods = [
        LEAKS._replace(directory=directory, program=program, replica=replica)
        for directory, program, replica in zip(directories, programs, replicas, strict=True)
    ]
    assert said(pods) == words
