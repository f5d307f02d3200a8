"""Over stdio: why there are no numbers, what would bring them, and settings that are taken while all runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types as lsp

from tests.support.editor import Editor, bare
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.programs

MB = 1 << 20
STORE = """package main

func hold() {
	held = append(held, make([]byte, 1<<20))
}
"""
ADD = "Add the path mapping /srv/build → ${workspaceFolder} to alloclens.toml"
MAPPING = '[[pathMappings]]\nfrom = "/srv/build"\nto = "${workspaceFolder}"\n'
TOLD = ", add the path mapping /srv/build → ${workspaceFolder} to alloclens.toml."
WHY = "a file here has that name, but it shares no directory with the recorded one"


@pytest.fixture
def lost(folder: Path) -> Path:
    """The small module with a file that its first snapshot, of 40 MB, records where no rule looks for it."""
    (folder / "store.go").write_text(STORE)
    drop(folder / "profiles/a.pb.gz", snapshot(folder, held=30, kept=10))
    return folder


def snapshot(folder: Path, held: int, kept: int, *more: str) -> bytes:
    """`held` MB in store.go, which was built in /srv/build, and `kept` MB in main.go, which is recorded as it is."""
    return heap(
        f"main.hold:3@/srv/build/store.go:4 = {held}x{MB}", f"main.keep:10@{folder}/main.go:11 = {kept}x{MB}", *more
    )


def told(editor: Editor) -> list[str]:
    """Return the messages and questions about files that are not found."""
    return [said for said in editor.messages + editor.questions if "not found here" in said]


async def has_numbers(editor: Editor, path: Path) -> None:
    """Wait until a file has its one hint, marked or not as one that may be on another line."""
    uri = editor.open(path)

    async def there() -> bool:
        return list((await editor.hints(uri)).values()) == ["30.0MB"]

    await editor.until(there)


async def test_it_is_told_once_for_each_cause(any_editor: Editor, lost: Path) -> None:
    await any_editor.open_folder(lost)
    main = any_editor.open(lost / "main.go")
    await any_editor.until(lambda: told(any_editor))
    drop(lost / "profiles/b.pb.gz", snapshot(lost, 31, 20))
    await any_editor.until_hints(main, {11: "20.0MB ▲10.0MB"})
    other = f"main.more@/opt/ci/job/more.go:3 = 50x{MB}"
    drop(lost / "profiles/c.pb.gz", snapshot(lost, 30, 20, other))
    await any_editor.until(lambda: len(told(any_editor)) > 1)
    where = f"If they are in {lost}"
    assert told(any_editor) == [
        f"alloclens: 75% of the profile is in files that were not found here (/srv/build/…). {where}{TOLD}",
        f"alloclens: 80% of the profile is in files that were not found here (/opt/ci/…, /srv/build/…). {where}{TOLD}",
    ]


async def test_without_a_profile_it_is_told_where_they_are_looked_for(any_editor: Editor, folder: Path) -> None:
    """Once, in an editor that shows no status; the action is there until a profile comes."""
    await any_editor.open_folder(folder)
    main = any_editor.open(folder / "main.go")

    async def why() -> list[str]:
        return [action.title for action in await any_editor.actions(main)]

    await any_editor.until(why)
    assert await why() == ["Why are there no numbers here?"]
    told = [] if any_editor.capabilities.experimental else [f"alloclens: No profile in {folder}/profiles"]
    await any_editor.until(lambda: [message.partition(",")[0] for message in any_editor.messages] == told)
    assert all("run alloclens capture URL --into DIR" in message for message in any_editor.messages)
    drop(folder / "profiles/a.pb.gz", heap(f"main.keep:10@{folder}/main.go:11 = 3x{1 << 20}"))
    await any_editor.until_hints(main, {11: "3.0MB"})
    assert "Why are there no numbers here?" not in await why()
    assert len(any_editor.messages) == len(told)


async def test_a_tenth_is_not_much(editor: Editor, folder: Path) -> None:
    (folder / "store.go").write_text(STORE)
    drop(folder / "profiles/a.pb.gz", snapshot(folder, 4, 36))
    await editor.open_folder(folder)
    await editor.until_hints(editor.open(folder / "main.go"), {11: "36.0MB"})
    drop(folder / "profiles/b.pb.gz", snapshot(folder, 5, 36))
    await editor.until(lambda: told(editor))
    (said,) = told(editor)
    assert said.startswith("alloclens: 12% of the profile")  # 5 of 41


async def test_without_a_mapping_to_suggest_it_says_who_knows_more(editor: Editor, folder: Path) -> None:
    drop(folder / "profiles/a.pb.gz", snapshot(folder, 30, 10))  # there is no store.go
    await editor.open_folder(folder)
    await editor.until(lambda: told(editor))
    (said,) = editor.messages
    assert said.endswith("To see why, run Explain Placement in VS Code, or `alloclens explain` elsewhere.")
    assert editor.questions == []
    assert await editor.command("alloclens.server.mappings") == []


async def test_files_recorded_without_a_directory(editor: Editor, folder: Path) -> None:
    drop(folder / "profiles/a.pb.gz", heap(f"com.example.Main.run@Main.java:3 = 30x{MB}"))
    await editor.open_folder(folder)
    await editor.until(lambda: told(editor))
    assert "in files that were not found here (Main.java)." in told(editor)[0]


async def test_the_button_of_the_notice_writes_the_mapping(editor: Editor, lost: Path) -> None:
    editor.answer = "Add Path Mapping"
    await editor.open_folder(lost)
    await has_numbers(editor, lost / "store.go")
    assert (lost / "alloclens.toml").read_text() == MAPPING
    drop(lost / "profiles/b.pb.gz", snapshot(lost, 90, 10))
    await editor.until_hints(editor.open(lost / "main.go"), {11: "10.0MB"})
    assert len(told(editor)) == 1


async def test_code_actions_where_numbers_are_missing(any_editor: Editor, lost: Path) -> None:
    explains = any_editor.capabilities.experimental is not None
    await any_editor.open_folder(lost)
    main, store = any_editor.open(lost / "main.go"), any_editor.open(lost / "store.go")
    await any_editor.until_hints(main, {11: "10.0MB"})
    add, why = await any_editor.actions(store)
    assert (add.title, why.title) == (ADD, "Why are there no numbers here?")
    command = "alloclens.explain" if explains else "alloclens.server.tellWhy"
    assert (why.command, why.arguments) == (command, [store])
    assert await any_editor.actions(main) == []
    assert await any_editor.actions(any_editor.open(lost / "go.mod")) == []  # nothing is amiss with it
    await any_editor.command(add.command, *add.arguments)
    await has_numbers(any_editor, lost / "store.go")
    assert await any_editor.actions(store) == []


async def test_what_is_wrong_with_the_profile_explains_why_it_does_not_name_a_file(
    any_editor: Editor, folder: Path
) -> None:
    stack = "heap profile: 1: 1048576 [1: 1048576] @ heapprofile\n1: 1048576 [1: 1048576] @ 0x401000\n"
    mapped = "\nMAPPED_LIBRARIES:\n00400000-00500000 r-xp 00000000 08:01 1 /gone/shop\n"
    drop(folder / "profiles/a.heap", (stack + mapped).encode())
    await any_editor.open_folder(folder)
    main, text = any_editor.open(folder / "main.go"), any_editor.open(folder / "go.mod")
    words = f"a.heap: no binary of /gone/shop in {folder.as_posix()}; set binaries to where it is."

    async def explained() -> bool:
        return words in await any_editor.command("alloclens.server.explain", main)

    await any_editor.until(explained)
    assert [action.title for action in await any_editor.actions(main)] == ["Why are there no numbers here?"]
    assert await any_editor.actions(text) == []
    once = f"alloclens: 100% of the profile is on addresses without a name. {words}"
    await any_editor.until(lambda: once in any_editor.messages)
    drop(folder / "profiles/b.heap", (stack + mapped).encode())
    words = words.replace("a.heap", "b.heap")
    await any_editor.until(explained)
    assert [said for said in any_editor.messages if "without a name" in said] == [once]


async def test_a_mapping_is_offered_where_it_finds_something(editor: Editor, lost: Path) -> None:
    (lost / "bank.go").write_text(STORE.replace("hold", "settle"))
    drop(lost / "profiles/a.pb.gz", snapshot(lost, 30, 10, f"main.pay:9@/opt/ci/bank.go:12 = 5x{MB}"))
    await editor.open_folder(lost)
    bank, store = editor.open(lost / "bank.go"), editor.open(lost / "store.go")
    await editor.until_hints(editor.open(lost / "main.go"), {11: "10.0MB"})
    assert [action.title for action in await editor.actions(bank)] == ["Why are there no numbers here?"]
    assert [action.title for action in await editor.actions(store)] == [ADD, "Why are there no numbers here?"]


async def test_an_editor_without_pages_is_told_why(any_editor: Editor, lost: Path) -> None:
    await any_editor.open_folder(lost)
    store = any_editor.open(lost / "store.go")
    await any_editor.until_hints(any_editor.open(lost / "main.go"), {11: "10.0MB"})
    await any_editor.command("alloclens.server.tellWhy", store)
    (told,) = await any_editor.until(lambda: [said for said in any_editor.messages if WHY in said])
    assert told.split(" · ") == [
        f"The profile names files with the name of {lost}/store.go, but none was found to be this one:",
        f"30.0MB  /srv/build/store.go: {WHY}",
        f"it may be {lost}/store.go",
    ]


async def test_the_explanation(editor: Editor, lost: Path) -> None:
    await editor.open_folder(lost)
    assert "No profile in" in await editor.command("alloclens.server.explain", None)
    main = editor.open(lost / "main.go")
    await editor.until_hints(main, {11: "10.0MB"})
    head, first, second = (
        [
            "inuse_space in a.pb.gz",
            "",
            "25% on lines you can open (25% in your own code); 75% not found (/srv/build/…).",
            "A path mapping in alloclens.toml would find 75% of the profile:",
            *(f"    {line}" for line in MAPPING.splitlines()),
            "",
        ],
        [f"30.0MB  /srv/build/store.go: {WHY}", f"    it may be {lost}/store.go"],
        [f"10.0MB  {lost}/main.go → {lost}/main.go (as recorded; your own code)"],
    )
    every = ["Every file that the profile names:", *first, *second]
    assert (await editor.command("alloclens.server.explain", None)).split("\n") == head + every
    known = "the text that was profiled is known: as it was when a.pb.gz came"
    about = [*second, known, "10.0MB cum on line 11", ""]
    assert (await editor.command("alloclens.server.explain", main)).split("\n") == head + about + every
    label = "would find 75% of the profile"
    suggested = {"from": "/srv/build", "to": "${workspaceFolder}", "label": label}
    assert await editor.command("alloclens.server.mappings") == [suggested]


async def test_what_was_not_found_is_first(editor: Editor, lost: Path) -> None:
    """Though it is less."""
    main = f"{lost}/main.go"
    drop(lost / "profiles/a.pb.gz", snapshot(lost, held=5, kept=35))
    await editor.open_folder(lost)
    await editor.until_hints(editor.open(lost / "main.go"), {11: "35.0MB"})
    page = await editor.command("alloclens.server.placement", None)
    assert (page["title"], page["document"], page["more"]) == ("inuse_space in a.pb.gz", [], 0)
    assert page["summary"][-1].startswith("88% on lines you can open")  # 35 of 40
    assert page["advice"][1:] == [f"    {line}" for line in MAPPING.splitlines()]
    first, second = page["files"]
    assert (first["label"], first["share"], first["path"], first["why"]) == ("5.0MB", "12%", "", WHY)
    assert (first["recorded"], first["candidates"], first["doubtful"]) == (
        "/srv/build/store.go",
        [f"{lost}/store.go"],
        True,
    )
    assert (second["recorded"], second["path"], second["doubtful"]) == (main, main, False)
    text = await editor.command("alloclens.server.explain", None)
    assert text.index("/srv/build/store.go:") < text.index(f"{main} →")
    about = await editor.command("alloclens.server.placement", (lost / "store.go").as_uri())
    assert about["document"][0].endswith("but none was found to be this one:")


async def add(editor: Editor) -> str | None:
    return await editor.command("alloclens.server.addMapping", "/srv/build", "${workspaceFolder}")


async def test_a_mapping_goes_behind_what_is_there(editor: Editor, lost: Path) -> None:
    settings = lost / "alloclens.toml"
    settings.write_text('# ours\nbase = "previous"  # since the last\n')
    await editor.open_folder(lost)
    assert await add(editor) == str(settings)
    assert settings.read_text() == f'# ours\nbase = "previous"  # since the last\n\n{MAPPING}'
    await has_numbers(editor, lost / "store.go")


async def test_choices_are_written_beside_what_is_there(editor: Editor, lost: Path) -> None:
    settings = lost / "alloclens.toml"
    settings.write_text('base = "previous"  # since the last\n\n[[pathMappings]]\nfrom = "/x"\nto = "/y"\n')
    await editor.open_folder(lost)
    path = await editor.command("alloclens.server.writeChoices", {"base": "first", "hints": False})
    assert path == str(settings)
    assert settings.read_text() == (
        'base = "first"  # since the last\nhints = false\n\n[[pathMappings]]\nfrom = "/x"\nto = "/y"\n'
    )


async def test_a_settings_file_that_is_open_is_edited_there(editor: Editor, lost: Path) -> None:
    settings = lost / "alloclens.toml"
    settings.write_text("# ours\n")
    await editor.open_folder(lost)
    uri = editor.open(settings, "# typed, and not saved\n")
    assert await add(editor) == str(settings)
    ((edit,),) = (edits.changes[uri] for edits in editor.applied)
    assert edit.new_text == f"# typed, and not saved\n\n{MAPPING}"
    assert settings.read_text() == "# ours\n"
    await editor.until(lambda: editor.messages)
    assert editor.messages == [f"alloclens: {settings} now has the path mapping; save it to apply it"]
    editor.refuses_edits = True
    assert await add(editor) is None
    await editor.until(lambda: any("could not be changed: the editor refused" in said for said in editor.messages))


async def test_an_open_settings_file_in_an_editor_that_applies_no_edits(lost: Path) -> None:
    """What is saved is written, and the editor reads it again; what is not saved would be lost by that."""
    settings = lost / "alloclens.toml"
    settings.write_text("# ours\n")
    editor = Editor(bare())
    await editor.open_folder(lost)
    uri = editor.open(settings)
    assert await add(editor) == str(settings)
    assert settings.read_text() == f"# ours\n\n{MAPPING}"
    editor.edit(uri, "# typed, and not saved\n")
    assert await add(editor) is None
    await editor.until(lambda: any("has unsaved changes; save it first" in said for said in editor.messages))
    assert settings.read_text() == f"# ours\n\n{MAPPING}"
    assert editor.applied == []
    await editor.close()


async def test_without_a_folder_there_is_no_place_for_it(editor: Editor) -> None:
    await editor.open_folder(None)
    assert await add(editor) is None
    await editor.until(lambda: editor.messages)
    assert editor.messages == ["alloclens: no folder is open, so there is no place for a settings file"]


def closed(folder: Path) -> None:
    folder.chmod(0o555)


def broken(folder: Path) -> None:
    (folder / "alloclens.toml").write_text("base = \n")


def not_text(folder: Path) -> None:
    (folder / "alloclens.toml").write_bytes(b'base = "first" # \xff\n')


def directory(folder: Path) -> None:
    (folder / "alloclens.toml").mkdir()


def dangling(folder: Path) -> None:
    (folder / "alloclens.toml").symlink_to(folder / "none" / "alloclens.toml")


def elsewhere(folder: Path) -> None:
    (folder.parent / "other.toml").write_text("other = 1\n")
    (folder / "alloclens.toml").symlink_to(folder.parent / "other.toml")


def settings_in(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.glob("*.toml") if path.is_file()]


NOT_ROOT = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes everywhere")


@pytest.mark.parametrize(
    ("hinder", "reason"),
    [
        pytest.param(closed, "Permission denied", marks=NOT_ROOT),
        (broken, "no path mapping can be added: Invalid value"),
        (not_text, "can't decode byte 0xff"),
        (directory, "Is a directory"),
        (dangling, "No such file or directory"),
        (elsewhere, "a symbolic link that leads out of the workspace, to "),
    ],
)
async def test_what_hinders_it_is_told(
    editor: Editor, folder: Path, hinder: Callable[[Path], object], reason: str
) -> None:
    hinder(folder)
    await editor.open_folder(folder)
    before = settings_in(folder)
    assert await add(editor) is None
    await editor.until(lambda: editor.messages)
    (said,) = editor.messages
    assert settings_in(folder) == before
    assert said.startswith(f"alloclens: {folder}/alloclens.toml could not be changed: ")
    assert reason in said


async def test_the_settings_file_is_followed_and_the_editor_wins(editor: Editor, lost: Path) -> None:
    settings = lost / "alloclens.toml"
    await editor.open_folder(lost)
    main = editor.open(lost / "main.go")
    await editor.until_hints(main, {11: "10.0MB"})
    settings.write_text('sampleType = "inuse_objects"\n')
    await editor.until_hints(main, {11: "10"})
    editor.configure(sampleType="alloc_space")
    await editor.until_hints(main, {11: "10.0MB"})
    settings.write_text("hints = false\n")  # of what the editor does not set
    await editor.until_hints(main, {})
    editor.configure(sampleType="alloc_space", hints=True)
    await editor.until_hints(main, {11: "10.0MB"})
    settings.unlink()
    editor.configure()
    await editor.until_hints(main, {11: "10.0MB"})


async def test_a_mistake_is_a_diagnostic_on_its_line_until_it_is_mended(editor: Editor, lost: Path) -> None:
    settings = lost / "alloclens.toml"
    settings.write_text('# ours\nsampletype = "inuse_space"\n\n[[pathMappings]]\nfrom = "/srv/build"\nto = 3\n')
    await editor.open_folder(lost)
    uri = settings.as_uri()
    await editor.until(lambda: editor.diagnostics.get(uri))
    assert [(d.range.start.line, d.severity, d.message) for d in editor.diagnostics[uri]] == [
        (1, lsp.DiagnosticSeverity.Error, "sampletype: unknown setting; did you mean sampleType?"),
        (5, lsp.DiagnosticSeverity.Error, "pathMappings: item 1: to: 3 is not a non-empty string; none is used"),
    ]
    settings.write_text(f"hints = 1\n{MAPPING}")
    await editor.until(lambda: len(editor.diagnostics[uri]) == 1)
    (one,) = editor.diagnostics[uri]
    assert (one.range.start.line, one.message) == (0, "hints: 1 is not true or false; using true")
    await has_numbers(editor, lost / "store.go")  # a mistake costs only itself
    settings.write_text(MAPPING)
    await editor.until(lambda: not editor.diagnostics[uri])


async def test_a_module_that_is_renamed_is_followed(editor: Editor, folder: Path) -> None:
    (folder / "store.go").write_text(STORE)
    drop(folder / "profiles/a.pb.gz", heap(f"main.hold:3@example.org/renamed/store.go:4 = 30x{MB}"))
    await editor.open_folder(folder)
    store = editor.open(folder / "store.go")
    await editor.until(lambda: told(editor))
    assert await editor.hints(store) == {}
    (folder / "go.mod").write_text("module example.org/renamed\n")
    await has_numbers(editor, folder / "store.go")
    (folder / "go.mod").write_text("module example.org/again\n")
    await editor.until_hints(store, {})
