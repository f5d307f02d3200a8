"""The machine code of the kernel is kept, and is made anew whenever what is kept cannot be trusted."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
import wasmtime
from alloclens.profile import compiled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """The sizes of the modules that were compiled; the cache is in the test's own directory."""
    sizes: list[int] = []

    class Counted(wasmtime.Module):
        def __init__(self, engine: wasmtime.Engine, source: bytes) -> None:
            sizes.append(len(source))
            super().__init__(engine, source)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(wasmtime, "Module", Counted)
    return sizes


def kept(folder: Path) -> list[Path]:
    return sorted(folder.rglob("kernel/*"))


def read(*, is_roomy: bool = True) -> None:
    """Do what a new process does."""
    compiled.compiled.cache_clear()
    engine, module = compiled.compiled(is_roomy)
    store = wasmtime.Store(engine)
    assert "cum" in dict(wasmtime.Instance(store, module, []).exports(store))


@pytest.mark.parametrize("is_roomy", [True, False])
def test_the_second_process_compiles_nothing(times: list[int], tmp_path: Path, *, is_roomy: bool) -> None:
    read(is_roomy=is_roomy)
    assert len(times) == len(kept(tmp_path)) == 1
    read(is_roomy=is_roomy)
    assert len(times) == 1
    read(is_roomy=not is_roomy)
    assert len(times) == len(kept(tmp_path)) == 2


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a bit": lambda file: file.write_bytes(bytes([*file.read_bytes()[:-1], file.read_bytes()[-1] ^ 1])),
    "cut off": lambda file: file.write_bytes(file.read_bytes()[:1000]),
    "empty": lambda file: file.write_bytes(b""),
    "another version's": lambda file: file.write_bytes(compiled._sum(b"code") + b"code"),
    "too large": lambda file: file.write_bytes(bytes(compiled.MAX_BYTES + 1)),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_code_is_replaced(times: list[int], tmp_path: Path, damage: Callable[[Path], object]) -> None:
    read()
    (file,) = kept(tmp_path)
    code = file.read_bytes()
    damage(file)
    read()
    assert len(times) == 2
    assert kept(tmp_path) == [file]
    assert len(file.read_bytes()) == len(code)
    read()
    assert len(times) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_code_that_another_user_can_write_is_not_run(times: list[int], tmp_path: Path) -> None:
    read()
    (file,) = kept(tmp_path)
    file.chmod(0o620)
    read()
    assert len(times) == 2
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such links")
@pytest.mark.parametrize("instead", ["a directory", "a pipe", "a link to itself"])
def test_what_cannot_be_kept_does_no_harm(times: list[int], tmp_path: Path, instead: str) -> None:
    read()
    (file,) = kept(tmp_path)
    file.unlink()
    {"a directory": os.mkdir, "a pipe": os.mkfifo, "a link to itself": lambda path: os.symlink(path, path)}[instead](
        file
    )
    read()
    assert len(times) == 2


def test_the_code_of_few_installations_is_kept(times: list[int], tmp_path: Path) -> None:
    read()
    (file,) = kept(tmp_path)
    file.unlink()
    for number in range(20):
        (file.parent / f"{number:08x}-roomy").write_bytes(b"x")
    read()
    assert len(times) == 2
    assert len(kept(tmp_path)) == compiled.MAX_KEPT
    assert file in kept(tmp_path)
