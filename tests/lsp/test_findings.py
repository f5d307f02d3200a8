"""Over stdio: what grows is reported on the line that owns it, with its stack, and withdrawn when that is no longer so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from alloclens.cli import main as cli
from click.testing import CliRunner
from lsprotocol import types as lsp

from tests.support.editor import Editor, bare
from tests.support.profiles import drop, goroutines, heap
from tests.support.series import drop_series

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.programs

MB = 1 << 20


def found(editor: Editor, uri: str) -> list[tuple[int, str]]:
    return [(d.range.start.line + 1, str(d.code)) for d in editor.diagnostics.get(uri, [])]


def title(page: str) -> str:
    """Return the first line of a page."""
    return Path(urlsplit(page).path).read_text().partition("\n")[0]


async def test_the_caller_is_blamed_and_the_cache_is_not(any_editor: Editor, folder: Path) -> None:
    files = drop_series(folder, 22, each=3)
    await any_editor.open_folder(folder)
    uri = (folder / "main.go").as_uri()
    await any_editor.until(lambda: found(any_editor, uri) == [(6, "leak")])
    assert set(any_editor.diagnostics) == {uri}
    (diagnostic,) = any_editor.diagnostics[uri]
    assert diagnostic.severity == lsp.DiagnosticSeverity.Warning
    assert diagnostic.source == "alloclens"
    assert diagnostic.message.startswith("Leak: 64.0MB held through this line, ▲63.0MB")
    assert (diagnostic.range.start.character, diagnostic.range.end.character) == (1, 24)

    for file in files[1:]:
        file.unlink()
    await any_editor.until(lambda: found(any_editor, uri) == [])


async def test_the_stack_that_grew_is_related(editor: Editor, folder: Path) -> None:
    drop_series(folder, 22, each=3)
    await editor.open_folder(folder)
    uri = (folder / "main.go").as_uri()
    await editor.until(lambda: found(editor, uri))
    related = editor.diagnostics[uri][0].related_information
    assert [(r.location.uri, r.location.range.start.line + 1) for r in related] == [(uri, 6)], "own frames only"
    assert related[0].message == "main.serve · 64.0MB (+63.0MB)"


async def test_what_v8_may_have_inlined_is_related(editor: Editor, tmp_path: Path) -> None:
    shop = tmp_path / "shop.js"
    shop.write_text("function serve(id) {\n  open(id);\n}\n\nfunction open(id) {\n  kept.push({ id });\n}\n")
    for i in range(22):
        stacks = f"serve@{shop}:1 = {64 + 3 * i}x{MB}", f"open@{shop}:5 < serve@{shop}:1 = 30x{MB}"
        drop(tmp_path / f"profiles/{i:03}.pb.gz", heap(*stacks))
    await editor.open_folder(tmp_path)
    await editor.until(lambda: found(editor, shop.as_uri()) == [(1, "leak")])
    (diagnostic,) = editor.diagnostics[shop.as_uri()]
    assert diagnostic.message.startswith(
        "Leak: 127MB held through this function or what V8 inlined into it, perhaps open (shop.js:5), ▲63.0MB"
    )
    assert [(r.location.range.start.line + 1, r.message) for r in diagnostic.related_information] == [
        (1, "serve · 127MB (+63.0MB)"),
        (5, "open · V8 may have inlined it"),
    ]


async def test_the_caller_of_a_helper_is_marked_too(editor: Editor, folder: Path) -> None:
    """Line 7 calls the helper and keeps all that grows; line 6 calls it and gives everything back."""
    main = folder / "main.go"
    helper = f"main.keep:10@{main}:11 < main.serve:5@{main}"
    for i in range(22):
        stacks = f"{helper}:7 = {1 + 3 * i}x{MB}", f"{helper}:6 = 1x{MB}/{1 + i}"
        drop(folder / f"profiles/{i:03}.pb.gz", heap(*stacks))
    await editor.open_folder(folder)
    uri = main.as_uri()
    await editor.until(lambda: found(editor, uri) == [(11, "leak"), (7, "leak")])
    holder, caller = editor.diagnostics[uri]
    assert (holder.severity, caller.severity) == (lsp.DiagnosticSeverity.Warning, lsp.DiagnosticSeverity.Information)
    assert holder.message.startswith("Leak: 64.0MB held through this line, called from main.go:7, ▲63.0MB ")
    assert caller.message.startswith("Leak: 64.0MB held through main.go:11, called from this line, ▲63.0MB ")
    assert [(r.location.range.start.line + 1, r.message) for r in holder.related_information] == [
        (11, "main.keep · 64.0MB (+63.0MB)"),
        (7, "main.serve · this caller grows"),
    ]
    assert [(r.location.range.start.line + 1, r.message) for r in caller.related_information] == [(11, "main.keep")]
    uri = editor.open(main)
    assert "called from" not in await editor.hover(uri, 11)  # VS Code shows the diagnostic above it
    editor.edit(uri, "// one more line\n" + main.read_text())
    await editor.until(lambda: found(editor, uri) == [(12, "leak"), (8, "leak")])
    assert "held through this line, called from main.go:8, " in editor.diagnostics[uri][0].message
    (row,) = (await editor.command("alloclens.server.findings"))["findings"]
    assert "called from main.go:8" in row["tooltip"].replace("\\", "")
    lines = main.read_text().split("\n")
    editor.edit(uri, "\n".join(["// one more line", *lines[:6], "\tedited()", *lines[7:]]))
    await editor.until(lambda: found(editor, uri) == [(12, "leak")])
    edited = "main.go:7 (changed or deleted since)"
    assert f"held through this line, called from {edited}, " in editor.diagnostics[uri][0].message
    assert f"main.serve {edited}" in (await editor.hover(uri, 12)).replace("\\", "")
    assert f"\n  main.serve  {edited}\n" in await editor.command("alloclens.server.findingText", row["id"])
    stacks = (await editor.command("alloclens.server.stacks", uri, 11))["stacks"]
    assert [frame["label"] for frame in stacks[0]["frames"]] == [
        f"main.keep  {main}:12",
        f"main.serve  {main}:7 (changed or deleted since)",
    ]
    (root,) = await editor.command("alloclens.server.stackTree", uri, 11, "callers", [])
    callers = await editor.command("alloclens.server.stackTree", uri, 11, "callers", [root["id"]])
    assert (root["detail"].partition(" · ")[0], callers[0]["detail"].partition(" · ")[0]) == ("main.go:12", edited)


async def test_all_own_lines_to_the_caller_that_grows_are_marked(editor: Editor, folder: Path) -> None:
    """Line 7 calls the helper on line 6, which calls the one on line 11, and keeps what grows; line 5 gives everything back."""
    main = folder / "main.go"
    helpers = f"main.keep:10@{main}:11 < main.serve:5@{main}:6 < main.serve:5@{main}"
    for i in range(24):
        back = 40 * (i % 2)  # it swings by more than all that leaks
        stacks = f"{helpers}:7 = {2 + 2 * i}x{MB}", f"{helpers}:5 = {back}x{MB}/{1 + 40 * ((i + 1) // 2)}"
        drop(folder / f"profiles/{i:03}.pb.gz", heap(*stacks))
    await editor.open_folder(folder)
    uri = main.as_uri()
    await editor.until(lambda: found(editor, uri) == [(11, "leak"), (6, "leak"), (7, "leak")])
    of_line, *of_callers = (one.message for one in editor.diagnostics[uri])
    assert " held through this line, called from main.go:6 ← main.go:7, ▲46.0MB " in of_line
    assert [message.partition(", ▲")[0].partition(" held through ")[2] for message in of_callers] == [
        "main.go:11, called from this line ← main.go:7",
        "main.go:11, called from main.go:6 ← this line",
    ]


async def test_the_code_leads_to_a_page(editor: Editor, folder: Path) -> None:
    drop_series(folder, 22, each=3)
    await editor.open_folder(folder)
    uri = (folder / "main.go").as_uri()
    await editor.until(lambda: found(editor, uri))
    assert title(editor.diagnostics[uri][0].code_description.href) == "# Leak"


async def test_a_client_that_cannot_relate_gets_none(folder: Path) -> None:
    drop_series(folder, 22, each=3)
    editor = Editor(bare())
    await editor.open_folder(folder)
    uri = (folder / "main.go").as_uri()
    await editor.until(lambda: found(editor, uri))
    assert editor.diagnostics[uri][0].related_information is None
    assert editor.diagnostics[uri][0].code_description is None
    await editor.close()


async def test_few_snapshots_can_say_grew_never_leak(editor: Editor, folder: Path) -> None:
    for file in drop_series(folder, 6, each=100)[:3]:
        file.unlink()  # what rises since the process started may be a warm-up
    await editor.open_folder(folder)
    uri = (folder / "main.go").as_uri()
    await editor.until(lambda: found(editor, uri) == [(6, "growing")])
    assert editor.diagnostics[uri][0].severity == lsp.DiagnosticSeverity.Information


async def test_a_restart_hides_no_leak_of_the_process_before_it(editor: Editor, folder: Path) -> None:
    drop_series(folder, 22, each=3)
    await editor.open_folder(folder)
    uri = (folder / "main.go").as_uri()
    await editor.until(lambda: found(editor, uri) == [(6, "leak")])
    drop(folder / "profiles/900.pb.gz", heap(f"main.keep:10@{folder}/main.go:11 = 40x{MB}"))
    await editor.until(
        lambda: editor.diagnostics[uri][0].message.startswith("Before the restart 1 snapshot ago: Leak: ")
    )
    assert found(editor, uri) == [(6, "leak")]
    for i in range(1, 6):  # with six of its own, the new process is judged
        drop(folder / f"profiles/{900 + i}.pb.gz", heap(f"main.keep:10@{folder}/main.go:11 = 40x{MB}/{40 + i}"))
    await editor.until(lambda: found(editor, uri) == [])


async def test_a_leak_of_the_process_before_is_said_while_its_line_rises_again(editor: Editor, folder: Path) -> None:
    drop_series(folder, 22, each=3)
    for i in range(12):
        drop(folder / f"profiles/{900 + i}.pb.gz", heap(f"main.serve:5@{folder}/main.go:6 = {1 + 3 * i}x{MB}"))
    await editor.open_folder(folder)
    uri = (folder / "main.go").as_uri()
    await editor.until(lambda: found(editor, uri) == [(6, "growing"), (6, "leak")])
    grows, leak = (one.message for one in editor.diagnostics[uri])
    assert leak.startswith("Before the restart 12 snapshots ago: Leak: ")
    assert grows.startswith("Growing: 34.0MB ")
    rows = [row["detail"] for row in (await editor.command("alloclens.server.findings"))["findings"]]
    assert [row.partition(" · ")[0] for row in rows] == ["leak before the restart", "growing"]


async def test_candidates_are_listed_and_in_the_hover_but_no_diagnostics(any_editor: Editor, folder: Path) -> None:
    """Two sampled objects in twelve snapshots may leak; one line would need six."""
    main = folder / "main.go"
    for i in range(12):
        turns = f"main.serve:5@{main}:7 = {9 - i % 2}x{MB}/{9 + i}"
        drop(folder / f"profiles/{i:03}.pb.gz", heap(f"main.keep:10@{main}:11 = {1 + i // 3}x{MB}", turns))
    await any_editor.open_folder(folder)
    uri = any_editor.open(main)
    await any_editor.until_hints(uri, {7: "8.0MB", 11: "4.0MB"})

    async def all_judged() -> bool:
        return "12 snapshots" in (await any_editor.command("alloclens.server.findings"))["nothing"]

    await any_editor.until(all_judged)  # the hints are those of the newest snapshot, which may come first
    said = await any_editor.command("alloclens.server.findings")
    assert said["nothing"] == (
        "None proven: of 2 lines of your own code, judged over 11s, 12 snapshots, none certainly leaks or grows."
    )
    (row,) = said["findings"]
    assert (row["code"], row["label"], row["location"]["uri"]) == ("candidate", "main.go:11  main.keep", uri)
    assert row["detail"].startswith("not proven · 4.0MB +3.0MB, ")
    for text in (row["tooltip"], await any_editor.hover(uri, 11)):
        assert "Not proven: 4.0MB held through this line, +3.0MB" in text
        assert "it rose 3 times, none of it was freed, 2 sampled objects, what it makes is added to something " in text
        assert "more snapshots at this pace would settle it" in text
    assert not any_editor.diagnostics.get(uri)

    drop_series(folder, 22, each=3)
    await any_editor.until(lambda: found(any_editor, uri) == [(6, "leak")])

    any_editor.shut(uri)
    any_editor.diagnostics.clear()  # as Emacs does when it reads a file anew
    any_editor.open(main)
    await any_editor.until(lambda: found(any_editor, uri) == [(6, "leak")])
    assert (await any_editor.command("alloclens.server.findings"))["nothing"] == ""


async def test_goroutines_that_pile_up(editor: Editor, folder: Path) -> None:
    for i in range(29):
        drop(
            folder / f"profiles/g{i}.pb.gz",
            goroutines(f"runtime.gopark@/x/proc.go:1 < main.keep@{folder}/main.go:11 = {5 + 25 * i}"),
        )
    await editor.open_folder(folder)
    uri = (folder / "main.go").as_uri()
    await editor.until(lambda: found(editor, uri) == [(11, "goroutine-leak")])
    assert editor.diagnostics[uri][0].message.startswith("Leak: 705 goroutines wait in this line")
    await editor.until_hints(editor.open(folder / "main.go"), {11: "705 goroutines ▲700"})


async def test_goroutines_are_charged_to_the_statement_that_starts_them(editor: Editor, folder: Path) -> None:
    """The line that is marked moves with its text, though no profile names it."""
    main = folder / "main.go"
    main.write_text("package main\n\nfunc serve() {\n\tgo wait()\n}\n\nfunc wait() {\n\t<-never\n}\n")
    for i in range(29):
        drop(
            folder / f"profiles/g{i}.pb.gz",
            goroutines(f"runtime.gopark@/x/p.go:1 < main.wait:7@{main}:8 = {5 + 25 * i}"),
        )
    await editor.open_folder(folder)
    uri = main.as_uri()
    await editor.until(lambda: found(editor, uri) == [(4, "goroutine-leak")])
    (diagnostic,) = editor.diagnostics[uri]
    assert diagnostic.message.startswith("Leak: 705 goroutines started here wait at main.go:8")
    assert [r.location.range.start.line + 1 for r in diagnostic.related_information] == [8]
    uri = editor.open(main)
    editor.edit(uri, "// one more line\n" + main.read_text())
    await editor.until(lambda: found(editor, uri) == [(5, "goroutine-leak")])
    (row,) = (await editor.command("alloclens.server.findings"))["findings"]
    assert row["label"] == "main.go:5  main.wait"
    assert row["location"]["range"]["start"]["line"] == 4
    found_stacks = await editor.command("alloclens.server.stacks", uri, 4)
    assert [stack["label"] for stack in found_stacks["stacks"]] == ["705 goroutines (+700)"]
    tree = await editor.command("alloclens.server.stackTree", uri, 4, "callees", [])
    assert [node["label"] for node in tree] == ["705 goroutines main.wait"]
    assert await editor.command("alloclens.server.stacks", uri, 3) is None
    at_start, waiting = await editor.hover(uri, 5), await editor.hover(uri, 9)
    assert "[How to fix it](" in at_start
    assert "**705 goroutines**" in at_start
    assert "Leak: 705 goroutines" not in at_start  # VS Code shows the diagnostic above it
    assert "Leak: 705 goroutines wait in this line, " in waiting
    assert f" They were started at [main.go:5]({uri}#L5)." in waiting
    assert "goroutines started here wait at main.go:9" in row["tooltip"].replace("\\", "")

    editor.edit(uri, main.read_text().replace("\tgo wait()\n", "\n"))
    await editor.until(lambda: found(editor, uri) == [(8, "goroutine-leak")])
    assert editor.diagnostics[uri][0].message.startswith("Leak: 705 goroutines wait in this line")
    (row,) = (await editor.command("alloclens.server.findings"))["findings"]
    assert row["label"] == "main.go:8  main.wait"
    assert "goroutines wait in this line" in row["tooltip"].replace("\\", "")


async def test_a_candidate_at_a_go_statement_has_the_stacks_of_where_they_wait(editor: Editor, folder: Path) -> None:
    """No stack passes the statement, on which a click on the candidate lands."""
    main = folder / "main.go"
    main.write_text("package main\n\nfunc serve() {\n\tgo wait()\n}\n\nfunc wait() {\n\t<-never\n}\n")
    for i, waiting in enumerate((5, 30, 20, 45, 35, 60)):
        drop(
            folder / f"profiles/g{i}.pb.gz",
            goroutines(f"runtime.gopark@/x/p.go:1 < main.wait:7@{main}:8 = {waiting}"),
        )
        closure = f"main.serve:3@{main}:4 = 0x{MB}/{i + 1}"  # allocated by the statement, and freed
        drop(folder / f"profiles/h{i}.pb.gz", heap(closure, f"main.serve:3@{main}:3 = 8x{MB}/{8 + i}"))
    await editor.open_folder(folder)
    await editor.until(lambda: editor.status.state == "ok")
    (row,) = (await editor.command("alloclens.server.findings"))["findings"]
    assert (row["label"], row["detail"].split(" · ")[0]) == ("main.go:4  main.wait", "not proven")
    tree = await editor.command("alloclens.server.stackTree", main.as_uri(), 3, "callees", [])
    assert [node["label"] for node in tree] == ["60 goroutines main.wait"]
    assert "0B cum" not in await editor.hover(main.as_uri(), 4)


async def test_how_findings_are_marked_is_a_setting(editor: Editor, folder: Path) -> None:
    drop_series(folder, 22, each=3)
    await editor.open_folder(folder, leakSeverity="error", fillingSeverity="hint")
    uri = (folder / "main.go").as_uri()
    await editor.until(lambda: found(editor, uri) == [(6, "leak"), (11, "filling")])
    assert [d.severity for d in editor.diagnostics[uri]] == [lsp.DiagnosticSeverity.Error, lsp.DiagnosticSeverity.Hint]
    editor.configure(leakSeverity="off")
    await editor.until(lambda: found(editor, uri) == [])


async def test_a_label_is_a_base(editor: Editor, folder: Path) -> None:
    drop_series(folder, 22, each=3)
    await editor.open_folder(folder, base="after load")
    uri = editor.open(folder / "main.go")
    await editor.until_hints(uri, {6: "64.0MB owned ▲63.0MB", 7: "40.0MB cum ▲40.0MB", 11: "40.0MB ▲40.0MB"})
    (folder / "profiles/labels.toml").write_text('"009.pb.gz" = "After load"\n')
    await editor.until_hints(uri, {6: "64.0MB owned ▲36.0MB", 7: "40.0MB cum", 11: "40.0MB"})
    (folder / "profiles/labels.toml").write_text('"009.pb.gz" = 3\n')
    await editor.until(lambda: any("009.pb.gz: a label is a string" in m for m in editor.messages))


async def test_the_hover_has_the_verdict(editor: Editor, folder: Path) -> None:
    """VS Code shows a diagnostic above the hover, so there the sentence stands once."""
    drop_series(folder, 22, each=3)
    await editor.open_folder(folder, leakSeverity="hint")
    uri = editor.open(folder / "main.go")
    await editor.until(lambda: found(editor, uri))
    said = await editor.hover(uri, 6)
    first = [line for line in said.splitlines() if line][:4]
    assert first[0].startswith("▁▁▁▂▂▃▃▃▄▄▄▅▅▆▆▆▇▇▇███ Leak: 64.0MB held through this line")
    assert first[1].startswith("[How to fix it](file:")
    assert first[2].startswith("**64.0MB owned**")
    assert first[3].startswith("Heaviest stack by growth, leaf first: 64.0MB (+63.0MB): ")
    above, folded = said.split("<details><summary>Details</summary>\n\n")
    assert len(above.rstrip().split("\n\n")) == 4
    assert folded.endswith("\n\n</details>")
    assert len(said.removesuffix("\n\n</details>").splitlines()) <= 20  # an editor that does not fold may show no more
    assert "a line rises as much in less than 1 in 1M cases" in folded  # 55 objects, none freed: 7 standard errors
    editor.configure(leakSeverity="warning")
    await editor.until(lambda: _begins(editor, uri, f"{first[0].split()[0]} {first[1]}\n\n{first[2]}"))
    editor.configure(leakSeverity="off")
    await editor.until(lambda: _begins(editor, uri, f"{first[0]}\n\n{first[1]}\n\n{first[2]}"))


async def test_why_a_line_is_unsure_stands_once_above_and_in_the_hover(editor: Editor, folder: Path) -> None:
    """Whichever part of the hover of VS Code has the verdict has the reason, too; the other says only what else is known."""
    drop_series(folder, 22, each=3)
    await editor.open_folder(folder)
    uri = editor.open(folder / "main.go")
    await editor.until(lambda: found(editor, uri))
    text = (folder / "main.go").read_text()
    hot = text.splitlines(keepends=True)[5]
    editor.edit(uri, text.replace(hot, "").replace("func serve", hot + "func serve"))
    await editor.until(lambda: found(editor, uri) == [(5, "leak")])
    reason = "The program may have been built from another version of this file"
    assert reason in editor.diagnostics[uri][0].message
    assert "\n\n~ It was line 6 of " in await editor.hover(uri, 5)
    assert reason not in await editor.hover(uri, 5)
    editor.configure(leakSeverity="off")
    await editor.until(lambda: _says(editor, uri, f"\n\n~ {reason}"))


async def _says(editor: Editor, uri: str, text: str) -> bool:
    return text in await editor.hover(uri, 5)


async def _begins(editor: Editor, uri: str, text: str) -> bool:
    return (await editor.hover(uri, 6)).startswith(text)


async def test_the_hover_begins_with_the_kind_that_leaks(editor: Editor, folder: Path) -> None:
    """The heap comes first unless only another kind has a finding; a line that only passes memory on has no verdict."""
    main = folder / "main.go"
    for i in range(29):
        parks = f"runtime.gopark@/x/proc.go:1 < main.keep@{main}:11 < main.serve:5@{main}:6 = {5 + 25 * i}"
        drop(folder / f"profiles/g{i:03}.pb.gz", goroutines(parks))
        drop(
            folder / f"profiles/h{i:03}.pb.gz",
            heap(f"main.keep:10@{main}:11 < main.serve:5@{main}:6 = 40x{MB}/{40 + i}"),
        )
    await editor.open_folder(folder)
    uri = editor.open(main)
    await editor.until(lambda: found(editor, uri) == [(11, "goroutine-leak")])
    first, second = (await editor.hover(uri, 11)).split("\n\n---\n\n")
    assert " [How to fix it](file:" in first.splitlines()[0]
    assert first.splitlines()[2].startswith("**705 goroutines")
    assert "40.0MB" in second
    through = await editor.hover(uri, 6)
    assert "held through" not in through
    assert "wait in" not in through


async def test_a_folder_opened_through_a_link(
    editor: Editor, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever the build recorded, the link or what it leads to, the editor hears of the files it has opened."""
    drop_series(folder, 22, each=3)
    link = tmp_path_factory.mktemp("home") / "shop"
    link.symlink_to(folder)
    await editor.open_folder(link)
    uri = (link / "main.go").as_uri()
    await editor.until(lambda: found(editor, uri) == [(6, "leak")])
    related = editor.diagnostics[uri][0].related_information
    assert related[0].location.uri.startswith(link.as_uri())
    drop(link / "profiles/900.pb.gz", heap(f"main.keep:10@{link}/main.go:11 = 7x{MB}"))
    await editor.until_hints(editor.open(link / "main.go"), {11: "7.0MB"})


