"""The worked example of CONTRIBUTING.md, run as it stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.contributing import modules

if TYPE_CHECKING:
    from pathlib import Path


def test_one_file_is_enough(tmp_path: Path) -> None:
    spool, test = modules("Example: adding a source")
    test.test_spool(tmp_path, spool.fetch)
