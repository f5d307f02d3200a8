"""What is read on a picture: a misread letter does no harm, a wrong number or line does."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.editors import checks
from tests.editors.display import Display
from tests.editors.terminal import NotOnScreenError

LINE = "15 s.refresh{len(s.refresh) | = time.NewTicker(time.Hour) // "


class Read(Display):
    """A screen on which only this is read, once in each size."""

    patience = 0.01

    def __init__(self, *readings: str) -> None:
        self._all = readings

    def readings(self):
        return iter(self._all)


def hint(*readings: str) -> None:
    workspace = SimpleNamespace(held=lambda *_: "18.5MB")
    checks.hint(SimpleNamespace(screen=Read(*readings), workspace=workspace), "leak ticker")


@pytest.mark.parametrize(
    "read",
    [
        "alloclens: leak ticker 18.5MB owned 418.5MB",
        "alloclens: Leak ticker 18.5MB owned",
        "alloclens. leak ticker 18:5MB owned",
        "a1loclens: leak ticker I8.SMB\\418.5MB",
        "alloclens:leak ticker IB.5M8",
    ],
)
def test_misread_letters_do_no_harm(read):
    hint(LINE + read)


def test_one_size_that_is_read_is_enough():
    hint(LINE + "a??oclens: leak ticker 18.5MB", LINE + "alloclens: leak ticker 18.5MB")


@pytest.mark.parametrize(
    "read",
    [
        "alloclens: leak ticker",
        "alloclens: leak ticker 13.5MB",
        "alloclens: leak ticker 118.5MB",
        "alloclens: leak ticker 8.5MB",
        "alloclens: leak ticker 18.5MB5",
        "alloclens: leak goroutine 18.5MB",
        "alloclens: leak ticker owned\n16 fmt.Fprintln(w) 18.5MB",
    ],
)
def test_no_other_number_and_no_other_line_passes(read):
    with pytest.raises(NotOnScreenError):
        hint(LINE + read, LINE + read)
