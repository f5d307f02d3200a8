"""Over stdio: a profile server is tested, written to the settings and fetched from, by commands of the server."""

from __future__ import annotations

import asyncio
import os
import re
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest
from lsprotocol import types as lsp

from tests.support.fleet import Fleet
from tests.support.kept import MAIN, MOMENT
from tests.support.querier import Pyroscope
from tests.support.server import profile_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.editor import Editor

pytestmark = pytest.mark.programs

TEST, WRITE, LIST, PROCESSES, FETCH, STOP = (
    f"alloclens.server.{name}"
    for name in ("testSource", "writeSource", "sources", "sourceProcesses", "fetch", "stopFetch")
)
SECRET = "s3cret-t0ken"
MB = 1 << 20


@pytest.fixture
def server(folder: Path, tmp_path: Path, any_or_one: Editor) -> Iterator[Pyroscope]:
    any_or_one.surroundings = {
        "env": {
            **os.environ,
            "TOKEN": SECRET,
            "XDG_DATA_HOME": str(tmp_path / "data"),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
        }
    }
    now = round(time.time() * 1000)
    with profile_server() as running:
        snapshots = [(now - 60_000 * (5 - i), (i + 1) * MB) for i in range(5)]
        yield Pyroscope(running, snapshots, stack=f"main.keep:10@{folder}/main.go:11")


@pytest.fixture
def any_or_one(request: pytest.FixtureRequest) -> Editor:
    name = "any_editor" if "any_editor" in request.fixturenames else "editor"
    return request.getfixturevalue(name)


def source(server: Pyroscope, **fields: Any) -> dict[str, Any]:
    return {"name": "prod", "type": "pyroscope", "url": server.server.url, **fields}


async def opened(editor: Editor, folder: Path, **settings: Any) -> str:
    await editor.open_folder(folder, **settings)
    uri = editor.open(folder / "main.go")

    async def looked() -> bool:
        return "directories: 0" not in await editor.command("alloclens.server.about")

    await editor.until(looked)
    return uri


async def test_from_a_test_to_hints_in_any_editor(any_editor: Editor, folder: Path, server: Pyroscope) -> None:
    editor = any_editor
    editor.answer = "Allow"
    uri = await opened(editor, folder)
    tested = await editor.command(TEST, source(server))
    assert (tested["error"], tested["services"], tested["label"]) == ("", ["shop"], "service_name")
    assert re.fullmatch(rf"1 service, newest heap {MOMENT}", tested["text"])
    asked = f"alloclens: connect to pyroscope at {server.server.url}? This is asked once in this workspace."
    assert editor.questions == [asked]
    path = await editor.command(WRITE, source(server, select='pod="a"'))
    assert path == str(folder / "alloclens.toml")
    if editor.applied:
        (edit,) = editor.applied[-1].changes.values()
        (folder / "alloclens.toml").write_text(edit[0].new_text)
    written = (folder / "alloclens.toml").read_text()
    assert written == (
        f'[[sources]]\nname = "prod"\ntype = "pyroscope"\nurl = "{server.server.url}"\nselect = "pod=\\"a\\""\n'
    )

    async def listed() -> bool:
        return len(await editor.command(LIST)) == 1

    await editor.until(listed)
    (one,) = await editor.command(LIST)
    assert (one["asks"], one["allowed"], one["snapshots"], one["error"]) == (
        f"pyroscope at {server.server.url}",
        True,
        0,
        "",
    )
    assert await editor.command(FETCH, source(server, select='pod="a"')) is None
    await editor.until_hints(uri, {11: "5.0MB"})
    assert editor.questions == [asked]
    (one,) = await editor.command(LIST)
    assert (one["snapshots"], one["running"]) == (5, False)
    if editor.fetches:
        last = editor.fetches[-1]
        assert (last.running, last.done, last.total, last.written, last.error) == (False, 1, 1, 5, "")
        assert editor.progress[0] == "begin"
    else:
        assert any("prod: 5 new snapshots" in message for message in editor.messages)


async def test_nothing_is_asked_before_it_is_allowed(editor: Editor, folder: Path, server: Pyroscope) -> None:
    editor.answer = "Not Now"
    given = source(server, tokenEnv="TOKEN")
    await opened(editor, folder, sources=[given])
    refused = (
        f'pyroscope at {server.server.url}, with the token in the variable "TOKEN" is not asked until you allow it'
    )
    for command in (TEST, PROCESSES, FETCH):
        answer = await editor.command(command, given)
        assert refused in (answer if isinstance(answer, str) else answer["error"])
    assert server.server.seen == []
    (one,) = await editor.command(LIST)
    assert (one["allowed"], one["source"]["tokenEnv"]) == (False, "TOKEN")
    editor.answer = "Allow"
    assert (await editor.command(TEST, given))["error"] == ""
    assert server.server.seen[0]["authorization"] == f"Bearer {SECRET}"
    assert SECRET not in f"{editor.messages}{editor.questions}{editor.status}"


async def test_only_the_chosen_processes_are_fetched(editor: Editor, folder: Path, server: Pyroscope) -> None:
    editor.answer, server.pods = "Allow", ("a", "b", "c")
    given = source(server)
    await opened(editor, folder, sources=[given])
    found = await editor.command(PROCESSES, given, 7200)
    assert [(one["instance"], one["service"], one["version"]) for one in found["processes"]] == [
        ("c", "", ""),
        ("b", "", ""),
        ("a", "", ""),
    ]  # the one that grows most first
    assert re.fullmatch(rf"5\.0MB, \+[234]\.[05]MB, newest {MOMENT}", found["processes"][0]["detail"])
    assert await editor.command(FETCH, given, {"processes": [found["processes"][1]["labels"]], "every": 120}) is None
    heaps = list((folder.parent / "cache").rglob("heap-*.pb.gz"))
    assert {path.parent.name for path in heaps} == {"b"}
    assert len(heaps) == 3
    server.asked.clear()
    assert await editor.command(FETCH, given, {"processes": [found["processes"][1]["labels"]], "every": 120}) is None
    assert "SelectMergeProfile" not in server.asked


