"""Over stdio: of several services one is shown, everywhere the same, and only the user changes which."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types as lsp

from tests.session.test_choice import service
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.editor import Editor

pytestmark = pytest.mark.programs

MB = 1 << 20
CHOICES, SHOW, PICK, ACTIVE = (
    f"alloclens.server.{name}" for name in ("seriesChoices", "showSeries", "pickSeries", "activeFile")
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    service(tmp_path, "api", "1.pb.gz", "2.pb.gz")
    service(tmp_path, "web", *(f"{i}.pb.gz" for i in range(1, 5)))
    return tmp_path


async def which(editor: Editor) -> list[str]:
    """Return the series, the shown one first, which every list must agree on."""
    choices = await editor.command(CHOICES)
    every = (await editor.command("alloclens.server.series"))["series"]
    assert [one["name"] for one in every if one["shown"]] == [one["name"] for one in choices if one["shown"]]
    return [one["name"] for one in choices]


async def test_everything_is_of_the_series_of_the_active_file(any_editor: Editor, shop: Path) -> None:
    editor = any_editor
    await editor.open_folder(shop)
    api = editor.open(shop / "services/api/main.go")
    await editor.until_hints(api, {5: "2.0MB flat · 3.0MB cum"})
    assert await which(editor) == ["api", "web"]
    hot = await editor.command("alloclens.server.hotLines")
    assert {one["file"] for one in hot} == {f"{shop}/services/api/main.go", f"{shop}/store/store.go"}
    flame = await editor.command("alloclens.server.flame")
    timeline = await editor.command("alloclens.server.timeline")
    assert (flame["series"], flame["total"]) == ("api", 3 * MB)
    assert (timeline["series"], len(timeline["points"])) == ("api", 2)
    assert {one["directory"] for one in await editor.command("alloclens.server.snapshots")} == {
        str(shop / "profiles/api")
    }

    service(shop, "web", "5.pb.gz")
    await editor.until(lambda: _has(editor, 5))
    assert await which(editor) == ["api", "web"]
    await editor.until_hints(api, {5: "2.0MB flat · 3.0MB cum"})

    web = editor.open(shop / "services/web/main.go")
    await editor.until_hints(web, {5: "1.0MB flat · 2.0MB cum"})
    await editor.until_hints(api, {})
    assert await which(editor) == ["web", "api"]
    editor.open(shop / "store/store.go")
    await editor.hover(api, 5)  # one looks at it, though it is not opened again
    await editor.until_hints(api, {5: "2.0MB flat · 3.0MB cum"})


async def _has(editor: Editor, number: int) -> bool:
    every = (await editor.command("alloclens.server.series"))["series"]
    return number in [len(one["snapshots"]) for one in every]


async def test_the_editor_says_which_file_is_active(editor: Editor, shop: Path) -> None:
    await editor.open_folder(shop)
    api, web = (editor.open(shop / f"services/{name}/main.go") for name in ("api", "web"))
    await editor.command(ACTIVE, api)
    await editor.until_hints(api, {5: "2.0MB flat · 3.0MB cum"})
    await editor.until(lambda: editor.status.text.startswith("api · inuse_space 3.0MB"))  # when all are read
    assert "The series api is shown, not web." in editor.status.tooltip
    editor.edit(web, "package main\n")
    editor.shut(web)
    editor.open(shop / "services/web/main.go")  # as an editor opens one for a preview
    await editor.hover(web, 5)
    assert await which(editor) == ["api", "web"]
    await editor.command(ACTIVE, web)
    await editor.until(lambda: editor.status.series == "web")


async def test_a_series_is_chosen_until_another_is(editor: Editor, shop: Path) -> None:
    await editor.open_folder(shop)
    api, web = (editor.open(shop / f"services/{name}/main.go") for name in ("api", "web"))
    await editor.command(ACTIVE, api)
    await editor.until_hints(api, {5: "2.0MB flat · 3.0MB cum"})
    assert await editor.command(SHOW, "worker") == "no series is named worker; there is api, web"
    assert await editor.command(SHOW, "web") is None
    assert await editor.hints(api) == {}
    (action, why) = await editor.actions(api, 5)
    assert (action.title, action.arguments, why.title) == (
        "Show the series api",
        ["api"],
        "Why are there no numbers here?",
    )
    assert "api has numbers of this file, but the series web is shown" in await editor.command(
        "alloclens.server.explain", api
    )
    await editor.command(ACTIVE, web)
    await editor.command(ACTIVE, api)
    assert await which(editor) == ["web", "api"]
    editor.configure(series="api")  # the newer choice
    await editor.until_hints(api, {5: "2.0MB flat · 3.0MB cum"})
    assert await editor.hints(web) == {}
    editor.configure(series="worker")
    await editor.until(lambda: editor.status.text == "no series is named worker; there is api, web")
    assert (await editor.hints(api), await editor.hints(web), await editor.command("alloclens.server.flame")) == (
        {},
        {},
        None,
    )
    editor.configure()
    await editor.until_hints(api, {5: "2.0MB flat · 3.0MB cum"})


async def test_the_series_of_the_active_file_is_shown_again_when_it_has_profiles(editor: Editor, shop: Path) -> None:
    await editor.open_folder(shop)
    api = editor.open(shop / "services/api/main.go")
    await editor.until_hints(api, {5: "2.0MB flat · 3.0MB cum"})
    shutil.rmtree(shop / "profiles/api")
    why = "the series api has no profiles any more; there is web"
    await editor.until(lambda: (editor.status.state, editor.status.text) == ("empty", why))
    assert await editor.command("alloclens.server.explain", api) == why
    service(shop, "api", "1.pb.gz")
    await editor.until_hints(api, {5: "1.0MB flat · 2.0MB cum"})
    assert await which(editor) == ["api", "web"]
    shutil.rmtree(shop / "profiles/api")
    await editor.until(lambda: editor.status.text == why)
    editor.open(shop / "services/web/main.go")  # another file decides anew
    await editor.until(lambda: editor.status.state == "ok")


async def test_a_choice_is_forgotten_when_its_folder_is_closed(editor: Editor, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        service(folder, "api", "1.pb.gz")
    await editor.open_folder(one)
    api = editor.open(one / "services/api/main.go")
    await editor.until_hints(api, {5: "1.0MB flat · 2.0MB cum"})
    other = lsp.WorkspaceFolder(two.as_uri(), "two")

    def change(added: list[lsp.WorkspaceFolder], removed: list[lsp.WorkspaceFolder]) -> None:
        event = lsp.WorkspaceFoldersChangeEvent(added, removed)
        editor.client.workspace_did_change_workspace_folders(lsp.DidChangeWorkspaceFoldersParams(event))

    async def both() -> bool:
        return len(await editor.command(CHOICES)) == 2

    change([other], [])
    await editor.until(both)
    assert await editor.command(SHOW, "two/profiles/api") is None
    await editor.until_hints(api, {})
    change([], [other])
    await editor.until_hints(api, {5: "1.0MB flat · 2.0MB cum"})


async def test_an_editor_without_a_picker_asks(editor: Editor, shop: Path) -> None:
    editor.answer = "web"
    await editor.open_folder(shop)
    editor.open(shop / "services/web/main.go")
    api = editor.open(shop / "services/api/main.go")
    await editor.until_hints(api, {5: "2.0MB flat · 3.0MB cum"})
    await editor.command(PICK)
    await editor.until(lambda: editor.status.series == "web")
    assert editor.questions == ["alloclens: show which series, not api?"]


async def test_a_program_from_elsewhere_says_so(editor: Editor, shop: Path) -> None:
    drop(shop / "profiles/other/1.pb.gz", heap(f"main.run:3@/srv/other/main.go:3 = 9x{MB}"))
    await editor.open_folder(shop, series="other")
    await editor.until(lambda: editor.status.series == "other" and editor.status.state == "ok")  # when all are read
    assert "no file of this workspace is in it" in editor.status.tooltip
    choices = await editor.command(CHOICES)
    assert {one["name"]: one["elsewhere"] for one in choices} == {"other": True, "api": False, "web": False}
    assert "no file of this workspace is in it" in choices[0]["detail"]


async def test_services_below_source_code_are_hidden_and_said_to_be(editor: Editor, shop: Path) -> None:
    """Of a Go package they are its test data; any other source is a tool for the profiles."""
    (shop / "profiles/fetch.py").write_text("print(1)\n")
    await editor.open_folder(shop)
    api = editor.open(shop / "services/api/main.go")
    await editor.until_hints(api, {5: "2.0MB flat · 3.0MB cum"})
    (shop / "profiles/doc.go").write_text("package profiles\n")
    await editor.until(lambda: editor.status.text == "no profiles")
    why = f"The sub-directories of `{shop}/profiles` are not read, because it holds source code"
    assert why in editor.status.tooltip
    assert why in await editor.command("alloclens.server.explain", api)
    drop(shop / "profiles/1.pb.gz", heap(f"main.serve:5@{shop}/services/api/main.go:5 = 1x{MB}"))
    await editor.until_hints(api, {5: "1.0MB"})
    assert why in await editor.command("alloclens.server.explain", "")
