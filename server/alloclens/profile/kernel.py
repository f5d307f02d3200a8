"""The compiled loops over samples and frames: kernel.wasm, built from server/kernel/kernel.ts by `make kernel`.

WebAssembly, because one small file serves every platform, and because a malicious profile can reach no memory but the
kernel's own.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import wasmtime

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from alloclens.arrays import Floats, Ints, Mask, Numbers

    Indices = NDArray[np.int32]

MAX_MEMORY_BYTES = 1 << 32
"""Limit of WebAssembly's memory."""
PAGE_BYTES = 1 << 16
"""Unit of growth of WebAssembly's memory."""
ALIGNMENT_BYTES = 16
"""Bytes."""
MAX_KEPT_BYTES = 128 << 20
"""An arena of up to this size is reused: allocating fresh memory takes longer than reading most files."""
_local = threading.local()


class Arena:
    """The kernel's functions and its memory, with a bump allocator."""

    def __init__(self) -> None:
        self._store, instance = _instance()
        self._exports: dict[str, Any] = dict(instance.exports(self._store))
        self._memory = self._exports["memory"]
        self._base = ctypes.addressof(self._memory.data_ptr(self._store).contents)
        self.touched = 0
        """Bytes that were ever in use; the rest is only reserved address space."""
        self.clear()

    def clear(self) -> None:
        """Free all allocations."""
        self._end = ALIGNMENT_BYTES  # address 0 is never allocated

    def room(self, size: int) -> int:
        """Allocate so many bytes and return their address. Raises MemoryError."""
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
        """Call a function of the kernel. Addresses from 2 GiB on are passed as negative numbers."""
        signed = (a - (1 << 32) if isinstance(a, int) and 1 << 31 <= a < 1 << 32 else a for a in arguments)
        return self._exports[name](self._store, *signed)


@contextmanager
def arena() -> Iterator[Arena]:
    """Lend this thread's arena, empty."""
    lent = getattr(_local, "arena", None) or Arena()
    _local.arena = None  # a nested use gets another arena
    lent.clear()
    yield lent  # not kept after an exception: how much was touched is unknown
    _local.arena = lent if lent.touched <= MAX_KEPT_BYTES else None


def cum(
    location_at: Ints, location: Indices, site_at: Ints, site: Ints, whole: Ints, fractions: Floats
) -> tuple[Ints, Floats]:
    """Add the values of each sample to every site of its stack, once.

    Sample i has the locations location[location_at[i]:location_at[i + 1]], location l the sites
    site[site_at[l]:site_at[l + 1]]. Values have the shape (samples, k), sums (sites, k).
    """
    sites, widths = int(site.max(initial=-1)) + 1, (whole.shape[1], fractions.shape[1])
    pairs = [-(-width // 2) for width in widths]
    begin, row = 2 * pairs[0], 2 * sum(pairs)
    with arena() as memory:
        at, stacks, at_sites, all_sites = (memory.put(c, np.uint32) for c in (location_at, location, site_at, site))
        given = memory.room(size := 8 * row * len(whole))
        memory.keep(given, size)
        values = memory.view(given, row * len(whole), np.int64).reshape(len(whole), row)
        values[:, : widths[0]], values[:, begin : begin + widths[1]] = whole, fractions.view(np.int64)
        values[:, widths[0] : begin] = values[:, begin + widths[1] :] = 0
        out = memory.put(np.zeros(sites * (row + 2), np.int64), np.int64)
        memory.call("cum", at, stacks, len(whole), at_sites, all_sites, given, *pairs, out)
        # The first pair of each row says which sample was added last.
        sums = memory.view(out, sites * (row + 2), np.int64).reshape(sites, row + 2)[:, 2:].copy()
    return sums[:, : widths[0]], sums[:, begin : begin + widths[1]].view(np.float64)


def owned(location_at: Ints, location: Indices, site_at: Ints, site: Ints, own: Mask) -> tuple[Ints, Ints]:
    """Return the deepest own site of each sample, and the next other own site outwards; -1 for none.

    Samples and locations are as in `cum`; `own` is of the shape (sites,).
    """
    samples = len(location_at) - 1
    with arena() as memory:
        at, stacks, at_sites, all_sites = (memory.put(c, np.uint32) for c in (location_at, location, site_at, site))
        wanted, out = memory.put(own, np.uint8), memory.room(8 * samples)
        memory.call("owned", at, stacks, samples, at_sites, all_sites, wanted, out)
        found = memory.taken(out, 2 * samples, np.int32).reshape(samples, 2).astype(np.int64)
    return found[:, 0], found[:, 1]


def _instance() -> tuple[wasmtime.Store, wasmtime.Instance]:
    """Return a new instance of the kernel. Raises MemoryError.

    If possible, it reserves 4 GiB of address space, so that its memory never moves and accesses need no bounds check.
    If `ulimit -v` forbids that, the loops take about 1.5 times as long.
    """
    for is_roomy in (True, False):
        engine, module = _compiled(is_roomy)
        store = wasmtime.Store(engine)
        try:
            return store, wasmtime.Instance(store, module, [])
        except wasmtime.WasmtimeError as error:
            fault = error
    raise MemoryError(_too_little(PAGE_BYTES)) from fault


@cache
def _compiled(is_roomy: bool) -> tuple[wasmtime.Engine, wasmtime.Module]:
    config = wasmtime.Config()
    if not is_roomy:
        config.memory_reservation = config.memory_reservation_for_growth = 0
    engine = wasmtime.Engine(config)
    return engine, wasmtime.Module(engine, files("alloclens.profile").joinpath("kernel.wasm").read_bytes())


def _too_little(wanted: int) -> str:
    """Return why so many bytes cannot be allocated."""
    if wanted > MAX_MEMORY_BYTES:
        return "the profile needs more than 4 GiB to be read"
    said = f"{-(-wanted >> 20)} MiB of memory cannot be reserved"
    if sys.platform != "win32":
        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            said += f"; virtual memory is limited to {limit >> 20} MiB (ulimit -v)"
    return said
