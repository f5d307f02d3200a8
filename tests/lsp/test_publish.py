"""What the server tells the editor unasked, and in which order, however slow it or a world is."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from alloclens.lsp import diagnostics
from alloclens.lsp.documents import same
from alloclens.lsp.progress import LoadingProgress
from alloclens.lsp.publish import Publisher
from alloclens.session.world import World
from lsprotocol import types as lsp


def server(**rest: Any) -> SimpleNamespace:
    """A server that notes what it sends, by kind or file."""
    sent: list[str] = []
    return SimpleNamespace(
        sent=sent,
        documents=None,
        client=SimpleNamespace(shows_progress=True),
        run_task=lambda task, _what: asyncio.ensure_future(task),
        text_document_publish_diagnostics=lambda params: sent.append(params.diagnostics[0].message),
        protocol=SimpleNamespace(notify=lambda _method, params: sent.append(type(params.value).__name__)),
        **rest,
    )


def world(pending: int) -> World:
    return World(pending=pending)


@pytest.mark.parametrize(("patient", "sent"), [(False, ["Begin", "Report", "End"]), (True, [])])
async def test_a_bar_that_begins_late(patient: bool, sent: list[str]) -> None:
    """Before the editor says that it shows one, there is nothing to report to."""
    shown = asyncio.Event()
    created = SimpleNamespace(tokens={}, create_async=lambda _token: shown.wait())
    ls = server(work_done_progress=created)
    progress = LoadingProgress(ls)
    for pending in (5, 2, 0):
        progress.update(world(pending))
        if not patient:
            shown.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    shown.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert ls.sent == [f"WorkDoneProgress{one}" for one in sent]


async def test_the_newest_world_is_published_last(monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(world: World, *_rest: object) -> dict[str, list[lsp.Diagnostic]]:
        time.sleep(0.2 if world.pending else 0)
        where = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 1))
        return {"file:///a.go": [lsp.Diagnostic(where, "older" if world.pending else "newer")]}

    monkeypatch.setattr(diagnostics, "of", slowly)
    ls = server(world=world(1))
    publisher = Publisher(ls)
    older = asyncio.ensure_future(publisher.publish())
    await asyncio.sleep(0.05)
    ls.world = world(0)
    await asyncio.gather(older, publisher.publish())
    assert ls.sent == ["older", "newer"]


def test_editors_spell_a_uri_in_several_ways() -> None:
    assert same("file:///w/a@b%20(1)/m.go") == same("file:///w/a%40b%20%281%29/m.go") != same("file:///w/a@b (2)/m.go")


async def test_a_world_that_comes_before_the_answer_to_a_refresh_has_one_of_its_own() -> None:
    """The editor may have requested the hints of the first world, but not yet have answered."""
    answered, asked, tasks = asyncio.Event(), [], []

    async def ask(_params: None) -> None:
        asked.append("hints")
        await answered.wait()

    ls = server(world=World(), choosing=SimpleNamespace())
    ls.run_task = lambda task, _what: tasks.append(asyncio.ensure_future(task))
    publisher = Publisher(ls)
    for _ in range(3):  # worlds; all but the first come before the answer
        publisher._refresh("hints", ask)
        await asyncio.sleep(0)
    assert asked == ["hints"]
    answered.set()
    await asyncio.gather(*tasks)
    assert asked == ["hints", "hints"]