async def test_the_instance_that_leaks_is_shown_after_a_fetch(editor: Editor, folder: Path, server: Pyroscope) -> None:
    editor.answer, source_of_all = "Allow", source(server)
    (folder / "main.go").write_text(MAIN)
    os.utime(folder / "main.go", (0, 0))
    fleet = Fleet(f"{folder}/main.go", round(time.time() * 1000) - 3_500_000, 1000, 3500, 3, 1)
    server.server.answers = fleet.answer
    uri = await opened(editor, folder, sources=[source_of_all])
    found = (await editor.command(PROCESSES, source_of_all))["processes"]
    of = {one["instance"]: one["labels"] for one in found}
    assert await editor.command(FETCH, source_of_all, {"processes": [of["api-2"]], "every": 140}) is None

    async def shown(instance: str) -> bool:
        choices = await editor.command("alloclens.server.seriesChoices")
        return [one["name"].rpartition("/")[2] for one in choices if one["shown"]] == [instance]

    await editor.until(lambda: shown("api-2"))
    two = [of["api-0"], of["api-1"]]
    assert await editor.command(FETCH, source_of_all, {"processes": two, "every": 140}) is None
    await editor.until(lambda: shown("api-0"))
    await editor.until(lambda: [one.code for one in editor.diagnostics.get(uri, ())] == ["leak"])


async def test_what_was_fetched_stays_if_the_server_fails(editor: Editor, folder: Path, server: Pyroscope) -> None:
    editor.answer, server.left = "Allow", 5
    given = source(server)
    uri = await opened(editor, folder, sources=[given])
    error = await editor.command(FETCH, given)
    assert "answered 503 Service Unavailable" in error
    await editor.until_hints(uri, {11: "2.0MB"})
    await editor.until(lambda: error in editor.status.plainTooltip and editor.status.state == "problem")
    (one,) = await editor.command(LIST)
    assert (one["error"], one["snapshots"]) == (error, 2)
    server.left, server.server.status = float("inf"), 200
    assert await editor.command(FETCH, given) is None
    await editor.until_hints(uri, {11: "5.0MB"})
    await editor.until(lambda: editor.status.state == "ok")
    assert (await editor.command(LIST))[0]["error"] == ""


async def test_what_there_is_to_know_of_a_fetch_is_listed(any_editor: Editor, folder: Path, server: Pyroscope) -> None:
    editor = any_editor
    editor.answer = "Allow"
    server.server.headers = {"Date": formatdate(time.time() + 600, usegmt=True)}
    given = source(server)
    await opened(editor, folder, sources=[given])
    assert await editor.command(FETCH, given) is None
    (one,) = await editor.command(LIST)
    (note,) = one["notes"]
    assert re.fullmatch(rf"the clock of {server.server.url} is 10 min ahead; its time counts", note)
    if editor.fetches:
        assert [*editor.fetches[-1].notes] == [note]
    else:
        assert any(f"prod: 5 new snapshots; {note}" in message for message in editor.messages)
    del server.server.headers["Date"]
    assert await editor.command(FETCH, given) is None
    assert (await editor.command(LIST))[0]["notes"] == []


@pytest.mark.parametrize("how", ["command", "bar"])
async def test_a_fetch_can_be_stopped(editor: Editor, folder: Path, server: Pyroscope, how: str) -> None:
    editor.answer, server.pause = "Allow", 1.0
    given = source(server)
    await opened(editor, folder, sources=[given])
    running = asyncio.ensure_future(editor.command(FETCH, given))
    await editor.until(lambda: editor.fetches and editor.fetches[-1].written)
    assert "already" in await editor.command(FETCH, given)
    if how == "command":
        await editor.command(STOP, "prod")
    else:
        editor.client.window_work_done_progress_cancel(
            lsp.WorkDoneProgressCancelParams(editor.bars["alloclens: fetching from prod"])
        )
    assert await running == "it was stopped; what was fetched before stays"
    assert editor.fetches[-1].written < 5
    assert not editor.fetches[-1].running


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": "http://me:pw@localhost"}, "has no user, password or query, since settings are shared"),
        ({"url": "ftp://localhost"}, "ftp://localhost is not an HTTP URL"),
        ({"type": "s3"}, "is not a bucket"),
    ],
)
async def test_what_is_wrong_with_a_source_is_said(
    editor: Editor, folder: Path, server: Pyroscope, fields: dict[str, str], words: str
) -> None:
    given = source(server, **fields)
    await opened(editor, folder, sources=[given])
    assert words in (await editor.command(TEST, given))["error"]
    assert words in (await editor.command(LIST))[0]["error"]
    assert editor.questions == []


async def test_sources_are_listed_as_soon_as_an_editor_asks(
    any_editor: Editor, folder: Path, server: Pyroscope
) -> None:
    (folder / "alloclens.toml").write_text(
        f'[[sources]]\nname = "prod"\ntype = "pyroscope"\nurl = "{server.server.url}"\n'
    )
    await any_editor.open_folder(folder)
    (one,) = await any_editor.command(LIST)
    assert one["source"]["name"] == "prod"


async def test_without_a_folder_nothing_is_asked(editor: Editor, server: Pyroscope) -> None:
    await editor.open_folder(None)
    assert "open a folder" in (await editor.command(TEST, source(server)))["error"]
    assert server.server.seen == []
