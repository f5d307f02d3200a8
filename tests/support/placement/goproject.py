"""Go programs of a few files that keep memory on marked lines, built in many ways, and the heap profile each writes."""

from __future__ import annotations

import os
import re
import subprocess
import zipfile
from typing import TYPE_CHECKING

from scripts import tools

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

GO = "go 1.24\n"
MARK = re.compile(r"// mark: (\w+)$")
MAIN = """package main

import (
	"os"
	"runtime"
	"runtime/pprof"

	"example.com/app/keep"%s
)

var kept [][]byte

func main() {
	runtime.MemProfileRate = 1
	kept = append(kept, make([]byte, 1<<20)) // mark: main
	keep.Some()%s
	runtime.GC()
	file, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	if err := pprof.WriteHeapProfile(file); err != nil {
		panic(err)
	}
	runtime.KeepAlive(kept)
}
"""
KEEP = """package %s

type bag struct{ kept [][]byte }

var all bag

func (b *bag) add() {
	b.kept = append(b.kept, make([]byte, 1<<20)) // mark: %s
}

func Some() { all.add() }
"""


def app(*dependencies: str) -> dict[str, str]:
    """Return the files of module example.com/app: main, a package of its own, and a call of each dependency."""
    imports = "".join(f'\n\t"{path}"' for path in dependencies)
    calls = "".join(f"\n\t{path.rpartition('/')[2].lower()}.Some()" for path in dependencies)
    return {
        "main.go": MAIN % (imports, calls),
        "keep/keep.go": KEEP % ("keep", "keep"),
        "go.mod": go_mod("example.com/app"),
    }


def library(path: str) -> dict[str, str]:
    """Return the files of a module with one package, that keeps memory on the line marked `dependency`."""
    name = path.rpartition("/")[2].lower()
    return {f"{name}.go": KEEP % (name, "dependency"), "go.mod": go_mod(path)}


def go_mod(path: str, *directives: str) -> str:
    return f"module {path}\n\n{GO}" + "".join(f"\n{directive}\n" for directive in directives)


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def marked(folder: Path) -> dict[str, tuple[Path, int]]:
    """Return where each marked line of a folder is: {"main": (path, line)}."""
    found = {}
    for path in sorted(folder.rglob("*.go")):
        for number, text in enumerate(path.read_text().split("\n"), 1):
            if mark := MARK.search(text):
                found[mark[1]] = path, number
    return found


def profiled(folder: Path, profile: Path, *flags: str, package: str = ".", **environment: str) -> Path:
    """Build the program in a folder, run it, and return the directory with its heap profile."""
    binary = profile / "program"
    profile.mkdir(parents=True)
    told = {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GOSUMDB": "off", "GOWORK": "", "PWD": str(folder)}
    build = [tools.go(), "build", *flags, "-o", str(binary), package]
    subprocess.run(build, cwd=folder, check=True, env=os.environ | told | environment, timeout=300)
    heap = profile / "profiles" / "heap.pb.gz"
    heap.parent.mkdir()
    subprocess.run([binary, heap], check=True, timeout=60)
    binary.unlink()
    return heap.parent


def proxy(folder: Path, module: str, version: str, files: Mapping[str, str]) -> str:
    """Write what a module proxy would serve, and return its address."""
    escaped = re.sub("[A-Z]", lambda letter: "!" + letter[0].lower(), module)
    about = folder / escaped / "@v"
    about.mkdir(parents=True)
    (about / "list").write_text(f"{version}\n")
    (about / f"{version}.info").write_text(f'{{"Version": "{version}", "Time": "2024-01-01T00:00:00Z"}}')
    (about / f"{version}.mod").write_text(files["go.mod"])
    with zipfile.ZipFile(about / f"{version}.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{module}@{version}/{name}", text)
    return folder.as_uri()
