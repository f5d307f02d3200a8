"""How large answers leave."""

from __future__ import annotations

import json

from alloclens.lsp.quick import Quick, location
from alloclens.lsp.spots import Spot
from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

ROWS = [{"label": "▲1.0MB", "growth": None}, {"nested": [1, {"own": True}]}]


def test_pygls_does_not_walk_what_it_writes() -> None:
    protocol = LanguageServer("test", "1").protocol
    for answer in (ROWS, {"series": ROWS}, []):
        message = lsp.ExecuteCommandResponse(1, Quick(answer), "2.0")
        assert json.loads(json.dumps(message, default=protocol._serialize_message))["result"] == answer
        assert protocol._converter.unstructure(message)["result"].answer is answer


def test_a_location_is_written_as_pygls_writes_it() -> None:
    spot = Spot("file:///w/a.go", 7, unsure=False)
    assert location(spot) == LanguageServer("test", "1").protocol._converter.unstructure(spot.location)
    assert location(None) is None
