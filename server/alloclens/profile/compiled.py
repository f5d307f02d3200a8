"""The compiled kernel, which is kept in the user's cache directory: compiling it takes longer than reading a small profile."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from functools import cache
from pathlib import Path
from zlib import crc32

import platformdirs
import wasmtime

from alloclens.disk import read_file, write_file

MAX_BYTES = 1 << 20
"""Of the machine code, which has 28 KB."""
SUM_BYTES = 4
MAX_KEPT = 8
"""Installations of alloclens whose machine code is kept."""


@cache
def compiled(is_roomy: bool) -> tuple[wasmtime.Engine, wasmtime.Module]:
    """Return the kernel for this machine; a roomy one reserves the address space of all the memory that it may need."""
    config = wasmtime.Config()
    if not is_roomy:
        config.memory_reservation = config.memory_reservation_for_growth = 0
    engine = wasmtime.Engine(config)
    source = Path(__file__).with_name("kernel.wasm").read_bytes()
    folder = Path(platformdirs.user_cache_dir("alloclens", appauthor=False), "kernel")
    kept = folder / f"{crc32(source + os.fsencode(wasmtime.__file__)):08x}-{'roomy' if is_roomy else 'tight'}"
    # wasmtime refuses machine code of another version of its own, for another processor or with other settings.
    with suppress(OSError, wasmtime.WasmtimeError):
        return engine, wasmtime.Module.deserialize(engine, _read(kept))
    module = wasmtime.Module(engine, source)
    with suppress(OSError, wasmtime.WasmtimeError):
        _keep(kept, bytes(module.serialize()))
    return engine, module


def _read(path: Path) -> bytes:
    """Return the machine code in a file. Raises OSError if it is damaged, or if another user may have written it."""
    if os.name != "nt":
        status = os.stat(path)
        if status.st_uid != os.getuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise PermissionError(path)
    data = read_file(path, MAX_BYTES)
    code = data[SUM_BYTES:]
    if data[:SUM_BYTES] != _sum(code):
        raise OSError(path)
    return code


def _keep(path: Path, code: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, _sum(code) + code, mode=0o600)
    by_age = sorted(path.parent.iterdir(), key=lambda file: file.stat().st_mtime)
    for file in by_age[:-MAX_KEPT]:
        file.unlink()


def _sum(code: bytes) -> bytes:
    return crc32(code).to_bytes(SUM_BYTES, "little")
