"""What the frames of a profile are summed by: one hand-made profile, grouped in four ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.profile.formats import profile_pb2 as pb
from alloclens.profile.formats import read
from alloclens.tables.sites import RecordedLine, by_function, by_function_start, by_line, by_source_line, on_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from alloclens.profile.model import Profile
    from alloclens.tables.sites import Sites

Site = tuple[str, str, int, str, int]
"""Function, file, line, binary and start, as `Sites` has them."""
FAR = 2**40
"""A line beyond all sources, as damaged files have them."""


def profile(line: int = 5) -> Profile:
    """Return seven frames: three of two named functions, two without a name, one of a library, one of nowhere."""
    strings = ["", "count", "keep", "serve", "/o/x/../a.go", "/o/a.go", "/o/b.c", "/bin/app", "/lib/x.so"]
    made = pb.Profile(string_table=strings)
    made.sample_type.add(type=1, unit=1)
    for id_, binary in ((1, 7), (2, 8)):
        made.mapping.add(id=id_, filename=binary, memory_start=id_ << 20, memory_limit=(id_ + 1) << 20)
    functions = ((1, 2, 4, 3), (2, 3, 5, 30), (3, 0, 6, 7), (4, 0, 6, 8))
    for id_, name, file, start in functions:
        made.function.add(id=id_, name=name, filename=file, start_line=start)
    for id_, (mapping, lines) in enumerate(
        ((1, [(1, line), (2, 31)]), (1, [(1, 6)]), (1, [(3, 9)]), (1, [(4, 9)]), (2, []), (0, [])), 1
    ):
        location = made.location.add(id=id_, mapping_id=mapping)
        for function, number in lines:
            location.line.add(function_id=function, line=number)
    made.sample.add(location_id=range(1, 7), value=[1])
    return read(made.SerializeToString())


def of_frames(sites: Sites) -> list[Site]:
    """Return the site of each frame, in the order of the locations above."""
    text, rows = sites.texts, sites.of_frame.tolist()
    columns = (sites.function, sites.file, sites.line, sites.binary, sites.start)
    each = list(zip(*(column.tolist() for column in columns), strict=True))
    return [(text[f], text[p], line, text[b], start) for f, p, line, b, start in (each[row] for row in rows)]


KEEP, SERVE = ("keep", "/o/a.go"), ("serve", "/o/a.go")
LIBRARY: Site = ("", "", 0, "/lib/x.so", 0)
NOWHERE: Site = ("", "", 0, "", 0)


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        (
            by_line,
            [
                (*KEEP, 5, "", 0),
                (*SERVE, 31, "", 0),
                (*KEEP, 6, "", 0),
                ("", "/o/b.c", 9, "/bin/app", 7),  # functions without a name differ by where they start, as in pprof
                ("", "/o/b.c", 9, "/bin/app", 8),
                LIBRARY,
                NOWHERE,
            ],
        ),
        (
            by_function,
            [
                ("keep", "", 0, "", 0),
                ("serve", "", 0, "", 0),
                ("keep", "", 0, "", 0),
                ("", "", 0, "/bin/app", 7),
                ("", "", 0, "/bin/app", 8),
                LIBRARY,
                NOWHERE,
            ],
        ),
        (
            by_source_line,
            [
                ("", "/o/a.go", 5, "", 0),
                ("", "/o/a.go", 31, "", 0),
                ("", "/o/a.go", 6, "", 0),
                ("", "/o/b.c", 9, "", 0),
                ("", "/o/b.c", 9, "", 0),
                NOWHERE,
                NOWHERE,
            ],
        ),
        (
            by_function_start,
            [
                (*KEEP, 3, "", 0),
                (*SERVE, 30, "", 0),
                (*KEEP, 3, "", 0),
                ("", "/o/b.c", 7, "", 0),
                ("", "/o/b.c", 8, "", 0),
                NOWHERE,
                NOWHERE,
            ],
        ),
    ],
)
def test_the_sites_of_each_frame(group: Callable[[Profile], Sites], expected: list[Site]) -> None:
    sites = group(profile())
    assert of_frames(sites) == expected
    assert len(sites) == len(set(expected))
    assert (np.lexsort((sites.line, sites.file)) == np.arange(len(sites))).all()


def test_lines_too_far_apart_for_one_number() -> None:
    """The columns of a site are packed into 63 bits if they fit: 41 of the line and some more do, 63 do not."""
    for line in (FAR, 2**62):
        far = of_frames(by_line(profile(line)))
        assert far == [(*KEEP, line, "", 0), *of_frames(by_line(profile()))[1:]]
    assert of_frames(by_source_line(profile(-3)))[0] == ("", "/o/a.go", 0, "", 0)
    assert of_frames(by_line(profile(-(2**62))))[0] == (*KEEP, -(2**62), "", 0)


def test_which_sites_are_on_some_lines() -> None:
    sites = by_line(profile())
    places = [("/o/a.go", 31), ("/o/b.c", 9), ("/o/a.go", 99), ("/gone.go", 5)]
    wanted = [RecordedLine(*place) for place in places]
    found = on_lines(sites, wanted)[sites.of_frame]
    assert found.tolist() == [False, True, False, True, True, False, False]
    assert not on_lines(sites, ()).any()
