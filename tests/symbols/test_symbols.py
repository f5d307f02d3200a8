"""Addresses become lines: the lines marked in the sources of real programs."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.profile.formats import read
from alloclens.source.roots import Roots
from alloclens.symbols import binaries, symbols
from alloclens.symbols.build_info import build
from alloclens.symbols.symbols import INSTALL, NOTHING_KEPT, symbolized
from alloclens.tables.lines import unplaced

from scripts import tools
from tests.support import native

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.native import Ran

pytestmark = pytest.mark.programs

pytest.importorskip("symbolic", reason="the extra alloclens[binaries] is not installed")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="the programs read /proc/self/maps")
needs_compiler = pytest.mark.skipif(not native.compiler(), reason="no C++ compiler here")
GO = ("main.inner", "main.middle", "main.outer")
CPP = ("shop::Box::inner", "shop::middle", "shop::outer")


@pytest.fixture(autouse=True)
def _fresh() -> None:
    """Search anew in each test, not only after binaries.SEARCH_TTL_SECONDS seconds."""
    binaries._search.cache_clear()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return native.go(tmp_path_factory.mktemp("program"), "-ldflags=-B 0xa1b2c3d4e5f60718")


BUILD_ID = "a1b2c3d4e5f60718"


@needs_linux
@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", ["exe", "pie"])
def test_a_program_and_a_position_independent_one(tmp_path: Path, mode: str) -> None:
    ran = native.go(tmp_path, f"-buildmode={mode}", "-ldflags=-B 0xa1b2c3d4e5f60718")
    found = symbolized(ran.profile(BUILD_ID), [str(tmp_path)], [])
    assert native.frames(found.profile) == ran.truth(*GO)
    assert (found.messages, found.missing) == ((), ())
    assert unplaced(ran.profile())[0] == 100
    assert unplaced(found.profile)[0] == 0


@needs_linux
@needs_compiler
@pytest.mark.parametrize(
    "flags",
    [("-fPIE", "-pie"), ("-fno-PIE", "-no-pie"), ("-fPIE", "-pie", "-Wl,-z,noseparate-code"), ("-gdwarf-4",)],
    ids=" ".join,
)
def test_cpp(tmp_path: Path, flags: tuple[str, ...]) -> None:
    ran = native.cpp(tmp_path, *flags)
    build_id = build_ids(ran.binary)[0]
    found = symbolized(ran.profile(build_id.upper(), file="/gone/shop"), [str(tmp_path)], [])
    assert native.frames(found.profile) == ran.truth(*CPP)
    system_name = found.profile.text(found.profile.functions.system_name)
    assert any(n.startswith("_ZN4shop5outer") for n in system_name)


@needs_linux
@needs_compiler
def test_a_build_id_proves_which_program_ran_but_not_one_of_go(tmp_path: Path, program: Ran) -> None:
    ran, roots = native.cpp(tmp_path), Roots((str(tmp_path), str(program.binary.parent)))
    for profile, proven in ((ran.profile(build_ids(ran.binary)[0]), True), (program.profile(BUILD_ID), False)):
        found = build(profile, roots, ())
        assert (found.is_here, found.is_proven) == (True, proven)
    found = build(ran.profile("0" * 40), roots, ())
    assert (found.is_here, found.is_proven) == (False, False)
    recorded = ran.profile(build_ids(ran.binary)[0], file="./shop")  # as it was started
    lines = symbolized(recorded, [str(tmp_path)], [])
    found = build(recorded, roots, (), lines.found.built_at)
    assert (found.written_at, found.is_proven) == (ran.binary.stat().st_mtime_ns / 1e9, True)
    text = ran.profile()  # without a build id
    assert not build(text, roots, (), symbolized(text, [str(tmp_path)], []).found.built_at).is_proven


@needs_linux
@needs_compiler
@pytest.mark.skipif(not shutil.which("objcopy"), reason="no objcopy here")
def test_debug_information_in_a_file_of_its_own(tmp_path: Path) -> None:
    ran = native.cpp(tmp_path)
    build_id = build_ids(ran.binary)[0]
    subprocess.run(["objcopy", "--only-keep-debug", "shop", "shop.debug"], cwd=tmp_path, check=True)
    subprocess.run(["objcopy", "--strip-all", "shop"], cwd=tmp_path, check=True)
    found = symbolized(ran.profile(build_id), [str(tmp_path)], [])
    assert native.frames(found.profile) == ran.truth(*CPP)
    ran.binary.unlink()
    binaries._search.cache_clear()
    found = symbolized(ran.profile(build_id), [str(tmp_path)], [])
    assert "has only debug information" in found.messages[0]


@needs_linux
@needs_compiler
@pytest.mark.skipif(not shutil.which("objcopy"), reason="no objcopy here")
@pytest.mark.parametrize("chosen", ["", "debug"], ids=["of the workspace", "of a named directory"])
def test_debug_information_where_debuggers_look_for_it(tmp_path: Path, chosen: str) -> None:
    """A profile without a build id leads to the program by its name, and that to its debug information."""
    ran = native.cpp(tmp_path)
    build_id = build_ids(ran.binary)[0]
    debug = tmp_path / chosen / ".build-id" / build_id[:2] / f"{build_id[2:]}.debug"
    debug.parent.mkdir(parents=True)
    subprocess.run(["objcopy", "--only-keep-debug", "shop", debug], cwd=tmp_path, check=True)
    subprocess.run(["objcopy", "--strip-all", "shop"], cwd=tmp_path, check=True)
    for profile in (ran.profile(build_id), read(ran.text(100))):
        found = symbolized(profile, [str(tmp_path)], [chosen] if chosen else [])
        assert native.frames(found.profile) == ran.truth(*CPP)
        assert not found.messages


@needs_linux
@needs_compiler
@pytest.mark.parametrize("where", ["beside", "elsewhere", "package"])
def test_debug_information_in_dwo_files(tmp_path: Path, where: str) -> None:
    """The lines are in the program; functions, and what was inlined into them, in the .dwo file."""
    ran = native.cpp(tmp_path, "-gsplit-dwarf", "-gdwarf-5")
    (made,) = tmp_path.glob("*.dwo")
    if where == "package":
        pack = shutil.which("llvm-dwp") or pytest.skip(
            "no llvm-dwp here; that of binutils ends with a fault for DWARF 5"
        )
        subprocess.run([pack, "-e", "shop", "-o", "shop.dwp"], cwd=tmp_path, check=True)
        made.unlink()
    if where == "elsewhere":
        (tmp_path / "objects").mkdir()
        made.rename(tmp_path / "objects" / made.name)
        made.write_bytes(b"of another program")
    for profile in (ran.profile(), read(ran.text(100))):
        found = symbolized(profile, [str(tmp_path)], [])
        assert native.frames(found.profile) == ran.truth(*CPP)
        assert not found.messages


@needs_linux
@needs_compiler
@pytest.mark.parametrize("why", ["of DWARF 4", "lost", "of another build", "cut off"])
def test_debug_information_in_dwo_files_is_told_to_be_there(tmp_path: Path, why: str) -> None:
    """No line is better than none that is said: the functions are known, the lines are not."""
    ran = native.cpp(tmp_path, "-gsplit-dwarf", f"-gdwarf-{4 if why == 'of DWARF 4' else 5}")
    (made,) = tmp_path.glob("*.dwo")
    if why == "lost":
        made.unlink()
    if why == "of another build":
        binary = ran.binary.read_bytes()
        native.cpp(tmp_path, "-gsplit-dwarf", "-gdwarf-5", "-O0")
        ran.binary.write_bytes(binary)
    if why == "cut off":
        made.write_bytes(made.read_bytes()[:1000])
    found = symbolized(ran.profile(), [str(tmp_path)], [])
    assert {(file, line) for _, file, line in native.frames(found.profile)} == {("", 0)}
    (message,) = found.messages
    assert message.startswith(f"{ran.binary}: has its debug information in .dwo files (-gsplit-dwarf)")
    again = symbolized(ran.profile(), [str(tmp_path)], [], kept=lambda: found.found)
    assert (native.frames(again.profile), again.messages) == (native.frames(found.profile), found.messages)


@needs_linux
def test_another_build_is_refused(program: Ran) -> None:
    given = program.profile("00ff")
    found = symbolized(given, [str(program.binary.parent)], [str(program.binary)])
    assert found.profile is given
    assert (found.missing, found.refused) == ((), (str(program.binary),))
    assert [m for m in found.messages if "build id a1b2c3d4e5f60718, the profile's has 00ff" in m]


@needs_linux
def test_what_only_the_profile_names_is_not_opened(program: Ran, tmp_path: Path) -> None:
    (tmp_path / "native").symlink_to(program.binary)
    given = program.profile(BUILD_ID)
    found = symbolized(given, [str(tmp_path)], [])
    assert found.profile is given
    assert found.missing == (str(program.binary),)


@needs_linux
def test_a_stripped_program(tmp_path: Path) -> None:
    ran = native.go(tmp_path, "-ldflags=-s -w -B 0xa1b2c3d4e5f60718")
    found = symbolized(given := ran.profile(BUILD_ID), [str(tmp_path)], [])
    assert found.profile is given
    assert "has no debug information" in found.messages[0]


@needs_linux
@pytest.mark.parametrize("size", [4, 20, 60, 100, 5000, 500_000])
def test_a_cut_program(program: Ran, tmp_path: Path, size: int) -> None:
    (tmp_path / "native").write_bytes(program.binary.read_bytes()[:size])
    for build_id in ("", BUILD_ID):
        found = symbolized(given := program.profile(build_id), [], [str(tmp_path)])
        assert found.profile is given
        assert [m for m in found.messages if "cut off" in m or "has no build id" in m] or size < binaries.MAGIC_BYTES


@needs_linux
def test_damaged_bytes_never_raise(program: Ran, tmp_path: Path) -> None:
    whole, random = program.binary.read_bytes(), np.random.default_rng(1)
    for turn in range(25):
        data = bytearray(whole)
        for at in random.integers(4, 4096 if turn % 2 else len(data), 400 if turn % 2 else 20_000).tolist():
            data[at] = int(random.integers(256))
        (tmp_path / "native").write_bytes(data)
        binaries._search.cache_clear()
        found = symbolized(program.profile(), [], [str(tmp_path)])
        assert len(found.profile) == 1


@needs_linux
def test_a_program_without_build_id_is_no_proof(tmp_path: Path) -> None:
    ran = native.go(tmp_path, "-ldflags=-B none")
    found = symbolized(given := ran.profile(BUILD_ID), [], [str(tmp_path)])
    assert found.profile is given
    assert "has no build id" in found.messages[0]
    assert native.frames(symbolized(ran.profile(), [], [str(tmp_path)]).profile) == ran.truth(*GO)


@needs_linux
def test_addresses_outside_the_code_stay_unknown(program: Ran) -> None:
    inside = (program.start, program.limit, program.offset)
    odd = [program.limit + (1 << 33), 1, (1 << 64) - 1, program.address, program.address]
    given = native.addresses(odd, inside, "native", BUILD_ID)
    found = symbolized(given, [str(program.binary.parent)], [])
    assert [native.frames(found.profile, n)[0][0] for n in range(5)] == ["", "", "", "main.inner", "main.inner"]
    assert unplaced(found.profile)[0] == 300


@needs_linux
def test_a_file_too_large(program: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy2(program.binary, tmp_path / "native")
    monkeypatch.setattr(binaries, "MAX_BINARY_BYTES", 1 << 10)
    found = symbolized(given := program.profile(), [], [str(tmp_path)])
    assert found.profile is given
    assert "is larger than" in found.messages[0]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("system", "base"), [("darwin", 0x1000000), ("windows", 0x140000000)])
def test_programs_of_other_systems(tmp_path: Path, system: str, base: int) -> None:
    """Built here, not run: the address of outer and its line are those that Go's own tools say."""
    (tmp_path / "go.mod").write_text("module example.com/native\n\ngo 1.24\n")
    (tmp_path / "main.go").write_text(native.GO)
    env = tools.environment() | {"GOOS": system, "GOARCH": "amd64", "CGO_ENABLED": "0"}
    run(tmp_path, env, "build", "-ldflags=-compressdwarf=false", "-o", "native", ".")
    names = run(tmp_path, None, "tool", "nm", "native").splitlines()
    outer = next(int(line.split()[0], 16) for line in names if line.endswith(" T main.outer"))
    said = run(tmp_path, None, "tool", "addr2line", "native", given=hex(outer))
    name, place = said.split("\n")[:2]
    slide = 0x7000_0000
    given = native.addresses([outer + slide], (base + slide, base + slide + (1 << 24), 0), "native")
    found = symbolized(given, [], [str(tmp_path)])
    assert native.frames(found.profile)[-1] == (name, place.rpartition(":")[0], int(place.rpartition(":")[2]))


