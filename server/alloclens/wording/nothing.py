"""Why there is no finding: nothing is proven, or nothing can be judged, with the true cause of that."""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.paths import is_system_binary
from alloclens.profile.sample_types import LEAKED, OF_JFRCONV, PEAK, column_of, judged
from alloclens.series.verdicts import MIN_LEAK_OBSERVATIONS, MIN_OBSERVATIONS, SIGNIFICANCE, VERDICT_RULES, Rule
from alloclens.stats.trend import quantile
from alloclens.wording.amounts import amount, counted, duration
from alloclens.wording.focus import words
from alloclens.wording.markdown import code, escape
from alloclens.wording.shown_series import listed, missing
from alloclens.wording.times import time_of
from alloclens.wording.verdict import denser

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Judgement
    from alloclens.series.series import Series
    from alloclens.series.snapshot import Snapshot
    from alloclens.session.world import World


class Cause(Enum):
    """Why there is no finding."""

    UNPROVEN = "not-proven"
    """Lines were judged."""
    NO_PROFILE = "no-profile"
    DIFFERENCES = "differences"
    SAMPLE_TYPE = "sample-type"
    EMPTY = "empty"
    PROCESSES = "several-processes"
    SNAPSHOT = "one-snapshot"
    NO_SOURCE = "no-source"
    ADDRESSES = "only-addresses"
    NOTHING_OWNED = "nothing-owned"


SENTENCES = {
    Cause.NO_PROFILE: "there is no profile",
    Cause.DIFFERENCES: "the profiles are differences (taken with ?seconds=N); take them without it",
    Cause.EMPTY: "the profiles are empty: nothing was sampled, or profiling is off",
    Cause.PROCESSES: (
        "the snapshots are of several processes that cannot be told apart, or of one that restarts each time; write those of "
        "each process to a directory of its own"
    ),
    Cause.NO_SOURCE: (
        "none of the files that the profile names, and that may be yours, is here; `alloclens explain PROFILE` says where they "
        "were looked for"
    ),
    Cause.ADDRESSES: "the profile has only addresses, and no binary here gives them names",
    Cause.NOTHING_OWNED: "no line of your own code holds anything",
}


MAX_NAMED_BINARIES = 3
FROM_ONE_RECORDING = "docs/languages/java.md of alloclens has a script that makes a series of one recording of async-profiler with `live`"

MEMRAY, DHAT, HEAP_PROF = "memray", "DHAT", "node --heap-prof"
WHILE_IT_RUNS = {
    MEMRAY: "tracemalloc or ddtrace",
    DHAT: "jemalloc, or in C and C++ gperftools",
    HEAP_PROF: "V8's sampler, started by the program, or @datadog/pprof",
}
"""What can be judged instead of a profiler that writes once."""


class NoFinding(NamedTuple):
    """Why there is no finding."""

    cause: Cause
    words: str


def no_finding(world: World) -> NoFinding:
    """Say that nothing is proven, and on what evidence; or why nothing can be judged."""
    pairs = [(of, of.judgement) for of in world.running if of.judgement and len(of.judgement.history.site)]
    judgements = [judgement for _, judgement in pairs]
    if judgements and not sources_are_missing(world):
        focus = f"Of samples {words(world.focus)}: n" if world.focus else "N"
        rises = any(not finding.is_quiet for finding, _ in world.candidates)
        unseen = "" if world.focus or rises or world.named else _unseen(judgements)
        return NoFinding(Cause.UNPROVEN, f"{focus}one proven: {_judged(pairs)}{unseen}")
    causes = dict(_cause(comparison, is_named=bool(world.named)) for comparison in world.comparisons) or {
        Cause.NO_PROFILE: missing(world)
    }
    why = "; ".join(words or SENTENCES[cause] for cause, words in causes.items())
    what = "No line of your own code" if judgements else "Nothing"  # functions without one may be judged
    return NoFinding(next(iter(causes)), f"{what} can be judged: {why}.")


def sources_are_missing(world: World) -> bool:
    """Return whether no file that holds anything is known to be the user's own code, though a missing one may be."""
    shown = [*map(world.with_lines, world.comparisons)]
    return any(map(_is_lost, shown)) and not any(map(_is_held, shown))


