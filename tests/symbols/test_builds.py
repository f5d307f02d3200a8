"""Which build a profile without build ids is of: real programs, and profiles as gperftools writes them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from alloclens.cache.frames import FrameStore
from alloclens.cli import main as cli
from alloclens.profile.formats import read
from alloclens.session import once, profile_file, reading
from alloclens.symbols import binaries
from alloclens.symbols.symbols import symbolized
from alloclens.wording.status import in_full
from click.testing import CliRunner

from tests.support import native
from tests.support.profiles import drop

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.symbols.symbols import Symbolized

    from tests.support.native import Ran

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(sys.platform != "linux", reason="the programs read /proc/self/maps"),
    pytest.mark.skipif(not native.compiler(), reason="no C++ compiler here"),
]
pytest.importorskip("symbolic", reason="the extra alloclens[binaries] is not installed")
NAMES = ("shop::Box::inner", "shop::middle", "shop::outer")
MB = 1 << 20


@pytest.fixture(autouse=True)
def _fresh() -> None:
    forget()


def forget() -> None:
    """Forget what this process has read, as a new one."""
    binaries._search.cache_clear()
    reading.READ.clear()
    reading.LINES.clear()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return native.cpp(tmp_path_factory.mktemp("program"))


def found(ran: Ran, *folders: Path, chosen: tuple[str, ...] = (), file: str = "", taken_at: float = 0) -> Symbolized:
    return symbolized(read(ran.text(100, file)), [*map(str, folders)], chosen, taken_at or time.time() + 60)


def test_the_binary_at_the_recorded_path_or_the_only_one_of_its_name(program: Ran, tmp_path: Path) -> None:
    folder = program.binary.parent
    for file in ("", "/app/bin/shop", "C:\\app\\shop"):
        assert native.frames(found(program, folder, file=file).profile) == program.truth(*NAMES)
    (tmp_path / "old").mkdir()
    shutil.copy2(program.binary, tmp_path / "old" / "shop")
    assert native.frames(found(program, folder, tmp_path).profile) == program.truth(*NAMES)
    several = found(program, folder, tmp_path, file="/app/bin/shop")
    assert (several.missing, several.refused) == ((), ("/app/bin/shop",))
    (said,) = several.messages
    assert said.startswith("which of these is the shop that ran? Name one in the setting binaries: ")
    chosen = found(program, folder, tmp_path, file="/app/bin/shop", chosen=(str(tmp_path / "old"),))
    assert native.frames(chosen.profile) == program.truth(*NAMES)


def test_a_binary_that_is_newer_than_the_profile_is_refused(program: Ran) -> None:
    written = program.binary.stat().st_mtime_ns / 1e9
    assert native.frames(found(program, program.binary.parent, taken_at=written).profile) == program.truth(*NAMES)
    for chosen in ((), (str(program.binary),)):
        refused = found(program, program.binary.parent, chosen=chosen, taken_at=written - 0.01)
        assert native.frames(refused.profile) == [("", "", 0)]
        assert refused.messages[0].startswith(f"{program.binary}: was written after the profile")


def test_of_several_builds_that_are_named_the_newer_ones_did_not_run(program: Ran, tmp_path: Path) -> None:
    """A copy of each build is kept, as the documentation says."""
    for name, age in (("v1", -10), ("v2", 10)):
        (tmp_path / name).mkdir()
        shutil.copy2(program.binary, tmp_path / name / "shop")
        os.utime(tmp_path / name / "shop", (1_700_000_000 + age,) * 2)
    given = found(program, chosen=(str(tmp_path),), file="/app/shop", taken_at=1_700_000_000)
    assert native.frames(given.profile) == program.truth(*NAMES)
    in_the_workspace = found(program, tmp_path, file="/app/shop", taken_at=1_700_000_000)
    assert native.frames(in_the_workspace.profile) == [("", "", 0)]  # v1 may be another program


def test_a_binary_that_was_replaced_while_the_program_ran_is_refused(program: Ran) -> None:
    given, folder = read(program.text(100, is_replaced=True)), str(program.binary.parent)
    refused = symbolized(given, [folder], [])
    assert refused.profile is given
    assert refused.messages[0].startswith(f"{program.binary}: was rebuilt while the program ran")
    assert native.frames(symbolized(given, [], [folder]).profile) == program.truth(*NAMES)  # a copy that the user names


@pytest.mark.skipif(not shutil.which("objcopy"), reason="no objcopy here")
def test_debug_information_in_a_file_of_its_own(program: Ran, tmp_path: Path) -> None:
    stripped = tmp_path / "shop"
    for command in (
        ["--only-keep-debug", program.binary, tmp_path / "lines.debug"],
        ["--strip-debug", program.binary, stripped],
    ):
        subprocess.run(["objcopy", *map(str, command)], check=True)
    assert native.frames(found(program, tmp_path, file=str(stripped)).profile) == program.truth(*NAMES)


def test_after_a_rebuild_the_old_snapshots_keep_their_lines(tmp_path: Path) -> None:
    """The lines of a snapshot are those of the build that ran, though its binary is gone."""
    profiles = tmp_path / "profiles"
    old = native.cpp(tmp_path)
    then = old.truth(*NAMES)
    drop(profiles / "shop.0001.heap", old.text(MB))
    assert lines(tmp_path) == {then[0][2]: MB}

    old.source.write_text("// new\n" * 3 + native.CPP)
    subprocess.run([*native.compiler(), "-g", "-O2", "-o", old.binary, old.source], check=True)
    forget()
    drop(profiles / "shop.0002.heap", old.text(3 * MB, is_replaced=True))  # the old program still runs
    assert lines(tmp_path, "shop.0001.heap") == {then[0][2]: MB}
    assert lines(tmp_path) == {}
    assert "was rebuilt while the program ran" in " ".join(once.world([str(tmp_path)], None, {}).shown.head.notes)

    new = native.run(old.binary, old.source)
    drop(profiles / "shop.0003.heap", new.text(2 * MB))
    os.utime(profiles / "shop.0003.heap", (time.time() + 60,) * 2)
    assert lines(tmp_path) == {then[0][2] + 3: 2 * MB}
    assert lines(tmp_path, "shop.0001.heap") == {then[0][2]: MB}

    unseen = drop(profiles / "shop.0000.heap", old.text(5 * MB))
    os.utime(unseen, (old.binary.stat().st_mtime - 60,) * 2)
    assert lines(tmp_path, "shop.0000.heap") == {}
    assert lines(tmp_path, "shop.0001.heap") == {then[0][2]: MB}


def test_after_a_rebuild_lines_and_verdicts_are_those_until_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    old = native.cpp(tmp_path)
    written, line = old.binary.stat().st_mtime, old.truth(*NAMES)[0][2]

    def taken(number: int, *, is_replaced: bool = False) -> None:
        text = old.text(number * MB, objects=number, is_replaced=is_replaced)
        given = drop(tmp_path / f"profiles/shop.{number:04}.heap", text)
        os.utime(given, (written + 10 * number,) * 2)

    for number in range(1, 13):
        taken(number)
    run = CliRunner().invoke
    before = run(cli, ["leaks", "profiles"])
    os.utime(old.binary, (written + 125,) * 2)
    forget()
    for number in (13, 14):
        taken(number, is_replaced=True)
    after = run(cli, ["leaks", "profiles"])
    until = time.strftime("%H:%M", time.localtime(written + 120))
    assert "12.0MB held through this line" in before.stdout
    assert "Until" not in before.stdout
    assert f"  Until {until}:" in after.stdout
    assert before.stdout.splitlines()[-1].strip() in after.stdout
    (said,) = after.stderr.splitlines()
    assert said.startswith(f"shop.0014.heap: {old.binary}: was rebuilt while the program ran")
    assert (
        f"So 2 of 14 snapshots of the process have no lines; lines and verdicts are those of the snapshots until {until}"
        in said
    )

    annotated = run(cli, ["annotate", str(old.source), "--profiles", "profiles"])
    assert annotated.stdout.splitlines()[0].endswith("first → shop.0012.heap")
    assert f"12.0MB ▲11.0MB at {until} " in next(row for row in annotated.stdout.splitlines() if f" {line} " in row)
    assert "cum on line" in run(cli, ["explain", str(old.source)]).stdout
    assert "no file of this workspace" not in run(cli, ["explain"]).stderr
    known = once.world([str(tmp_path)], None, {})
    assert (known.shown.head.name, known.with_lines(known.shown).head.name) == ("shop.0014.heap", "shop.0012.heap")
    assert not run(cli, ["leaks", "profiles", "--head", "shop.0011.heap"]).stdout.count("Until")


def test_what_was_read_is_kept_though_a_library_of_the_system_has_no_lines(
    program: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    libc = "7f0000000000-7f0000100000 r-xp 00000000 08:01 13 /lib/x86_64-linux-gnu/libc.so.6\n"
    shutil.copy2(program.binary, tmp_path / "shop")
    for number in (1, 2):
        text = program.text(number * MB).decode().replace("\n\nMAPPED", " 0x7f0000000123\n\nMAPPED") + libc
        drop(tmp_path / f"profiles/shop.{number:04}.heap", text.encode())
    wanted = {program.truth(*NAMES)[0][2]: 2 * MB}
    assert lines(tmp_path) == wanted
    forget()
    monkeypatch.setattr(reading.Reader, "snapshot", lambda *_: pytest.fail("it is read again"))
    assert lines(tmp_path) == wanted


def test_snapshots_that_are_older_than_the_binary_are_no_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program = native.cpp(tmp_path)
    written = program.binary.stat().st_mtime
    for number, age in enumerate((-20, -10, 10, 20), 1):
        given = drop(tmp_path / f"profiles/shop.{number:04}.heap", program.text(number * MB))
        os.utime(given, (written + age,) * 2)
    result = CliRunner().invoke(cli, ["annotate", str(program.source), "--profiles", "profiles"])
    assert "4.0MB (+1.0MB)" in result.stdout.splitlines()[0]  # of the third, which is the first with names
    for command in (["annotate", str(program.source), "--profiles", "profiles"], ["explain"], ["leaks", "profiles"]):
        said = CliRunner().invoke(cli, command).stderr
        assert (
            "2 of 4 snapshots of the process are left out of verdicts and are no base: shop.0001.heap, shop.0002"
            in said
        )
        assert f"shop.0001.heap: {program.binary}: was written after the profile" in said
    alone = CliRunner().invoke(cli, ["leaks", "profiles", "--head", "shop.0003.heap"]).stdout
    assert "of 3 snapshots of the process up to the head, 2 cannot be compared; it takes two" in alone
    shown = once.world([str(tmp_path)], None, {"head": "shop.0003.heap"}).shown
    assert in_full(shown).endswith("nothing to compare with: the earlier snapshots of the process have no names")


@pytest.mark.skipif(not shutil.which("objcopy"), reason="no objcopy here")
def test_the_build_with_debug_information_is_read_when_it_is_put_back(tmp_path: Path) -> None:
    folder, whole = tmp_path / "work", tmp_path / "whole"
    folder.mkdir()
    program = native.cpp(folder)
    shutil.copy2(program.binary, whole)
    subprocess.run(["objcopy", "--strip-all", whole, program.binary], check=True)
    shutil.copystat(whole, program.binary)
    for number in (1, 2):
        drop(folder / f"profiles/shop.{number:04}.heap", program.text(number * MB))
    assert lines(folder) == {}
    shutil.copy2(whole, program.binary)
    forget()
    assert lines(folder) == {program.truth(*NAMES)[0][2]: 2 * MB}


def test_what_was_kept_is_read_again_if_the_file_reads_differently(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The frames are gone from the cache, and so is the binary that gave them."""
    program = native.cpp(tmp_path)
    for number in (1, 2):
        drop(tmp_path / f"profiles/shop.{number:04}.heap", program.text(number * MB))
    named = {program.truth(*NAMES)[0][2]: 2 * MB}
    assert lines(tmp_path) == named
    written = program.binary.stat().st_mtime
    empty = FrameStore(tmp_path / "frames.sqlite3")
    monkeypatch.setattr(profile_file, "frames", lambda: empty)
    for seconds, found in ((written + 60, {}), (written, named)):
        os.utime(program.binary, (seconds,) * 2)
        forget()
        assert lines(tmp_path) == found


