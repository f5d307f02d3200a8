"""What is packed for a platform: nothing in it is for another one."""

from __future__ import annotations

import hashlib
import platform
import shutil
import struct
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from scripts import vsix
from scripts.binaries import machines

ELF_ARM = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, 183)
"""ET_DYN and EM_AARCH64 of the System V ABI."""
MACH_ARM = struct.pack("<III", 0xFEEDFACF, 0x0100000C, 0)
"""MH_MAGIC_64 and CPU_TYPE_ARM64 of mach-o/loader.h."""
FAT = struct.pack(">II", 0xCAFEBABE, 2) + b"".join(
    struct.pack(">IIIII", cpu, 0, 0, 0, 0) for cpu in (0x01000007, 0x0100000C)
)
PE_X64 = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<H", 0x8664)
"""IMAGE_FILE_MACHINE_AMD64, at the offset that e_lfanew says."""
CLASS = b"\xca\xfe\xba\xbe" + struct.pack(">HH", 0, 52)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (ELF_ARM, {"ELF arm64"}),
        (MACH_ARM, {"Mach-O arm64"}),
        (FAT, {"Mach-O x86_64", "Mach-O arm64"}),
        (PE_X64, {"PE x86_64"}),
        (CLASS, set()),
        (b"MZ is a text, too", set()),
        (b"", set()),
    ],
)
def test_a_header_tells_the_machine(data: bytes, wanted: set[str]) -> None:
    assert machines(data) == wanted


@pytest.mark.skipif(sys.platform != "linux", reason="compared with what Linux says")
def test_this_python_is_for_this_machine() -> None:
    name = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    assert machines(Path(sys.executable).resolve().read_bytes()) == {f"ELF {name}"}


def packed(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, data in files.items():
            made.writestr(f"extension/server/python/{name}", data)
    return path


def test_each_step_of_packing_says_what_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []

    def run(command: list[object], **_: object) -> subprocess.CompletedProcess[str]:
        ran.append(Path(str(command[0])).name)
        said.append(capsys.readouterr().err.strip())
        if "mvn" in ran[-1]:
            (tmp_path / f"cpython-{vsix.VERSION}-windows-x86_64.jar").write_bytes(jar)
        return subprocess.CompletedProcess([], 0, "", "")

    said: list[str] = []
    with zipfile.ZipFile(tmp_path / "python.jar", "w"):
        pass
    jar = (tmp_path / "python.jar").read_bytes()
    target = replace(vsix.TARGETS["win32-x64"], sha256=hashlib.sha256(jar).hexdigest())
    monkeypatch.setattr(vsix, "JARS", tmp_path)
    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(subprocess, "run", run)
    vsix.add_python(target, tmp_path / "python", tmp_path / "alloclens.whl")
    assert ran == ["mvn", "mvn", "uv"]
    assert [text[:11] for text in said] == ["getting Pyt", "", "unpacking i"]
    assert "installing the server" in said[2]


def test_maven_says_why_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 1, "no such artifact", "")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(SystemExit, match="no such artifact"):
        vsix._maven("get", "-Dartifact=x")


def test_what_is_for_another_platform_is_refused(tmp_path: Path) -> None:
    right = {"bin/python3": MACH_ARM, "lib/fat.dylib": FAT, "lib/os.py": b"import sys\n"}
    target = vsix.TARGETS["darwin-arm64"]
    vsix.check(packed(tmp_path / "right.vsix", **right), target)
    with pytest.raises(SystemExit, match=r"lib/other\.so.*ELF arm64"):
        vsix.check(packed(tmp_path / "wrong.vsix", **right, **{"lib/other.so": ELF_ARM}), target)
    with pytest.raises(SystemExit, match="has no Python"):
        vsix.check(packed(tmp_path / "none.vsix", **{"lib/fat.dylib": FAT}), target)