def _judged(pairs: list[tuple[Comparison, Judgement]]) -> str:
    """Say what was judged, and over how long. The reason comes first if it is too early: a side bar cuts off the rest."""
    judgements = [judgement for _, judgement in pairs]
    lines, functions = (sum(counts) for counts in zip(*(_entries(judgement) for judgement in judgements), strict=True))
    of, longest = max(((of, judgement.history) for of, judgement in pairs), key=lambda pair: len(pair[1]))
    until = f" until {time_of(of.head, of.instead_of)}" if of.instead_of else ""
    over = f"judged over {duration(float(np.ptp(longest.seconds)))}, {counted(len(longest), 'snapshot')}{until}"
    libraries = f"{counted(functions, 'function')} of libraries" if functions else ""
    own = f"{counted(lines, 'line')} of your own code" if lines else ""
    nothing = "" if lines else f"{SENTENCES[Cause.NOTHING_OWNED]}, and "
    is_early = any((judgement.verdicts.rule == VERDICT_RULES.index(Rule.EARLY)).any() for judgement in judgements)
    some = " and ".join(filter(None, (own, libraries)))
    if is_early and longest.beside.are_files:
        goes_on = "but not whether it goes on, as a series of snapshots does"
        return f"{nothing}two files show what grew, {goes_on}. Of {some}, {over}, none certainly leaks."
    if is_early:
        what = "this one ended before it had" if longest.beside.has_ended else "wait for"
        is_few = len(longest) < MIN_LEAK_OBSERVATIONS and not of.instead_of  # later ones have no names
        wait = f"; {what} {MIN_LEAK_OBSERVATIONS} snapshots" if is_few else ""
        return (
            f"{nothing}too early to tell, as a new process always grows{wait}. Of {some}, {over}, none certainly leaks."
        )
    more = f" A trend takes {MIN_OBSERVATIONS} snapshots of one process." if len(longest) < MIN_OBSERVATIONS else ""
    return f"{nothing}of {some}, {over}, none certainly leaks or grows.{more}"


def _unseen(judgements: list[Judgement]) -> str:
    """Say which leaks would not show yet though nothing even rises: of so few sampled objects that nothing they do proves one."""
    sampled = [judgement for judgement in judgements if judgement.history.rate]
    if not sampled:
        return ""
    rate, files = sampled[0].history.rate, sampled[0].head.files
    least = math.ceil(quantile(1 - SIGNIFICANCE) ** 2)
    sooner = denser(rate) if any(file.endswith(".go") for file in files) else ""
    return (
        f" Nothing rises beyond chance, but a leak of less than {amount(least * rate, 'bytes')}, {least} sampled objects, would not show yet: "
        f"take more snapshots{sooner and f', or {sooner}'}."
    )


def _entries(judgement: Judgement) -> tuple[int, int]:
    """Return the number of own lines, and of functions that no own line calls, that were judged."""
    return judgement.history.lines, int(judgement.history.foreign.sum())


def _cause(comparison: Comparison, *, is_named: bool) -> tuple[Cause, str]:
    """Return why nothing of a comparison was judged, in words if they depend on it."""
    head, series = comparison.head, comparison.series
    if head.is_difference:
        return Cause.DIFFERENCES, ""
    if not judged(head.sample_types):
        types = ", ".join(sorted(kind.type for kind in head.sample_types))
        advice = FROM_ONE_RECORDING if types == OF_JFRCONV else "take heap or goroutine profiles"
        return Cause.SAMPLE_TYPE, f"profiles of {types} are not judged; {advice}"
    if not any(any(snapshot.total) for snapshot in series.snapshots):
        is_proof = any(kind.type == LEAKED for kind in head.sample_types)
        return Cause.EMPTY, "the garbage collector found no goroutine that is blocked for ever" if is_proof else ""
    if len(series.observations(head)) < 2:
        mixed = series.is_mixed and not is_named and not _writes_once(head)
        return (Cause.PROCESSES, "") if mixed else (Cause.SNAPSHOT, _one_snapshot(comparison))
    if _has_only_addresses(comparison):
        return Cause.ADDRESSES, ""
    return (Cause.NO_SOURCE if _is_lost(comparison) else Cause.NOTHING_OWNED), ""


