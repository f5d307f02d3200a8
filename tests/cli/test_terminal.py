"""What a command prints, whatever is at the other end, and how it ends when something goes wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main, terminal, top
from click.testing import CliRunner

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from typing import Any

    from click.testing import Result

MB = 1 << 20
FULL = Path("/dev/full")
HOSTILE = "\x1b]0;title\x07\x9b2J\u202e a\r\nb"
WRITTEN_OUT = r"\x1b]0;title\x07\x9b2J\u202e a\r\nb"
needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="file descriptors as on POSIX")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def process(*arguments: object, **options: Any) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "alloclens", *map(str, arguments)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, timeout=60, check=False, **options)


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return drop(tmp_path / "a.pb.gz", heap(*(f"main.f{i}@/w/a.go:{i + 1} = 3x{MB}" for i in range(40))))


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """Snapshots in which a line of the user's own code leaks: `leaks` draws ▲ and a sparkline."""
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc f() {\n\tkeep()\n}\n")
    for i in range(22):
        drop(tmp_path / f"p/{i}.pb.gz", heap(f"main.f@example.com/app/main.go:4 = {1 + 3 * i}x{MB}"))
    return tmp_path


@pytest.mark.programs
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_signs_that_an_encoding_lacks_are_written_out(series: Path, encoding: str) -> None:
    made = process(
        "leaks",
        "p",
        cwd=series,
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )
    assert (made.returncode, made.stderr) == (0, b"")
    assert rb"line, \u25b263.0MB" in made.stdout


def test_styles_are_for_terminals_that_want_them(profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    plain = run("top", profile).output
    assert "\x1b" not in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1minuse_space, 120MB in all\x1b[0m" in run("top", profile).output
    monkeypatch.setenv("TERM", "dumb")
    assert run("top", profile).output == plain
    monkeypatch.delenv("TERM")
    monkeypatch.setenv("NO_COLOR", "1")
    assert run("top", profile).output == plain


def test_a_row_is_a_line_however_long_its_name_is(tmp_path: Path) -> None:
    name = "main." + "f" * 5000
    lines = run("top", drop(tmp_path / "a.pb.gz", heap(f"{name}@/w/a.go:1 = 3x{MB}"))).stdout.splitlines()
    assert lines[2:] == [f"3.0MB   100%  3.0MB  100%  {name} /w/a.go:1"]


IN_A_DELETED_DIRECTORY = """
import os, sys
os.chdir(sys.argv[1])
os.rmdir(sys.argv[1])
os.execv(sys.executable, [sys.executable, "-m", "alloclens", *sys.argv[2:]])
"""


@pytest.mark.programs
@pytest.mark.skipif(sys.platform == "win32", reason="a working directory cannot be deleted there")
def test_a_working_directory_that_was_deleted(series: Path) -> None:
    def deleted(*arguments: object) -> tuple[int, str, str]:
        (series / "gone").mkdir()
        command = [sys.executable, "-c", IN_A_DELETED_DIRECTORY, series / "gone", *arguments]
        made = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=False)
        return made.returncode, made.stdout, made.stderr

    code, out, err = deleted("--version")
    assert (code, out.startswith("alloclens, version "), err) == (0, True, "")
    code, out, err = deleted("leaks", series / "p", "--workspace", series)
    assert (code, "main.go:4" in out, err) == (0, True, "")
    assert deleted("explain") == (1, "", "Error: the working directory was deleted\n")


@pytest.mark.programs
@needs_posix
def test_a_reader_that_has_gone_ends_it_without_a_word(profile: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    made = process("top", profile, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (made.returncode, made.stderr) == (141, b"")


@pytest.mark.programs
@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_full_disk_is_told(profile: Path, options: list[str]) -> None:
    with FULL.open("wb") as full:
        made = process("top", profile, *options, stdout=full, stderr=subprocess.PIPE)
    assert (made.returncode, made.stderr) == (1, b"Error: standard output: No space left on device\n")


@pytest.mark.programs
@needs_posix
def test_a_closed_standard_output_is_told(profile: Path) -> None:
    command = f'"{sys.executable}" -m alloclens top "{profile}" >&-'
    made = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, check=False)
    assert (made.returncode, made.stderr) == (1, b"Error: standard output is closed\n")


@pytest.mark.programs
@needs_posix
def test_without_standard_error_the_exit_code_remains(tmp_path: Path) -> None:
    command = f'"{sys.executable}" -m alloclens top "{tmp_path}/none" 2>&-'
    assert subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, check=False).returncode == 2


def raising(error: BaseException, monkeypatch: pytest.MonkeyPatch, profile: Path) -> Result:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(top, "top", broken)
    return run("top", profile)


def test_a_fault_of_ours_is_a_line_that_says_where(profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = raising(RuntimeError(HOSTILE), monkeypatch, profile)
    assert (result.exit_code, result.stdout) == (70, "")
    assert result.stderr.startswith("Error: a bug in alloclens ")
    assert f"(RuntimeError: {WRITTEN_OUT}; cli/top.py:" in result.stderr
    assert "please report it" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "\n"),
        (MemoryError(), 1, "Error: there is not enough memory\n"),
        (OSError(5, HOSTILE, HOSTILE), 1, f"Error: {WRITTEN_OUT}: {WRITTEN_OUT}\n"),
    ],
)
def test_what_is_no_fault_of_ours_is_told_as_what_it_is(
    profile: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, said: str
) -> None:
    result = raising(error, monkeypatch, profile)
    assert (result.exit_code, result.output) == (code, said)


@pytest.mark.parametrize(
    "arguments",
    [
        (HOSTILE,),
        ("top", f"--{HOSTILE}"),
        ("top", HOSTILE),
        ("top", "--by", HOSTILE, "x"),
        ("capture", "http://127.0.0.1", "--into", "x", "--every", HOSTILE),
        ("leaks", HOSTILE),
    ],
)
def test_wrong_arguments_are_quoted_as_text(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    *usage, help_, empty, error = result.stderr.splitlines()
    assert usage[0].startswith("Usage: ")
    assert help_.startswith("Try '")
    assert empty == ""
    assert error.startswith("Error: ")
    assert r"\x1b]0;title\x07" in error
    assert result.stderr.isascii()


@pytest.mark.programs
@needs_posix
def test_what_the_engine_would_log_is_told_in_a_line(series: Path) -> None:
    (series / f"cache{HOSTILE}" / "alloclens").mkdir(parents=True)
    environment = os.environ | {"XDG_CACHE_HOME": str(series / f"cache{HOSTILE}")}
    for _ in range(2):
        for name in ("texts", "snapshots"):
            (series / f"cache{HOSTILE}" / "alloclens" / f"{name}.sqlite3").write_bytes(b"no database" * 100)
        made = process("leaks", "p", cwd=series, capture_output=True, env=environment)
        lines = made.stderr.decode().splitlines()
        assert made.returncode == 0
        assert len(lines) == 2
        assert all(f"cache{WRITTEN_OUT}" in line and "is created again" in line for line in lines)


def test_json_is_ascii_and_exact(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.show_json({"name": f"{HOSTILE}\x7f\u2028\ud800"})
    said = capsys.readouterr().out
    assert said == ('{"name": "\\u001b]0;title\\u0007\\u009b2J\\u202e a\\r\\nb\\u007f\\u2028\\ud800"}\n')
