"""The worked example of CONTRIBUTING.md, run as it stands there."""

from __future__ import annotations

import pytest
from alloclens import languages

from tests.support.contributing import modules


def test_one_file_and_one_line_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    erlang, test = modules("Example: adding a language")
    with pytest.raises(AssertionError):
        test.test_erlang()
    monkeypatch.setattr(languages, "LANGUAGES", (*languages.LANGUAGES, erlang.ERLANG))
    for ending in erlang.ERLANG.endings:  # as this table is made of that list
        monkeypatch.setitem(languages.LANGUAGE_OF, ending, erlang.ERLANG)
    test.test_erlang()
