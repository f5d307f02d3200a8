"""Captures profiles of one program at a time, once or at steady intervals, until it is stopped or the session ends."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from alloclens.disk import write_file
from alloclens.lsp.protocol import CaptureOptions, CaptureState
from alloclens.printable import printable
from alloclens.sources.access import Access
from alloclens.sources.address import authorization, endpoint, of_kind
from alloclens.sources.capture import Plan, Taken, fault, take
from alloclens.sources.errors import CaptureError
from alloclens.sources.fetch import ANSWER_TIMEOUT_SECONDS
from alloclens.sources.targets import Forward, is_pod
from alloclens.worker import SECONDS, Lost, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from alloclens.sources.address import Address

KINDS = {
    "heap": ("heap",),
    "goroutine": ("goroutine",),
    "goroutineleak": ("goroutineleak",),
    "all": ("heap", "goroutine"),
}
"""The profiles of each kind; beside a heap, that of leaked goroutines is captured, if the program has it."""
NOTHING = "nothing has been captured in this session yet"
NOWHERE = "there is no directory to capture into: open a folder"
STOPPED = "the capture was stopped"
IDLE = CaptureState(running=False, source="", every=0, taken=0, latest=(), error="")


class Capturing:
    """What is captured in a session. Only the event loop may use it."""

    def __init__(self) -> None:
        self.on_change: Callable[[CaptureState, CaptureState], None] = lambda _before, _now: None
        self._state = IDLE
        self._asked: _Asked | None = None
        self._program: _Program | None = None
        """What is captured from now."""
        self._series: asyncio.Task[None] | None = None

    async def start(self, url: str, options: CaptureOptions, directories: Sequence[str]) -> str | None:
        """Capture from a URL into the first of some directories; return the error if the first capture fails.

        If it does not, and there is an interval, capturing goes on. What was captured before is stopped.
        """
        into = await asyncio.to_thread(_directory, directories)
        if into is None:
            return NOWHERE
        asked = _Asked(url, options, into)
        try:
            source = asked.source
        except CaptureError as error:
            return printable(str(error))
        self.stop()
        self._asked = asked
        self._say(IDLE, source=source, every=options.every)
        return await self._first(asked)

    async def now(self) -> str | None:
        """Capture once more from the last program; return the error if that fails."""
        if self._asked is None:
            return NOTHING
        if self._program is None:
            return await self._first(
                self._asked._replace(options=msgspec.structs.replace(self._asked.options, every=0))
            )
        return await self._take(self._program)

    def stop(self) -> None:
        """Stop. What is being fetched is not written."""
        if self._series:
            self._series.cancel()
            self._series = None
        if self._program:
            asyncio.get_running_loop().run_in_executor(None, self._program.end)
            self._program = None
            self._say(self._state, running=False)

    async def _first(self, asked: _Asked) -> str | None:
        begun, self._program = time.monotonic(), (program := _Program(asked))
        self._say(self._state, running=True)
        error = await self._take(program)
        if self._program is program:
            if error is None and asked.options.every:
                self._series = asyncio.get_running_loop().create_task(self._go_on(program, begun))
            else:
                self.stop()
        return error

    async def _go_on(self, program: _Program, begun: float) -> None:
        """Capture at steady intervals; a time that has passed during a slow answer is skipped."""
        interval = program.asked.options.every
        while True:
            now = time.monotonic()
            await asyncio.sleep(max(interval - (now - begun) % interval, program.resume - now))
            await self._take(program)

    async def _take(self, program: _Program) -> str | None:
        """Capture once, and tell the editor; return the error if that fails."""
        taken = await program.take()
        if self._program is not program:
            return STOPPED
        if isinstance(taken, str):
            self._say(self._state, error=taken)
            return taken
        self._say(self._state, error="", taken=self._state.taken + 1, latest=tuple(map(str, taken.paths)))
        return None

    def _say(self, of: CaptureState, **changes: Any) -> None:
        before, self._state = self._state, msgspec.structs.replace(of, **changes)
        self.on_change(before, self._state)


class _Asked(NamedTuple):
    """What the user asked for."""

    url: str
    options: CaptureOptions
    into: Path

    @property
    def source(self) -> str:
        """What is captured from, without credentials. Raises CaptureError."""
        others = KINDS[self.options.kind][1:] if self.options.kind in KINDS else ()
        first = self.url if is_pod(self.url) else str(_addresses(self.url, self.options)[0])
        return printable(" and ".join((first, *others)))

    def plan(self, url: str) -> Plan:
        """Return what to capture from a URL. Raises CaptureError."""
        addresses, basic = _addresses(url, self.options), authorization(url)
        beside = next((address.beside for address in addresses if address.beside), None)
        return Plan(addresses, beside, self.into, Access((("Authorization", basic),) if basic else ()))


class _Program:
    """A program that is captured from, with the process that does it and, for a pod, the one that leads there."""

    def __init__(self, asked: _Asked) -> None:
        self.asked = asked
        self.resume = 0.0
        """When the program may be asked again, by the monotonic clock."""
        self._worker = Worker()  # of its own: a slow answer must not delay the reading of profiles
        self._forward: Forward | None = None
        self._plan: Plan | None = None
        self._is_ended = False
        self._one_at_a_time = asyncio.Lock()

    async def take(self) -> Taken | str:
        """Capture once; return the error if that fails."""
        async with self._one_at_a_time:
            try:
                taken = await asyncio.to_thread(self._take)
            except CaptureError as error:
                self.resume = time.monotonic() + error.wait
                return printable(str(error))
            except OSError as error:
                return printable(fault(error, self.asked.into))
            except Lost as error:
                return f"capturing failed: {error}"
            return taken

    def end(self) -> None:
        """End both processes. Waits for them: call it from a thread."""
        self._is_ended = True
        self._worker.stop()
        if self._forward:
            self._forward.end()

    def _take(self) -> Taken:
        plan, options = self._reached(), self.asked.options
        seconds = SECONDS + (len(plan.addresses) + 1) * (ANSWER_TIMEOUT_SECONDS + options.seconds)
        is_new = not self.asked.into.exists()
        taken = self._worker.run(take, plan, seconds=seconds)
        if is_new:
            _keep_from_git(self.asked.into)
        self._plan = taken.plan
        return taken

    def _reached(self) -> Plan:
        """Return the plan; of a pod, start the process that leads there, if it has ended or never ran. Raises CaptureError."""
        if is_pod(self.asked.url) and not (self._forward and self._forward.runs):
            if self._forward:
                self._forward.end()
            self._forward, self._plan = Forward(self.asked.url), None
            if self._is_ended:  # meanwhile
                self._forward.end()
                raise CaptureError(STOPPED)
        self._plan = self._plan or self.asked.plan(self._forward.url if self._forward else self.asked.url)
        return self._plan


def _addresses(url: str, options: CaptureOptions) -> tuple[Address, ...]:
    """Return the addresses of the profiles. Raises CaptureError."""
    if options.kind == "named":
        return (endpoint(url, options.seconds),)
    seconds = {kind: 0 if kind == "goroutineleak" else options.seconds for kind in KINDS[options.kind]}
    return tuple(of_kind(endpoint(url, seconds[kind]), kind, gc=options.gc) for kind in seconds)


def _keep_from_git(directory: Path) -> None:
    """Have git ignore a new directory, which would list every capture as a change. Who wants to commit them removes the file."""
    with suppress(OSError):
        write_file(directory / ".gitignore", b"*\n", new=True)


def _directory(directories: Sequence[str]) -> Path | None:
    """Return the first profile directory that exists, else the first."""
    return next((Path(d) for d in (*filter(os.path.isdir, directories), *directories)), None)
