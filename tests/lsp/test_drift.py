"""Over stdio: the numbers stay with the lines they are of, whatever is typed, saved, checked in or restarted."""

from __future__ import annotations

import os
import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.editor import Editor, bare, label, vscode
from tests.support.edits import Edited, some_edit, some_text
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.programs

MB = 1 << 20
BEFORE, SNAPSHOT = 1_700_000_000, 1_700_100_000
"""When the texts of git's commits were checked in, and a snapshot later than that and earlier than any file here."""
LONG = 60


def stacks(folder: Path, kept: int = 3) -> list[str]:
    main, dep = folder / "main.go", folder / "vendor/example.com/dep/dep.go"
    return [
        f"main.keep:10@{main}:11 < main.serve:5@{main}:7 = {kept}x{MB}",
        f"example.com/dep.New:3@{dep}:4 < main.serve:5@{main}:6 = 2x{MB}",
    ]


async def shown(editor: Editor, folder: Path, wanted: dict[int, str], **settings: object) -> str:
    await editor.open_folder(folder, **settings)
    uri = editor.open(folder / "main.go")
    await editor.until_hints(uri, wanted)
    return uri


FIRST = {6: "2.0MB owned", 7: "3.0MB cum", 11: "3.0MB"}


# As it is typed


async def test_random_edits_as_they_are_typed(tmp_path: Path) -> None:
    """Every line holds as many megabytes as its number says: a hint is on that line, or marked, or gone."""
    rng = random.Random(5)
    lines = ["package main", *some_text(rng, LONG - 1)]
    path = tmp_path / "main.go"
    path.write_text("\n".join(lines))
    held = {n: f"{100 + n}MB" for n in range(1, LONG + 1) if lines[n - 1]}  # nothing is allocated on a blank line
    drop(tmp_path / "profiles/a.pb.gz", heap(*(f"main.f@{path}:{n} = {100 + n}x{MB}" for n in held)))
    editor = Editor(bare())
    await editor.open_folder(tmp_path)
    uri = editor.open(path)
    await editor.until_hints(uri, held)
    unmarked = asked = 0
    for seed in range(40):
        rng, text = random.Random(seed), Edited(lines)
        for _ in range(8):
            text.edit(*some_edit(rng))
            editor.edit(uri, text.text)
            hints = await editor.raw_hints(uri)
            sure = {int(label(h)[:3]) - 100: h.position.line + 1 for h in hints if not label(h).startswith("~")}
            assert sure == {line: text.where.get(line) for line in sure}, (seed, text.text)
            unmarked, asked = unmarked + len(sure), asked + 1
    assert unmarked > asked * len(held) / 2  # and most of them are there
    editor.edit(uri, "\n".join(lines))
    assert await editor.hints(uri) == held
    await editor.close()


async def test_a_line_that_was_changed_or_deleted_has_no_hint(editor: Editor, folder: Path) -> None:
    drop(folder / "profiles/a.pb.gz", heap(*stacks(folder)))
    uri = await shown(editor, folder, FIRST)
    text = (folder / "main.go").read_text()
    editor.edit(uri, text.replace("make([]byte, 1<<20)", "make([]byte, 1<<21)"))
    assert await editor.hints(uri) == {6: "2.0MB owned", 7: "3.0MB cum"}
    assert await editor.hover(uri, 11) is None
    editor.edit(uri, text.replace("\tkeep()\n", "", 1))
    assert await editor.hints(uri) == {6: "2.0MB owned", 10: "3.0MB"}
    editor.edit(uri, "")
    assert await editor.hints(uri) == {}
    editor.edit(uri, "// new\r\n" + text.replace("\n", "\r\n"))
    assert await editor.hints(uri) == {line + 1: said for line, said in FIRST.items()}


