"""FIFOs, sockets and directories under the names of files that are read: nothing waits for them, and each is reported."""

from __future__ import annotations

import gzip
import os
import socket
import struct
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main
from alloclens.lsp.documents import Documents
from alloclens.profile.errors import ProfileError
from alloclens.session.once import world
from alloclens.session.profile_file import read_profile
from alloclens.settings import config, labels
from alloclens.settings.file_names import LABELS
from alloclens.source.roots import Roots
from alloclens.symbols.binaries import archive
from alloclens.symbols.layout import layout
from alloclens.workspace.files import text_of
from click.testing import CliRunner

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no FIFOs"),
    pytest.mark.timeout(30),
]


@pytest.fixture(params=["fifo", "socket", "directory", "link to a fifo"])
def odd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Path]]:
    """Put something that is not a regular file under a name."""
    listening = socket.socket(socket.AF_UNIX)

    def put(path: Path) -> Path:
        if request.param == "fifo":
            os.mkfifo(path)
        elif request.param == "socket":
            os.chdir(path.parent)  # a socket's address has some hundred bytes at most
            listening.bind(path.name)
        elif request.param == "directory":
            path.mkdir()
        else:
            target = tmp_path_factory.mktemp("fifos") / "fifo"
            os.mkfifo(target)
            path.symlink_to(target)
        return path

    before = os.getcwd()
    yield put
    os.chdir(before)
    listening.close()


def run(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, list(map(str, arguments)))
    return done.exit_code, done.output


def test_labels(tmp_path: Path, odd: Callable[[Path], Path]) -> None:
    odd(tmp_path / LABELS)
    (problem,) = labels.read([str(tmp_path)], ["/"]).problems
    assert problem.reason in {"not a regular file", "Is a directory", "No such device or address"}
    with pytest.raises(OSError, match=r"."):
        labels.write(str(tmp_path / "a"), "label")


@pytest.mark.parametrize(("name", "told"), [("alloclens.toml", 1), ("pyproject.toml", 0)])
def test_settings(tmp_path: Path, odd: Callable[[Path], Path], name: str, told: int) -> None:
    odd(tmp_path / name)
    assert len(config.read([tmp_path]).problems) == told


@pytest.mark.programs
def test_the_rest_of_the_folder_is_read(tmp_path: Path, odd: Callable[[Path], Path]) -> None:
    """A module whose sources, settings and labels are there, among others that are no files."""
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "go.work").write_text("go 1.21\nuse .\nuse ./tools\n")
    for name in ("tools", "deep", "profiles"):
        (tmp_path / name).mkdir()
    for name in ("tools/go.mod", "deep/go.mod"):
        (tmp_path / name).symlink_to(odd(tmp_path / "odd") if name == "tools/go.mod" else tmp_path / "odd")
    (tmp_path / "main.go").write_text("package main\n\nfunc keep() {\n\tx = append(x, 1)\n}\n")
    (tmp_path / "gone.go").symlink_to(tmp_path / "odd")
    stacks = (f"main.keep@{tmp_path}/main.go:4 = 3x1048576", f"main.x@{tmp_path}/gone.go:7 = 1x1048576")
    drop(tmp_path / "profiles/a.pb.gz", heap(*stacks))
    known = world([str(tmp_path)], [str(tmp_path / "profiles")], {})
    assert [m.directory for m in known.sources.roots.modules] == [str(tmp_path)]
    assert known.file(str(tmp_path / "main.go")) is not None
    for command, subject in (("annotate", "gone.go"), ("annotate", "main.go"), ("leaks", "profiles")):
        where = () if command == "leaks" else ("--profiles", tmp_path / "profiles")
        code, said = run(command, tmp_path / subject, *where)
        assert (code == 0) == (subject != "gone.go"), said
        assert "Traceback" not in said


def test_a_source(tmp_path: Path, odd: Callable[[Path], Path]) -> None:
    assert text_of(str(odd(tmp_path / "a.go"))) is None
    assert Documents().named((tmp_path / "a.go").as_uri(), Roots(folders=(str(tmp_path),))) is None


def test_a_profile(tmp_path: Path, odd: Callable[[Path], Path]) -> None:
    with pytest.raises(OSError, match=r"."):
        read_profile(str(odd(tmp_path / "a.pb.gz")), ())


def test_a_profile_that_is_too_large_unpacked_names_the_setting(tmp_path: Path) -> None:
    path = tmp_path / "a.pb.gz"
    path.write_bytes(gzip.compress(bytes((1 << 20) + 1)))
    with pytest.raises(ProfileError, match=r"^unpacks to more than 1 MiB \(the setting largestProfile\)$"):
        read_profile(str(path), (), largest=1 << 20)


def test_a_profile_that_is_too_large_names_the_setting(tmp_path: Path) -> None:
    path = tmp_path / "a.pb.gz"
    path.write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(ProfileError, match=r"^larger than 1 MiB \(the setting largestProfile\)$"):
        read_profile(str(path), (), largest=1 << 20)


def test_a_report_replaces_nothing_but_a_file(tmp_path: Path, odd: Callable[[Path], Path]) -> None:
    drop(tmp_path / "profiles/a.pb.gz", heap("main.f@/w/main.go:1 = 1x8"))
    output = odd(tmp_path / "out.html")
    before = output.stat()
    code, said = run("report", tmp_path / "profiles", "-o", output)
    assert code
    assert "Traceback" not in said
    assert output.stat().st_ino == before.st_ino


def test_a_binary(tmp_path: Path, odd: Callable[[Path], Path]) -> None:
    with pytest.raises(OSError, match=r"."):
        archive(str(odd(tmp_path / "app")))


def test_an_elf_file_cannot_ask_for_gigabytes() -> None:
    """e_phentsize and e_phnum are 16 bits each: a table of 4 GiB, if both are believed."""
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, 0, 64, 0, 0, 64, 65535, 65535, 0, 0, 0)
    asked = []

    class File(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            asked.append(size)
            return super().read(size)

    with pytest.raises(ValueError, match="program headers"):
        layout(File(header + bytes(1000)), 1064)
    assert max(asked) <= 64
