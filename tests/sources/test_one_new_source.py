"""The worked example of CONTRIBUTING.md, run as it stands there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.contributing import code, module

if TYPE_CHECKING:
    from pathlib import Path


def test_one_file_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, test = code("Example: adding a source")
    with pytest.raises(ModuleNotFoundError):
        module(test)
    monkeypatch.setitem(sys.modules, "alloclens.sources.spool", module(source))
    module(test).test_spool(tmp_path)
