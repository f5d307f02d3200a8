"""What several rooms' tests share: which of them start programs, and fresh profiles of the real leaky service."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import hypothesis
import platformdirs
import pytest
from alloclens.profile import kernel
from alloclens.profile.compiled import compiled

from scripts import leaky

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SNAPSHOTS = 4

# A shell's background jobs ignore SIGINT, and what nohup starts SIGHUP: so would the programs that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

hypothesis.settings.register_profile(
    "patient", deadline=None
)  # how long an example takes says nothing on a busy machine
hypothesis.settings.register_profile("quick", deadline=None, max_examples=20, derandomize=True, database=None)
hypothesis.settings.load_profile("patient")

STARTED: list[str] = []
"""The programs that the test that runs now has started, or its fixtures."""
STARTING: set[tuple[str, str]] = set()
"""The fixtures that have started one: where they are defined, and their names."""


def _note_program(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen":
        program, command, *_ = arguments
        if command[1:2] != ["env"]:  # alloclens asks Go once, whichever test is the first, and does without it
            STARTED.append(str(program))
    elif event in ("os.fork", "os.posix_spawn"):
        STARTED.append(event)


sys.addaudithook(_note_program)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
    before = len(STARTED)
    made = yield
    if len(STARTED) > before:
        STARTING.add((fixturedef.baseid, fixturedef.argname))
    return made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Iterator[None]:
    STARTED.clear()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test of `make check`, which leaves out those marked `programs`, if it starts a program anyway."""
    passed = yield
    if "not programs" not in item.config.option.markexpr:
        return passed
    fixtures: Sequence[str] = getattr(item, "fixturenames", ())
    started = [*STARTED, *(name for base, name in STARTING if name in fixtures and item.nodeid.startswith(base))]
    if started and not item.get_closest_marker("programs"):
        pytest.fail(f"It starts {started[0]!r}: mark it with pytest.mark.programs.")
    return passed


@pytest.fixture(scope="session", autouse=True)
def _cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests, and the servers they start, out of the user's own directories."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOCACHE", os.environ.get("GOCACHE") or platformdirs.user_cache_dir("go-build"))  # Go's stays
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="session")
def leaky_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's sources in a folder of their own."""
    return leaky.copy(tmp_path_factory.mktemp("leaky") / "leaky")


@pytest.fixture(scope="session")
def leaky_profiles(leaky_copy: Path) -> list[Path]:
    """Some snapshots of the service under load, a second apart, oldest first."""
    profiles = leaky_copy / "profiles"
    with leaky.under_load(leaky_copy, every="1s"):
        end = time.monotonic() + 60  # after the build: on a fresh machine that compiles Go's standard library first
        while time.monotonic() < end:
            found = sorted(profiles.glob("heap-*.pb.gz"))
            if len(found) >= SNAPSHOTS:
                return found
            time.sleep(0.2)
    raise AssertionError(f"{len(found)} snapshots in a minute")


def pytest_unconfigure() -> None:
    """Let the kernel's memory go while its library still can: at the end of the interpreter it writes a traceback."""
    kernel._local.__dict__.clear()
    compiled.cache_clear()
    gc.collect()
