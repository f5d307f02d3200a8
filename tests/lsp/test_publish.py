"""What the server tells the editor unasked, and in which order, however slow it or a world is."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from alloclens.faults import Problem
from alloclens.lsp import diagnostics
from alloclens.lsp.documents import same
from alloclens.lsp.features.inlay_hints import inlay_hints
from alloclens.lsp.progress import LoadingProgress
from alloclens.lsp.publish import Publisher
from alloclens.session.world import World
from lsprotocol import types as lsp

NO_ROOTS = SimpleNamespace(roots=())


def server(**rest: Any) -> SimpleNamespace:
    """A server that notes what it sends, by kind or file."""
    sent: list[str] = []
    return SimpleNamespace(
        sent=sent,
        documents=None,
        reported=(),
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


def test_while_files_are_read_problems_are_told_once_and_the_rest_at_the_end() -> None:
    ls: SimpleNamespace = server(window_show_message=lambda params: ls.sent.append(params.message))
    ls.client.shows_status = True
    publisher = Publisher(ls)
    for number, pending in ((0, 9), (1, 8), (2, 5), (4, 0), (4, 0), (5, 3)):
        problems = tuple(Problem(f"/w/{i}.log", "it is empty") for i in range(number))
        publisher._tell(World(pending=pending, problems=problems))
    first, rest = ls.sent
    assert "0.log" in first
    assert all(f"{i}.log" in rest for i in (1, 2, 3))
    assert "0.log" not in rest


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


@pytest.mark.parametrize(("is_read", "sent"), [(True, []), (False, ["alloclens: b.pb.gz has new numbers."])])
async def test_an_editor_that_asked_before_the_profiles_were_read_is_told(is_read: bool, sent: list[str]) -> None:
    """As on a slow machine: it has got no hints, and does not ask again."""
    loaded = asyncio.Event()
    if is_read:
        loaded.set()
    head = SimpleNamespace(path="b.pb.gz")
    ls: SimpleNamespace = server(
        world=SimpleNamespace(
            shown=SimpleNamespace(head=head), pending=0, settings=SimpleNamespace(hints=True), sources=NO_ROOTS
        ),
        loaded=loaded,
        hinted=None,
        hinted_too_early=False,
        until_loaded=lambda **_: asyncio.sleep(0),
        window_show_message=lambda params: ls.sent.append(params.message),
    )
    ls.documents, ls.client.refreshes_hints = SimpleNamespace(named=lambda *_: None), False
    where = lsp.Range(lsp.Position(0, 0), lsp.Position(9, 0))
    assert await inlay_hints(ls, lsp.InlayHintParams(lsp.TextDocumentIdentifier("file:///a.go"), where)) == []
    publisher = Publisher(ls)
    for _ in range(2):
        publisher._tell_of_hints(ls.world)
    assert [text[:35] for text in ls.sent] == sent
