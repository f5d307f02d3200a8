"""Over stdio: the page of a line's call stacks, how it is shown, and where its frames lead."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from alloclens.lsp.protocol import ShowStackPage
from alloclens.printable import printable
from alloclens.profile.model import ValueType
from alloclens.stats.amount import Amount
from alloclens.wording.stack_page import UNSURE, Written, WrittenFrame, not_here, page
from lsprotocol import types as lsp

from tests.support.editor import Editor, bare, ready, vscode
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

pytestmark = pytest.mark.programs

MB = 1 << 20
STACK_PAGE = ShowStackPage.name


class Shows(Editor):
    """An editor that can show documents, and how it answers when it is asked to."""

    def __init__(self, answer: bool | Exception = True) -> None:
        capabilities = vscode()
        capabilities.window.show_document = lsp.ShowDocumentClientCapabilities(support=True)
        super().__init__(capabilities)
        self.shown: list[str] = []

        @self.client.feature(lsp.WINDOW_SHOW_DOCUMENT)
        def show(params: lsp.ShowDocumentParams) -> lsp.ShowDocumentResult:
            self.shown.append(params.uri)
            self._changed.set()
            if isinstance(answer, Exception):
                raise answer
            return lsp.ShowDocumentResult(success=answer)

    async def links(self, uri: str) -> list[tuple[int, int, int, str]]:
        """Return row, first and last character, and target of each link."""
        params = lsp.DocumentLinkParams(lsp.TextDocumentIdentifier(uri))
        found = await self.client.text_document_document_link_async(params) or []
        return [(x.range.start.line, x.range.start.character, x.range.end.character, x.target) for x in found]


@pytest.fixture
async def shows() -> AsyncIterator[Shows]:
    made = Shows()
    yield made
    await made.close()


@pytest.fixture
def two(folder: Path) -> Path:
    """Two snapshots. Through main.go:6 go two stacks of dep.go, of 2 and then 42 MB, and of 1 MB."""
    for name, kept in (("a", 2), ("b", 42)):
        drop_heap(folder, name, kept)
    return folder


def drop_heap(folder: Path, name: str, kept: int) -> None:
    main, dep = folder / "main.go", folder / "vendor/example.com/dep/dep.go"
    above = f"main.serve:5@{main}:6 < main.run@/elsewhere/x.go:8 < main.main@/elsewhere/x.go:1"
    drop(
        folder / f"profiles/{name}.pb.gz",
        heap(
            f"example.com/dep.New:3@{dep}:4 < {above} = {kept}x{MB}",
            f"example.com/dep.(*Table[...]).grow@{dep}:3 < {above} = 1x{MB}",
            f"main.keep:10@{main}:11 < main.serve:5@{main}:7 = 3x{MB}",
        ),
    )


def narrow(text: str) -> str:
    """Return a page with columns as wide as their words."""
    return re.sub(r"(?<=\S) {3,}", "  ", text)


async def written(editor: Editor, uri: str, line: int) -> Path:
    return Path(await editor.command(STACK_PAGE, uri, line))


async def test_the_page(shows: Shows, two: Path) -> None:
    uri = await ready(shows, two)
    page = await written(shows, uri, 5)
    dep = two / "vendor/example.com/dep/dep.go"
    text = page.read_text("utf-8")
    assert (
        narrow(text)
        == f"""\
Call stacks through main.go:6
inuse_space, a.pb.gz → b.pb.gz: 43.0MB (+40.0MB) through this line, 93% of all

1. 42.0MB, 98% (+40.0MB)
    example.com/dep.New  {dep}:4  42.0MB (+40.0MB)
    main.serve  {two}/main.go:6  43.0MB (+40.0MB)
    main.run  /elsewhere/x.go:8  43.0MB (+40.0MB)  (not here: no file of that name in the workspace)
    main.main  /elsewhere/x.go:1  43.0MB (+40.0MB)  (not here: no file of that name in the workspace)

2. 1.0MB, 2.3%
    example.com/dep.(*Table[...]).grow  {dep}:3  1.0MB
    … 3 frames as above
