"""The editor's settings: in every shape that editors send, and mistakes shown to the user, each once."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from alloclens.lsp import configuration
from alloclens.lsp.client import Client
from alloclens.lsp.configuration import read
from alloclens.lsp.rpc import RefusedError
from lsprotocol import types as lsp

from tests.support.profiles import drop, heap
from tests.support.raw import RawClient, raw_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOT_A_TEXT = "base: 5 is not a string, so it is ignored"


@pytest.mark.parametrize(
    ("given", "good", "wrong"),
    [
        (None, {}, []),
        ({}, {}, []),
        ({"base": "previous"}, {"base": "previous"}, []),
        ({"alloclens": {"base": "previous"}}, {"base": "previous"}, []),
        ({"alloclens": None}, {}, []),
        ({"base": None}, {}, []),
        ({"base": 5, "head": "first"}, {"head": "first"}, [NOT_A_TEXT]),
        ({"alloclens": {"base": 5}}, {}, [NOT_A_TEXT]),
        (5, {}, ["5 is not a table of settings, so it is ignored"]),
        ("base", {}, ['"base" is not a table of settings, so it is ignored']),
        ([{"base": "first"}], {}, ['[{"base": "first"}] is not a table of settings, so it is ignored']),
        ({"alloclens": []}, {}, ["[] is not a table of settings, so it is ignored"]),
        ({"profileDir": ["p"]}, {}, ["profileDir: unknown setting; did you mean profileDirs?"]),
        ({"sampletype": "x"}, {}, ["sampletype: unknown setting; did you mean sampleType?"]),
        ({"enable": True, "maxNumberOfProblems": 100, "cmd": ["alloclens"]}, {}, []),  # an editor's own
        ({"server": {"command": []}, "heat": "off", "trace": {"server": "off"}}, {}, []),  # VS Code's
        (
            {"pathMappings": [{"from": "", "to": "x"}]},
            {},
            ['pathMappings: item 1: from: "" is not a non-empty string, so it is ignored'],
        ),
    ],
)
def test_what_editors_send(given: Any, good: dict[str, Any], wrong: list[str]) -> None:
    assert read(given) == (good, wrong)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[RawClient]:
    """An editor on a folder with one snapshot, which is in a directory that no default names."""
    drop(tmp_path / "mine/a.pb.gz", heap("main.f@/w/main.go:3 = 1x8"))
    with raw_client(tmp_path) as made:
        yield made


def snapshots(client: RawClient) -> int:
    return len(client.command("alloclens.server.snapshots"))


def told(client: RawClient, *wanted: str) -> bool:
    return client.messages == [f"alloclens: in the editor's settings: {one}" for one in wanted]


ASKED = {"workspace": {"configuration": True}}


def _starting(client: RawClient, given: Any) -> None:
    client.start(initializationOptions=given)


def _answering(client: RawClient, given: Any) -> None:
    client.answers["workspace/configuration"] = lambda _params: [given]
    client.start(ASKED)


def _changing(client: RawClient, given: Any) -> None:
    client.start()
    client.notify("workspace/didChangeConfiguration", {"settings": given})


STARTS = {
    "initializationOptions": _starting,
    "workspace/configuration": _answering,
    "didChangeConfiguration": _changing,
}


@pytest.mark.programs
@pytest.mark.parametrize("start", STARTS.values(), ids=list(STARTS))
@pytest.mark.parametrize("nested", [False, True])
def test_a_mistake_is_told_and_costs_itself_alone(client: RawClient, start: Callable[..., None], nested: bool) -> None:
    given = {"profileDirs": ["mine"], "base": 5, "leakSeverty": "off"}
    start(client, {"alloclens": given} if nested else given)
    client.until(lambda: told(client, f"{NOT_A_TEXT}; leakSeverty: unknown setting; did you mean leakSeverity?"))
    client.until_state(lambda: snapshots(client) == 1)


@pytest.mark.programs
@pytest.mark.parametrize("given", [5, "x", [1], True])
@pytest.mark.parametrize("start", STARTS.values(), ids=list(STARTS))
def test_what_are_no_settings(client: RawClient, start: Callable[..., None], given: Any) -> None:
    start(client, given)
    client.until(lambda: told(client, f"{json.dumps(given)} is not a table of settings, so it is ignored"))
    assert snapshots(client) == 0


@pytest.mark.programs
def test_each_mistake_is_told_once_until_it_is_made_again(client: RawClient) -> None:
    client.start(initializationOptions={"base": 5})
    client.until(lambda: len(client.messages) == 1)
    for given in ({"base": 5}, {"base": 5, "head": 6}, {"head": 6}, {"base": 5}):
        client.notify("workspace/didChangeConfiguration", {"settings": {"alloclens": given}})
    client.until(lambda: len(client.messages) == 3)
    wrong = [message.rpartition(": ")[0].rpartition(": ")[2] for message in client.messages]
    assert wrong == ["base", "head", "base"]


@pytest.mark.programs
def test_many_mistakes_are_one_message(client: RawClient) -> None:
    client.start(initializationOptions=dict.fromkeys(["base", "head", "sampleType", "revision", "symbolPrefix"], 5))
    client.until(lambda: client.messages)
    assert client.messages[0].endswith("; and 2 more, see the log")
    client.until(lambda: len([line for line in client.log if "is not a string" in line]) == 5)


class Asked:
    """A server whose editor answers as a test wants it."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.client = Client(lsp.ClientCapabilities(workspace=lsp.WorkspaceClientCapabilities(configuration=True)))
        self.given: dict[str, Any] = {"base": "previous"}
        self._answer = answer

    async def workspace_configuration_async(self, _params: lsp.ConfigurationParams) -> Any:
        answer = self._answer()
        return await answer if asyncio.isfuture(answer) else answer


def refuses() -> None:
    raise RefusedError("no")


@pytest.mark.parametrize("answer", [refuses, list, lambda: [None], lambda: asyncio.get_running_loop().create_future()])
async def test_an_editor_that_does_not_tell_its_settings(
    answer: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it sent at the start counts, even if it never answers."""
    monkeypatch.setattr(configuration, "ANSWER_SECONDS", 0.01)
    server = Asked(answer)
    await configuration.pull(server)
    assert server.given == {"base": "previous"}