async def test_a_line_that_moved_is_marked_everywhere(editor: Editor, folder: Path) -> None:
    drop(folder / "profiles/a.pb.gz", heap(*stacks(folder)))
    uri = await shown(editor, folder, FIRST)
    text = (folder / "main.go").read_text()
    hot = "\tkept = append(kept, make([]byte, 1<<20))\n"
    editor.edit(uri, text.replace(hot, "").replace("func serve", hot + "func serve"))
    assert await editor.hints(uri) == {5: "~3.0MB", 7: "2.0MB owned", 8: "3.0MB cum"}
    assert "~ " in (await editor.hover(uri, 5) or "")
    (label,) = [f["label"] for f in await editor.command("alloclens.server.hotLines") if f["label"].startswith("~")]
    assert label == "~3.0MB"


async def test_all_that_is_said_is_on_the_same_lines(editor: Editor, folder: Path) -> None:
    main, dep = folder / "main.go", folder / "vendor/example.com/dep/dep.go"
    for i in range(22):
        leak = f"example.com/dep.New:3@{dep}:4 < main.serve:5@{main}:6 = {1 + 3 * i}x{MB}"
        drop(folder / f"profiles/{i}.pb.gz", heap(leak, f"main.keep:10@{main}:11 < main.serve:5@{main}:7 = 40x{MB}"))
    uri = await shown(editor, folder, {6: "64.0MB owned ▲63.0MB", 7: "40.0MB cum", 11: "40.0MB"})
    await editor.until(lambda: [d.range.start.line for d in editor.diagnostics.get(uri, [])] == [5])

    editor.edit(uri, "// é\n" + main.read_text().replace("\tdep.New()", "\n\tdep.New()"))
    assert await editor.hints(uri) == {8: "64.0MB owned ▲63.0MB", 9: "40.0MB cum", 13: "40.0MB"}
    assert "64.0MB owned" in (await editor.hover(uri, 8) or "")
    assert f"{uri}#L8" in (await editor.hover(uri, 8) or "")
    assert await editor.hover(uri, 6) is None
    found = await editor.command("alloclens.server.stacks", uri, 7)
    assert [f["location"]["range"]["start"]["line"] for f in found["stacks"][0]["frames"]] == [3, 7]
    assert await editor.command("alloclens.server.stacks", uri, 5) is None
    hot = await editor.command("alloclens.server.hotLines")
    assert [f["location"]["range"]["start"]["line"] for f in hot] == [7, 12, 8]
    await editor.until(lambda: [d.range.start.line for d in editor.diagnostics.get(uri, [])] == [7])
    related = editor.diagnostics[uri][0].related_information
    assert [(r.location.uri, r.location.range.start.line) for r in related] == [(uri, 7)]

    editor.edit(uri, main.read_text().replace("dep.New() //", "dep.Other() //"))
    await editor.until(lambda: [d.range.start.line for d in editor.diagnostics.get(uri, [])] == [4])  # its function
    assert editor.diagnostics[uri][0].message.startswith("On main.go:6, which was edited after the snapshot: ")
    assert await editor.hints(uri) == {7: "40.0MB cum", 11: "40.0MB"}

    editor.shut(uri)  # without saving: the file counts again
    await editor.until(lambda: [d.range.start.line for d in editor.diagnostics.get(uri, [])] == [5])


# Saved, and seen again


async def test_later_snapshots_of_the_process_are_of_the_same_text(editor: Editor, folder: Path) -> None:
    """The program runs on as it was built, while its text is edited and saved."""
    drop(folder / "profiles/a.pb.gz", heap(*stacks(folder, 3)))
    uri = await shown(editor, folder, FIRST)
    main = folder / "main.go"
    text = "// new\n" + main.read_text().replace("\tkeep()\n", "\tkeep(1)\n")
    main.write_text(text)
    editor.edit(uri, text)
    drop(folder / "profiles/b.pb.gz", heap(*stacks(folder, 40)))
    await editor.until_hints(uri, {7: "2.0MB owned", 12: "40.0MB ▲37.0MB"})


async def test_a_new_server_knows_the_texts(folder: Path) -> None:
    drop(folder / "profiles/a.pb.gz", heap(*stacks(folder)))
    first = Editor(vscode())
    await shown(first, folder, FIRST)
    await first.close()
    main = folder / "main.go"
    main.write_text(main.read_text().replace("func keep", "\n\n// new\nfunc keep"))
    second = Editor(vscode())
    await shown(second, folder, {6: "2.0MB owned", 7: "3.0MB cum", 14: "3.0MB"})
    await second.close()


