"""Documents that are open, by whatever name, and files that are not: what is read, and where its positions are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from alloclens import text
from alloclens.disk import real
from alloclens.languages.declarations import declared
from alloclens.lsp import documents as module
from alloclens.lsp.documents import Document, Documents, opened_path, same
from alloclens.source.line_mapping import map_recorded_lines
from alloclens.source.profiled_text import RecordedLines, SourceVersion
from alloclens.source.roots import Roots
from alloclens.text import MAX_SOURCE_BYTES
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp
from pygls.workspace import PositionCodec

from tests.support.profiles import drop, heap
from tests.support.raw import RawClient, raw_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MB = 1 << 20
UTF = ["utf-8", "utf-16", "utf-32"]


@given(st.text(st.characters(exclude_categories=[])), st.sampled_from(list(lsp.PositionEncodingKind)))
def test_units_are_those_that_pygls_counts_character_by_character(
    chars: str, encoding: lsp.PositionEncodingKind
) -> None:
    assert Document("", "", encoding).units(chars) == PositionCodec(encoding).client_num_units(chars)


@pytest.mark.parametrize(
    "uri", ["", "untitled:Untitled-1", "vscode-notebook-cell:/a#b", "file://[", "http://a/b", "file:///a%00b"]
)
def test_a_uri_that_is_no_file(uri: str) -> None:
    assert opened_path(uri) is None
    assert Documents().named(uri, Roots()) is None
    assert Documents().with_text(uri, "a").named(uri, Roots()).path == ""


def test_uris_that_mean_the_same() -> None:
    assert (
        same("file:///c%3A/a%40b.go") == same("file:///C:/a@b.go") == same("file:///c:/a@b.go") == "file:///c:/a@b.go"
    )
    assert same("file:///a/C:/b") == "file:///a/C:/b"


# What is read of the disk


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """Files of every kind in a workspace, and one beside it."""
    inside, outside = tmp_path / "w", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / "a.go").write_text("package a\n")
    (outside / "b.go").write_text("package b\n")
    (inside / "to_outside.go").symlink_to(outside / "b.go")
    (outside / "to_inside.go").symlink_to(inside / "a.go")
    (inside / "directory.go").mkdir()
    (inside / "loop.go").symlink_to(inside / "loop.go")
    if hasattr(os, "mkfifo"):
        os.mkfifo(inside / "fifo.go")
    with (inside / "huge.go").open("wb") as file:
        file.truncate(MAX_SOURCE_BYTES + 1)
    return {"inside": inside, "outside": outside}


@pytest.mark.parametrize(
    "name",
    ["missing.go", "to_outside.go", "directory.go", "loop.go", "fifo.go", "huge.go", "a.go/x", "../outside/b.go"],
)
def test_a_file_that_is_not_open_is_read_only_if_the_roots_hold_it(places: dict[str, Path], name: str) -> None:
    roots = Roots(folders=(real(str(places["inside"])),))
    assert Documents().named((places["inside"] / "a.go").as_uri(), roots).text == "package a\n"
    assert Documents().named(f"{places['inside'].as_uri()}/{name}", roots) is None


def test_nothing_outside_is_even_looked_at(places: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name alone: to ask another machine's share whether it is there would be to call that machine."""
    asked: list[str] = []
    monkeypatch.setattr(module, "real", lambda path: asked.append(path) or path)
    roots = Roots(folders=(real(str(places["inside"])),))
    for uri in (
        (places["outside"] / "b.go").as_uri(),
        "file://host/share/a.go",
        "file:////host/share/a.txt",
        "file:///dev/stdin",
    ):
        assert Documents().named(uri, roots) is None
    assert asked == []


# Several names of one file


def test_an_open_document_goes_before_its_file(places: dict[str, Path]) -> None:
    roots, path = Roots(folders=(real(str(places["inside"])),)), real(str(places["inside"] / "a.go"))
    direct, link = (places["inside"] / "a.go").as_uri(), (places["outside"] / "to_inside.go").as_uri()
    none = Documents()
    assert none.at(path, roots).uri == direct
    one = none.with_text(link, "linked\n")
    assert (one.at(path, roots).uri, one.at(path, roots).text) == (link, "linked\n")
    assert one.named(direct, roots).text == "package a\n"  # it is not open under this name
    both = one.with_text(direct, "direct\n")
    assert both.at(path, roots).uri == link
    assert both.before_others(direct).at(path, roots).uri == direct
    assert [other.uri for other in both.duplicates(roots)] == [direct]
    assert both.without(link).duplicates(roots) == []
    assert one.without(link).at(path, roots).uri == direct
    assert none.opened == {}  # values: what a handler has read stays as it was


