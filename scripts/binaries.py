"""Tells which platforms a program or library is for, by the numbers in its header."""

from __future__ import annotations

import struct

ELF, MACH_O, FAT, PE = b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ"
ELF_MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}
MACH_MACHINES = {0x01000007: "x86_64", 0x0100000C: "arm64"}
PE_MACHINES = {0x8664: "x86_64", 0xAA64: "arm64"}
MOST_IN_ONE = 16
"""Machines in one file of macOS. A Java class begins with the same four bytes, and has a larger number there."""


def machines(data: bytes) -> set[str]:
    """Return the formats and machines of a file, such as {"ELF x86_64"}; none if it is not a program or library."""
    if data.startswith(ELF):
        return {f"ELF {_named(ELF_MACHINES, struct.unpack_from('<H', data, 18)[0])}"}
    if data.startswith(MACH_O):
        return {f"Mach-O {_named(MACH_MACHINES, struct.unpack_from('<I', data, 4)[0])}"}
    if data.startswith(FAT) and (count := struct.unpack_from(">I", data, 4)[0]) <= MOST_IN_ONE:
        numbers = [struct.unpack_from(">I", data, 8 + 20 * i)[0] for i in range(count)]
        return {f"Mach-O {_named(MACH_MACHINES, number)}" for number in numbers}
    if data.startswith(PE) and len(data) >= 64:
        header = struct.unpack_from("<I", data, 60)[0]
        if data[header : header + 4] == b"PE\0\0":
            return {f"PE {_named(PE_MACHINES, struct.unpack_from('<H', data, header + 4)[0])}"}
    return set()


def _named(names: dict[int, str], number: int) -> str:
    return names.get(number, hex(number))
