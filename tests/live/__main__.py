"""`python -m tests.live`: real Go services are profiled every second, and an editor looks at the hints all the time.

First one service writes each kind of profile in turn. The line that holds memory must never lose its bytes, and each kind must
come to its line. Then two services of a monorepo are captured while a file of the first one is open: nothing of the
second may be shown until it is chosen. Ends with 1 if that fails.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from scripts import tools
from tests.support import gokinds, monorepo
from tests.support.editor import Editor, vscode

LOOK_SECONDS = 0.1
SHOWN = {
    "heap": ("park", r"\d\S*B"),
    "goroutine": ("park", r"\*\*\S+ goroutines"),
    "goroutineleak": ("park", r"\*\*\S+ leaked goroutines"),
    "block": ("block", r"blocked"),
    "mutex": ("mutex", r"contended"),
    "cpu": ("cpu", r"CPU"),
}
"""Of each kind: the marked line that has it, and what the hover of that line says."""


def main() -> int:
    """Run both, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to look at each")
    seconds = parser.parse_args().seconds
    return int(not all([asyncio.run(kinds(seconds)), asyncio.run(services(seconds))]))


async def kinds(seconds: float) -> bool:
    """Look at a service that writes a profile every second."""
    editor, written, seen = Editor(vscode()), Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as name, gokinds.running(Path(name) / "service") as program:
        await asyncio.to_thread(program.write, "heap", 0)
        await editor.open_folder(program.folder)
        uri, lines = editor.open(program.source), program.lines()
        await editor.until(lambda: _has(editor, uri, lines["park"]))

        async def write() -> None:
            end, turn = time.monotonic() + seconds, 0
            while time.monotonic() < end:
                begun, kind = time.monotonic(), gokinds.KINDS[turn % len(gokinds.KINDS)]
                await asyncio.to_thread(program.write, kind, turn := turn + 1)
                written[kind] += 1
                await asyncio.sleep(max(0.0, begun + 1 - time.monotonic()))

        writing = asyncio.create_task(write())
        while not writing.done():
            hint = (await editor.hints(uri)).get(lines["park"], "")
            seen["looked"] += 1
            seen["without bytes"] += not re.match(r"\d\S*B", hint)
            await asyncio.sleep(LOOK_SECONDS)
        await writing
        here = {kind: await editor.hover(uri, lines[mark]) or "" for kind, (mark, _) in SHOWN.items()}
        hint = (await editor.hints(uri))[lines["park"]]
        await editor.close()
    missing = [kind for kind, (_, words) in SHOWN.items() if not re.search(words, here[kind])]
    tools.say(f"each kind: {_said(written)} profiles; {_said(seen)}; at the end: {hint}")
    tools.say(f"kinds that are not on their lines: {', '.join(missing) or 'none'}")
    return not missing and not seen["without bytes"] and bool(seen["looked"])


async def services(seconds: float) -> bool:
    """Look at the first of two services that are captured every second."""
    editor, seen = Editor(vscode()), Counter[str]()
    with tempfile.TemporaryDirectory() as name, monorepo.captured(folder := Path(name)):
        await editor.open_folder(folder)
        api, web = editor.open(monorepo.main_of(folder, "api")), monorepo.main_of(folder, "web").as_uri()
        await editor.until(lambda: _has(editor, api, monorepo.LEAK))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            seen["looked"] += 1
            seen["without bytes"] += not await _has(editor, api, monorepo.LEAK)
            hot = await editor.command("alloclens.server.hotLines", {"own": False})
            flame = await editor.command("alloclens.server.flame")
            other = [one for one in hot if "serve_web" in one["function"]] or "serve_web" in str(flame)
            seen["something of the second"] += bool(other or await editor.hints(web) or editor.diagnostics.get(web))
            await asyncio.sleep(LOOK_SECONDS)
        every = (await editor.command("alloclens.server.series"))["series"]
        count = {one["name"]: len(one["snapshots"]) for one in every if "inuse_space" in one["sampleTypes"]}
        wrong = await editor.command("alloclens.server.showSeries", "web")
        await editor.until(lambda: _has(editor, web, monorepo.LEAK))
        await editor.close()
    tools.say(f"two services: {_said(count)} snapshots; {_said(seen)}; chosen: {wrong or 'web is shown'}")
    return not wrong and not seen["without bytes"] and not seen["something of the second"] and bool(seen["looked"])


async def _has(editor: Editor, uri: str, line: int) -> bool:
    return bool(re.match(r"\d\S*B", (await editor.hints(uri)).get(line, "")))


def _said(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


if __name__ == "__main__":
    sys.exit(main())
