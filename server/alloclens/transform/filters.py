"""Filters a profile as pprof does, in pprof's order."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from alloclens.arrays import last, some
from alloclens.transform import tags
from alloclens.transform.patterns import PatternError, hit_frames, search
from alloclens.transform.prune import prune_from
from alloclens.transform.subset import deep, frames, samples, stacks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.arrays import Mask
    from alloclens.profile.model import Profile
    from alloclens.transform.patterns import Search
    from alloclens.transform.tags import Tag


@dataclass(frozen=True)
class Filters:
    """Regular expressions on the names of functions, source files and binaries; "" for none."""

    focus: str = ""
    """Keep samples with a matching frame."""
    ignore: str = ""
    """Drop samples with a matching frame."""
    hide: str = ""
    """Drop matching frames."""
    show: str = ""
    """Keep only matching frames."""
    show_from: str = ""
    """Drop the callers of the outermost matching frame, and samples without one."""
    tag_focus: str = ""
    """Keep samples with a matching label, see tags.py."""
    tag_ignore: str = ""
    prune_from: str = ""
    """Drop what the innermost matching function called; matches names of functions only."""
    no_inlines: bool = False
    """Attribute inlined calls to the function they were inlined into."""

    def given(self) -> dict[str, str | bool]:
        """Return the filters that are set, by name."""
        return {name: value for name, value in asdict(self).items() if value}


class FilterError(ValueError):
    """A filter is invalid: its name in `Filters`, and why."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(name, why)
        self.name = name
        self.why = why

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


@dataclass(frozen=True, eq=False)
class Filtered:
    """A filtered profile with notes for the user."""

    profile: Profile
    notes: tuple[str, ...]


def filtered(profile: Profile, filters: Filters) -> Filtered:
    """Filter a profile as pprof does. Raises FilterError.

    100 % remains `difference.total` of the whole profile.
    """
    tests = _tests(filters)
    units = tags.units(profile)
    profile, matched = _by_name(profile, tests)
    if tests.show_from:
        profile, matched["show_from"] = _show_from(profile, tests.show_from)
    profile, by_tag = _by_tag(profile, tests, units)
    if tests.prune_from:
        profile = prune_from(profile, tests.prune_from)
    if filters.no_inlines:
        profile = _outermost(profile)
    return Filtered(profile, _notes(tests, matched | by_tag))


def in_focus(profile: Profile, focus: Sequence[Filters]) -> Profile:
    """Apply several filters one after the other. Raises FilterError."""
    for filters in focus:
        profile = filtered(profile, filters).profile
    return profile


@dataclass(frozen=True)
class _Tests:
    focus: Search | None
    ignore: Search | None
    hide: Search | None
    show: Search | None
    show_from: Search | None
    prune_from: Search | None
    tag_focus: Tag | None
    tag_ignore: Tag | None


def _tests(filters: Filters) -> _Tests:
    tests: dict[str, Any] = {}
    for name in (f.name for f in fields(_Tests)):
        text, parse = getattr(filters, name), tags.parsed if name.startswith("tag_") else search
        try:
            tests[name] = parse(text) if text else None
        except PatternError as error:
            raise FilterError(name, str(error)) from error
    return _Tests(**tests)


def _by_name(profile: Profile, tests: _Tests) -> tuple[Profile, dict[str, bool]]:
    """Return the filtered profile, and which of the tests matched a location.

    If any test is set, samples without locations are dropped.
    """
    if not (tests.focus or tests.ignore or tests.hide or tests.show):
        return profile, {}
    at = profile.locations.frame_at
    ignored = some(_hits(profile, tests.ignore, without=False), at)
    focused = some(_hits(profile, tests.focus, without=True), at) & ~ignored
    hidden = _hits(profile, tests.hide, without=False)
    shown = _hits(profile, tests.show, without=True) & ~hidden
    if tests.show:  # a location without symbols is never shown, even if its binary matches
        shown &= profile.frames.function >= 0
    hit = {"focus": focused, "ignore": ignored, "hide": hidden, "show": shown}
    left = samples(profile, _passes(profile, focused) & ~_passes(profile, ignored))
    return deep(frames(left, shown)), {name: bool(mask.any()) for name, mask in hit.items()}


def _hits(profile: Profile, test: Search | None, *, without: bool) -> Mask:
    if test is None:
        return np.full(len(profile.frames.function), without, np.bool_)
    return hit_frames(profile, test)


def _passes(profile: Profile, hit: Mask) -> Mask:
    """Return which samples have a matching location. Shape of `hit`: (locations,)."""
    return some(hit[profile.location], profile.location_at)


def _show_from(profile: Profile, test: Search) -> tuple[Profile, bool]:
    """End every stack at its outermost matching frame."""
    hit, at = hit_frames(profile, test), profile.locations.frame_at
    there = some(hit, at)
    end = np.where(there, last(hit, at), at[1:])
    outermost = last(there[profile.location], profile.location_at)
    inside = np.arange(len(profile.location)) <= np.repeat(outermost, np.diff(profile.location_at))
    made = frames(stacks(profile, inside), np.arange(len(hit)) <= np.repeat(end, np.diff(at)))
    return deep(made), bool(there.any())


def _by_tag(profile: Profile, tests: _Tests, units: dict[str, str]) -> tuple[Profile, dict[str, bool]]:
    keep, matched = np.ones(len(profile), np.bool_), {}
    for name, tag in (("tag_focus", tests.tag_focus), ("tag_ignore", tests.tag_ignore)):
        if tag:
            hit = tags.hit_samples(profile, tag, units)
            matched[name] = bool(hit.any())
            keep &= hit if tag is tests.tag_focus else ~hit
    return samples(profile, keep), matched


def _outermost(profile: Profile) -> Profile:
    at = profile.locations.frame_at
    return frames(profile, np.isin(np.arange(at[-1]), at[1:] - 1))


def _notes(tests: _Tests, matched: dict[str, bool]) -> tuple[str, ...]:
    """Return pprof's notes, and how a tag was interpreted."""
    ranges = [n for n in ("tag_focus", "tag_ignore") if (tag := getattr(tests, n)) and tag.range]
    nothing = [name for name, hit in matched.items() if getattr(tests, name) and not hit]
    return (
        *(f"{name} is taken for a range of numbers, not for a regular expression" for name in ranges),
        *(f"{name} matched no samples" for name in nothing),
    )
