"""Whether a Go binary has a profile's lines at its addresses: as Go's own runtime looked them up when it wrote the profile."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest
from alloclens.disk import stamp
from alloclens.profile.formats import profile_pb2 as pb
from alloclens.profile.formats import read
from alloclens.symbols.pclntab import ran

from scripts import tools
from tests.support.placement.goproject import write
from tests.support.placement.kinds import CGO, FILES, KEPT_H

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(300)  # the first build on a machine compiles Go's own packages
WAYS = {
    "plain": (),
    "PIE": ("-buildmode=pie",),
    "stripped": ("-ldflags=-s -w",),
    "not optimised": ("-gcflags=example.com/app/...=-N -l",),
    "trimpath": ("-trimpath",),
}


class Built(NamedTuple):
    binary: Path
    heap: Path


def built(folder: Path, *flags: str, **environment: str) -> Built:
    write(folder, FILES | ({"keep/cgo.go": CGO, "keep/kept.h": KEPT_H} if environment else {}))
    told = {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GOSUMDB": "off", "GOWORK": "off", "GOFLAGS": ""}
    command = [tools.go(), "build", *flags, "-o", "program", "."]
    subprocess.run(command, cwd=folder, env=os.environ | told | environment, check=True, timeout=300)
    subprocess.run([folder / "program", folder / "heap.pb.gz"], check=True, timeout=60)
    return Built(folder / "program", folder / "heap.pb.gz")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return built(tmp_path_factory.mktemp("plain"))


def asked(binary: Path, data: bytes) -> bool | None:
    return ran(read(data), str(binary), stamp(str(binary)))


@pytest.mark.programs
@pytest.mark.parametrize("flags", WAYS.values(), ids=WAYS)
def test_what_ran(tmp_path: Path, flags: tuple[str, ...]) -> None:
    one = built(tmp_path, *flags)
    assert asked(one.binary, one.heap.read_bytes()) is True


@pytest.mark.programs
def test_what_ran_with_code_of_c_in_it(tmp_path: Path) -> None:
    if not shutil.which("gcc"):
        pytest.skip("cgo needs a compiler of C")
    one = built(tmp_path, CGO_ENABLED="1")
    assert asked(one.binary, one.heap.read_bytes()) is True


@pytest.mark.programs
def test_one_line_that_is_another(plain: Built) -> None:
    """Each of the user's own in turn: every line of every location is asked."""
    for number, location in enumerate(_message(plain).location):
        message = _message(plain)
        name = message.string_table[message.function[location.line[0].function_id - 1].name]
        message.location[number].line[0].line += 1
        if name.startswith(("main.", "example.com/")):
            assert asked(plain.binary, message.SerializeToString()) is False, name


@pytest.mark.programs
def test_addresses_that_are_others(plain: Built) -> None:
    """As after something was put into a function before these: only the user's own moved."""
    message = _message(plain)
    for location in message.location:
        name = message.string_table[message.function[location.line[-1].function_id - 1].name]
        location.address += 64 * name.startswith(("main.", "example.com/"))
    assert asked(plain.binary, message.SerializeToString()) is False


@pytest.mark.programs
def test_the_whole_program_at_another_place(plain: Built) -> None:
    """A PIE is loaded anywhere."""
    message = _message(plain)
    for location in message.location:
        location.address += 0x5500_0000_0000
    assert asked(plain.binary, message.SerializeToString()) is True


@pytest.mark.programs
def test_what_cannot_be_told(plain: Built, tmp_path: Path) -> None:
    message = _message(plain)
    for location in message.location:
        location.address = 0
    assert asked(plain.binary, message.SerializeToString()) is None
    (tmp_path / "other").write_bytes(b"\x7fELF" + bytes(1000))
    assert asked(tmp_path / "other", plain.heap.read_bytes()) is None
    without = _message(plain)
    del without.function[:]
    for location in without.location:
        del location.line[:]
    assert asked(plain.binary, without.SerializeToString()) is None


@pytest.mark.programs
@pytest.mark.slow
def test_damaged_tables(plain: Built, tmp_path: Path) -> None:
    """Whatever a binary holds, no error comes of it; a damage to another part may leave the answer as it was."""
    whole, heap = plain.binary.read_bytes(), plain.heap.read_bytes()
    begin = whole.index(b"\xf1\xff\xff\xff\0\0\1\x08")
    for seed in range(40):
        dice, data = random.Random(seed), bytearray(whole)
        for _ in range(dice.choice((1, 100, 10_000))):
            data[begin + 8 + dice.randrange(dice.choice((64, 1 << 20)))] = dice.randrange(256)
        if seed % 4 == 0:
            del data[begin + dice.randrange(1 << 20) :]
        path = tmp_path / str(seed)
        path.write_bytes(data)
        assert asked(path, heap) in {True, False, None}


def _message(one: Built) -> pb.Profile:
    return pb.Profile.FromString(gzip.decompress(one.heap.read_bytes()))
