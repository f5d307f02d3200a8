"""Over stdio: who calls a line with how much, where its bytes go, and what is not here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import pytest
from lsprotocol import types as lsp
from pygls import uris

from tests.support.editor import Editor, bare, neovim, ready
from tests.support.profiles import drop, goroutines, heap

pytestmark = pytest.mark.programs

MB = 1 << 20


@pytest.fixture
def two(folder: Path) -> Path:
    """Two snapshots: dep.go grows by 40 MB through main.go:6, and a closure of it holds one object more."""
    main, dep = folder / "main.go", folder / "vendor/example.com/dep/dep.go"
    for name, kept, more in (("a", 2, 1), ("b", 42, 2)):
        drop(
            folder / f"profiles/{name}.pb.gz",
            heap(
                f"example.com/dep.New:3@{dep}:4 < main.serve:5@{main}:6 < main.main:20@/elsewhere/x.go:1 = {kept}x{MB}",
                f"main.keep:10@{main}:11 < main.serve:5@{main}:7 = 3x{MB}",
                f"example.com/dep.New.func1:3@{dep}:4 < main.serve:5@{main}:7 = {more}x64",
            ),
        )
    return folder


class Shown(NamedTuple):
    """An item as a person sees it: the last part of its URI, and its line (1-based)."""

    name: str
    detail: str
    file: str
    line: int


def shown(item: lsp.CallHierarchyItem) -> Shown:
    assert item.selection_range == item.range
    name = item.name.removesuffix(f"  {item.detail}")  # where the detail is not shown
    return Shown(name, item.detail, item.uri.rsplit("/", 1)[1], item.selection_range.start.line + 1)


def said(item: lsp.CallHierarchyItem) -> list[str]:
    """Return what the page of an item says of it, which lies in the cache and is not to be written to."""
    page = Path(uris.to_fs_path(item.uri))
    assert page.parent == Path(os.environ["XDG_CACHE_HOME"], "alloclens", "pages")
    assert page.stat().st_mode & 0o222 == 0
    return page.read_text().split("\n\n")[:3]


def pages_on(name: str) -> int:
    """Return how many pages are there on functions whose names begin so."""
    folder = Path(os.environ["XDG_CACHE_HOME"], "alloclens", "pages")
    return sum(page.read_text().startswith(name) for page in folder.iterdir())


async def all_prepared(editor: Editor, uri: str, line: int) -> list[lsp.CallHierarchyItem]:
    """Return the items at a line (1-based), one for each kind of profile."""
    params = lsp.CallHierarchyPrepareParams(lsp.TextDocumentIdentifier(uri), lsp.Position(line - 1, 3))
    return list(await editor.client.text_document_prepare_call_hierarchy_async(params) or [])


async def prepared(editor: Editor, uri: str, line: int) -> lsp.CallHierarchyItem | None:
    """Return the first item at a line (1-based)."""
    return next(iter(await all_prepared(editor, uri, line)), None)


async def callers(editor: Editor, item: lsp.CallHierarchyItem) -> list[tuple[Shown, list[int]]]:
    found = await incoming(editor, item)
    return [(shown(one.from_), [r.start.line + 1 for r in one.from_ranges]) for one in found]


async def incoming(editor: Editor, item: lsp.CallHierarchyItem) -> list[lsp.CallHierarchyIncomingCall]:
    params = lsp.CallHierarchyIncomingCallsParams(item)
    return list(await editor.client.call_hierarchy_incoming_calls_async(params) or [])


async def callees(editor: Editor, item: lsp.CallHierarchyItem) -> list[tuple[Shown, list[int]]]:
    found = await outgoing(editor, item)
    return [(shown(one.to), [r.start.line + 1 for r in one.from_ranges]) for one in found]


async def outgoing(editor: Editor, item: lsp.CallHierarchyItem) -> list[lsp.CallHierarchyOutgoingCall]:
    params = lsp.CallHierarchyOutgoingCallsParams(item)
    return list(await editor.client.call_hierarchy_outgoing_calls_async(params) or [])


async def test_from_a_line_to_what_it_calls_and_back(any_editor: Editor, two: Path) -> None:
    line = await prepared(any_editor, await ready(any_editor, two), 6)
    assert shown(line) == ("main.serve:6", "42.0MB · 93% · ▲40.0MB", "main.go", 6)
    (call,) = await outgoing(any_editor, line)
    assert shown(call.to) == ("dep.New", "42.0MB · 93% · ▲40.0MB", "dep.go", 3)
    assert [r.start.line + 1 for r in call.from_ranges] == [6]
    serve = Shown("main.serve", "42.0MB · 93% · ▲40.0MB", "main.go", 5)
    assert await callers(any_editor, call.to) == [(serve, [6])]
    assert await callees(any_editor, call.to) == []


async def test_from_a_function_to_all_that_it_calls(editor: Editor, two: Path) -> None:
    uri = await ready(editor, two)
    serve = await prepared(editor, uri, 5)
    assert shown(serve) == ("main.serve", "45.0MB · 100% · ▲40.0MB", "main.go", 5)
    assert await prepared(editor, uri, 8) == serve
    assert await callees(editor, serve) == [
        (("dep.New", "42.0MB · 93% · ▲40.0MB", "dep.go", 3), [6]),
        (("main.keep", "3.0MB · 6.7%", "main.go", 10), [7]),
        (("dep.New.func1", "128B · 0.0% · +64B, may be noise", "dep.go", 4), [7]),
    ]
    assert await prepared(editor, uri, 1) is None
    assert await prepared(editor, uri, 9) is None
    assert await prepared(editor, (two / "gone.go").as_uri(), 1) is None


async def test_bytes_stand_in_the_name_where_the_detail_is_not_shown(two: Path) -> None:
    """Neovim's list of callers and Vim's have the name only; none says so, but neither has commands of ours."""
    for editor in map(Editor, (neovim(), bare())):
        serve = await prepared(editor, await ready(editor, two), 5)
        assert serve.name == "main.serve  45.0MB · 100% · ▲40.0MB"
        assert (await outgoing(editor, serve))[0].to.name == "dep.New  42.0MB · 93% · ▲40.0MB"
        (call,) = await incoming(editor, serve)
        assert call.from_.name == "main.main  42.0MB · 93% · ▲40.0MB"
        await editor.close()


async def test_a_line_of_a_dependency(editor: Editor, two: Path) -> None:
    await ready(editor, two)
    uri = editor.open(two / "vendor/example.com/dep/dep.go")
    new = await prepared(editor, uri, 4)
    assert shown(new) == ("dep.New:4", "42.0MB · 93% · ▲40.0MB", "dep.go", 4)
    assert [(one.name, lines) for one, lines in await callers(editor, new)] == [("main.serve", [6, 7])]


async def test_who_is_not_here_has_a_page_that_says_why(editor: Editor, two: Path) -> None:
    line = await prepared(editor, await ready(editor, two), 6)
    (call,) = await incoming(editor, line)
    assert call.from_.name == "main.main"
    assert call.from_.detail == "42.0MB · 93% · ▲40.0MB"
    assert said(call.from_) == [
        "main.main",
        "It was recorded in /elsewhere/x.go, line 1.",
        "It is not here: no file of that name in the workspace.",
    ]
    assert list(call.from_ranges) == [lsp.Range(lsp.Position(0, 0), lsp.Position(0, 9))]
    assert [(one.name, lines) for one, lines in await callees(editor, call.from_)] == [("main.serve", [1])]


async def test_it_follows_unsaved_edits(editor: Editor, two: Path) -> None:
    uri = await ready(editor, two)
    editor.edit(uri, "// new\n\n" + (two / "main.go").read_text())
    line = await prepared(editor, uri, 8)
    assert shown(line)[:1] + shown(line)[2:] == ("main.serve:8", "main.go", 8)
    (call,) = await outgoing(editor, line)
    assert [r.start.line + 1 for r in call.from_ranges] == [8]
    assert [(one.line, lines) for one, lines in await callers(editor, call.to)] == [(7, [8])]


async def test_a_function_that_is_gone_has_a_page_too(editor: Editor, two: Path) -> None:
    uri = await ready(editor, two)
    serve = await prepared(editor, uri, 5)
    editor.edit(uri, (two / "main.go").read_text().replace("func keep()", "func other()").replace("1<<20", "1<<21"))
    found = {one.to.name: one.to for one in await outgoing(editor, serve)}
    assert said(found["main.keep"])[1:] == [
        f"It was recorded in {two}/main.go, line 11.",
        f"That file is {two}/main.go, which no longer has this function or cannot be read.",
    ]
    assert found["main.keep"].detail == "3.0MB · 6.7%"


async def test_an_item_holds_for_newer_snapshots(editor: Editor, two: Path) -> None:
    uri = await ready(editor, two)
    serve = await prepared(editor, uri, 5)
    dep = two / "vendor/example.com/dep/dep.go"
    drop(two / "profiles/c.pb.gz", heap(f"example.com/dep.New:3@{dep}:4 < main.serve:5@{two}/main.go:6 = 99x{MB}"))

    async def newer() -> bool:
        return (await callees(editor, serve))[0][0].detail.startswith("99.0MB · 100%")

    await editor.until(newer)


async def one(editor: Editor, folder: Path, *stacks: str) -> str:
    """Show one heap in main.go, which has something in its line 11."""
    drop(folder / "profiles/a.pb.gz", heap(*stacks))
    await editor.open_folder(folder)
    uri = editor.open(folder / "main.go")
    await editor.until(lambda: prepared(editor, uri, 11))
    return uri


async def test_a_closure_is_not_the_function_that_it_is_in(editor: Editor, folder: Path) -> None:
    uri = await one(editor, folder, f"main.keep.func1:10@{folder}/main.go:11 = 1x{MB}")
    assert (await prepared(editor, uri, 11)).name == "main.keep.func1:11"
    assert await prepared(editor, uri, 10) is None


async def test_ranges_are_of_the_items_file_however_it_is_written(editor: Editor, folder: Path) -> None:
    """A function can have lines in two files: those that `//line` names."""
    main, dep = folder / "main.go", folder / "vendor/example.com/dep/dep.go"
    calls = (
        f"main.keep@{main}:11 < main.serve@{file}:{line} = {n}x{MB}" for file, line, n in ((main, 7, 2), (dep, 4, 1))
    )
    uri = await one(editor, folder, *calls)
    keep = await prepared(editor, uri, 11)
    assert await callers(editor, keep) == [(Shown("main.serve", "3.0MB · 100%", "main.go", 5), [7])]
    serve = await prepared(editor, uri, 5)
    serve.uri = serve.uri.replace("main.go", "m%61in.go")
    assert await callees(editor, serve) == [(Shown("main.keep", "3.0MB · 100%", "main.go", 10), [7])]


async def test_an_item_is_of_its_kind_of_profile(editor: Editor, two: Path) -> None:
    drop(two / "profiles/g.pb.gz", goroutines(f"example.com/dep.New@{two}/vendor/example.com/dep/dep.go:4 = 12"))
    uri = await ready(editor, two)
    dep = editor.open(two / "vendor/example.com/dep/dep.go")

    async def waiting() -> bool:
        found = [item.detail for item in await all_prepared(editor, dep, 4)]
        return found == ["42.0MB · 93% · ▲40.0MB", "12 goroutines · 100%"]

    await editor.until(waiting)
    line = await prepared(editor, uri, 6)
    assert [one.detail for one, _ in await callees(editor, line)] == ["42.0MB · 93% · ▲40.0MB"]


async def test_too_many_are_one_last_row(editor: Editor, folder: Path) -> None:
    """200 callers of 2 MB and 50 of 1 MB, and as many callees; a page is made of what is shown."""
    way = f"other.g{{n}}@/elsewhere/g.go:1 < main.keep@{folder}/main.go:11 < other.f{{n}}@/elsewhere/f.go:1 = {{size}}x{MB}"
    uri = await one(editor, folder, *(way.format(n=n, size=1 if n % 5 == 4 else 2) for n in range(250)))
    keep = await prepared(editor, uri, 11)
    callers_, callees_ = await incoming(editor, keep), await outgoing(editor, keep)
    for items in ([call.from_ for call in callers_], [call.to for call in callees_]):
        *heaviest, rest = items
        assert [item.detail for item in heaviest] == ["2.0MB · 0.4%"] * 200
        assert (rest.name, rest.detail) == ("50 more", "50.0MB · 11%")
        assert (rest.uri, rest.selection_range) == (keep.uri, keep.selection_range)
        assert (await incoming(editor, rest), await outgoing(editor, rest)) == ([], [])
    assert callers_[-1].from_ranges == callees_[-1].from_ranges == (keep.selection_range,)
    assert pages_on("other.") == 400


async def test_what_is_new_since_the_base_is_growth_in_focus_too(editor: Editor, folder: Path) -> None:
    main, dep = folder / "main.go", folder / "vendor/example.com/dep/dep.go"
    kept = f"main.keep:10@{main}:11 < main.serve:5@{main}:7 = 40x{MB}"
    new = f"example.com/dep.New:3@{dep}:4 < main.serve:5@{main}:6 = 60x{MB}"
    drop(folder / "profiles/a.pb.gz", heap(kept))
    drop(folder / "profiles/b.pb.gz", heap(kept, new))
    uri = await ready(editor, folder, "▲60.0MB", codeLens=True)
    await editor.command("alloclens.server.focus", {"function": "example.com/dep.New"})
    await editor.until_hints(uri, {6: "60.0MB owned ▲60.0MB"})
    serve = await prepared(editor, uri, 5)
    assert serve.detail == "60.0MB · 60% · ▲60.0MB"
    assert [item.detail for item, _ in await callees(editor, serve)] == ["60.0MB · 60% · ▲60.0MB"]
    (lens,) = await editor.client.text_document_code_lens_async(lsp.CodeLensParams(lsp.TextDocumentIdentifier(uri)))
    assert lens.command.title == "60.0MB cum · 0B flat ▲60.0MB"


NO_DATA = [None, 3, "x", [], {}, {"line": "x"}, {"function": 3, "line": 1}, {"head": "gone"}]


async def test_an_item_of_another_server_is_nothing(editor: Editor, two: Path) -> None:
    uri = await ready(editor, two)
    item = await prepared(editor, uri, 6)
    for item.data in NO_DATA:
        assert (await incoming(editor, item), await outgoing(editor, item)) == ([], [])


async def test_before_the_first_profile(editor: Editor, folder: Path) -> None:
    await editor.open_folder(folder)
    uri = editor.open(folder / "main.go")
    assert await prepared(editor, uri, 6) is None
    where = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
    item = lsp.CallHierarchyItem("x", lsp.SymbolKind.Function, uri, where, where, data={"function": "x", "line": 0})
    assert (await incoming(editor, item), await outgoing(editor, item)) == ([], [])