def _one_snapshot(comparison: Comparison) -> str:
    head, process = comparison.head, comparison.series.process(comparison.head)
    if comparison.series.begun:
        return "a test or benchmark is run anew each time, and only the snapshots of one process show what leaks"
    needed, known = f"it takes two, better {MIN_OBSERVATIONS} or more", process.index(head) + 1
    until = " up to the head" if head is not process[-1] else ""
    if unnamed := comparison.series.without_names.intersection(process[:known]):
        return f"of {counted(known, 'snapshot')} of the process{until}, {len(unnamed)} cannot be compared; {needed}"
    if known > 1:
        return (
            f"no garbage collection ended between the {known} snapshots{until}, so they are one observation; {needed}"
        )
    if once := _writes_once(head):
        instead = WHILE_IT_RUNS[once]
        return (
            f"{once} writes once, as the program ends; what writes while it runs can be judged, such as {instead} (docs/languages of "
            "alloclens)"
        )
    since = " since it was restarted" if comparison.series.processes[0] is not process else ""
    return f"there is one snapshot of the process{until}{since}; {needed}"


def _writes_once(snapshot: Snapshot) -> str:
    """Return the profiler that wrote it if that writes one for each process, or thread; else ""."""
    if snapshot.is_of_heap_prof:
        return HEAP_PROF
    if column_of(snapshot.sample_types, PEAK) is None:
        return ""
    return DHAT if column_of(snapshot.sample_types, "alloc_space") is not None else MEMRAY


def _has_only_addresses(comparison: Comparison) -> bool:
    charged = comparison.contents.whole.charged
    return bool(charged[-1].any() and not charged[:-1].any())


def _is_lost(comparison: Comparison) -> bool:
    """Return whether a file that was not found, and may be the user's own, holds something; or no file holds anything."""
    lines = comparison.contents.whole
    held = lines.charged[:-1].any(axis=1)
    return bool((held & lines.lost).any() or (lines.charged.any() and not held.any()))


def _is_held(comparison: Comparison) -> bool:
    """Return whether a file of the user's own code holds something."""
    lines = comparison.contents.whole
    return bool(lines.charged[:-1][lines.own].any())


def notes(world: World) -> list[str]:
    """Say what limits every verdict: processes in one directory, addresses without lines, and sources that are not here."""
    sentences = [] if world.named else processes(world.series)
    for comparison in world.comparisons:
        sentences += of_head(world, comparison) + _left_out(world, comparison) + _ahead(comparison.series)
    if sources_are_missing(world) and not any(map(_has_only_addresses, world.comparisons)):
        sentences.append(f"No line of your own code is judged: {SENTENCES[Cause.NO_SOURCE]}.")
    return sentences


def _ahead(series: Series) -> list[str]:
    """Say that the times in profiles are not believed, on which every rate and every order depends."""
    ahead = [snapshot for snapshot in series.snapshots if snapshot.taken_at.is_ahead]
    if not ahead:
        return []
    what = f"The time in {counted(len(ahead), 'snapshot')} lies more than a day ahead of the clock here"
    instead = f"that of the {ahead[0].taken_at.source} counts, so rates may be wrong"
    return [f"{what}, first in {code(ahead[0].name)}, and is not believed: {instead}. Check both clocks."]


def of_head(world: World, comparison: Comparison) -> list[str]:
    """Say the same as `of_snapshot` of a head; if it therefore has no names, also of when the lines and verdicts are that stand here."""
    said, lines = of_snapshot(comparison.head, world.sources.roots.folders), world.with_lines(comparison)
    if lines is comparison:
        return said
    process = comparison.series.process(comparison.head)
    without = sum(snapshot in comparison.series.without_names for snapshot in process)
    since = (
        f"So {without} of {counted(len(process), 'snapshot')} of the process have no lines; lines and verdicts are those of the "
        f"snapshots until {time_of(lines.head, comparison.head)} ({code(lines.head.name)})."
    )
    return [" ".join([*said, since])]