def test_without_the_library_the_user_is_told(program: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "symbolic.debuginfo", None)
    binaries._read.cache_clear()
    found = symbolized(given := program.profile(BUILD_ID), [str(program.binary.parent)], [])
    assert found.profile is given
    assert found.messages == (INSTALL,)
    assert (found.missing, found.refused) == ((), (str(program.binary),))


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("__rust_alloc", ("", 0)),
        ("_RNvCs1b8Z8n9GqQ6_7___rustc12___rust_alloc", ("", 0)),
        ("__rdl_realloc", ("", 0)),
        ("alloc::alloc::alloc", ("/w/main.rs", 7)),
        ("__rust_begin_short_backtrace", ("/w/main.rs", 7)),
    ],
)
def test_what_rustc_writes_for_the_global_allocator_is_on_no_line(name: str, place: tuple[str, int]) -> None:
    def lookup(address: int) -> list[SimpleNamespace]:
        del address
        return [SimpleNamespace(symbol=name, full_path="/w/main.rs", line=7)]

    (call,) = symbols._calls(SimpleNamespace(lookup=lookup), 1)
    assert (call.file, call.line) == place


def build_ids(path: Path) -> list[str]:
    """Read the GNU build ids by a plain search: a note of 4 bytes of name and 20 of content, type 3, name GNU."""
    data, mark = path.read_bytes(), struct.pack("<III4s", 4, 20, 3, b"GNU\0")
    at = data.index(mark) + len(mark)
    return [data[at : at + 20].hex()]


def run(folder: Path, env: dict[str, str] | None, *words: str, given: str = "") -> str:
    command = [tools.go(), *words]
    env = env or tools.environment()
    return subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True, text=True, input=given).stdout


@needs_linux
@needs_compiler
def test_another_build_is_refused_whatever_its_date(tmp_path: Path) -> None:
    """As cargo puts an earlier build, with its date, into the place of the one that ran."""
    for name in ("ran", "earlier"):
        (tmp_path / name).mkdir()
    ran, earlier = native.cpp(tmp_path / "ran"), native.cpp(tmp_path / "earlier", "-O0")
    given, folders = read(ran.text(100)), [str(tmp_path / "ran")]
    assert native.frames(symbolized(given, folders, []).profile) == ran.truth(*CPP)
    earlier.binary.replace(ran.binary)
    binaries._search.cache_clear()
    found = symbolized(given, folders, [])
    assert (found.refused, found.found) == ((str(ran.binary),), NOTHING_KEPT)
    assert "has no calls where the profile has them, so it is another build" in found.messages[0]