"""
    )
    frames = [row for row in text.split("\n") if "main.go:6 " in row or "x.go" in row]
    assert len({row.index("/") for row in frames}) == len({row.index("43.0MB") for row in frames}) == 1, "columns"
    assert page.parent == Path(os.environ["XDG_CACHE_HOME"], "alloclens/pages")
    assert page.stat().st_mode & 0o777 == 0o444
    await shows.until(lambda: shows.shown == [page.as_uri()])
    assert not shows.messages


async def test_asked_again_it_is_written_anew(shows: Shows, two: Path) -> None:
    uri = await ready(shows, two)
    page = await written(shows, uri, 5)
    other = await written(shows, uri, 6)
    assert other != page
    drop_heap(two, "c", 91)

    async def changed() -> bool:
        return "▲89.0MB" in (await shows.hints(uri)).get(6, "")

    await shows.until(changed)
    assert await written(shows, uri, 5) == page
    assert "a.pb.gz → c.pb.gz: 92.0MB (+89.0MB) through this line" in page.read_text("utf-8")
    assert not list(page.parent.glob(".*"))


async def test_frames_lead_to_their_lines(shows: Shows, two: Path) -> None:
    uri = await ready(shows, two)
    page = await written(shows, uri, 5)
    opened = shows.open(page)
    dep, main = two / "vendor/example.com/dep/dep.go", two / "main.go"
    text = page.read_text("utf-8").split("\n")
    found = await shows.links(opened)
    assert [(text[row][begin:end], target) for row, begin, end, target in found] == [
        (f"{dep}:4", f"{dep.as_uri()}#L4"),
        (f"{main}:6", f"{main.as_uri()}#L6"),
        (f"{dep}:3", f"{dep.as_uri()}#L3"),
    ]


async def test_a_stack_and_its_functions_can_be_looked_at_alone(shows: Shows, two: Path) -> None:
    uri = await ready(shows, two)
    page = await written(shows, uri, 5)
    opened, text = shows.open(page), page.read_text("utf-8").split("\n")

    async def offered(row: int) -> dict[str, object]:
        return {one.title: one.arguments[0] for one in await shows.actions(opened, row + 1)}

    grow, folded = (text.index(next(row for row in text if word in row)) for word in ("grow ", "as above"))
    stack = {"stack": ["main.main", "main.run", "main.serve", "example.com/dep.(*Table[...]).grow"]}
    whole = {"Focus on this stack": stack}
    assert await offered(grow) == {
        "Focus on dep.(*Table[...]).grow": {"function": "example.com/dep.(*Table[...]).grow"},
        "Ignore dep.(*Table[...]).grow": {"ignoreFunction": "example.com/dep.(*Table[...]).grow"},
        **whole,
    }
    assert await offered(grow - 1) == await offered(folded) == whole  # heading and end
    assert await offered(0) == await offered(grow - 2) == {}
    (alone,) = [one for one in await shows.actions(opened, grow) if "stack" in one.title]
    await shows.command(alone.command, *alone.arguments)
    await shows.until_hints(uri, {6: "1.0MB owned"})


async def test_links_outlive_the_server_and_are_of_pages_only(two: Path) -> None:
    first = Shows()
    page = await written(first, await ready(first, two), 5)
    await first.close()
    again = Shows()
    await again.open_folder(None)
    assert len(await again.links(page.as_uri())) == 3
    copy = two / page.name
    copy.write_bytes(page.read_bytes())
    assert await again.links(again.open(copy)) == []
    assert await again.links((page.parent / "gone.txt").as_uri()) == []
    assert await again.links("untitled:1") == []
    await again.close()


@pytest.mark.parametrize("make", [lambda: Editor(bare()), lambda: Shows(answer=False), lambda: Shows(ValueError("no"))])
async def test_where_nothing_is_shown_the_path_is_said(make: Callable[[], Editor], two: Path) -> None:
    editor = make()
    page = await written(editor, await ready(editor, two), 5)
    await editor.until(lambda: any(f"the call stacks are in {page}" in message for message in editor.messages))
    await editor.close()


async def test_a_line_without_numbers_has_no_page(shows: Shows, two: Path) -> None:
    uri = await ready(shows, two)
    assert await shows.command(STACK_PAGE, uri, 0) is None
    await shows.until(lambda: any("no call stack goes through this line" in message for message in shows.messages))
    assert not shows.shown


async def test_many_stacks_are_one_row(shows: Shows, folder: Path) -> None:
    """52 stacks of 52, 51, … 1 MB: 2 and 1 are left for the last row."""
    main = folder / "main.go"
    drop(folder / "profiles/a.pb.gz", heap(*(f"d.f@/d.go:{n} < main.serve@{main}:6 = {n}x{MB}" for n in range(1, 53))))
    text = (await written(shows, await ready(shows, folder, "GB"), 5)).read_text("utf-8")
    assert re.findall(r"^\d+\. (\S+),", text, re.MULTILINE) == [f"{n}.0MB" for n in range(52, 2, -1)]
    assert text.endswith("\n\nThe other stacks together: 3.0MB, 0.2%\n")  # of 52 · 53 / 2 = 1378


async def test_what_has_no_line_here_says_why(shows: Shows, folder: Path) -> None:
    """A line that only the base has is here nevertheless, if the file is as long."""
    main, ends = folder / "main.go", len((folder / "main.go").read_text().splitlines())
    called = f"main.serve:5@{main}:6 < main.main@{main}:0"
    gone = f"main.keep:10@{main}:12 < main.keep@{main}:{ends + 2} < {called}"
    drop(folder / "profiles/a.pb.gz", heap(f"{gone} = 3x{MB}"))
    drop(folder / "profiles/b.pb.gz", heap(f"{called} = 5x{MB}", f"{gone} = 0x{MB}/3"))
    page = await written(shows, await ready(shows, folder, "▲"), 5)
    assert (
        narrow(page.read_text("utf-8")).split("\n")[3:]
        == [
            "1. 5.0MB, 100% (+5.0MB)",
            f"    main.serve  {main}:6  5.0MB (+2.0MB)  ~ perhaps",  # the file is shorter than it was: which text was profiled is not known
            f"    main.main  {main}:0  5.0MB (+2.0MB)  (not here: no line is recorded)",
            "",
            "2. 0B, 0.0% (-3.0MB)",
            f"    main.keep  {main}:12  0B (-3.0MB)  ~ perhaps",
            f"    main.keep  {main}:{ends + 2}  0B (-3.0MB)  (not here: the line has been changed or deleted since)",
            "    … 2 frames as above",
            "",
        ]
    )


async def test_names_that_would_be_links(shows: Shows, folder: Path) -> None:
    """A profile's names make no rows and no links of their own."""
    main, evil = folder / "main.go", "x\n    f  /etc/passwd:1"
    drop(
        folder / "profiles/a.pb.gz",
        heap(f"{evil}:9@/gone.go:2 < {evil}:9@{main}:7 < a  /etc/passwd@{main}:11 < main.serve@{main}:6 = 3x{MB}"),
    )
    page = await written(shows, await ready(shows, folder, "3.0MB"), 5)
    assert [target for *_, target in await shows.links(shows.open(page))] == [f"{main.as_uri()}#L6"]
    stack = page.read_text("utf-8").split("\n")[4:]
    assert [row.split("  ")[2] for row in stack if row] == [r"x\n f /etc/passwd:1"] * 2 + [
        "a /etc/passwd",
        "main.serve",
    ]