def _left_out(world: World, comparison: Comparison) -> list[str]:
    """Say which snapshots are not judged: those that seem to be of another process, and those without names."""
    series, process = comparison.series, comparison.series.process(comparison.head)
    new = (
        f"The process seems to have been restarted before {code(process[0].name)}: most of what was in use is gone, and nothing "
        f"that had grown stayed. Snapshots before that are not compared with it. To be sure, write the process ID into the names, "
        "as in `heap-pid3870-1.pb.gz`."
    )
    sentences = [new] if series.seems_new(process) else []
    without = [snapshot for snapshot in process if snapshot in series.without_names]
    if not without or world.with_lines(comparison) is not comparison:
        return sentences
    compared = next(snapshot for snapshot in process if snapshot not in series.without_names)
    left_out = (
        f"{len(without)} of {counted(len(process), 'snapshot')} of the process are left out of verdicts and are no base: "
        f"{listed([code(snapshot.name) for snapshot in without])}. A binary could not be used for them, as it was for "
        f"{code(compared.name)}."
    )
    why = of_snapshot(without[0], world.sources.roots.folders) if without[0] is not comparison.head else []
    return [*sentences, left_out, *why]


def exits(world: World) -> list[str]:
    """Say which snapshots are not judged because a process wrote them as it ended. That matters where verdicts are read."""
    return [
        f"{code(snapshot.name)} seems to have been written as the program ended, after it had freed memory, so it is not judged; "
        "choose it as the head to see it."
        for comparison in world.comparisons
        for snapshot in comparison.series.process(comparison.head)
        if snapshot in comparison.series.at_exit
    ]


def of_snapshot(snapshot: Snapshot, folders: Sequence[str]) -> list[str]:
    """Say what was wrong when a snapshot was read, and which binaries its addresses need that are not in these folders."""
    sentences = [f"{code(snapshot.name)}: {escape(note)}." for note in snapshot.notes]
    if names := [name for name in snapshot.missing if not is_system_binary(name)]:
        some = ", ".join(map(code, names[:MAX_NAMED_BINARIES]))
        more = f" and {len(names) - MAX_NAMED_BINARIES} more" if len(names) > MAX_NAMED_BINARIES else ""
        searched = " or ".join(map(code, folders)) or "any workspace"
        sentences.append(
            f"{code(snapshot.name)}: no binary of {some}{more} in {searched}; set `binaries` to where it is."
        )
    return sentences


def processes(all_series: Iterable[Series]) -> list[str]:
    """Say in which directories processes ran at the same time, whether they are told apart, and what to do."""
    kinds: dict[tuple[str, str], list[Series]] = {}
    for series in all_series:
        kinds.setdefault((series.directory, series.program), []).append(series)
    sentences = []
    for (directory, program), of_program in kinds.items():
        of = f"processes of {program}" if program else "processes"
        if replicas := max(series.replica for series in of_program):
            is_named = all(snapshot.process_id for series in of_program for snapshot in series.snapshots)
            by = (
                "the process IDs in the names of their files, and judged one by one."
                if is_named
                else "what they had allocated, and judged one by one; with a directory for each, that would be certain."
            )
            sentences.append(
                f"{replicas} {of} wrote to {code(directory)} at the same time. They are told apart by {by}"
            )
        mingled = ", ".join(sorted({series.kind.name.lower() for series in of_program if series.is_of_replicas}))
        if mingled:
            sentences.append(
                f"Of the {mingled} profiles in {code(directory)}, nothing tells which of the {of} "
                "wrote them, so no growth is shown. Write the profiles of each process to a directory of its own."
            )
        mixed = (series for series in of_program if series.is_mixed and not series.is_of_replicas)
        if not all(_writes_once(series.snapshots[-1]) for series in mixed):
            sentences.append(
                f"Most snapshots in {code(directory)} do not continue any other: several {of} wrote them and cannot be told "
                "apart, or one restarts each time. Write the snapshots of each process to a directory of its own."
            )
    return sentences
