"""Addresses of calls are told from others by the bytes before them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.symbols.calls import AARCH64, MAX_LOOKED_AT, X86_64, are_calls
from alloclens.symbols.layout import NOWHERE, Layout, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

NOP = b"\x90"
PADDING = NOP * 16
ARM, RISC_V = 40, 243


def looked_at(code: bytes, *addresses: int, machine: int = X86_64) -> bool:
    """Return the answer for code that begins at 0x1000 of a file and at 0x2000 in memory, where the file begins at 0x500."""
    where = Layout(0x500, (Section(0x1000, 0x2000, len(code)),), is_moved=True, machine=machine)
    relative = np.array([address + 0x2000 - 0x500 for address in addresses], np.uint64)
    return are_calls(io.BytesIO(b"\0" * 0x1000 + code), where, np.append(relative, NOWHERE))


@pytest.mark.parametrize(
    ("machine", "code", "is_call"),
    [
        # As in Intel's manual: CALL rel32, and CALL r/m64 with a register, with memory, and with a prefix.
        (X86_64, "e8 10 20 00 00", True),
        (X86_64, "ff d0", True),
        (X86_64, "41 ff d3", True),
        (X86_64, "ff 15 10 20 00 00", True),
        (X86_64, "ff 54 24 08", True),
        (X86_64, "ff 94 c8 10 20 00 00", True),
        (X86_64, "e9 10 20 00 00", False),  # JMP rel32
        (X86_64, "ff e0", False),  # JMP rax
        (X86_64, "ff 75 f8", False),  # PUSH
        (X86_64, "0f 1f 44 00 00", False),
        # As in Arm's: BL, BLR x8, BLRAA x8, x17; B, BR x8, RET.
        (AARCH64, "10 00 00 94", True),
        (AARCH64, "00 01 3f d6", True),
        (AARCH64, "11 09 3f d7", True),
        (AARCH64, "10 00 00 14", False),
        (AARCH64, "00 01 1f d6", False),
        (AARCH64, "c0 03 5f d6", False),
        (RISC_V, "13 00 00 00", True),  # of which nothing is known
        (ARM, "00 00 a0 e1", True),
    ],
)
def test_a_call(machine: int, code: str, is_call: bool) -> None:
    before = PADDING + bytes.fromhex(code)
    for address in (len(before), len(before) - 1):  # where it returns to, and what some writers make of that
        assert looked_at(before + PADDING, address, machine=machine) is is_call


@pytest.mark.parametrize(("others", "are"), [(1, True), (2, False)])
def test_a_stack_may_have_an_odd_address(others: int, are: bool) -> None:
    code = (PADDING + b"\xe8\0\0\0\0") * 10 + PADDING * 2
    places: Sequence[int] = [
        *(21 * (number + 1) for number in range(11 - others)),
        *(10 + 21 * n for n in range(others)),
    ]
    assert looked_at(code, *places) is are


def test_the_end_of_the_code_is_looked_at_too() -> None:
    code = b"\xe8\0\0\0\0" * MAX_LOOKED_AT + PADDING * MAX_LOOKED_AT
    assert not looked_at(code, *range(5, len(code), 5))
    assert looked_at(b"\xe8\0\0\0\0", 4), "a call may be the last instruction"
    assert not looked_at(NOP * 4, 1)
    assert looked_at(NOP), "no address is in the code"