async def test_a_function_is_looked_at_by_its_exact_name(shows: Shows, folder: Path) -> None:
    """On the page a control character is written out and white space is one space."""
    main, odd = folder / "main.go", "x\n    f  /etc/passwd:1"
    drop(folder / "profiles/a.pb.gz", heap(f"{odd}:9@{main}:7 < main.serve@{main}:6 = 3x{MB}"))
    page = await written(shows, await ready(shows, folder, "3.0MB"), 5)
    opened, row = shows.open(page), page.read_text("utf-8").split("\n").index("1. 3.0MB, 100%") + 1
    steps = [action.arguments[0] for action in await shows.actions(opened, row + 1)]
    assert steps == [{"function": odd}, {"ignoreFunction": odd}, {"stack": ["main.serve", odd]}]


@pytest.mark.parametrize("damage", ["gone", "cut off", "of another text", "of another form"])
async def test_a_page_whose_data_is_gone_has_no_links(shows: Shows, two: Path, damage: str) -> None:
    uri = await ready(shows, two)
    page = await written(shows, uri, 5)
    opened = shows.open(page)
    assert len(await shows.links(opened)) == 3
    data = page.with_suffix(".json")
    if damage == "of another text":
        shows.edit(opened, page.read_text("utf-8") + "more\n")
    else:
        kept = json.loads(data.read_bytes())
        data.unlink()
        if damage == "cut off":
            data.write_text(json.dumps(kept)[:-9])
        elif damage == "of another form":
            data.write_text(json.dumps({**kept, "data": [1, {"a": []}]}))
    assert await shows.links(opened) == []
    assert await shows.actions(opened, 6) == []
    if damage != "of another text":
        assert await written(shows, uri, 5) == page
        assert len(await shows.links(opened)) == 3


