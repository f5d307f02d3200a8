"""The log: whatever a record quotes, it is one line, and no line of a traceback looks like a record."""

from __future__ import annotations

import io
import logging
import threading
from typing import TYPE_CHECKING

import pytest
from alloclens import log

from tests.support.hostile import STEERING, hostile, steering

if TYPE_CHECKING:
    from collections.abc import Iterator

FORGED = f"{hostile('x')}\nERROR alloclens: forged"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is logged, by a root logger of its own."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    root.handlers.clear()
    log.start()
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


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
