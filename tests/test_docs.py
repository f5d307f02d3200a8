"""The documentation: its links lead somewhere, its index is complete, and the protocol page lists the server's commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from alloclens.lsp.commands import takes
from alloclens.lsp.main import make_server
from alloclens.lsp.protocol import (
    CaptureOptions,
    Choices,
    FetchOptions,
    FlameOptions,
    FocusStep,
    GraphOptions,
    HotLinesQuery,
    Location,
    Position,
    ProfileFile,
    Range,
    RequestedLine,
    TableOptions,
)
from alloclens.profile.formats import FORMATS
from alloclens.settings.settings import Source
from alloclens.worker import Worker
from msgspec.structs import fields

from scripts import protocol

ROOT = Path(__file__).resolve().parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
EDITORS = sorted((ROOT / "docs/editors").glob("*.md"))
ARCHITECTURE = sorted((ROOT / "docs/architecture").glob("*.md"))
PAGES = [*sorted(ROOT.glob("*.md")), *DOCS, *EDITORS, *ARCHITECTURE, ROOT / "vscode-client/README.md"]
CODE = re.compile(r"^```.*?^```$|^ {4,}\S[^\n]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
COMMAND = re.compile(r"^- `(alloclens\.server\.\w+)\((.*?)\)`", re.MULTILINE)
INNERMOST = re.compile(r"\{ ([^{}]*?) \}")

FORMAT_NAMES = {
    "proto": "profile.proto",
    "goroutine_dump": "`debug=2`",
    "count_text": "threadcreate",
    "heap_text": "gperftools",
    "jemalloc_text": "`heap_v2`",
    "contention_text": "contention",
    "thread_text": "threadz",
    "cpu_binary": "binary CPU profiles",
    "java_text": "heapz",
    "dhat": "DHAT",
    "v8": "`.heapprofile`",
    "memray": "memray",
    "otlp": "OTLP",
}
"""What the table in docs/formats.md calls each format."""


def links(page: Path) -> list[str]:
    """Return where the links of a page lead, those within the repository relative to the page or from its root on."""
    return LINK.findall(re.sub(r"`[^`]*`", "", CODE.sub("", page.read_text("utf-8"))))


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub names them."""
    headings = HEADING.findall(CODE.sub("", page.read_text("utf-8")))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


def test_pages_with_links_are_read() -> None:
    assert {page.name for page in PAGES if links(page)} >= {"README.md", "editors.md", "verdicts.md"}


def test_the_readme_lists_every_page() -> None:
    assert {f"docs/{page.name}" for page in DOCS} <= set(links(ROOT / "README.md"))


def test_the_page_of_editors_lists_every_page_of_one() -> None:
    assert {f"editors/{page.name}" for page in EDITORS} <= set(links(ROOT / "docs/editors.md"))


def test_the_map_lists_every_page_that_goes_deeper() -> None:
    assert {f"docs/architecture/{page.name}" for page in ARCHITECTURE} <= set(links(ROOT / "ARCHITECTURE.md"))


def test_the_protocol_page_lists_every_command_with_its_parameters() -> None:
    page = (ROOT / "docs/protocol.md").read_text("utf-8")
    commands = make_server(Worker()).offered
    assert dict(COMMAND.findall(page)) == {name: takes(one.command) for name, one in commands.items()}
    for kind in protocol.notifications():
        part = page.partition(f"## Notification: {kind.method}\n")[2].partition("\n## ")[0]
        assert re.findall(r"^\| `(\w+)` \| .* \| .* \|$", part, re.MULTILINE) == names(kind)


def test_the_protocol_page_lists_the_fields_of_every_answer() -> None:
    page = (ROOT / "docs/protocol.md").read_text("utf-8")
    text, shapes = " ".join(page.split()), []
    while found := INNERMOST.search(text):
        shapes.append([part.partition(":")[0] for part in found[1].split(", ")])
        text = text.replace(found[0], "", 1)
    arguments = {
        CaptureOptions,
        Choices,
        FetchOptions,
        FlameOptions,
        FocusStep,
        GraphOptions,
        HotLinesQuery,
        ProfileFile,
        RequestedLine,
        TableOptions,
        Source,  # docs/sources.md has its fields
    }  # the others are in the commands' parameters
    for kind in set(protocol.structs()) - arguments - {*protocol.notifications(), Location, Range, Position}:
        assert names(kind) in shapes, kind.__name__


def names(kind: type) -> list[str]:
    return [field.encode_name for field in fields(kind)]


def test_every_format_is_in_the_table() -> None:
    assert FORMAT_NAMES.keys() == {*FORMATS}
    table = (ROOT / "docs/formats.md").read_text("utf-8").partition("| --- | --- |\n")[2].partition("\n\n")[0]
    assert [name for name in FORMAT_NAMES.values() if name not in table] == []
