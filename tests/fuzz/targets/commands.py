"""Names that steer terminals, break rows or reach the disk, through every command."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from alloclens.cli import main
from click.testing import CliRunner

from tests.fuzz.target import Outcome, measured
from tests.support.profiles import Builder

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

PIECES = (
    "\x1b[31m", "\x1b]0;t\x07", "\x9b2J", "\r", "\n", "\t", "\0", "\x85", "\u2028", "\u202e", "\u2066", "\ufeff", "\ud800",
    "/", "\\", "..", ":", "@", "|", "`", "<b>", "</script>", "&", "[link](x)", "~", "main", ".go", "é", "保", "😀", "x" * 300, " ", "",
)  # fmt: skip
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What no command may print; a line feed ends each row."""
COMMANDS = {
    "top": ("top", "{profile}"),
    "top json": ("top", "{profile}", "--json", "--by", "function"),
    "leaks": ("leaks", "{profiles}", "--all"),
    "leaks json": ("leaks", "{profiles}", "--all", "--json"),
    "check": ("check", "{profiles}", "--fail-on", "growing"),
    "check json": ("check", "--base", "{profile}", "--head", "{profile}", "--format", "json"),
    "check as markdown": (
        "check",
        "--base",
        "{profile}",
        "--head",
        "{profile}",
        "--max-growth",
        "0%",
        "--format",
        "markdown",
    ),
    "annotate": ("annotate", "{source}", "--profiles", "{profiles}"),
    "explain": ("explain", "--all", "--profiles", "{profiles}"),
    "report": ("report", "{profiles}", "-o", "{report}"),
}
MAIN = "package main\n\nfunc main() {\n\tkeep()\n}\n"


class Commands:
    """A profile, behind a line with the command that is to read it."""

    def __init__(self, folder: Path) -> None:
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        self.folder = folder / "w"
        (self.folder / "profiles").mkdir(parents=True)
        (self.folder / "go.mod").write_text("module example.com/app\n")
        (self.folder / "main.go").write_text(MAIN)
        os.chdir(self.folder)

    def made(self, rng: Random) -> bytes:
        odd = rng.random() < 0.1
        made = Builder((name(rng) if odd else "inuse_space", name(rng) if odd else "bytes"))
        made.sample(f"main.keep@{self.folder}/main.go:4", [5 << 20])
        message = made.message
        message.mapping.add(id=1, filename=made.text(name(rng)), build_id=made.text(name(rng)))
        message.comment.append(made.text(name(rng)))
        for number in range(2, rng.choice((3, 5, 12))):
            message.function.add(id=number, name=made.text(name(rng)), filename=made.text(name(rng)))
            location = message.location.add(id=number, mapping_id=1)
            location.line.add(function_id=number, line=rng.randrange(9))
            message.sample.add(location_id=range(number, 0, -1), value=[rng.randrange(1 << 24)])
        return f"{rng.choice(sorted(COMMANDS))}\n".encode() + made.bytes()

    def outcome(self, data: bytes) -> Outcome:
        command, _, profile = data.partition(b"\n")
        path, report = self.folder / "profiles/a.pb.gz", self.folder / "report.html"
        path.write_bytes(profile)
        places = {"profile": path, "profiles": path.parent, "source": self.folder / "main.go", "report": report}
        arguments = [word.format(**places) for word in COMMANDS[command.decode()]]
        with measured() as clock:
            answer = CliRunner().invoke(main, arguments, catch_exceptions=False)
        said = answer.output + (
            report.read_text("utf-8").replace("\t", "") if command == b"report" and report.exists() else ""
        )
        assert answer.exit_code in {0, 1, 2}
        assert not (found := UNSAFE.search(said)), said[max(found.start() - 40, 0) : found.end() + 40]
        if command.endswith(b"json") and answer.exit_code == 0:
            json.loads(answer.stdout)
        return Outcome(f"{command.decode()} {answer.exit_code}", clock.seconds)

    def close(self) -> None:
        pass


def name(rng: Random) -> str:
    return "".join(rng.choice(PIECES) for _ in range(rng.choice((1, 2, 4)))).encode("utf-8", "replace").decode()