async def test_a_finding_is_copied_for_an_agent(editor: Editor, folder: Path) -> None:
    """The same id is in the diagnostic, in the view, and in what `alloclens check` writes."""
    drop_series(folder, 22, each=3)
    await editor.open_folder(folder)
    uri = (folder / "main.go").as_uri()
    await editor.until(lambda: found(editor, uri))
    (diagnostic,) = editor.diagnostics[uri]
    (listed,) = (await editor.command("alloclens.server.findings"))["findings"]
    checked = CliRunner().invoke(
        cli, ["check", str(folder / "profiles"), "--workspace", str(folder), "--format", "json"]
    )
    (violation,) = json.loads(checked.stdout)["violations"]
    assert diagnostic.data["id"] == listed["id"] == violation["fingerprint"]

    (copy,) = [one for one in await editor.actions(uri, 6, [diagnostic]) if one.title == "Copy for an Agent"]
    assert (copy.command, copy.arguments) == ("alloclens.copyForAgent", [listed["id"]])
    text = await editor.command("alloclens.server.findingText", listed["id"])
    assert text.startswith("main.go:6  main.serve\nLeak: 64.0MB held through this line, ▲63.0MB")
    assert "  main.serve  main.go:6\n" in text
    assert ">     6     dep.New() // the caller\n" in text
    assert "The usual fix:" in text
    assert "table = append" not in text  # of the dependency
    assert await editor.command("alloclens.server.findingText", "none") == ""


