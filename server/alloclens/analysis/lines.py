"""The numbers of one profile on its source lines: what an editor needs of a snapshot, and all it keeps of most."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.analysis import incidence
from alloclens.analysis.sampling import sampled, variances
from alloclens.analysis.sites import by_source_line
from alloclens.analysis.unplaced import unplaced

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from alloclens.profile.model import Profile, ValueType

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


class Measures(NamedTuple):
    """The three measures of each line, as floats: whole numbers up to 2^53 bytes stay exact."""

    flat: Floats
    """Samples whose leaf is the line."""
    cum: Floats
    """Samples that have the line anywhere in their stack, each once."""
    owned: Floats
    """Samples whose deepest frame in the user's own code is the line."""


@dataclass(frozen=True, eq=False)
class Lines:
    """One row for each source line a profile names, by file and then by line."""

    sample_types: tuple[ValueType, ...]
    files: tuple[str, ...]
    """Recorded names, clean."""
    own: NDArray[np.bool_]
    """Which of the files are the user's own code."""
    file: Ints
    """Row number in `files`."""
    line: Ints
    """1-based; 0 where unknown."""
    value: Measures
    """In the units of the sample types; each of shape (lines, sample types)."""
    variance: Measures
    """Of `value`, by sampling, in the same shape; nan where it is not known."""
    sampled: Measures
    """How many sampled objects `value` is made of, in the same shape; nan where it is not known."""
    total: Ints
    """The sum of all samples, also of those without a line; shape (sample types,)."""
    unplaced: Ints
    """The sum of |value| of the samples whose stacks name no file at all; shape (sample types,)."""

    def __len__(self) -> int:
        return len(self.line)

    @cached_property
    def by_name(self) -> dict[str, list[int]]:
        """The rows of `files` by their base name."""
        out: dict[str, list[int]] = {}
        for i, file in enumerate(self.files):
            out.setdefault(posixpath.basename(file), []).append(i)
        return out


def lines(profile: Profile, is_own: Callable[[str], bool]) -> Lines:
    """Return the numbers of every line. `is_own` is asked once for each file."""
    sites = by_source_line(profile)
    numbers, file = np.unique(sites.file, return_inverse=True)
    files = tuple(sites.texts[i] for i in numbers.tolist())
    own = np.array([is_own(f) for f in files], np.bool_)
    values, errors = profile.values, np.concatenate([variances(profile), sampled(profile)], axis=1)
    flat, owned = incidence.flat(profile, sites), incidence.owned(profile, sites, own[file])
    value = flat.sum(values), incidence.cum(profile, sites, values), owned.sum(values)
    error = flat.sum(errors), incidence.cum(profile, sites, errors), owned.sum(errors)
    types = len(profile.sample_types)
    return Lines(
        sample_types=profile.sample_types,
        files=files,
        own=own,
        file=file,
        line=sites.line,
        value=Measures(*(measure.astype(np.float64) for measure in value)),
        variance=Measures(*(measure[:, :types] for measure in error)),
        sampled=Measures(*(measure[:, types:] for measure in error)),
        total=profile.values.sum(axis=0),
        unplaced=unplaced(profile),
    )
