"""The examples of docs/protocol.md: what a real server answers on a small program with three heap profiles."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from alloclens.lsp import protocol
from alloclens.lsp.commands import read
from alloclens.lsp.status_bar import status
from alloclens.session import once
from alloclens.typed import as_json
from lsprotocol import types

from scripts.protocol import answer_of, commands
from scripts.tools import ROOT
from tests.support.inside import answer, server_in_session, written
from tests.support.profiles import heap

if TYPE_CHECKING:
    from alloclens.lsp.server import Server

PAGE = ROOT / "docs" / "protocol.md"
HEAD = "## Examples\n"
INTRODUCTION = """\
The notifications with their params, and each command with its answer, in a folder `/home/me/shop` with one source and three heap profiles.
`make protocol` writes them, and a test runs the commands again. Those that connect or write settings, or that answer with a long
text, have an answer that only has the right type.
"""
FOLDER = "/home/me/shop"
"""The folder of the examples, as they show it."""
MAIN = f"file://{FOLDER}/main.go"
SOURCE = """package main

func main() {
	serve()
}

func serve() {
	kept = append(kept, make([]byte, 1<<20))
}
"""
BEGUN, EVERY = 1_767_225_600, 60
"""When the first profile was taken, in seconds since 1970, and the seconds from one to the next."""
WIDTH = 120
"""Of a line of JSON."""
PROD = {"name": "prod", "type": "pyroscope", "url": "https://pyroscope.example.com"}
OF_A_POD = [["service_name", "shop/api"], ["pod", "api-7d9f"]]
RUN: dict[type[protocol.Command[Any]], list[Any]] = {
    protocol.GetStacks: [MAIN, 7],
    protocol.GetStackTree: [MAIN, 7, "callers", []],
    protocol.ShowStackPage: [MAIN, 0],
    protocol.GoToHotLine: [MAIN, 0, 1],
    protocol.GetHotLines: [{"own": True, "most": 1}],
    protocol.GetFindings: [],
    protocol.GetFindingText: ["3a9603427e51b0b8c0dddfc7bb1d5198"],
    protocol.GetSeriesChoices: [],
    protocol.ShowSeries: ["api"],
    protocol.PickSeries: [],
    protocol.SetActiveFile: [MAIN],
    protocol.LeaveComparison: [],
    protocol.GetSeries: [],
    protocol.GetSnapshots: [],
    protocol.GetSampleTypes: [],
    protocol.SetLabel: [f"{FOLDER}/profiles/heap-0.pb.gz", "before the release"],
    protocol.AddFocus: [{"focus": "("}],
    protocol.Unfocus: [True],
    protocol.GetPlacement: [MAIN],
    protocol.TellWhy: [MAIN],
    protocol.GetMappings: [],
    protocol.GetSummary: [],
    protocol.GetTable: [{"by": "line", "sort": "cum", "most": 1}],
    protocol.GetGraph: [],
    protocol.GetSandwich: ["main.serve", f"{FOLDER}/main.go"],
    protocol.GetFlame: [],
    protocol.GetFrame: [f"{FOLDER}/main.go", 8],
    protocol.GetTimeline: [{"uri": MAIN, "line": 7}],
}
"""The arguments of each command that is run."""
TOLD: dict[type[protocol.Command[Any]], tuple[list[Any], Any]] = {
    protocol.StartCapture: (["http://localhost:6060", {"kind": "all", "every": 30}], None),
    protocol.CaptureNow: ([], "nothing has been captured in this session yet"),
    protocol.StopCapture: ([], None),
    protocol.GetCaptureTargets: (
        [],
        {
            "targets": [{"url": "http://localhost:6060", "name": "localhost:6060", "detail": "heap, goroutine"}],
            "kubectl": False,
            "problem": "",
        },
    ),
    protocol.GetSources: (
        [],
        [
            {
                "source": PROD,
                "asks": "pyroscope at https://pyroscope.example.com",
                "allowed": True,
                "snapshots": 960,
                "running": False,
                "error": "",
                "notes": [],
            }
        ],
    ),
    protocol.TestSource: (
        [PROD],
        {
            "text": "2 services, newest heap 2026-01-01 00:02:00 UTC",
            "services": ["shop/api", "shop/cart"],
            "label": "service_name",
            "error": "",
        },
    ),
    protocol.WriteSource: ([PROD], f"{FOLDER}/alloclens.toml"),
    protocol.GetSourceProcesses: (
        [PROD, 3600],
        {
            "processes": [
                {
                    "labels": OF_A_POD,
                    "service": "shop/api",
                    "version": "",
                    "instance": "api-7d9f",
                    "detail": "482MB, +300MB, newest 2026-01-01 00:02:00 UTC",
                }
            ],
            "more": 0,
            "error": "",
        },
    ),
    protocol.FetchSnapshots: ([PROD, {"seconds": 3600, "processes": [OF_A_POD]}], None),
    protocol.StopFetch: (["prod"], None),
    protocol.CompareFiles: (["/tmp/before.pb.gz", "/tmp/after.pb.gz"], None),
    protocol.ExplainPlacement: ([MAIN], "main.go is where it was recorded.\n"),
    protocol.WriteChoices: ([{"base": "first", "sampleType": "inuse_space"}], f"{FOLDER}/alloclens.toml"),
    protocol.AddMapping: (["/ci/shop", "${workspaceFolder}"], f"{FOLDER}/alloclens.toml"),
    protocol.GetAbout: ([], "alloclens 0.1.0\n"),
}
"""The arguments and an answer of those that connect, write settings, or answer with what is long or of this machine."""
CAPTURED = protocol.CaptureState(
    running=True,
    source="http://localhost:6060",
    every=30,
    taken=1,
    latest=(f"{FOLDER}/profiles/heap-20260101T000000.000Z.pb.gz",),
    error="",
)
FETCHING = protocol.SourceState(name="prod", running=True, done=3, total=16, written=180, error="", notes=())


class NoArgumentsError(Exception):
    """A command has none here."""


def examples() -> str:
    """Return the examples as they stand on the page. Raises NoArgumentsError, or what says that one does not fit its type."""
    if missing := [command.__name__ for command in commands() if command not in RUN and command not in TOLD]:
        raise NoArgumentsError(
            f"{', '.join(missing)}: scripts/examples.py has no arguments; add them to RUN, or with an answer to TOLD "
            "if it connects, writes settings, or answers with what is long or of this machine"
        )
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        server = _server(root)
        answers = {command: _answer(server, command, given, root) for command, given in RUN.items()}
        shown = _moved(as_json(status(server.world)), str(root), FOLDER)
    notifications = (("status", shown), ("capture", as_json(CAPTURED)), ("source", as_json(FETCHING)))
    parts = [_notification(kind, params) for kind, params in notifications]
    told = TOLD | {command: (given, answers[command]) for command, given in RUN.items()}
    parts += [_example(command, *told[command]) for command in commands()]
    return "\n".join(parts)


def check(page: str) -> str:
    """Return what is wrong with the examples of a page; empty if all fit their types."""
    kept = dict(re.findall(r"^### `([\w./]+)`\n(.*?)(?=^### |\Z)", page.partition(HEAD)[2], re.MULTILINE | re.DOTALL))
    known = {command.name: command for command in commands()}
    if missing := set(known) - set(kept):
        return f"no example of {', '.join(sorted(missing))}"
    for name, command in known.items():
        asked, answered = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", kept[name], re.DOTALL))
        read(command, asked["arguments"])
        msgspec.convert(answered, answer_of(command))
    return ""


def _server(root: Path) -> Server:
    """Return a server that shows the program in a folder."""
    (root / "profiles").mkdir()
    (root / "main.go").write_text(SOURCE)
    (root / "go.mod").write_text("module example.com/shop\n")
    for number, kept in enumerate((2, 3, 40)):
        stack = f"main.serve:7@{root}/main.go:8 < main.main:3@{root}/main.go:4 = {kept}x1048576"
        path = root / "profiles" / f"heap-{number}.pb.gz"
        path.write_bytes(heap(stack, seconds=BEGUN + EVERY * number))
    server = server_in_session()
    server.world = once.world([str(root)], [str(root / "profiles")], {})
    return server


def _answer(server: Server, command: type[protocol.Command[Any]], given: list[Any], root: Path) -> Any:
    """Return the answer to a command, moved to the folder of the examples."""
    params = {"command": command.name, "arguments": _moved(given, FOLDER, str(root))}

    async def run() -> Any:
        written(server).clear()
        made = (await answer(server, types.WORKSPACE_EXECUTE_COMMAND, params))["result"]
        server.stop_tasks()  # no editor is there that could show anything
        return made

    moved = json.dumps(_moved(asyncio.run(run()), str(root), FOLDER))
    return json.loads(re.sub(r'"size": "\d+B"', '"size": "203B"', moved))  # a compressed file is not always as long


def _moved(value: Any, folder: str, to: str) -> Any:
    return json.loads(json.dumps(value).replace(folder, to))


def _example(command: type[protocol.Command[Any]], given: list[Any], answered: Any) -> str:
    asked = {"command": command.name, "arguments": given}
    return f"### `{command.name}`\n\n{_block(asked)}\nAnswer:\n\n{_block(answered)}"


def _notification(name: str, params: Any) -> str:
    return f"### `alloclens/{name}`\n\n{_block(params)}"


def _block(value: Any) -> str:
    return f"```json\n{_written(value)}\n```\n"


def _written(value: Any, indent: int = 0) -> str:
    """Write JSON, on one line if it fits."""
    line = json.dumps(value, ensure_ascii=False)
    if indent + len(line) <= WIDTH or not value or not isinstance(value, dict | list):
        return line
    inner = " " * (indent + 2)
    rows = (
        [f"{json.dumps(key)}: {_written(item, indent + 2)}" for key, item in value.items()]
        if isinstance(value, dict)
        else [_written(item, indent + 2) for item in value]
    )
    begin, end = "{}" if isinstance(value, dict) else "[]"
    return f"{begin}\n{inner}" + f",\n{inner}".join(rows) + f"\n{' ' * indent}{end}"


def main() -> None:
    """Write the examples into the page, or with --check exit with 1 if one does not fit its type."""
    page = PAGE.read_text("utf-8")
    if "--check" not in sys.argv:
        try:
            with tempfile.TemporaryDirectory() as cache:
                os.environ["XDG_CACHE_HOME"] = cache  # the developer's own keeps nothing of the examples
                made = examples()
        except NoArgumentsError as error:
            raise SystemExit(str(error)) from None
        PAGE.write_text(f"{page.partition(HEAD)[0]}{HEAD}\n{INTRODUCTION}\n{made}", "utf-8")
    elif fault := check(page):
        raise SystemExit(f"stale, run `make protocol`: {PAGE}: {fault}")


if __name__ == "__main__":
    main()