async def test_a_closed_file_that_was_saved(editor: Editor, folder: Path) -> None:
    drop(folder / "profiles/a.pb.gz", heap(*stacks(folder)))
    await editor.open_folder(folder)

    async def hot(*wanted: int) -> bool:
        found = await editor.command("alloclens.server.hotLines")
        return [f["location"]["range"]["start"]["line"] + 1 for f in found] == list(wanted)

    await editor.until(lambda: hot(11, 6, 7))
    main = folder / "main.go"
    main.write_text("// new\n" + main.read_text())
    await editor.until(lambda: hot(12, 7, 8))


# Edited before it was seen


def check_in(folder: Path, seconds: int) -> None:
    when = f"{seconds} +0000"
    environment = os.environ | {"GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when, "GIT_CONFIG_GLOBAL": os.devnull}
    for arguments in (("init", "-q"), ("add", "main.go"), ("commit", "-q", "-m", "some"), ("tag", f"v{seconds}")):
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments]
        subprocess.run(command, cwd=folder, env=environment, check=True)


def edit(path: Path) -> None:
    """Move one function, change a line, and add some."""
    text = path.read_text().replace("\tdep.New() // the caller\n", "\tdep.New(1) // the caller\n")
    path.write_text(text.replace("func keep", "// new\n\nfunc keep"))


async def test_without_the_text_lines_are_found_by_their_function_and_marked(editor: Editor, folder: Path) -> None:
    edit(folder / "main.go")
    drop(folder / "profiles/a.pb.gz", heap(*stacks(folder), seconds=SNAPSHOT))
    uri = await shown(editor, folder, {6: "~2.0MB owned", 7: "~3.0MB cum", 13: "~3.0MB"})
    editor.edit(uri, (folder / "main.go").read_text().replace("func keep", "func kept"))
    assert await editor.hints(uri) == {6: "~2.0MB owned", 7: "~3.0MB cum"}


@pytest.mark.parametrize("lost", ["", ":10", ":5"])
async def test_with_git_they_are_carried_from_the_commit_of_that_time(folder: Path, editor: Editor, lost: str) -> None:
    """Also where the profile does not say where a function is declared."""
    check_in(folder, BEFORE)
    edit(folder / "main.go")
    check_in(folder, SNAPSHOT + 100)
    drop(folder / "profiles/a.pb.gz", heap(*(s.replace(lost, "") for s in stacks(folder)), seconds=SNAPSHOT))
    uri = await shown(editor, folder, {7: "3.0MB cum", 13: "3.0MB"})
    editor.edit(uri, "\n" + (folder / "main.go").read_text())
    assert await editor.hints(uri) == {8: "3.0MB cum", 14: "3.0MB"}


async def test_what_was_not_checked_in_when_it_was_built_is_not_taken_for_it(editor: Editor, folder: Path) -> None:
    """The commit of that time has the functions elsewhere; the current text has them where they were recorded."""
    main = folder / "main.go"
    text = main.read_text()
    main.write_text("// older\n" + text)
    check_in(folder, BEFORE)
    main.write_text(text)
    drop(folder / "profiles/a.pb.gz", heap(*stacks(folder), seconds=SNAPSHOT))
    await shown(editor, folder, FIRST)


async def test_the_revision_that_is_set(editor: Editor, folder: Path) -> None:
    main = folder / "main.go"
    check_in(folder, BEFORE)
    edit(main)
    check_in(folder, SNAPSHOT - 100)  # the newest of the snapshot's time, which is not what ran
    drop(folder / "profiles/a.pb.gz", heap(*stacks(folder), seconds=SNAPSHOT))
    carried = {7: "3.0MB cum", 13: "3.0MB"}
    uri = await shown(editor, folder, carried, revision=f"v{BEFORE}")
    editor.configure(revision="none")
    await editor.until_hints(uri, {6: "~2.0MB owned", 7: "~3.0MB cum", 13: "~3.0MB"})
    editor.configure(revision=f"v{BEFORE}")
    await editor.until_hints(uri, carried)
