"""Whether addresses are those of calls in a build: of another build, they are anywhere in its code."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from alloclens.arrays import distinct
from alloclens.symbols.layout import NOWHERE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alloclens.arrays import Addresses, Mask
    from alloclens.symbols.layout import Layout

BEFORE = 8
"""Bytes looked at before a return address; no call is longer."""
MAX_LOOKED_AT = 256
"""Addresses looked at, evenly spaced ones if there are more."""
MIN_CALLS = 0.9
"""Part of the addresses that follow a call, at least: in code without frame pointers, a stack may have others."""
I386, X86_64, AARCH64 = 3, 62, 183
"""Machines, as ELF numbers them."""


def are_calls(file: BinaryIO, where: Layout, addresses: Addresses) -> bool:
    """Return whether nearly all of these addresses, relative to `where.base`, may be calls or where they return to.

    True if that is not known: of other machines, and of files that are no ELF. Raises OSError.
    """
    known = distinct(addresses[addresses != NOWHERE])
    is_call = {I386: _x86, X86_64: _x86, AARCH64: _aarch64}.get(where.machine)
    if is_call is None or not len(known):
        return True
    chosen = known[np.linspace(0, len(known) - 1, min(len(known), MAX_LOOKED_AT)).round().astype(np.int64)]
    follow = np.zeros(len(chosen), np.bool_)
    offsets = where.file_offsets(chosen).astype(np.int64)
    for returns_to in (offsets, offsets + 1):  # some writers subtract 1
        follow |= is_call(np.array([_bytes_before(file, offset) for offset in returns_to.tolist()]))
    return bool(follow.mean() >= MIN_CALLS)


def _bytes_before(file: BinaryIO, offset: int) -> NDArray[np.uint8]:
    file.seek(max(offset - BEFORE, 0))
    return np.frombuffer(file.read(BEFORE).ljust(BEFORE, b"\0"), np.uint8)


def _x86(before: NDArray[np.uint8]) -> Mask:
    """Return which of these bytes, shape (places, BEFORE), end with a call: E8 and 4 bytes, or FF /2 with its operand."""
    follow: Mask = before[:, -5] == 0xE8
    for length in range(2, BEFORE):
        follow |= (before[:, -length] == 0xFF) & ((before[:, 1 - length] >> 3 & 7) == 2)
    return follow


def _aarch64(before: NDArray[np.uint8]) -> Mask:
    """Return which of these bytes end with BL, BLR, or BLR with authentication."""
    word = np.ascontiguousarray(before[:, -4:]).view("<u4")[:, 0]
    follow: Mask = (word >> 26 == 0b100101) | (word & 0xFFFFFC1F == 0xD63F0000) | (word & 0xFEFFF800 == 0xD63F0800)
    return follow
