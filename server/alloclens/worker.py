"""A process for work that takes long, needs much memory, or may crash: reading untrusted files.

It reads calls from standard input and writes answers to standard output, as pickles. It handles one call at a time, and ends
when its standard input does.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import subprocess
import threading
import traceback
from contextlib import suppress
from importlib import import_module
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, Any, TypeVar

from alloclens import log, processes
from alloclens.disk import reason
from alloclens.log import LogTo
from alloclens.processes import ProcessDeadline
from alloclens.time_limit import extensions, take_longer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


def seconds_for(size: int) -> float:
    """Return the time limit for reading this many bytes, which is enough for a slow machine and a network drive."""
    return 60 + size / (1 << 20)


class Lost(Exception):  # noqa: N818 - says what became of the work
    """The process ended, or was killed after its time limit, before the work was done. The message is for users."""


class NotStarted(Lost):
    """No process began the work: it is no fault of the work, which may be tried again."""


class Worker:
    """A process that is started when first needed, and again after it was lost. Methods may be called from any thread."""

    def __init__(self, *, is_quiet: bool = False, log_to: LogTo = LogTo()) -> None:  # noqa: B008 - a frozen value
        """What a quiet process writes to standard error is dropped."""
        self._stderr = subprocess.DEVNULL if is_quiet else None
        self._log_to = log_to
        self._lock = threading.Lock()
        self._process: _Connection | None = None
        self._is_stopped = False

    def twin(self) -> Worker:
        """Return another worker of the same kind."""
        return Worker(is_quiet=self._stderr is not None, log_to=self._log_to)

    def start(self) -> None:
        """Start the process without waiting until it is ready: importing what reads profiles takes half a second."""
        self.ahead(_import)

    def ahead(self, work: Work, *args: object, seconds: float = SECONDS) -> None:
        """Request work whose result will be needed soon, without waiting. An error is reported when the result is requested."""
        with self._lock, suppress(Lost):
            self._started().ask(work, args, seconds)

    def run(self, work: Callable[..., Result], *args: object, seconds: float = SECONDS) -> Result:
        """Run the work in the process and return its result, or raise its exception, or Lost.

        If the work takes more than `seconds` after it has begun, the process is killed.
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
        """End the process and start no other. Unfinished work is lost."""
        self._is_stopped = True
        if process := self._process:
            process.child.kill()  # whoever waits for it has the lock
        if self._lock.acquire(timeout=1):
            self._let_go()
            self._lock.release()

    def _begun(self, work: Work, args: Arguments) -> _Connection:
        """Return the connection to a process that has begun the work. If one is lost before that, another is tried."""
        for _ in range(2):
            process = self._started()
            if process.begin(work, args):
                return process
            self._let_go()
        raise NotStarted("the process that reads files does not start; the log may say why")

    def _started(self) -> _Connection:
        if self._is_stopped:
            raise Lost("alloclens is ending")
        if self._process is None:
            try:
                self._process = _Connection(self._stderr, self._log_to)
            except OSError as error:
                raise NotStarted(f"the process that reads files cannot be started ({reason(error)})") from error
        return self._process

    def _let_go(self) -> None:
        if self._process:
            self._process.end()
        self._process = None


