"""A process for work that takes long, takes much memory, or may end the process that does it: reading files of others.

Calls go to its standard input and answers come from its standard output, as pickles. It does one call after the other, and
ends when its standard input does.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import subprocess
import threading
import time
import traceback
from contextlib import suppress
from importlib import import_module
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, Any, TypeVar

from alloclens import log, processes
from alloclens.disk import reason
from alloclens.log import LogTo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Self

    from alloclens.log import Level

    Work = Callable[..., object]
    Arguments = tuple[object, ...]

Result = TypeVar("Result")

SECONDS = 60.0
"""For work of which nothing else is known."""
START_SECONDS = 30.0
"""Until a call begins. The process imports for half a second; on a busy machine that takes several."""
SIZE = struct.Struct("<Q")
"""Before each pickle, its bytes."""
_caller: list[IO[bytes]] = []
"""In a worker process: where its answers go."""


def seconds_for(size: int) -> float:
    """Return how long reading files of so many bytes may take: on a slow and busy machine, with a network's disk."""
    return 60 + size / (1 << 20)


def take_longer(seconds: float) -> None:
    """Ask for more time, in a worker process; anywhere else there is no limit.

    For work that depends on more than the size of a file: a walk through a workspace, another process.
    """
    for answers in _caller:
        _write(answers, ("longer", seconds))


class Lost(Exception):  # noqa: N818 - says what became of the work
    """The process ended, or was ended because it took too long, before the work was done. The message is for users."""


class Worker:
    """One process, started when it is first needed and again after it was lost. Methods may be called from any thread."""

    def __init__(self, *, is_quiet: bool = False, log_to: LogTo = LogTo()) -> None:  # noqa: B008 - a frozen value
        """What a quiet process writes to standard error is dropped."""
        self._stderr = subprocess.DEVNULL if is_quiet else None
        self._log_to = log_to
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._is_stopped = False

    def start(self) -> None:
        """Start the process without waiting until it is ready: importing what reads profiles takes half a second."""
        self.ahead(_import)

    def ahead(self, work: Work, *args: object, seconds: float = SECONDS) -> None:
        """Ask for what will be needed soon, without waiting for it. If it fails, whoever needs it is told."""
        with self._lock, suppress(Lost):
            self._started().ask(work, args, seconds)

    def run(self, work: Callable[..., Result], *args: object, seconds: float = SECONDS) -> Result:
        """Do the work in the process and return its result, or raise its exception, or Lost.

        The work has so many seconds from when it begins, and then the process is ended.
        """
        take_longer(START_SECONDS + seconds)
        with self._lock:
            process = self._begun(work, args)
            try:
                result: Result = process.answer(seconds)
            except Lost:
                self._let_go()
                raise
            return result

    def stop(self) -> None:
        """End the process, and start none any more: work that is not done is lost."""
        self._is_stopped = True
        if process := self._process:
            process.child.kill()  # whoever waits for it has the lock
        if self._lock.acquire(timeout=1):
            self._let_go()
            self._lock.release()

    def _begun(self, work: Work, args: Arguments) -> _Process:
        """Return a process that has begun the work. One that was lost before that is not this work's fault: try another."""
        for _ in range(2):
            process = self._started()
            if process.begin(work, args):
                return process
            self._let_go()
        raise Lost("the process that reads files does not start; the log may say why")

    def _started(self) -> _Process:
        if self._is_stopped:
            raise Lost("alloclens is ending")
        if self._process is None:
            try:
                self._process = _Process(self._stderr, self._log_to)
            except OSError as error:
                raise Lost(f"the process that reads files cannot be started ({reason(error)})") from error
        return self._process

    def _let_go(self) -> None:
        if self._process:
            processes.end(self._process.child)
        self._process = None


