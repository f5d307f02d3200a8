"""What alloclens says, without any setting, of a shop that leaks on two lines and keeps as much as it should on a third."""

from __future__ import annotations

import gzip
import os
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from alloclens.profile.formats import MAX_PROFILE_BYTES
from alloclens.profile.formats import profile_pb2 as pb
from alloclens.profile.formats.compression import unpacked

from tests.support import tools
from tests.support.editor import Editor, vscode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

INSTALLED = tools.ROOT / ".tools" / "exporters"
"""What `make languages` has installed."""
SNAPSHOTS = 12
MINUTE = 60
LEAKS, KEEPS = ("leaks a session", "leaks a record"), "keeps pages"
"""The comments that mark the lines."""


class Seen(NamedTuple):
    """What an editor shows of a source file, by the mark of the line, or its number if it has none."""

    hints: dict[str | int, str]
    findings: dict[str | int, str]
    """The verdicts."""


def a_minute_apart(profiles: Path, pattern: str = "*") -> list[Path]:
    """Let profiles, in the order of the numbers in their names, be written a minute apart, and return them.

    Verdicts are by the clock, and how fast a test's program runs depends on the machine.
    """
    now = time.time()
    paths = sorted(profiles.glob(pattern), key=lambda path: [int(number) for number in re.findall(r"\d+", path.name)])
    for number, path in enumerate(paths):
        at = now + number * MINUTE
        if path.name.endswith((".pb.gz", ".pprof", ".prof")):
            message = pb.Profile.FromString(unpacked(path.read_bytes(), MAX_PROFILE_BYTES))
            message.time_nanos = int(at * 1e9)
            path.write_bytes(gzip.compress(message.SerializeToString()))
        os.utime(path, (at, at))
    return paths


async def seen(folder: Path, sources: Iterable[Path]) -> dict[str, Seen]:
    """Return what an editor shows of some files, by their names, when it opens a folder."""
    editor = Editor(vscode())
    await editor.open_folder(folder)
    uris = {path: editor.open(path) for path in sources}
    await editor.until(lambda: editor.status.state == "ok")
    found = (await editor.command("alloclens.server.findings"))["findings"]
    out = {}
    for path, uri in uris.items():
        marks = {
            number: match[1]
            for number, text in enumerate(path.read_text().splitlines(), 1)
            if (match := tools.MARK.search(text))
        }
        hints = {marks.get(line, line): hint for line, hint in (await editor.hints(uri)).items()}
        located = [one for one in found if one["location"] and one["location"]["uri"] == uri]
        lines = [(one["location"]["range"]["start"]["line"] + 1, one["verdict"]) for one in located]
        out[path.name] = Seen(hints, {marks.get(line, line): verdict for line, verdict in lines})
    await editor.close()
    return out


def assert_found(shop: Seen) -> None:
    """Both leaks are found and marked on their lines, and the neighbour is not."""
    assert shop.findings == dict.fromkeys(LEAKS, "growing")
    for leak in LEAKS:
        assert "▲" in shop.hints[leak]
        assert "~" not in shop.hints[leak]
    assert "▲" not in shop.hints[KEEPS]
