"""The memory of the kernel, and its functions.

WebAssembly, because one small file serves every platform, and because a malicious profile can reach no memory but the
kernel's own.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import wasmtime

from alloclens.profile.compiled import compiled

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from alloclens.arrays import Numbers

MAX_MEMORY_BYTES = 1 << 32
"""Limit of WebAssembly's memory."""
PAGE_BYTES = 1 << 16
"""Unit of growth of WebAssembly's memory."""
ALIGNMENT_BYTES = 16
ARGUMENTS = 16
"""Address of the arguments of a call, as in calls.ts."""
ARGUMENT_BYTES = 8


class Arena:
    """The kernel's functions and its memory, with a bump allocator."""

    def __init__(self) -> None:
        self._store, instance = _instance()
        self._exports: dict[str, Any] = dict(instance.exports(self._store))
        self._memory = self._exports["memory"]
        self._base = ctypes.addressof(self._memory.data_ptr(self._store).contents)
        self._begin = int(self._exports["FREE"].value(self._store))
        self.touched = 0
        """Bytes that were ever in use; the rest is only reserved address space."""
        self.clear()

    def clear(self) -> None:
        """Free all allocations."""
        self._end = self._begin

    def room(self, size: int) -> int:
        """Allocate `size` bytes and return their address. Raises MemoryError."""
        at = self._end
        self._end = -(-(at + size) // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
        pages = -(-self._end // PAGE_BYTES) - self._memory.size(self._store)
        try:
            if pages > 0:
                self._memory.grow(self._store, pages)
                self._base = ctypes.addressof(self._memory.data_ptr(self._store).contents)
        except wasmtime.WasmtimeError as error:
            raise MemoryError(_too_little(self._end)) from error
        return at

    def keep(self, at: int, size: int) -> None:
        """Shrink the last allocation to `size` bytes."""
        self._end = -(-(at + size) // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
        self.touched = max(self.touched, self._end)

    def taken(self, at: int, count: int, kind: Any) -> Numbers:
        """Copy numbers out of the last allocation and free it."""
        self.keep(at, count * np.dtype(kind).itemsize)
        out = self.view(at, count, kind).copy()
        self.keep(at, 0)
        return out

    def put(self, column: Numbers, kind: Any) -> int:
        """Copy a column in as this type and return its address."""
        at = self.room(size := column.size * np.dtype(kind).itemsize)
        self.keep(at, size)
        self.view(at, column.size, kind)[:] = column.reshape(-1)
        return at

    def view(self, at: int, count: int, kind: Any) -> Numbers:
        """Return a view of numbers in the memory. It is invalid as soon as the memory is reused."""
        size = count * np.dtype(kind).itemsize
        return np.frombuffer((ctypes.c_uint8 * size).from_address(self._base + at), kind)

    def call(self, name: str, *arguments: float) -> Any:
        """Call a function of the kernel.

        The arguments go through its memory: wasmtime would take longer to convert them than most loops take.
        """
        types = "".join("d" if isinstance(argument, float) else "Q" for argument in arguments)
        place = (ctypes.c_uint8 * (len(arguments) * ARGUMENT_BYTES)).from_address(self._base + ARGUMENTS)
        struct.pack_into(f"<{types}", place, 0, *arguments)
        return self._exports[name](self._store)


def _instance() -> tuple[wasmtime.Store, wasmtime.Instance]:
    """Return a new instance of the kernel. Raises MemoryError.

    If possible, it reserves 4 GiB of address space, so that its memory never moves and accesses need no bounds check.
    If `ulimit -v` forbids that, the loops take about 1.5 times as long.
    """
    for is_roomy in (True, False):
        engine, module = compiled(is_roomy)
        store = wasmtime.Store(engine)
        try:
            return store, wasmtime.Instance(store, module, [])
        except wasmtime.WasmtimeError as error:
            fault = error
    raise MemoryError(_too_little(PAGE_BYTES)) from fault


def _too_little(size: int) -> str:
    """Return why `size` bytes cannot be allocated."""
    if size > MAX_MEMORY_BYTES:
        return "the profile needs more than 4 GiB to be read"
    sentence = f"{-(-size >> 20)} MiB of memory cannot be reserved"
    if sys.platform != "win32":
        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            sentence += f"; virtual memory is limited to {limit >> 20} MiB (ulimit -v)"
    return sentence