class _Process:
    """The other process, as we see it. The caller has the lock."""

    def __init__(self, stderr: int | None, log_to: LogTo) -> None:
        self.child = processes.start(processes.python(serve, *log_to), stdin=subprocess.PIPE, stderr=stderr)
        assert self.child.stdin
        assert self.child.stdout
        self._calls, self._answers = self.child.stdin, self.child.stdout
        self._ahead = 0
        """Calls whose answers nobody waits for, and which have not come yet."""
        self._patience = START_SECONDS
        """Until these are done and another call begins."""

    def ask(self, work: Work, args: Arguments, seconds: float) -> None:
        """Ask for work whose result nobody waits for."""
        with _Deadline(self.child, self._patience + seconds):
            self._call(False, work, args)
        self._ahead += 1
        self._patience += seconds

    def begin(self, work: Work, args: Arguments) -> bool:
        """Ask for work and wait until it begins; return False if the process was lost before it did."""
        with _Deadline(self.child, self._patience) as deadline:
            self._call(True, work, args)
            for kind, _ in self._messages(deadline):
                if kind == "begun" and not self._ahead:
                    self._patience = START_SECONDS
                    return True
                self._ahead -= kind in {"done", "failed"}
        return False

    def answer(self, seconds: float) -> Any:
        """Return the result of the work that has begun, or raise its exception, or Lost."""
        with _Deadline(self.child, seconds) as deadline:
            for kind, value in self._messages(deadline):
                if kind == "done":
                    return value
                error, trace = value
                raise error from RuntimeError(f"in the worker process:\n{trace}")
        if deadline.is_over:
            raise Lost(f"reading it took longer than {deadline.seconds:.0f} s and was stopped")
        raise Lost("reading it ended the process that read it, perhaps for want of memory")

    def _call(self, is_wanted: bool, work: Work, args: Arguments) -> None:
        with suppress(OSError):  # the process is gone, as its silence will tell
            _write(self._calls, (is_wanted, work, args))

    def _messages(self, deadline: _Deadline) -> Iterator[tuple[str, Any]]:
        while data := _read(self._answers):
            kind, value = pickle.loads(data)  # noqa: S301 - from our own process
            if kind == "longer":
                deadline.extend(value)
            else:
                yield kind, value


class _Deadline:
    """Kills a process when its time is over."""

    def __init__(self, child: processes.Child, seconds: float) -> None:
        self.seconds = seconds
        self.is_over = False
        self._child = child
        self._begun = time.monotonic()
        self._timer = self._started()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def extend(self, seconds: float) -> None:
        """Give it so much more time."""
        self._timer.cancel()
        self.seconds += seconds
        self._timer = self._started()

    def _started(self) -> threading.Timer:
        timer = threading.Timer(self._begun + self.seconds - time.monotonic(), self._kill)
        timer.daemon = True
        timer.start()
        return timer

    def _kill(self) -> None:
        self.is_over = True
        self._child.kill()


def serve(level: Level, path: str | None) -> None:
    """Be the worker process: do the calls from standard input until the other end is closed."""
    log.start(LogTo(level, path))
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # whatever prints something must not print it between the answers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends Ctrl-C to us, too
    _caller.append(answers)
    waiting: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(calls, waiting), daemon=True).start()
    while True:
        _do(waiting.get(), answers)


def _listen(calls: IO[bytes], waiting: SimpleQueue[bytes]) -> None:
    """Take calls while another is being done, so that the caller need not wait, and end as soon as the caller is gone."""
    while data := _read(calls):
        waiting.put(data)
    os._exit(0)


def _do(data: bytes, answers: IO[bytes]) -> None:
    _write(answers, ("begun", None))
    try:
        is_wanted, work, args = pickle.loads(data)  # noqa: S301 - from our own process
        result = work(*args)
        answer = pickle.dumps(("done", result if is_wanted else None))
    except Exception as error:  # noqa: BLE001 - for the caller
        answer = _failed(error)
    _write_pickled(answers, answer)


def _failed(error: Exception) -> bytes:
    """Return an exception as the caller can raise it, whether or not it can be pickled."""
    trace = traceback.format_exc()
    try:
        data = pickle.dumps(("failed", (error, trace)))
        pickle.loads(data)  # noqa: S301 - some exceptions cannot be made again of what they were pickled to
    except Exception:  # noqa: BLE001 - of any exception
        data = pickle.dumps(("failed", (RuntimeError(repr(error)), trace)))
    return data


def _write(stream: IO[bytes], value: object) -> None:
    _write_pickled(stream, pickle.dumps(value))


def _write_pickled(stream: IO[bytes], data: bytes) -> None:
    stream.write(SIZE.pack(len(data)))
    stream.write(data)
    stream.flush()


def _read(stream: IO[bytes]) -> bytes | None:
    """Return the next pickle; None at the end, be it in the middle of one."""
    head = stream.read(SIZE.size)
    if len(head) < SIZE.size:
        return None
    size = SIZE.unpack(head)[0]
    data = stream.read(size)
    return data if len(data) == size else None


def _import() -> None:
    import_module("alloclens.session.reading")
