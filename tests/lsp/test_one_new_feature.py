"""The worked example of CONTRIBUTING.md, run as it stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.lsp import main, protocol
from alloclens.lsp.features import FEATURES

from tests.support.contributing import modules

if TYPE_CHECKING:
    from pathlib import Path


def test_one_file_and_one_name_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declared, total, test = modules("Example: adding a feature", Command=protocol.Command)
    monkeypatch.setattr(protocol, "GetTotal", declared.GetTotal, raising=False)
    with pytest.raises(KeyError, match=r"alloclens\.server\.total"):
        test.test_total(tmp_path)
    monkeypatch.setattr(main, "FEATURES", (*FEATURES, total))
    test.test_total(tmp_path)