@pytest.mark.parametrize("file", ["C:\\w\\a b.go", "/w/a:b.go", "/w/" + 90 * "é" + ".go", "/w/a\tb.go"])
def test_links_of_other_forms(file: str) -> None:
    kind = ValueType("inuse_space", "bytes")
    compared = SimpleNamespace(sample_type=kind, base=None, head=SimpleNamespace(name="a"), total=9)
    frames = [
        WrittenFrame(70 * "f", file, 7, UNSURE, placed=True),
        WrittenFrame("f  x", file, 7, not_here("/w/a.go:7  3B")),
    ]
    made = page("title", compared, Amount(9), [Written(Amount(9), frames, [Amount(9), Amount(9)])])
    (link,) = made.rows.links
    assert (link.file, link.line) == (file, 7)
    assert made.text.split("\n")[link.row][link.begin : link.end] == printable(f"{file}:7")


async def declared(editor: Editor, uri: str, line: int) -> list[tuple[str, int]]:
    """Return the locations that "go to declaration" has for a line, with lines from 1 on."""
    params = lsp.DeclarationParams(lsp.TextDocumentIdentifier(uri), lsp.Position(line - 1, 0))
    found: Any = await editor.client.text_document_declaration_async(params)
    return [(one.uri, one.range.start.line + 1) for one in found or ()]


async def test_the_frames_of_the_stacks_are_a_list_where_no_page_can_be_shown(two: Path) -> None:
    """As Helix, Kate and Vim request it: the lines of both stacks, each once and without the requested line."""
    editor = Editor(bare())
    uri, dep = await ready(editor, two), (two / "vendor/example.com/dep/dep.go").as_uri()
    assert await declared(editor, uri, 6) == [(dep, 4), (dep, 3)]
    assert await declared(editor, dep, 4) == [(uri, 6)]
    assert await declared(editor, uri, 1) == []
    await editor.close()


async def test_editors_that_show_stacks_or_documents_are_offered_no_list_of_frames(two: Path) -> None:
    """Beside another server's declarations it would be in the way."""
    plain = bare()
    plain.window = lsp.WindowClientCapabilities(show_document=lsp.ShowDocumentClientCapabilities(support=True))
    for capabilities, offered in ((bare(), True), (plain, False), (vscode(), False)):
        editor = Editor(capabilities)
        params = lsp.InitializeParams(capabilities, process_id=None, root_uri=two.as_uri())
        await editor.client.start_io(*editor.program, "lsp")
        editor.is_open = True
        announced = (await editor.client.initialize_async(params)).capabilities
        assert bool(announced.declaration_provider) == offered
        await editor.close()
