"""How large answers leave."""

from __future__ import annotations

from typing import Any

import pytest
from alloclens.lsp.quick import Quick, location
from alloclens.lsp.spots import Spot

from tests.support.inside import answer, server_in_session

ROWS = [{"label": "▲1.0MB", "growth": None}, {"nested": [1, {"own": True}]}]


@pytest.mark.parametrize("made", [ROWS, {"series": ROWS}, []])
async def test_it_leaves_as_it_is(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server = server_in_session()
    monkeypatch.setattr(server.protocol, "_converter", None)  # nothing is walked
    server.feature("test/quick")(lambda _params: Quick(made))
    assert await answer(server, "test/quick") == {"jsonrpc": "2.0", "id": 7, "result": made}


def test_a_location_is_written_as_lsprotocol_writes_it() -> None:
    spot = Spot("file:///w/a.go", 7, unsure=False)
    assert location(spot) == server_in_session().protocol._converter.unstructure(spot.location)
    assert location(None) is None
