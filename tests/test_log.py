"""The log: whatever a record quotes, it is one line, and no line of a traceback looks like a record."""

from __future__ import annotations

import io
import logging
import os
import re
import sys
import threading
from collections import Counter
from contextlib import redirect_stderr
from typing import TYPE_CHECKING

import pytest
from alloclens import log
from alloclens.log import LogTo
from alloclens.printable import printable
from alloclens.worker import Worker

from tests.support.hostile import STEERING, hostile, steering

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORGED = f"{hostile('x')}\nERROR alloclens: forged"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is logged, by a root logger of its own."""
    root, ours, stream = logging.getLogger(), logging.getLogger("alloclens"), io.StringIO()
    handlers, levels = root.handlers[:], (root.level, ours.level)
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    root.handlers.clear()
    log.start()
    yield stream
    for handler in root.handlers:
        if isinstance(handler, logging.StreamHandler) and isinstance(handler.stream, io.TextIOWrapper):
            handler.stream.close()
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def begin(said: io.StringIO, to: LogTo) -> LogTo:
    """Begin to log as the server does. pytest has put its own standard error in place since the fixture was made."""
    with redirect_stderr(said):
        return log.start(to, anew=True)


def lines(said: io.StringIO) -> list[str]:
    assert steering(said.getvalue()) == {"\n"}
    return said.getvalue().rstrip("\n").split("\n")


def test_a_record_is_a_line(said: io.StringIO) -> None:
    logging.getLogger("a").warning("%s: %s", FORGED, STEERING)
    (line,) = lines(said)
    assert line.startswith(r"WARNING a: x\x1b[31m")


def test_the_lines_of_a_traceback_are_indented(said: io.StringIO) -> None:
    def fail() -> None:
        raise RuntimeError(FORGED) from ValueError(FORGED)

    try:
        fail()
    except RuntimeError:
        logging.getLogger("a").exception("reading %s failed", FORGED)
    first, *rest = lines(said)
    assert first.startswith("ERROR a: reading x")
    assert any("RuntimeError: x" in line for line in rest)
    assert any("ValueError: x" in line for line in rest)
    assert all(line.startswith("    ") for line in rest)


def test_what_ends_a_thread_is_logged(said: io.StringIO) -> None:
    def fail() -> None:
        raise ValueError(FORGED)

    thread = threading.Thread(target=fail, name=FORGED)
    thread.start()
    thread.join()
    first, *rest = lines(said)
    assert first.startswith("ERROR alloclens.log: x")
    assert all(line.startswith("    ") for line in rest)


@pytest.mark.parametrize(
    ("level", "logged"),
    [("error", "e"), ("warning", "ew"), ("info", "ewi"), ("debug", "ewid")],
    ids=lambda value: value,
)
def test_a_level_leaves_out_what_is_below_it(said: io.StringIO, level: log.Level, logged: str) -> None:
    begin(said, LogTo(level))
    for name in ("error", "warning", "info", "debug"):
        getattr(logging.getLogger("alloclens.x"), name)(name)
    assert [line.rpartition(" ")[2][0] for line in lines(said)] == list(logged)


@pytest.mark.parametrize("name", ["pygls.protocol", "watchdog.observers", "asyncio"])
def test_other_peoples_loggers_say_no_more_at_debug(said: io.StringIO, name: str) -> None:
    begin(said, LogTo("debug"))
    logging.getLogger(name).info("a message of the editor, with source text")
    assert said.getvalue() == ""


def test_a_file_is_begun_anew_and_takes_the_place_of_standard_error(said: io.StringIO, tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("of the session before\n")
    assert begin(said, LogTo("info", str(file))) == LogTo("info", str(file))
    logging.getLogger("alloclens.x").info("%s", FORGED)
    (line,) = file.read_text("utf-8").splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \d+ INFO alloclens\.x: x\\x1b.*", line)
    assert said.getvalue() == ""


@pytest.mark.parametrize("name", ["", "nowhere/log", "log\0", "pipe"])
def test_a_file_that_cannot_be_opened_is_one_line(said: io.StringIO, tmp_path: Path, name: str) -> None:
    if name == "pipe":
        if sys.platform == "win32":
            pytest.skip("has no FIFOs in directories")
        os.mkfifo(tmp_path / name)
    path = f"{tmp_path}/{name}"
    assert begin(said, LogTo("error", path)) == LogTo("error", None)
    (line,) = lines(said)
    assert line.startswith(f"ERROR alloclens.log: the log file {printable(path)} cannot be opened (")


@pytest.mark.programs
def test_the_worker_logs_to_the_same_file_in_whole_lines(said: io.StringIO, tmp_path: Path) -> None:
    to, many, logger = LogTo("debug", str(tmp_path / "log")), 300, logging.getLogger("alloclens.x")
    begin(said, to)
    worker = Worker(log_to=to)
    try:
        for _ in range(many):
            worker.ahead(logger.debug, "y" * 100)
            logger.debug("y" * 100)
        worker.run(int)
    finally:
        worker.stop()
    written = (tmp_path / "log").read_text("utf-8").splitlines()
    assert {line.partition(" DEBUG ")[2] for line in written} == {f"alloclens.x: {'y' * 100}"}
    assert sorted(Counter(line.split()[2] for line in written).values()) == [many, many]
    assert said.getvalue() == ""