async def test_an_editor_without_a_command_to_copy_has_no_action_for_it(folder: Path) -> None:
    drop_series(folder, 22, each=3)
    editor = Editor(bare())
    try:
        await editor.open_folder(folder)
        uri = (folder / "main.go").as_uri()
        await editor.until(lambda: found(editor, uri))
        assert editor.diagnostics[uri][0].data is None
        assert "Copy for an Agent" not in [one.title for one in await editor.actions(uri, 6, editor.diagnostics[uri])]
    finally:
        await editor.close()


POLL = """package main

func poll() {
	ticker := time.NewTicker(time.Minute)
	for range ticker.C {
		if look() {
			return
		}
	}
}
"""


async def test_the_usual_fix_is_an_edit_to_confirm(editor: Editor, tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "main.go").write_text(POLL)
    for i in range(40):
        tickers = f"time.NewTicker@/usr/local/go/src/time/tick.go:36 < main.poll:3@{tmp_path}/main.go:4"
        drop(tmp_path / f"profiles/{i:03}.pb.gz", heap(f"{tickers} = {1000 + 4000 * i}x256"))
    await editor.open_folder(tmp_path)
    uri = editor.open(tmp_path / "main.go")
    await editor.until(lambda: found(editor, uri) == [(4, "leak")])
    assert "is each one stopped?" in editor.diagnostics[uri][0].message

    async def fixes() -> Sequence[lsp.CodeAction | lsp.Command]:
        at = lsp.Position(3, 0)
        where, context = lsp.Range(at, at), lsp.CodeActionContext([], only=[lsp.CodeActionKind.QuickFix])
        params = lsp.CodeActionParams(lsp.TextDocumentIdentifier(uri), where, context)
        return await editor.client.text_document_code_action_async(params) or []

    (fix,) = await fixes()
    assert fix.title == "Add `defer ticker.Stop()` after this line"
    (change,), (annotation,) = fix.edit.document_changes, fix.edit.change_annotations.values()
    (edit,) = change.edits
    assert annotation.needs_confirmation
    assert (edit.range.start, edit.range.end, edit.new_text) == (
        lsp.Position(3, 38),
        lsp.Position(3, 38),
        "\n\tdefer ticker.Stop()",
    )
    assert POLL.split("\n")[3][:38] == POLL.split("\n")[3]
    editor.edit(uri, POLL.replace("\tfor range", "\tdefer ticker.Stop()\n\tfor range"))
    await editor.until(lambda: editor.diagnostics[uri])
    assert await fixes() == []