class _Connection:
    """Our side of the process. The caller holds the lock."""

    def __init__(self, stderr: int | None, log_to: LogTo) -> None:
        self.child = processes.start(processes.python(serve, *log_to), stdin=subprocess.PIPE, stderr=stderr)
        assert self.child.stdin
        assert self.child.stdout
        self._calls, self._answers = self.child.stdin, self.child.stdout
        self._ahead = 0
        """Calls whose answers nobody waits for, and which have not come yet."""
        self._patience = START_SECONDS
        """Until these are done and another call begins."""
        self._deadline = ProcessDeadline(self.child.kill)

    def ask(self, work: Work, args: Arguments, seconds: float) -> None:
        """Request work without waiting for its result."""
        with self._deadline.within(self._patience + seconds):
            self._call(False, work, args)
        self._ahead += 1
        self._patience += seconds

    def begin(self, work: Work, args: Arguments) -> bool:
        """Request work and wait until it begins; return False if the process was lost before."""
        with self._deadline.within(self._patience):
            self._call(True, work, args)
            for kind, _ in self._messages():
                if kind == "begun" and not self._ahead:
                    self._patience = START_SECONDS
                    return True
                self._ahead -= kind in {"done", "failed"}
        return False

    def answer(self, seconds: float) -> Any:
        """Return the result of the work that has begun, or raise its exception, or Lost."""
        with self._deadline.within(seconds):
            for kind, value in self._messages():
                if kind == "done":
                    return value
                error, trace = value
                raise error from RuntimeError(f"in the worker process:\n{trace}")
            if self._deadline.is_over:
                raise Lost(f"reading it took longer than {self._deadline.seconds:.0f} s and was stopped")
        raise Lost("reading it ended the process that read it, perhaps because memory ran out")

    def _call(self, is_wanted: bool, work: Work, args: Arguments) -> None:
        with suppress(OSError):  # the process is gone, as its silence will tell
            _write(self._calls, (is_wanted, work, args))

    def end(self) -> None:
        """End the process."""
        self._deadline.end()
        processes.end(self.child)

    def _messages(self) -> Iterator[tuple[str, Any]]:
        while data := _read(self._answers):
            kind, value = pickle.loads(data)  # noqa: S301 - from our own process
            del data  # a profile may have hundreds of megabytes
            if kind == "longer":
                self._deadline.extend(value)
            else:
                yield kind, value


def serve(level: Level, path: str | None) -> None:
    """Run the worker process: handle calls from standard input until it is closed."""
    log.start(LogTo(level, path))
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # whatever prints something must not print it between the answers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends Ctrl-C to us, too
    extensions.append(lambda seconds: _write(answers, ("longer", seconds)))
    waiting: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(calls, waiting), daemon=True).start()
    while True:
        _do(waiting.get(), answers)


def _listen(calls: IO[bytes], waiting: SimpleQueue[bytes]) -> None:
    """Read calls while another is handled, so that the caller need not wait, and end as soon as the caller is gone."""
    while data := _read(calls):
        waiting.put(data)
    os._exit(0)


def _do(data: bytes, answers: IO[bytes]) -> None:
    _write(answers, ("begun", None))
    try:
        is_wanted, work, args = pickle.loads(data)  # noqa: S301 - from our own process
        result = work(*args)
        answer = _pickled(("done", result if is_wanted else None))
        del result
    except Exception as error:  # noqa: BLE001 - it is raised in the caller
        answer = _failed(error)
    _write_pickled(answers, answer)


def _failed(error: Exception) -> bytes:
    """Return an exception that can be pickled for the caller to raise."""
    trace = traceback.format_exc()
    try:
        data = _pickled(("failed", (error, trace)))
        pickle.loads(data)  # noqa: S301 - some exceptions can be pickled but not unpickled
    except Exception:  # noqa: BLE001 - unpickling may raise anything
        data = _pickled(("failed", (RuntimeError(repr(error)), trace)))
    return data


def _write(stream: IO[bytes], value: object) -> None:
    _write_pickled(stream, _pickled(value))


def _pickled(value: object) -> bytes:
    """Pickle with the newest protocol: the default of most versions of Python copies each array once more."""
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def _write_pickled(stream: IO[bytes], data: bytes) -> None:
    stream.write(SIZE.pack(len(data)))
    stream.write(data)
    stream.flush()


def _read(stream: IO[bytes]) -> bytes | None:
    """Return the next pickle; None at the end, even in the middle of one."""
    head = stream.read(SIZE.size)
    if len(head) < SIZE.size:
        return None
    size = SIZE.unpack(head)[0]
    data = stream.read(size)
    return data if len(data) == size else None


def _import() -> None:
    import_module("alloclens.session.reading")
