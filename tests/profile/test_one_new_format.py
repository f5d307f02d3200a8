"""The worked example of CONTRIBUTING.md, run as it stands there."""

from __future__ import annotations

import sys

import pytest
from alloclens.profile import formats
from alloclens.profile.errors import Unrecognized

from tests.support.contributing import modules


def test_one_file_and_one_line_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    pools, test = modules("Example: adding a format")
    with pytest.raises(Unrecognized):
        formats.read(b"pools 1\n2 512 main.keep /w/main.go 11\n")
    monkeypatch.setitem(sys.modules, "alloclens.profile.formats.pools", pools)
    monkeypatch.setattr(formats, "FORMATS", (*formats.FORMATS, "pools"))
    test.test_pools()
