"""Over stdio: what leads out of the folder is asked about once, and reported on its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.settings.trust import Grant, allowed

from tests.support.editor import Editor, bare, vscode
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from lsprotocol import types as lsp

pytestmark = pytest.mark.programs

MB = 1 << 20


@pytest.fixture
def elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory outside the folder that its settings file names, with a profile of main.go."""
    monkeypatch.setenv("XDG_DATA_HOME", str(folder.parent / "data"))
    profile = drop(folder.parent / "elsewhere/a.pb.gz", heap(f"main.keep:10@{folder}/main.go:11 = 30x{MB}"))
    (folder / "alloclens.toml").write_text("hints = true\nprofileDirs = ['../elsewhere', 'gone']\n")
    return profile.parent


@pytest.fixture
async def again() -> AsyncIterator[Editor]:
    made = Editor(vscode())
    yield made
    await made.close()


def marks(editor: Editor, folder: Path) -> list[lsp.Diagnostic]:
    return editor.diagnostics.get((folder / "alloclens.toml").as_uri(), [])


async def asked(editor: Editor, folder: Path) -> str:
    uri = editor.open(folder / "main.go")
    await editor.until(lambda: editor.questions and marks(editor, folder))
    return uri


def refusal(folder: Path, elsewhere: Path) -> str:
    where = f'profileDirs: "../elsewhere" leads out of {folder}, to {elsewhere}'
    return f"{where}; it is not read. `alloclens allow '{folder}'` allows it."  # there is a space in it


def question(folder: Path, elsewhere: Path) -> str:
    return f'alloclens: profileDirs: "../elsewhere" leads out of {folder}, to {elsewhere}. Read what is there?'


async def test_what_is_allowed_is_read_at_once_and_not_asked_for_again(
    editor: Editor, again: Editor, folder: Path, elsewhere: Path
) -> None:
    editor.answer = again.answer = "Allow"
    await editor.open_folder(folder)
    await editor.until_hints(editor.open(folder / "main.go"), {11: "30.0MB"})
    await editor.until(lambda: not marks(editor, folder))
    assert editor.questions == [question(folder, elsewhere)]
    assert allowed() == {Grant(str(folder), "profileDirs", str(elsewhere))}
    await again.open_folder(folder)
    await again.until_hints(again.open(folder / "main.go"), {11: "30.0MB"})
    assert again.questions == []


@pytest.mark.parametrize("answer", ["", "Not Now"])
async def test_what_is_not_allowed_is_not_read(editor: Editor, folder: Path, elsewhere: Path, answer: str) -> None:
    editor.answer = answer
    await editor.open_folder(folder)
    uri = await asked(editor, folder)
    [mark] = marks(editor, folder)
    assert mark.range.start.line == 1
    assert mark.message == refusal(folder, elsewhere)
    (folder / "alloclens.toml").write_text("profileDirs = ['../elsewhere', '/', 'profiles']\n")
    drop(folder / "profiles/a.pb.gz", heap(f"main.keep:10@{folder}/main.go:11 = 40x{MB}"))
    await editor.until_hints(uri, {11: "40.0MB"})
    await editor.until(lambda: len(marks(editor, folder)) == 2)
    await editor.until(
        lambda: len(editor.questions) == 2
    )  # the other path is new, and the first is not asked for again
    assert allowed() == set()


async def test_after_a_no_the_others_are_not_asked_for(editor: Editor, folder: Path, elsewhere: Path) -> None:
    (folder / "alloclens.toml").write_text("profileDirs = ['../elsewhere', '/', '..']\n")
    drop(folder / "profiles/a.pb.gz", heap(f"main.keep:10@{folder}/main.go:11 = 40x{MB}"))
    await editor.open_folder(folder)
    uri = await asked(editor, folder)
    (folder / "alloclens.toml").write_text("profileDirs = ['../elsewhere', '/', '..', 'profiles']\n")
    await editor.until_hints(uri, {11: "40.0MB"})
    assert editor.questions == [question(folder, elsewhere)]


async def test_an_editor_that_asks_no_questions_tells_it(folder: Path, elsewhere: Path) -> None:
    editor = Editor(bare())
    await editor.open_folder(folder)
    await editor.until(lambda: editor.messages)
    await editor.close()
    assert editor.messages == [f"alloclens: {refusal(folder, elsewhere)}"]


async def test_what_the_editor_itself_sets_is_not_asked_for(editor: Editor, folder: Path, elsewhere: Path) -> None:
    await editor.open_folder(folder, profileDirs=[str(elsewhere)])
    await editor.until_hints(editor.open(folder / "main.go"), {11: "30.0MB"})
    assert (editor.questions, marks(editor, folder)) == ([], [])


async def test_a_mapping_that_a_person_adds_may_lead_anywhere(editor: Editor, folder: Path, elsewhere: Path) -> None:
    (folder / "alloclens.toml").unlink()
    (elsewhere / "store.go").write_text("package main\n\nfunc hold() {\n\theld = make([]byte, 1<<20)\n}\n")
    drop(folder / "profiles/a.pb.gz", heap(f"main.hold:3@/srv/build/store.go:4 = 30x{MB}"))
    await editor.open_folder(folder)
    await editor.command("alloclens.server.addMapping", "/srv/build", str(elsewhere))
    uri = editor.open(elsewhere / "store.go")

    async def there() -> bool:
        return list((await editor.hints(uri)).values()) == ["30.0MB"]

    await editor.until(there)
    assert editor.questions == []
