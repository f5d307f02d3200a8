"""Why lines are marked ~: the reason of those that are, not of others in the file."""

from __future__ import annotations

import numpy as np
import pytest
from alloclens.source.profiled_text import UNKNOWN_VERSION, SourceVersion
from alloclens.wording.drift import BY_NAME, MOVED_WITHIN, compared_text, reasons

EDITED = SourceVersion(
    "as it was then", "a\nb\n", edited_since="as in git's commit 1", doubtful=np.array([False, False, True])
)
KNOWN = EDITED._replace(edited_since="", doubtful=None)


@pytest.mark.parametrize(
    ("version", "unsure", "moved", "said"),
    [
        (EDITED, [False, True], [False, False], [compared_text(EDITED)]),
        (EDITED, [True, False], [False, False], [MOVED_WITHIN]),
        (EDITED, [False, False], [False, False], []),
        (EDITED, [True, True], [False, False], [compared_text(EDITED), MOVED_WITHIN]),
        (KNOWN, [False, True], [False, True], [BY_NAME]),
        (UNKNOWN_VERSION, [True, True], [False, True], [compared_text(UNKNOWN_VERSION), BY_NAME]),
    ],
)
def test_reasons_are_of_the_lines_that_are_marked(
    version: SourceVersion, unsure: list[bool], moved: list[bool], said: list[str]
) -> None:
    assert reasons(version, np.array([1, 2]), np.array(moved), np.array(unsure)) == said


def test_the_text_since_which_lines_were_edited_is_named() -> None:
    assert "lines that are not as in git's commit 1, because the process may have been started before" in compared_text(
        EDITED
    )


def test_where_all_lines_are_doubtful_it_is_not_for_what_the_texts_disagree_on() -> None:
    two = KNOWN._replace(others=("as in git's commit 2",), doubtful=EDITED.doubtful)
    assert "~ marks the lines on which they disagree" in compared_text(two)
    assert "may have been built from one that was never committed; ~ marks the lines (" in compared_text(two.in_doubt)


def test_a_text_that_alone_fits_is_not_the_first_of_several() -> None:
    before = SourceVersion("as it is now", "a\n", edited_before="as in git's commit 1")
    assert "one text fits the profile (as it is now); it is used, and ~ marks the lines" in compared_text(before)
    several = before._replace(others=("as in git's commit 2",))
    assert "2 texts fit the profile (as it is now; as in git's commit 2); the first is used, and" in compared_text(
        several
    )
