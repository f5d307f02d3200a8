"""The process that reads files of others: what it may do to us, which is nothing, and when it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from alloclens import processes
from alloclens.worker import Lost, Worker, seconds_for

from tests.support.processes import children, runs, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
pytestmark = [pytest.mark.programs, pytest.mark.timeout(60)]
HOLD_THE_GIL = "import ctypes; ctypes.PyDLL(None).sleep(600)"
"""No thread of that process runs Python meanwhile, so none of ours there notices anything."""
HANGS = {
    "sleeps": "import time; time.sleep(600)",
    "holds the GIL": HOLD_THE_GIL,
    "is stopped": "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
}


@pytest.fixture
def one() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.stop()


def test_a_worker_that_dies_is_an_error_and_the_next_one_works(one: Worker) -> None:
    first = one.run(os.getpid)
    assert first != os.getpid()
    with pytest.raises(Lost, match="ended the process"):
        one.run(os._exit, 9)
    assert one.run(os.getpid) not in (first, os.getpid())


def test_what_is_done_ahead_costs_no_other_work(one: Worker) -> None:
    one.start()
    first = one.run(os.getpid)
    one.ahead(os._exit, 9)
    assert one.run(os.getpid) not in (first, os.getpid())
    os.kill(one.run(os.getpid), signal.SIGKILL)
    assert one.run(os.getpid) != os.getpid()


@needs_linux
@pytest.mark.parametrize("hang", HANGS.values(), ids=HANGS)
def test_work_that_hangs_is_stopped_and_the_next_is_done(one: Worker, hang: str) -> None:
    first = one.run(os.getpid)
    with pytest.raises(Lost, match=r"^reading it took longer than 1 s and was stopped$"):
        one.run(exec, hang, seconds=1)
    assert one.run(os.getpid) != first
    assert first not in children(os.getpid())


@needs_linux
@pytest.mark.parametrize("hang", HANGS.values(), ids=HANGS)
def test_what_hangs_ahead_costs_no_other_work(one: Worker, hang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = one.run(os.getpid)
    monkeypatch.setattr(one._process, "_patience", 0.5)
    one.ahead(exec, hang, seconds=0.5)
    data = bytes(1 << 20)  # more than a pipe holds
    assert one.run(len, data) == len(data)
    assert first not in children(os.getpid())


def test_the_time_grows_with_the_size() -> None:
    assert seconds_for(0) >= 60
    assert seconds_for(128 << 20) > seconds_for(1 << 20) + 100


NESTED = """
import time
from alloclens.worker import Worker
inner = Worker()
inner.run(time.sleep, 1.5)
inner.stop()
"""


def test_waiting_for_another_worker_takes_no_time(one: Worker) -> None:
    one.run(exec, NESTED, seconds=1)


def test_a_walk_through_a_workspace_has_its_own_time(one: Worker, tmp_path: Path) -> None:
    """It is as long as the workspace is large, whatever the size of the file that is read."""
    walk = (
        f"import time; from alloclens.workspace.files import walked; walked(({str(tmp_path)!r},), 0); time.sleep(1.5)"
    )
    one.run(exec, walk, seconds=1)


def test_a_process_that_cannot_be_started(one: Worker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The Python that runs us may have been removed meanwhile."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    one.start()
    with pytest.raises(Lost, match=r"cannot be started \(No such file or directory\)"):
        one.run(os.getpid)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Lost, match="does not start"):
        one.run(os.getpid)
    monkeypatch.undo()
    assert one.run(os.getpid)


def test_results_and_exceptions_are_those_of_the_work(one: Worker) -> None:
    assert one.run(bytes, 50_000_000) == bytes(50_000_000)
    with pytest.raises(ValueError, match="invalid literal") as told:
        one.run(int, "x")
    assert "in _do" in str(told.value.__cause__)  # where it happened there
    with pytest.raises(RuntimeError, match=r"Odd\('strange'\)"):
        one.run(exec, "class Odd(Exception): pass\nraise Odd('strange')", {})  # nobody here knows this class
    with pytest.raises(Exception, match="lambda"):
        one.run(eval, "lambda: 1")
    assert one.run(os.getpid) != os.getpid()


def test_what_is_printed_is_no_answer(one: Worker, capfd: pytest.CaptureFixture[str]) -> None:
    one.run(exec, "import os; print('printed', flush=True); os.write(1, b'written\\n'); os.system('echo echoed')")
    assert one.run(eval, "open(0).read()") == ""  # nor does it read the calls
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err == "printed\nwritten\nechoed\n"


def test_a_quiet_worker_writes_nothing_at_all(capfd: pytest.CaptureFixture[str]) -> None:
    quiet = Worker(is_quiet=True)
    quiet.run(exec, "import os; print('printed', flush=True); os.write(2, b'written')")
    quiet.stop()
    assert capfd.readouterr() == ("", "")


def test_what_cannot_be_asked_ahead_is_not_waited_for(one: Worker) -> None:
    with pytest.raises(Exception, match="lambda"):
        one.ahead(len, lambda: 1)
    assert one.run(os.getpid) != os.getpid()


def test_many_threads_and_one_process(one: Worker) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(one.run(os.getpid))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert len(set(found)) == 1


def running(one: Worker, work: str) -> tuple[threading.Thread, list[str]]:
    """Run work in a thread; return that, and what comes of it."""
    came: list[str] = []

    def run() -> None:
        try:
            one.run(exec, work)
        except Lost as error:
            came.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    assert until(one._lock.locked)
    return thread, came


@needs_linux
def test_stopping_does_not_wait_for_work_and_leaves_nothing(one: Worker) -> None:
    pid = one.run(os.getpid)
    thread, came = running(one, HOLD_THE_GIL)
    one.stop()
    thread.join()
    assert len(came) == 1
    assert pid not in children(os.getpid())
    assert not processes._running
    with pytest.raises(Lost, match="is ending"):
        one.run(os.getpid)


SERVER = """
import os, sys
from alloclens import processes
from alloclens.worker import Worker
if sys.argv[2:] == ["untied"]:
    processes._tie = lambda child, pipe: None
worker = Worker()
print(worker.run(os.getpid), flush=True)
worker.run(exec, sys.argv[1])
"""


@needs_linux
@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize(
    "given",
    [[HANGS["sleeps"]], [HOLD_THE_GIL], [HANGS["is stopped"]], [HANGS["sleeps"], "untied"]],
    ids=["sleeps", "holds the GIL", "is stopped", "without help of the kernel, as on macOS and Windows"],
)
def test_a_killed_server_takes_its_worker_with_it(given: list[str], death: int) -> None:
    with subprocess.Popen([sys.executable, "-c", SERVER, *given], stdout=subprocess.PIPE, text=True) as server:
        pid = int(server.stdout.readline())
        server.send_signal(death)
    assert until(lambda: not runs(pid))
