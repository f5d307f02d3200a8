"""Files that a profile names by URLs, all the way from its bytes: paths are made clean as Go's filepath.Clean does on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.session.once import world

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

MB = 1 << 20


@pytest.mark.parametrize(
    ("recorded", "function"),
    [
        ("webpack:///./src/my ui.ts", "(anonymous)"),
        ("webpack://shop/./src/my ui.ts", "draw"),  # whose project it is only the function tells
        ("webpack://@me/shop/./src/my ui.ts", "draw"),  # whose project it is only the function tells
        ("webpack-internal:///./src/my ui.ts", "(anonymous)"),
        ("webpack-internal:///(rsc)/./src/my ui.ts?1a2b", "(anonymous)"),
        ("turbopack:///[project]/src/my ui.ts", "(anonymous)"),
        ("file://{}/src/my%20ui.ts", "(anonymous)"),
        ("file://{}/src/../src/my ui.ts", "(anonymous)"),
    ],
)
def test_a_url_is_found_and_has_its_number(tmp_path: Path, recorded: str, function: str) -> None:
    here = tmp_path / "src/my ui.ts"
    here.parent.mkdir()
    here.write_text("export function draw(): void {\n  kept.push(Buffer.alloc(1 << 20));\n}\n")
    drop(tmp_path / "p/1.pb.gz", heap(f"{function}@{recorded.format(tmp_path)}:2 = 3x{MB}"))
    file = world([str(tmp_path)], [str(tmp_path / "p")], {}).file(str(here))
    assert file is not None
    assert file.place.own
    assert file.on(here.read_text()).line.tolist() == [2]
