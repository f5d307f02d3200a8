"""What a bug report gets of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens import __version__

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.editor import Editor

MB = 1 << 20


@pytest.mark.programs
async def test_versions_settings_and_counts(editor: Editor, folder: Path) -> None:
    main = folder / "main.go"
    drop(folder / "profiles/a.pb.gz", heap(f"main.keep:10@{main}:11 = 3x{MB}", f"gone.f:1@/gone/f.go:2 = 2x{MB}"))
    await editor.open_folder(folder, sampleType="inuse_space")
    await editor.until_hints(editor.open(main), {11: "3.0MB"})
    lines = (await editor.command("alloclens.server.about")).splitlines()
    assert lines[0] == f"alloclens: {__version__}"
    assert 'settings: {"sampleType": "inuse_space"}' in lines
    assert {"series: 1", "snapshots: 1, 0 still to be read", "recorded files: 2", "  no place: 1"} <= {*lines}
    assert "keep" not in " ".join(lines)
