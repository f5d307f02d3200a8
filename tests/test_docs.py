"""The documentation: its links lead somewhere, its index is complete, and the protocol page lists the server's commands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from alloclens.lsp.commands import arguments
from alloclens.lsp.main import make_server
from alloclens.lsp.status import STATUS
from alloclens.worker import Worker
from pygls.exceptions import JsonRpcInvalidParams

ROOT = Path(__file__).resolve().parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*sorted(ROOT.glob("*.md")), *DOCS, ROOT / "vscode-client/README.md"]
CODE = re.compile(r"^```.*?^```$|^ {4,}\S[^\n]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
COMMAND = re.compile(r"^- `(alloclens\.server\.\w+)\((.*?)\)`", re.MULTILINE)
REPOSITORY = json.loads((ROOT / "vscode-client/package.json").read_text("utf-8"))["repository"]["url"]
HERE = REPOSITORY.removesuffix(".git") + "/blob/main/"
"""The URL of this directory, for the page that is shown outside the repository."""


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
        inside = link.startswith(HERE)
        if not inside and "://" in link:
            continue
        path, _, anchor = link.removeprefix(HERE).partition("#")
        target = (ROOT if inside else page.parent) / path if path else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


def test_pages_with_links_are_read() -> None:
    assert {page.name for page in PAGES if links(page)} >= {"README.md", "editors.md", "verdicts.md"}
    assert any(link.startswith(HERE) for link in links(ROOT / "vscode-client/README.md"))


def test_the_readme_lists_every_page() -> None:
    assert {f"docs/{page.name}" for page in DOCS} <= set(links(ROOT / "README.md"))


def test_the_protocol_page_lists_every_command_with_its_parameters() -> None:
    page = (ROOT / "docs/protocol.md").read_text("utf-8")
    commands = make_server(Worker()).protocol.fm.commands
    assert dict(COMMAND.findall(page)) == {name: taken(name, command.func) for name, command in commands.items()}
    assert f"## Notification: {STATUS}\n" in page


def taken(name: str, function: object) -> str:
    """Return the parameters of a command, as the server names them when there are too many arguments."""
    with pytest.raises(JsonRpcInvalidParams) as refused:
        arguments(name, function, [None] * 9)
    return str(refused.value).partition("it takes (")[2].removesuffix(")")
