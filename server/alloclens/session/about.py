"""What a bug report needs to know of this installation and session: no source text and no values of profiles."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from collections import Counter
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from alloclens import __version__
from alloclens.cache.folder import CACHES, folder
from alloclens.processes import output, program
from alloclens.settings.settings import changed
from alloclens.settings.trust import grants_file
from alloclens.source.places import Place
from alloclens.walk import tree

if TYPE_CHECKING:
    from alloclens.session.world import World

PROGRAMS = {"git": "--version", "go": "version"}
"""Maps each program to the argument that prints its version."""
PROGRAM_SECONDS = 10.0
MAX_REASONS = 20
REQUIREMENT = re.compile(r"[\w.-]+")


def installation() -> list[str]:
    """Return versions, programs and caches, one per line. Starts programs: call it from a thread."""
    libraries = dict(sorted((name, _version(name)) for name in _requirements()))
    absent = [name for name, number in libraries.items() if not number]
    lines = [
        f"alloclens: {__version__}",
        f"Python: {platform.python_version()} ({platform.python_implementation()}, {sys.executable})",
        f"platform: {platform.platform()}",
        f"libraries: {', '.join(f'{name} {number}' for name, number in libraries.items() if number)}",
        f"not installed: {', '.join(absent) or 'none'}",
        *(f"{name}: {_program(name)}" for name in PROGRAMS),
        *(f"cache: {folder() / name} ({_size(folder() / name)})" for name in CACHES),
        f"allowed: {grants_file()} ({_size(grants_file())})",
    ]
    return without_home(lines)


def session(world: World) -> list[str]:
    """Return the settings and counts of a world, one per line. Looks for files: call it from a thread."""
    places = [world.sources.find(file) for file in world.sources.recorded_files]
    rules = Counter(place.rule if isinstance(place, Place) else "no place" for place in places)
    reasons = Counter(problem.summary or problem.reason for problem in world.problems)
    values = changed(world.settings)
    lines = [
        f"settings: {json.dumps(values) if values else 'defaults'}",
        f"directories: {len(world.directories)}",
        f"series: {len(world.series)}",
        f"snapshots: {sum(len(series.snapshots) for series in world.series)}, {world.pending} still to be read",
        f"recorded files: {len(places)}",
        *(f"  {rule}: {count}" for rule, count in rules.most_common()),
        f"problems: {len(world.problems)}",
        *(f"  {reason}: {count}" for reason, count in reasons.most_common(MAX_REASONS)),
    ]
    return without_home(lines)


def without_home(lines: list[str]) -> list[str]:
    """Return lines in which paths of the user's home directory begin with ~."""
    home = os.path.expanduser("~").rstrip("/\\")
    if not Path(home).is_absolute():  # unknown, or the root of the disk
        return lines
    names = dict.fromkeys((home, home.replace("\\", "/"), home.replace("\\", "\\\\")))
    pattern = re.compile(rf"(?:{'|'.join(map(re.escape, names))})(?![\w.-])")
    return [pattern.sub("~", line) for line in lines]


def _requirements() -> list[str]:
    """Return the names of all dependencies, also optional ones and those for other platforms."""
    try:
        lines = requires("alloclens") or []
    except PackageNotFoundError:
        return []
    return [name[0] for line in lines if "extra == 'dev'" not in line and (name := REQUIREMENT.match(line))]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _program(name: str) -> str:
    path = program(name)
    if path is None:
        return "not found"
    env = os.environ | {"GOTOOLCHAIN": "local"}  # else go may download another version of itself
    written = output(name, PROGRAMS[name], env=env, seconds=PROGRAM_SECONDS)
    return f"{written.decode(errors='replace').strip() if written else 'no answer'} ({path})"


def _size(path: Path) -> str:
    """Return the size of a database with its log, or of all files below a directory."""
    try:
        walked = tree(str(path), (), left_out := set[str](), with_hidden=True)  # of a file, nothing
        files = [Path(directory, name) for directory, _, names in walked for name in names]
        files = files or [path, path.with_name(f"{path.name}-wal")]
        size = f"{sum(file.stat().st_size for file in files if file.is_file())} bytes"
        return f"{'more than ' if left_out else ''}{size}" if path.exists() else "none"
    except OSError as error:
        return error.strerror or "unreadable"
