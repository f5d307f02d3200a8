"""All commands over a workspace whose every name is hostile: as many lines, and the same exit codes, as with harmless names."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main
from alloclens.profile.formats import profile_pb2 as pb
from alloclens.sources import retry
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.test_report import Page
from tests.support.hostile import STEERING, Made, harmless, hostile, nul, odd, steering, workspace
from tests.support.server import profile_server

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files cannot be called so there")
COMMANDS = {
    "top": ["top", "{heap}"],
    "top by function": ["top", "{heap}", "--by", "function", "--sort", "cum", "--count", "1"],
    "top of odd types": ["top", "{odd}"],
    "top of a difference": ["top", "{heap}", "--base", "{heap}"],
    "top of unlike files": ["top", "{heap}", "--base", "{odd}"],
    "top with filters": ["top", "{odd}", "--focus", "f0", "--tag-focus", "x=y", "--hide", "{regex}"],
    "top of a type that is not there": ["top", "{odd}", "--sample-type", "{function}"],
    "top with a wrong pattern": ["top", "{odd}", "--focus", "({function}"],
    "top of an unreadable file": ["top", "{bad}"],
    "annotate": ["annotate", "{source}", "--profiles", "{profiles}"],
    "annotate with a base that is not there": [
        "annotate",
        "{source}",
        "--profiles",
        "{profiles}",
        "--base",
        "{function}",
    ],
    "annotate without numbers": ["annotate", "{source}", "--profiles", "{odds}"],
    "explain": ["explain", "--profiles", "{profiles}"],
    "explain all": ["explain", "--profiles", "{profiles}", "--all"],
    "explain a file": ["explain", "{source}", "--profiles", "{profiles}"],
    "explain a function": ["explain", "{part}", "--profiles", "{profiles}"],
    "explain what is not there": ["explain", "{regex}", "--profiles", "{profiles}"],
    "leaks": ["leaks", "{profiles}"],
    "leaks all": ["leaks", "{profiles}", "--all"],
    "leaks of nothing": ["leaks", "{empty}"],
    "check": ["check", "{profiles}"],
    "check what grows": ["check", "{profiles}", "--fail-on", "growing"],
    "check for GitHub": ["check", "{profiles}", "--fail-on", "growing", "--format", "github"],
    "check nothing": ["check", "{empty}"],
    "check two": ["check", "--base", "{profiles}", "--head", "{heap}", "--format", "markdown"],
    "check unlike files": ["check", "--base", "{odd}", "--head", "{heap}"],
    "check an output that is none": ["check", "{profiles}", "--output", "{regex}"],
    "report into no directory": ["report", "{profiles}", "-o", "{profiles}/none/x"],
    "report of nothing": ["report", "{empty}", "-o", "-"],
    "capture": ["capture", "http://127.0.0.1:1/{part}", "--into", "{profiles}"],
    "a command that is not there": ["{regex}"],
    "an option that is not there": ["top", "--{regex}"],
    "a file that is not there": ["top", "{regex}"],
}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, Made]:
    """The harmless workspace and the hostile one."""
    root = tmp_path_factory.mktemp("names")
    made = workspace(root, harmless, harmless), workspace(root, hostile, nul)
    for one in made:
        (one.folder / "empty").mkdir()
    return made


def arguments(command: list[str], made: Made) -> list[str]:
    spelt = hostile("x") if hostile("app") in str(made.folder) else "x"
    known = {**made._asdict(), "odds": made.odd.parent, "empty": made.folder / "empty", "regex": f"{spelt}zzz"}
    known |= {
        "bad": next(made.profiles.glob("bad*")),
        "part": made.function.removesuffix("\0"),
        "function": f"{spelt}z",
    }
    return [one.format(**known) for one in command]


def run(made: Made, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> Result:
    monkeypatch.chdir(made.folder)
    monkeypatch.setattr(retry, "PAUSE_SECONDS", 0.01)
    return CliRunner().invoke(main, arguments(command, made))


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_no_name_makes_a_line_or_steers(
    both: tuple[Made, Made], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    plain, evil = (run(made, monkeypatch, command) for made in both)
    assert evil.exit_code == plain.exit_code != 70
    for one, other in ((evil.stdout, plain.stdout), (evil.stderr, plain.stderr)):
        assert len(one.split("\n")) == len(other.split("\n")), (one, other)
        assert steering(one) <= {"\n"}
    assert evil.output


@pytest.mark.parametrize("command", [["top", "{odd}", "--json"], ["leaks", "{profiles}", "--all", "--json"]])
def test_json_has_the_exact_names(both: tuple[Made, Made], monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    result = run(both[1], monkeypatch, command)
    assert result.exit_code == 0
    assert result.stdout.isascii()
    assert steering(result.stdout) == {"\n"}
    assert result.stdout.count("\n") == 1
    said = json.loads(result.stdout)
    if command[0] == "top":
        assert {row["function"] for row in said["rows"]} == {nul("f0"), nul("f1"), nul("f2"), nul("root"), ""}
        assert {row["binary"] for row in said["rows"]} == {"", nul("/bin/app")}
        assert (said["sample_type"], said["unit"]) == (nul("kind"), nul("unit"))
    else:
        assert [one["function"] for one in said["findings"]] == ["main.f", nul("main.g"), nul("lost.f")]
        assert {one["file"] for one in said["findings"]} == {str(both[1].source), None}


def test_the_report_shows_names_as_text(both: tuple[Made, Made], monkeypatch: pytest.MonkeyPatch) -> None:
    results = [run(made, monkeypatch, ["report", "{profiles}", "-o", "-"]) for made in both]
    assert [result.exit_code for result in results] == [0, 0]
    plain, evil = (Page(result.stdout_bytes.decode()) for result in results)
    assert [tag for tag, _ in evil.elements] == [tag for tag, _ in plain.elements]
    assert steering(evil.said) == {"\n"}
    for attributes in (value or "" for _, held in evil.elements for value in held.values()):
        assert steering(attributes) == set()
    for tag in ("title", "h1", "th", "td", "caption", "span"):
        assert "\n" not in "".join(evil.words(tag)), tag
    raw = re.search(r'id="alloclens-data">(.*?)</script>', evil.text, re.DOTALL)[1]
    assert raw.isascii()
    assert steering(raw) == set()
    names = {node["name"] for node in evil.data["flame"]["root"]["children"]}
    assert names == {"main.f", nul("main.g"), nul("lost.f")}


@pytest.mark.slow
@given(st.lists(st.text(max_size=9) | st.sampled_from(STEERING), min_size=1, max_size=30))
@settings(max_examples=40)
def test_whatever_a_profile_calls_things(tmp_path_factory: pytest.TempPathFactory, endings: list[str]) -> None:
    message = pb.Profile.FromString(gzip.decompress(odd(harmless)))
    for i in range(1, len(message.string_table)):
        message.string_table[i] += endings[i % len(endings)]
    file = tmp_path_factory.getbasetemp() / "any.pb"
    file.write_bytes(message.SerializeToString())
    shown, said = (CliRunner().invoke(main, ["top", str(file), *more]) for more in ((), ("--json",)))
    assert (shown.exit_code, said.exit_code) == (0, 0)
    assert len(shown.stdout.split("\n")) == 2 + len(json.loads(said.stdout)["rows"]) + 1
    assert steering(shown.output) == {"\n"}


@pytest.mark.programs
@pytest.mark.parametrize("name", ["top", "annotate", "explain all", "leaks", "a file that is not there"])
def test_a_terminal_is_sent_our_styles_and_nothing_else(both: tuple[Made, Made], name: str) -> None:
    import pty  # POSIX only

    made = both[1]
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "alloclens", *arguments(COMMANDS[name], made)]
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")} | {"TERM": "xterm"}
    with subprocess.Popen(
        command, cwd=made.folder, env=environment, stdin=child, stdout=child, stderr=child
    ) as process:
        os.close(child)
        said = b""
        while chunk := read(parent):
            said += chunk
    os.close(parent)
    assert process.returncode == (2 if "not there" in name else 0)
    unstyled = re.sub(r"\x1b\[[\d;]*m", "", said.decode().replace("\r\n", "\n"))
    assert steering(unstyled) == {"\n"}


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 503 \x1b[2J\x9b31m\xc2\x9b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 no\r\nContent-Length: 9\r\n\r\n\x1b]0;evil\x07",
        b"HTTP/1.1 500 no\r\nContent-Length: 14\r\n\r\n\xe2\x80\xaeevil\xc2\x9b31m",
        b"HTTP/1.1 302 no\r\nLocation: http://127.0.0.1:1/\xc2\x9b2J\xe2\x80\xae\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_what_a_server_answers_is_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    monkeypatch.setattr(retry, "PAUSE_SECONDS", 0.01)
    with profile_server() as server:
        server.pieces = [answer]
        result = CliRunner().invoke(main, ["capture", server.url, "--into", str(tmp_path)])
    assert result.exit_code == 1
    assert result.output.startswith("http")
    assert steering(result.output) == {"\n"}