def test_a_text_is_split_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[int] = []
    split = text._split
    monkeypatch.setattr(text, "_split", lambda piece: pieces.append(len(piece)) or split(piece))
    now = "package once\n\nfunc F() {\n\tx()\n}\n"
    then = now.replace("x()", "x()\n\ty()")
    document = Document("file:///once.go", now)
    marks = RecordedLines(np.array([3, 4]), np.array([0, 0]), ["once.F"], np.array([3]), "once.go")
    for version in (SourceVersion("a copy", then), SourceVersion("")):
        assert map_recorded_lines(marks, version, document.text).line.tolist() == [3, 4]
    assert declared(document.text, "once.F", "once.go") == [3]
    assert document.end_of(4) == lsp.Position(3, 4)
    assert document.code_of(4).start == lsp.Position(3, 1)
    assert sorted(pieces) == sorted([len(now), len(then)])


# Over stdio


LEAK = "\tkept = append(kept, make([]byte, 1<<20)) // "
SOURCE = "package main\n\nfunc serve() {\n\tkeep()\n}\n\nfunc keep() {\n{leak}\n}\n"
LINE = 8


def leaky(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write a source whose line 8 leaks, and a series of snapshots that proves it."""
    source = folder / "main.go"
    folder.mkdir(exist_ok=True)
    source.write_bytes(text.encode(encoding))
    for i in range(22):
        drop(
            folder / f"profiles/{i}.pb.gz", heap(f"main.keep:7@{source}:8 < main.serve:3@{source}:4 = {1 + 3 * i}x{MB}")
        )
    return source


@pytest.fixture
def client(tmp_path: Path) -> Iterator[RawClient]:
    with raw_client(tmp_path) as made:
        made.folder = tmp_path / "w"
        yield made


def marked(client: RawClient, *wanted: tuple[str, int]) -> None:
    """Wait until exactly these lines (1-based) are marked, by the URI as it was published last."""

    def same_as_wanted() -> bool:
        return {(uri, d["range"]["start"]["line"] + 1) for uri, ds in client.diagnostics().items() for d in ds} == set(
            wanted
        )

    try:
        client.until(same_as_wanted)
    except AssertionError:
        pytest.fail(f"{client.diagnostics()}, not {wanted}")


def open_(client: RawClient, uri: str, text: str) -> None:
    client.notify(
        "textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "go", "version": 1, "text": text}}
    )


def close(client: RawClient, uri: str) -> None:
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


def hints(client: RawClient, uri: str) -> list[tuple[int, int]]:
    """Return the positions of the hints of a document."""
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": 1000, "character": 0}}
    found = client.result("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": everything})
    return sorted((one["position"]["line"] + 1, one["position"]["character"]) for one in found)


@pytest.mark.programs
def test_a_document_that_is_opened_with_unsaved_edits(client: RawClient) -> None:
    """An editor that was closed without saving (hot exit) restores what was typed, and sends no change."""
    text = SOURCE.replace("{leak}", LEAK)
    uri = leaky(client.folder, text).as_uri()
    client.start()
    marked(client, (uri, LINE))
    open_(client, uri, "// new\n" + text)
    marked(client, (uri, LINE + 1))
    close(client, uri)
    marked(client, (uri, LINE))


@pytest.mark.programs
def test_a_document_of_several_names(client: RawClient, tmp_path: Path) -> None:
    """Behind a symbolic link to its file or to a folder, each with a text of its own."""
    text = SOURCE.replace("{leak}", LEAK)
    real = leaky(client.folder, text).as_uri()
    (client.folder / "link.go").symlink_to("main.go")
    (tmp_path / "folder").symlink_to("w")
    link, folder = (client.folder / "link.go").as_uri(), (tmp_path / "folder" / "main.go").as_uri()
    client.start()
    marked(client, (real, LINE))
    open_(client, link, "// new\n" + text)
    marked(client, (link, LINE + 1))
    open_(client, folder, "// new\n\n" + text)
    marked(client, (link, LINE + 1), (folder, LINE + 2))
    open_(client, real, text)
    marked(client, (link, LINE + 1), (folder, LINE + 2), (real, LINE))
    assert [[line for line, _ in hints(client, uri)] for uri in (link, folder, real)] == [[5, 9], [6, 10], [4, 8]]
    close(client, link)
    close(client, real)
    marked(client, (folder, LINE + 2))
    close(client, folder)
    marked(client, (real, LINE))


@pytest.mark.programs
def test_a_uri_in_the_spelling_of_the_editor(client: RawClient) -> None:
    """An editor takes both for one document: to empty the other spelling would empty this one."""
    client.folder = client.folder.parent / "a b@(1)"
    text = SOURCE.replace("{leak}", LEAK)
    uri = leaky(client.folder, text).as_uri()
    spelt = uri.replace("%20", "\0").replace("@", "%40").replace("%28", "(").replace("%29", ")").replace("\0", "%20")
    assert spelt != uri
    client.start()
    client.until(lambda: [p for p in client.sent("textDocument/publishDiagnostics") if p["diagnostics"]])
    before = len(client.sent("textDocument/publishDiagnostics"))
    open_(client, spelt, "// new\n" + text)
    client.until(lambda: spelt in client.diagnostics())
    after = client.sent("textDocument/publishDiagnostics")[before:]
    assert [(p["uri"], len(p["diagnostics"])) for p in after] == [(spelt, 1)]
    assert hints(client, spelt)


NOT_ASCII = "chaîne \U0001f600"


@pytest.mark.programs
@pytest.mark.parametrize("utf", UTF)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_source_in_another_encoding(client: RawClient, utf: str, encoding: str) -> None:
    """While it is closed, as editors read it by themselves; once it is open, as its editor is configured to read it."""
    comment = NOT_ASCII if encoding != "latin-1" else "chaîne"
    text = SOURCE.replace("{leak}", LEAK + comment)
    uri = leaky(client.folder, text, encoding).as_uri()
    client.start({"general": {"positionEncodings": [utf]}})
    marked(client, (uri, LINE))
    shown = LEAK + (comment if encoding != "latin-1" else "cha\ufffdne")
    length = PositionCodec(lsp.PositionEncodingKind(utf)).client_num_units
    assert client.diagnostics()[uri][0]["range"]["end"] == {"line": LINE - 1, "character": length(shown)}
    open_(client, uri, text)
    client.until(lambda: client.diagnostics()[uri][0]["range"]["end"]["character"] == length(LEAK + comment))
    assert hints(client, uri) == [(4, 7), (LINE, length(LEAK + comment))]


@pytest.mark.programs
def test_requests_for_documents_that_are_not_there(client: RawClient, places: dict[str, Path]) -> None:
    text = SOURCE.replace("{leak}", LEAK)
    real = leaky(client.folder, text).as_uri()
    client.start()
    marked(client, (real, LINE))
    assert hints(client, real)  # of a file that was never opened
    uris = [
        f"{client.folder.as_uri()}/{name}" for name in ("missing.go", "directory.go", "fifo.go", "huge.go", "loop.go")
    ]
    uris += [
        (places["outside"] / "b.go").as_uri(),
        "file:///dev/stdin",
        "untitled:a",
        "file://[",
        "file:///a%00",
        "\x00",
        "",
    ]
    for uri in uris:
        for method, params in of_a_document(uri).items():
            assert client.result(method, params) in (None, []), (method, uri)
        for command in ("stacks", "stackPage"):
            assert client.command(f"alloclens.server.{command}", uri, 0) is None
        assert client.command("alloclens.server.stackTree", uri, 0, "callers", []) == []
        assert not uri or "is not open, and it is not a readable source file" in client.command(
            "alloclens.server.explain", uri
        )
        client.command("alloclens.server.tellWhy", uri)
    assert not [line for line in client.log if "Traceback" in line]


def of_a_document(uri: str) -> dict[str, Any]:
    at = {"line": 0, "character": 0}
    document, line = {"textDocument": {"uri": uri}}, {"start": at, "end": at}
    return {
        "textDocument/inlayHint": document | {"range": line},
        "textDocument/hover": document | {"position": at},
        "textDocument/codeLens": document,
        "textDocument/documentLink": document,
        "textDocument/codeAction": document | {"range": line, "context": {"diagnostics": []}},
        "textDocument/prepareCallHierarchy": document | {"position": at},
    }


@pytest.mark.programs
def test_changes_that_are_none(client: RawClient) -> None:
    """A change of a document that is not open, of a part where the whole was asked for, and no change at all."""
    text = SOURCE.replace("{leak}", LEAK)
    uri = leaky(client.folder, text).as_uri()
    client.start()
    marked(client, (uri, LINE))
    at = {"line": 0, "character": 0}
    part = {"range": {"start": at, "end": at}, "text": "// new\n"}

    def change(*changes: dict[str, Any]) -> None:
        version = {"uri": uri, "version": 2}
        client.notify("textDocument/didChange", {"textDocument": version, "contentChanges": list(changes)})

    change({"text": "x"})
    client.until_log("is not open")
    open_(client, uri, "// new\n" + text)
    change()
    marked(client, (uri, LINE + 1))
    change(part, {"text": "// new\n\n" + text})
    marked(client, (uri, LINE + 2))
    change(part)  # nobody knows the text any more: the file counts
    marked(client, (uri, LINE))
    assert [line for line, _ in hints(client, uri)] == [4, LINE]
