"""Real programs that say where in memory they lie, and profiles of nothing but such addresses.

Each has a chain inner < middle < outer, of which the first two are inlined; the lines of the calls are marked in the
source. That is the truth that found frames are compared with.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from alloclens.profile.formats import profile_pb2 as pb
from alloclens.profile.formats import read

from scripts import tools

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.profile.model import Profile

GO = """package main

import (
	"fmt"
	"os"
	"runtime"
)

//go:noinline
func here() uintptr {
	var pc [1]uintptr
	runtime.Callers(2, pc[:])
	return pc[0]
}

func inner() uintptr {
	return here() // inner
}

func middle() uintptr {
	return inner() // middle
}

//go:noinline
func outer() uintptr {
	return middle() // outer
}

func main() {
	maps, _ := os.ReadFile("/proc/self/maps")
	fmt.Printf("pc %x\\n%s", outer(), maps)
}
"""
CPP = """#include <cstdio>
#include <vector>

__attribute__((noinline)) void here() { std::printf("pc %llx\\n", (unsigned long long)__builtin_return_address(0)); }

namespace shop {
template <class T> struct Box {
  __attribute__((always_inline)) static inline int inner(T n) {
    here(); // inner
    return (int)n;
  }
};
__attribute__((always_inline)) inline int middle(const std::vector<int> &v) {
  return Box<long>::inner(v[0]) + 1; // middle
}
__attribute__((noinline)) int outer(const std::vector<int> &v) {
  return middle(v) + 1; // outer
}
} // namespace shop

int main() {
  std::vector<int> v(3);
  int out = shop::outer(v);
  std::FILE *maps = std::fopen("/proc/self/maps", "r");
  for (int c; (c = std::fgetc(maps)) != EOF;) std::putchar(c);
  return out == 2 ? 0 : 1;
}
"""
MAPPED = r"^(\w+)-(\w+) r-xp (\w+) .*{}$"


@dataclass(frozen=True)
class Ran:
    """A program after its run."""

    binary: Path
    source: Path
    address: int
    """Of the call in inner; a return address less one, as profilers write it."""
    start: int
    limit: int
    offset: int

    def profile(self, build_id: str = "", file: str = "", address: int | None = None) -> Profile:
        """Return a profile that knows this address and no name, with 100 bytes."""
        mapped = (self.start, self.limit, self.offset)
        return addresses([address or self.address], mapped, file or str(self.binary), build_id)

    def written(self, value: int) -> bytes:
        """Return such a profile as it is written, with so many bytes."""
        return encoded([self.address], (self.start, self.limit, self.offset), str(self.binary), value=value)

    def text(self, value: int, file: str = "", *, objects: int = 1, is_replaced: bool = False) -> bytes:
        """Return a profile as gperftools writes it, which has a memory map and no build id, with so many bytes and objects."""
        mapped = f"{self.start:x}-{self.limit:x} r-xp {self.offset:08x} 08:01 12 {file or self.binary}"
        held = f"{objects}: {value} [{objects}: {value}] @"
        head, sample = held, f"{held} {self.address + 1:#x}"
        deleted = " (deleted)" if is_replaced else ""
        return f"heap profile: {head} heapprofile\n{sample}\n\nMAPPED_LIBRARIES:\n{mapped}{deleted}\n".encode()

    def truth(self, *names: str) -> list[tuple[str, str, int]]:
        """Return what the three frames are."""
        lines = self.source.read_text().split("\n")
        marks = [next(n for n, t in enumerate(lines, 1) if t.endswith(f"// {m}")) for m in ("inner", "middle", "outer")]
        return [(name, str(self.source), line) for name, line in zip(names, marks, strict=True)]


def addresses(found: list[int], mapped: tuple[int, int, int], file: str, build_id: str = "") -> Profile:
    """Return a profile with one sample of 100 bytes for each address."""
    return read(encoded(found, mapped, file, build_id))


def encoded(found: list[int], mapped: tuple[int, int, int], file: str, build_id: str = "", value: int = 100) -> bytes:
    """Return a profile with one sample for each address, as it is written."""
    message = pb.Profile(string_table=["", "inuse_space", "bytes", file, build_id])
    message.sample_type.add(type=1, unit=2)
    start, limit, offset = mapped
    message.mapping.add(
        id=1, memory_start=start, memory_limit=limit, file_offset=offset, filename=3, build_id=4 if build_id else 0
    )
    for number, address in enumerate(found, 1):
        message.location.add(id=number, mapping_id=1, address=address)
        message.sample.add(location_id=[number], value=[value])
    return message.SerializeToString()


def frames(profile: Profile, location: int = 0) -> list[tuple[str, str, int]]:
    """Return the frames of one location, innermost first."""
    begin, end = profile.locations.frame_at[location : location + 2].tolist()
    found = (profile.frame(row) for row in range(begin, end))
    return [(frame.function, frame.file, frame.line) for frame in found]


def go(folder: Path, *flags: str) -> Ran:
    """Build with Go, whose linker gives an ELF file a GNU build id, and run."""
    (folder / "go.mod").write_text("module example.com/native\n\ngo 1.24\n")
    source = folder / "main.go"
    source.write_text(GO)
    build = [tools.go(), "build", *flags, "-o", "native", "."]
    subprocess.run(build, cwd=folder, check=True, env=tools.environment())
    return run(folder / "native", source)


def cpp(folder: Path, *flags: str) -> Ran:
    """Compile with the machine's compiler, or with Zig's where that is installed, and run."""
    source = folder / "shop.cc"
    source.write_text(CPP)
    build = [*compiler(), "-g", "-O2", "-Wl,--build-id=sha1", *flags, str(source), "-o", "shop"]
    subprocess.run(build, cwd=folder, check=True)
    return run(folder / "shop", source)


def compiler() -> list[str]:
    """Return a C++ compiler's command; empty where there is none."""
    if find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "c++"]
    return ["c++"] if shutil.which("c++") else []


def run(binary: Path, source: Path) -> Ran:
    """Run a program, and return where it was in memory."""
    said = subprocess.run([binary], capture_output=True, text=True, check=True).stdout
    pc = int(re.search(r"^pc (\w+)$", said, re.MULTILINE)[1], 16) - 1
    mapped = re.findall(MAPPED.format(re.escape(str(binary))), said, re.MULTILINE)
    start, limit, offset = next(m for m in (tuple(int(n, 16) for n in row) for row in mapped) if m[0] <= pc < m[1])
    return Ran(binary, source, pc, start, limit, offset)
