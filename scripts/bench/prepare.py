"""The files and the programs that are measured, made once and kept under .tools/bench."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from scripts import tools

FOLDER = tools.TOOLS / "bench"
GENERATOR = tools.ROOT / "tests" / "bench" / "generate.py"
GOPPROF = Path(__file__).parent / "gopprof"


def profile(name: str) -> Path:
    """Return the profile of a shape of the generator; it is made anew when the generator changes."""
    text = hashlib.sha256(GENERATOR.read_bytes()).hexdigest()[:12]
    made = FOLDER / f"{name}-{text}.pb.gz"
    if not made.exists():
        tools.say(f"making the profile {name} …")
        part = made.with_suffix(".part")
        part.parent.mkdir(parents=True, exist_ok=True)
        for old in FOLDER.glob(f"{name}-*.pb.gz"):
            old.unlink()
        subprocess.run([sys.executable, "-m", "tests.bench.generate", name, part], cwd=tools.ROOT, check=True)
        part.replace(made)  # last: an interrupted run begins again
    return made


def shape(file: Path) -> str:
    """Return in words what the file holds, counted and not assumed. Another process reads it: this one stays small."""
    say_it = "import sys; from scripts.bench import ours; print(ours.shape(open(sys.argv[1], 'rb').read()))"
    command = [sys.executable, "-c", say_it, str(file)]
    return subprocess.run(command, cwd=tools.ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def gopprof() -> Path:
    """Return our program on pprof's module."""
    out = FOLDER / "gopprof"
    tools.say("building gopprof …")
    subprocess.run([tools.go(), "build", "-o", out, "."], cwd=GOPPROF, check=True, stdout=sys.stderr)
    return out
