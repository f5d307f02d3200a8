"""Hints that VS Code requests while a new world arrives: it hears of no refresh until it has taken its answer."""

from __future__ import annotations

import asyncio
import math
from types import SimpleNamespace
from typing import Any

import pytest
from alloclens.lsp import publish
from alloclens.lsp.features import inlay_hints
from alloclens.lsp.publish import Publisher
from alloclens.session.world import World


async def test_an_answer_is_of_the_world_that_came_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = World(), World()

    async def until_loaded(*, asks_again: bool) -> None:
        assert asks_again

    client = SimpleNamespace(refreshes_hints=True)
    ls: Any = SimpleNamespace(
        world=first,
        documents=None,
        client=client,
        until_loaded=until_loaded,
        hints_at=-math.inf,
        hinted_too_early=False,
        loaded=asyncio.Event(),
    )

    def hints(world: World, *_: object) -> list[str]:
        ls.world = second
        return ["old" if world is first else "new"]

    monkeypatch.setattr(inlay_hints, "_hints", hints)
    params: Any = SimpleNamespace(text_document=SimpleNamespace(uri="file:///w/main.go"), range=None)
    answer: Any = await inlay_hints.inlay_hints(ls, params)
    assert answer == ["new"]
    assert ls.hints_at > 0


@pytest.mark.parametrize(("age", "is_asked", "times"), [(0.0, False, 2), (0.0, True, 1), (60.0, False, 1)])
async def test_a_refresh_right_after_an_answer_is_repeated(
    monkeypatch: pytest.MonkeyPatch, age: float, is_asked: bool, times: int
) -> None:
    """Unless the editor has asked again, or it had long taken the last answer and heard the refresh."""
    monkeypatch.setattr(publish, "UNHEARD_SECONDS", 0.05)
    sent, tasks = [], []
    loop = asyncio.get_running_loop()

    async def refresh(_: None) -> None:
        sent.append(loop.time())
        if is_asked:
            ls.hints_at = loop.time()

    def run_task(work: Any, _: str) -> None:
        tasks.append(loop.create_task(work))

    ls: Any = SimpleNamespace(workspace_inlay_hint_refresh_async=refresh, run_task=run_task, hints_at=loop.time() - age)
    publisher = Publisher.__new__(Publisher)
    vars(publisher).update(_ls=ls, _outdated=set(), _refreshing=set())
    publisher._refresh_hints()
    while any(not task.done() for task in tasks):
        await asyncio.gather(*tasks)
    assert len(sent) == times
