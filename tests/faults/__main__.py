"""`python -m tests.faults --kills 1000`: servers are killed at random moments, and a directory keeps changing.

Ends with 1 and a traceback where anything was lost, a number was wrong or a process was left. Linux only: it looks for
processes in /proc.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.faults import captures, directories
from tests.faults.kills import at_once, kill
from tests.faults.scene import Scene

SIDE_BY_SIDE = 2
EVERY = 20
"""Kills between two looks at whether anything was lost."""


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.partition("\n")[0])
    options.add_argument("--kills", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(Path(folder))
        scene.prepare()
        for number in range(0, given.kills, SIDE_BY_SIDE):
            at_once(scene, kill, [Random(f"{given.seed} {number + i}") for i in range(SIDE_BY_SIDE)])
            if number % EVERY == 0:
                scene.check()
                directories.check(scene, Random(f"{given.seed} {number}"))
                captures.kill(Path(folder, "captures"), Random(f"{given.seed} {number}"))
                say(f"{number + SIDE_BY_SIDE} kills in {time.monotonic() - begin:.0f} s, nothing lost, no process left")
        scene.check()
    say(f"seed {given.seed}: {given.kills} kills in {time.monotonic() - begin:.0f} s, nothing lost, no process left")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