def test_top_reads_the_setting_and_says_why_there_is_no_line(
    program: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = drop(tmp_path / "shop.heap", program.text(MB, "/app/shop"))
    (tmp_path / "alloclens.toml").write_text('binaries = ["bin"]\n')
    assert "1.0MB on no line (no binary of /app/shop" in top(given)
    (tmp_path / "bin").mkdir()
    shutil.copy2(program.binary, tmp_path / "bin" / "shop")
    binaries._search.cache_clear()
    assert f"shop::Box::inner {program.source}" in top(given)
    os.utime(given, (1, 1))
    assert "was written after the profile" in top(given)
    assert f"shop::Box::inner {program.source}" in top(given, "--binary", str(program.binary))


def test_top_keeps_the_lines_after_a_rebuild(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program = native.cpp(tmp_path)
    seen, unseen = (drop(tmp_path / f"{name}.heap", program.text(MB)) for name in ("seen", "unseen"))
    assert f"shop::Box::inner {program.source}" in top(seen.name)
    os.utime(program.binary, (time.time() + 60,) * 2)
    forget()
    assert f"shop::Box::inner {program.source}" in top(seen.name)
    refused = top(unseen.name)
    assert f"{program.binary}: was written after the profile" in refused
    assert "1.0MB on no line\n" in refused
    assert "no binary of" not in refused
    assert f"shop::Box::inner {program.source}" in top(unseen.name, "--binary", program.binary)


def top(*arguments: object) -> str:
    return CliRunner().invoke(cli, ["top", *map(str, arguments)]).output


def lines(folder: Path, head: str = "latest") -> dict[int, int]:
    """Return what each line of the source holds at its flat, as recorded."""
    shown = once.world([str(folder)], None, {"head": head}).shown
    assert shown is not None
    return {
        int(line): int(value)
        for line, value in zip(shown.lines.line, shown.lines.value.flat[:, shown.column], strict=True)
        if line and value
    }
