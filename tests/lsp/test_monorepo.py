"""Two services of a monorepo that are captured at once: the series of one is shown, and nothing of the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import monorepo
from tests.support.monorepo import LEAK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.editor import Editor

pytestmark = [pytest.mark.programs, pytest.mark.slow]

SNAPSHOTS = 10
"""Of each service, all written while the first one's file is open."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Path]:
    """The monorepo, while its services run and are captured."""
    with monorepo.captured(tmp_path):
        yield tmp_path


@pytest.mark.timeout(300)
async def test_nothing_of_the_second_service_is_shown_until_it_is_chosen(editor: Editor, shop: Path) -> None:
    await editor.open_folder(shop)
    api = editor.open(shop / "services/api/main.go")
    web = (shop / "services/web/main.go").as_uri()
    with_numbers = 0

    async def seen() -> bool:
        """Look at everything that is shown, once; return whether there are enough snapshots."""
        nonlocal with_numbers
        hints = await editor.hints(api)
        assert await editor.hints(web) == {}
        assert with_numbers == 0 or "MB" in hints.get(LEAK, ""), "a hint that was there is missing"
        with_numbers += LEAK in hints
        hot = await editor.command("alloclens.server.hotLines", {"own": False})
        found = (await editor.command("alloclens.server.findings"))["findings"]
        flame = await editor.command("alloclens.server.flame")
        assert not [one for one in (*hot, *found) if "serve_web" in one["function"] or "/web/" in one["file"]]
        assert not editor.diagnostics.get(web)
        assert flame is None or "serve_web" not in str(flame)
        assert with_numbers == 0 or editor.status.series in ("", "api")
        every = (await editor.command("alloclens.server.series"))["series"]
        heaps = {one["name"]: len(one["snapshots"]) for one in every if "inuse_space" in one["sampleTypes"]}
        return len(heaps) == 2 and min(heaps.values()) >= SNAPSHOTS

    await editor.until(seen, 200)
    assert with_numbers >= SNAPSHOTS
    assert await editor.command("alloclens.server.showSeries", "web") is None

    async def web_is_shown() -> bool:
        return "MB" in (await editor.hints(web)).get(LEAK, "")

    await editor.until(web_is_shown)
    assert await editor.hints(api) == {}
