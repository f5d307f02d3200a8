"""Two builds of a real Go program: in the second, a function has moved, one is renamed, and one keeps what it should not."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from alloclens.check.growth import Runs
from alloclens.check.judge import CheckedCode, CheckOptions, check_builds
from alloclens.check.limits import Least, Limit
from alloclens.check.run_pairs import RunPairs
from alloclens.profile.formats import profile_pb2 as pb
from alloclens.session import once
from alloclens.session.world import FilePair
from alloclens.workspace.files import text_of

from scripts import tools
from tests.support.profiles import RATE

if TYPE_CHECKING:
    from pathlib import Path

MAIN = """package main

import (
	"flag"
	"os"
	"runtime"
	"runtime/pprof"
)

var (
	cache = map[int][]byte{}
	index = map[int][]byte{}
	trail [][]byte
	kept  [][]byte
)

func main() {
	requests := flag.Int("requests", 20_000, "how many to serve")
	flag.IntVar(&runtime.MemProfileRate, "rate", 512<<10, "bytes between two samples")
	flag.Parse()
	for i := range *requests {
		serve(i)
	}
	runtime.GC()
	if err := pprof.Lookup("heap").WriteTo(os.Stdout, 0); err != nil {
		panic(err)
	}
	runtime.KeepAlive([][][]byte{trail, kept})
}

func serve(i int) {
	remember(i)
	lookup(i)
	audit(i)
}

//go:noinline
func remember(i int) {
	cache[i%4_000] = make([]byte, 4<<10)
}

//go:noinline
func lookup(i int) {
	if index[i%8_000] == nil {
		index[i%8_000] = make([]byte, 2<<10)
	}
}

//go:noinline
func audit(i int) {
	entry := make([]byte, 2<<10)
	entry[i%len(entry)] = 1
	trail = append(trail[:0], entry)
}
"""
MOVED = re.compile(r"\n//go:noinline\nfunc remember.*?\n}\n", re.DOTALL)
LEAK = "\tkept = append(kept, make([]byte, 2<<10))"


class Build(NamedTuple):
    """A program, and the workspace with its source as it was then."""

    binary: Path
    folder: Path

    def run(self, into: Path, *arguments: str) -> Path:
        """Write the heap of one run."""
        into.parent.mkdir(parents=True, exist_ok=True)
        with into.open("wb") as out:
            subprocess.run([self.binary, *arguments], stdout=out, check=True)
        return into


def base(folder: Path) -> Build:
    """Build the program, and commit it."""
    folder.mkdir()
    (folder / "go.mod").write_text("module example.com/shop\n\ngo 1.24\n")
    (folder / "main.go").write_text(MAIN)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    return _built(folder, "base")


def harmless(folder: Path) -> Build:
    """Move a function to another file, between others, and rename another one; and build that."""
    moved = MOVED.search(MAIN)
    assert moved
    (folder / "main.go").write_text("// Shop is a service.\n" + MOVED.sub("", MAIN).replace("lookup", "findInIndex"))
    (folder / "store.go").write_text(f"package main\n\n// What is remembered.\n{moved[0]}")
    return _built(folder, "harmless")


def leaking(folder: Path) -> Build:
    """Let a function keep what it made, in addition, and build that."""
    text = (folder / "main.go").read_text()
    (folder / "main.go").write_text(text.replace("\tentry := make", f"{LEAK}\n\tentry := make"))
    return _built(folder, "leaking")


def line_of_the_leak(folder: Path) -> int:
    """Return the number of the line that was added."""
    return (folder / "main.go").read_text().split("\n").index(LEAK) + 1


def failures(folder: Path, exact: bytes, into: Path, repetitions: int, seed: int = 20) -> int:
    """Return how many comparisons of an unchanged program fail: what one recorded heap is as Go's sampling sees it, twice each time.

    No growth is allowed beyond the error. `exact` is a profile of all allocations, and `into` a directory for files.
    """
    rng, failed = np.random.default_rng(seed), 0
    here, no_limit = CheckedCode(str(folder), text_of), CheckOptions(most=Limit(share=0.0), least=Least(0, 0))
    for i in range(repetitions):
        base, head = (into / f"{side}{i}.pb.gz" for side in ("base", "head"))
        for file in (base, head):
            file.write_bytes(_sampled(exact, rng))
        world = once.two_files([here.folder], FilePair(str(base), str(head)), {})
        runs = Runs([world.named.comparison], 1, 1, ([1.0], [1.0]))
        result = check_builds(RunPairs([(runs, world)]), no_limit, here, "the same")
        assert not result.unjudged
        failed += bool(result.violations)
        base.unlink()
        head.unlink()
    return failed


def _sampled(exact: bytes, rng: np.random.Generator) -> bytes:
    """Return a profile of all allocations as one that samples at Go's default rate: each block once, when it is allocated.

    runtime/pprof writes n sampled blocks of a size as n/p of them, cut to a whole number, p = 1 - exp(-size/rate).
    """
    message = pb.Profile.FromString(gzip.decompress(exact))
    for sample in message.sample:
        allocated, space, held, _ = sample.value
        if allocated:
            size = space // allocated
            p = -np.expm1(-size / RATE)
            live, gone = rng.binomial(held, p), rng.binomial(allocated - held, p)
            sample.value[:] = [int(n * of / p) for n in (live + gone, live) for of in (1, size)]
    message.period = RATE
    return gzip.compress(message.SerializeToString(), 1)


def _built(folder: Path, name: str) -> Build:
    _git(folder, "add", "-A")
    _git(folder, "commit", "--quiet", "-m", name)
    binary = folder.parent / f"{name}.program"
    subprocess.run([tools.go(), "build", "-o", binary, "."], cwd=folder, check=True, env=tools.environment())
    return Build(binary, folder)


def _git(folder: Path, *arguments: str) -> None:
    alone = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "core.autocrlf=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, env=alone, check=True)
