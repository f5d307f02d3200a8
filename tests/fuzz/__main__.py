"""`python -m tests.fuzz --minutes 10`: every target gets damaged inputs until its share of the time is up, on two cores.

What must not happen, what takes longer than a second, and what makes the reader larger than 500 MB is written to
tests/fuzz/found/, each input beside a text with the reason. Ends with 1 where anything was found.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.child import Result, input_of, memory, work
from tests.fuzz.targets import TARGETS

FOUND = Path(__file__).parent / "found"
CHILDREN = 2
SLOWEST = 1.0
"""Seconds of the processor for one input."""
LARGEST = 500_000_000
"""Bytes of the process that reads."""
PATIENCE = 20.0
"""Seconds until a process that says nothing is ended."""
TOO_LARGE = 4 << 30
"""Bytes; a process that has more is ended before the machine suffers."""
EVERY = 10.0
"""Seconds between two lines of progress."""
TICK = 0.05
"""Seconds between two looks at what the children say: to be woken by each result would take their processors from them."""
MEMORY = Path("/dev/shm")
"""A folder in memory, where there is one: hundreds of files are written in a second."""


class Child:
    """A process that reads, and another one in its place when it dies."""

    def __init__(self, name: str, seed: int, number: int) -> None:
        self.name, self.seed = name, seed
        self.start(number)

    def start(self, number: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe(duplex=False)
        self.reading, self.since = number, time.monotonic() + PATIENCE  # a start takes its time
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        where = self.name, Path(self.folder.name)
        self.process = context.Process(target=work, args=(theirs, *where, self.seed, number, CHILDREN), daemon=True)
        self.process.start()
        theirs.close()

    def results(self) -> list[Result]:
        """Return what it said since the last time; a process that died or hangs says so by a Result."""
        out = []
        try:
            while self.pipe.poll():
                said = self.pipe.recv()
                self.since = time.monotonic()
                if isinstance(said, Result):
                    out.append(said)
                else:
                    self.reading = said
        except EOFError:
            return [*out, self.replaced("ended the process")]
        if time.monotonic() - self.since > PATIENCE:
            return [*out, self.replaced(f"no answer in {PATIENCE:.0f} s")]
        if not out and memory(self.process.pid) > TOO_LARGE:
            return [*out, self.replaced(f"more than {TOO_LARGE >> 30} GiB")]
        return out

    def replaced(self, reason: str) -> Result:
        lost = Result(self.reading, "lost", time.monotonic() - self.since, memory(self.process.pid), reason)
        self.stop()
        self.start(self.reading + CHILDREN)
        return lost

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()
        self.folder.cleanup()


class Tally:
    """What was seen so far."""

    def __init__(self, name: str, seed: int) -> None:
        self.name, self.seed = name, seed
        self.begin, self.seconds = time.monotonic(), 0.0
        self.kinds: Counter[str] = Counter()
        self.slowest = self.highest = Result(-1, "", 0.0, 0, "")
        self.found = 0

    def add(self, result: Result) -> None:
        self.kinds[result.kind] += 1
        self.slowest = max(self.slowest, result, key=lambda r: r.seconds)
        self.highest = max(self.highest, result, key=lambda r: r.peak)
        if reason := reason_of(result):
            self.found += 1
            self.keep(result, reason)

    def keep(self, result: Result, reason: str) -> None:
        FOUND.mkdir(exist_ok=True)
        path = FOUND / f"{self.name}-{self.seed}-{result.number}"
        path.with_suffix(".txt").write_text(f"{reason}\n{result.fault}\n", "utf-8")
        with tempfile.TemporaryDirectory() as folder:
            target = TARGETS[self.name](Path(folder))
            path.write_bytes(input_of(target, self.seed, result.number))
            target.close()
        say(f"found {path.name}: {reason}")

    def line(self) -> str:
        seconds, inputs = self.seconds, self.kinds.total()
        slow, high = self.slowest, self.highest
        return (
            f"{self.name}: {inputs} inputs in {seconds:.0f} s ({inputs / seconds / CHILDREN:.0f}/s on a core), "
            f"slowest {slow.seconds:.2f} s (#{slow.number}), highest {high.peak / 1e6:.0f} MB (#{high.number}), "
            f"found {self.found}"
        )


def reason_of(result: Result) -> str:
    """Return why an input is a find; empty where it is none."""
    if result.fault:
        return result.fault.strip().splitlines()[-1][:200]
    if result.seconds > SLOWEST:
        return f"slow: {result.seconds:.2f} s ({result.kind})"
    if result.peak > LARGEST:
        return f"large: {result.peak / 1e6:.0f} MB ({result.kind})"
    return ""


def fuzz(name: str, seed: int, seconds: float) -> Tally:
    """Give inputs to a target for so long."""
    tally, said = Tally(name, seed), time.monotonic()
    children = [Child(name, seed, number) for number in range(CHILDREN)]
    while tally.seconds < seconds:
        time.sleep(TICK)
        tally.seconds = time.monotonic() - tally.begin
        for child in children:
            for result in child.results():
                tally.add(result)
        if time.monotonic() - said > EVERY:
            said = time.monotonic()
            say(tally.line())
    for child in children:
        child.stop()
    return tally


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    options.add_argument("--minutes", type=float, default=10.0, help="for all targets together")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--target", choices=TARGETS, action="append", help="by default all")
    options.add_argument("--only", type=int, metavar="NUMBER", help="one input of one target, in this process")
    given = options.parse_args()
    targets = given.target or list(TARGETS)
    if given.only is not None:
        return once(targets[0], given.seed, given.only)
    tallies = [fuzz(name, given.seed, given.minutes * 60 / len(targets)) for name in targets]
    for tally in tallies:
        for kind, count in tally.kinds.most_common(20):
            say(f"{count:>8}  {kind}")
        say(tally.line())
    found = sum(tally.found for tally in tallies)
    say(f"seed {given.seed}: {sum(tally.kinds.total() for tally in tallies)} inputs, found {found}")
    return bool(found)


def once(name: str, seed: int, number: int) -> int:
    """Use one input as it was used when it was found, to see it fail."""
    with tempfile.TemporaryDirectory() as folder:
        target = TARGETS[name](Path(folder))
        data = input_of(target, seed, number)
        say(f"{len(data)} bytes: {data[:200]!r}")
        say(str(target.outcome(data)))
        target.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
