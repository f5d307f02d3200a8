"""Which version of an installed package was profiled: its lock file and what is here say so, or nothing does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.cache.texts import SourceCopy, Texts
from alloclens.profile.build import UNKNOWN_BUILD
from alloclens.series.series import Copies, Provenance
from alloclens.source.places import Place
from alloclens.source.profiled_text import UNCHANGING, UNKNOWN_RELEASE, RecordedLines
from alloclens.source.recorded import Origin
from alloclens.source.roots import Packages, Roots
from alloclens.wording.drift import compared_text
from alloclens.workspace.packages import package_of, versions_in
from alloclens.workspace.source_versions import SourceVersions

from tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.source.profiled_text import SourceVersion

DAY = 86_400
BEGIN = 1_700_000_000
LATER = 4_000_000_000
"""After every file that a test writes."""

NPM = """{
  "name": "app",
  "lockfileVersion": 3,
  "packages": {
    "": {"name": "app", "version": "9.9.9", "dependencies": {"lib": "^2.0.0"}},
    "node_modules/a": {"version": "5.0.0", "dependencies": {"lib": "^1.0.0"}},
    "node_modules/a/node_modules/lib": {
      "version": "1.0.0",
      "resolved": "lib-1.0.0.tgz"
    },
    "node_modules/lib": {
      "version": "VERSION",
      "engines": {"node": ">=18"}
    }
  }
}
"""
NPM_1 = """{
  "lockfileVersion": 1,
  "dependencies": {
    "a": {"version": "5.0.0", "requires": {"lib": "^1.0.0"}},
    "lib": {
      "version": "VERSION",
      "resolved": "lib.tgz"
    }
  }
}
"""
YARN = """# yarn lockfile v1


"@s/lib@^7.0.0":
  version "7.0.0"

lib-x@^3.0.0:
  version "3.0.0"
  dependencies:
    lib "^2.0.0"

lib@^2.0.0, lib@^2.1.0:
  version "VERSION"
  resolved "lib.tgz"
"""
BERRY = """__metadata:
  version: 8

"lib-x@npm:^3.0.0":
  version: 3.0.0

"lib@npm:^2.0.0, lib@npm:^2.1.0":
  version: VERSION
  resolution: "lib@npm:VERSION"
"""
PNPM = """lockfileVersion: '9.0'

importers:
  .:
    dependencies:
      lib:
        specifier: ^2.0.0
        version: VERSION(react@18.0.0)

packages:

  '@s/lib@7.0.0':
    resolution: {integrity: x}

  lib@VERSION:
    resolution: {integrity: x}

snapshots:

  lib@VERSION(react@18.0.0):
    dependencies:
      lib-x: 3.0.0
"""
PNPM_5 = "packages:\n\n  /@s/lib/7.0.0:\n    dev: false\n\n  /lib/VERSION_react@18.0.0:\n    dev: false\n"
BUN = """{
  "packages": {
    "@s/lib": ["@s/lib@7.0.0", "", {}, "sha512"],
    "lib": ["lib@VERSION", "", { "dependencies": { "lib-x": "^3.0.0" } }, "sha512"],
  }
}
"""
TOML = """[[package]]
name = "lib-x"
version = "3.0.0"

[[package]]
name = "lib"
version = "VERSION"
dependencies = [{ name = "lib-x" }]
"""
PIPFILE = """{
    "_meta": {"hash": {"sha256": "x"}},
    "default": {
        "lib": {
            "hashes": [
                "sha256:x"
            ],
            "index": "pypi",
            "version": "==VERSION"
        }
    }
}
"""
REQUIREMENTS = "lib-x==3.0.0\nlib[all]==VERSION ; python_version >= '3.8' \\\n    --hash=sha256:x\n"
GO_MOD = "module example.com/app\n\ngo 1.24\n\nrequire (\n\tlib/x v3.0.0 // indirect\n\tlib vVERSION\n)\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("lock", "text", "kind"),
    [
        ("package-lock.json", NPM, "node"),
        ("package-lock.json", NPM_1, "node"),
        ("npm-shrinkwrap.json", NPM_1, "node"),
        ("yarn.lock", YARN, "node"),
        ("yarn.lock", BERRY, "node"),
        ("pnpm-lock.yaml", PNPM, "node"),
        ("pnpm-lock.yaml", PNPM_5, "node"),
        ("bun.lock", BUN, "node"),
        ("poetry.lock", TOML, "python"),
        ("uv.lock", TOML, "python"),
        ("Pipfile.lock", PIPFILE, "python"),
        ("requirements.txt", REQUIREMENTS, "python"),
        ("Cargo.lock", TOML, "rust"),
        ("go.mod", GO_MOD, "go"),
    ],
)
def test_the_version_of_a_package_in_lock_files(tmp_path: Path, lock: str, text: str, kind: str, end: str) -> None:
    path = installed(tmp_path, kind)
    package = package_of(path, path)
    assert package
    version = "v2.1.0" if kind == "go" else "2.1.0"
    assert package.version == version
    assert versions_in(lock, text.replace("VERSION", "2.1.0").replace("\n", end), package) == {version}
    assert versions_in(lock, "{}", package) == frozenset()


def test_npm_lists_each_copy_of_a_package(tmp_path: Path) -> None:
    """What was nested where the program ran may be hoisted here, in another version."""
    path = installed(tmp_path, "node")
    for recorded, version in (("", "2.1.0"), ("node_modules/a/", "1.0.0"), ("node_modules/b/", "2.1.0")):
        package = package_of(path, f"/app/{recorded}node_modules/lib/lib.js")
        assert package
        assert versions_in("package-lock.json", NPM.replace("VERSION", "2.1.0"), package) == {version}


@pytest.mark.parametrize("name", ["Lib_X.y", "lib-x.y", "LIB.X-Y"])
def test_a_python_package_has_many_names(tmp_path: Path, name: str) -> None:
    path = installed(tmp_path, "python", "lib_x_y")
    package = package_of(path, path)
    assert package
    assert versions_in("requirements.txt", f"{name}==2.1.0\n", package) == {"2.1.0"}


def test_a_file_of_no_known_package(tmp_path: Path) -> None:
    (tmp_path / "node_modules/lib").mkdir(parents=True)
    (tmp_path / "node_modules/lib/package.json").write_text("[1")
    for path in ("node_modules/lib/a.js", "lib/site-packages/a.py", "vendor/lib/a.rs", "src/a.go"):
        assert package_of(f"{tmp_path}/{path}", f"/app/{path}") is None


TEXT = "def keep():\n    if not n: return\n    s.append(bytes(n))\n"


def installed(folder: Path, kind: str, name: str = "lib") -> str:
    """Install a package in version 2.1.0, and return the path of its only file."""
    path, files = {
        "node": (f"node_modules/{name}/{name}.js", {f"node_modules/{name}/package.json": '{"version": "2.1.0"}'}),
        "python": (
            f".venv/lib/python3.12/site-packages/{name}/a.py",
            {f".venv/lib/python3.12/site-packages/{name}-2.1.0.dist-info/RECORD": f"{name}/a.py,sha256=x,3\n"},
        ),
        "rust": (
            f"vendor/{name}/src/lib.rs",
            {f"vendor/{name}/Cargo.toml": f'[package]\nedition = "2021"\nname = "{name}"\nversion = "2.1.0"\n'},
        ),
        "go": (f"vendor/{name}/a.go", {"vendor/modules.txt": f"# {name}/x v3.0.0\n# {name} v2.1.0\n## explicit\n"}),
    }[kind]
    for file, text in {path: TEXT, **files}.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    return str(folder / path)


MARKS = RecordedLines(np.array([2]), np.array([0]), ["keep"], np.array([1]), "a.py")


def of(folder: Path, path: str, day: float, label: str = "", revision: str = "") -> SourceVersion:
    packages = path.partition("node_modules/")[0] + "node_modules"
    seconds = BEGIN + day * DAY if day < DAY else day
    then = Provenance(seconds, UNKNOWN_BUILD, label, seconds, (Copies("a", "/p/a", (1, 2, 3)),))
    versions = SourceVersions(Roots((str(folder),), packages=(Packages("node_modules/", packages),)), None, revision)
    place = Place(path, "installed package", Origin.DEPENDENCY)
    return versions.of(place, path.replace(str(folder), "/app"), then, MARKS)


def lock(version: str) -> dict[str, str]:
    return {"package-lock.json": NPM.replace("VERSION", version), ".gitignore": "node_modules\n"}


@pytest.mark.programs
@pytest.mark.parametrize(
    ("history", "day", "same"),
    [
        (["2.1.0"], 1, True),
        (["2.0.0", "2.1.0"], 1.5, False),  # the program may be older than the newest commit
        (["2.0.0", "2.1.0"], 0.5, False),
        (["2.1.0", "2.2.0"], 0.5, True),  # it was started before
        (["2.1.0", "2.2.0"], 1.5, False),  # nothing was installed here since
        (["", "2.1.0"], 1.5, True),  # without the package, it was not in the program
        (["2.1.0"], -1, False),
        ([""], 1, False),
    ],
)
def test_a_package_is_the_profiled_one_if_its_lock_file_had_no_other_version(
    tmp_path: Path, history: list[str], day: float, same: bool
) -> None:
    repository = Repository(tmp_path)
    path = installed(tmp_path, "node")
    for number, version in enumerate(history):
        repository.check_in(lock(version) if version else {"package-lock.json": "{}"}, BEGIN + number * DAY)
    found = of(tmp_path, path, day)
    assert found is (UNCHANGING if same else UNKNOWN_RELEASE)
    assert ("version of this library that was profiled is not known" in compared_text(found)) == (not same)


@pytest.mark.programs
def test_the_lock_file_of_the_commit_that_was_profiled(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    path = installed(tmp_path, "node")
    commits = [repository.check_in(lock(version), BEGIN) for version in ("2.0.0", "2.1.0")]
    for commit, found in zip(commits, (UNKNOWN_RELEASE, UNCHANGING), strict=True):
        assert of(tmp_path, path, 1, label=commit) is found
        assert of(tmp_path, path, 1, revision=commit) is found


def test_a_lock_file_without_a_repository(tmp_path: Path) -> None:
    path = installed(tmp_path, "node")
    assert of(tmp_path, path, LATER) is UNKNOWN_RELEASE
    (tmp_path / "package-lock.json").write_text(json.dumps(json.loads(NPM.replace("VERSION", "2.1.0"))))
    assert of(tmp_path, path, LATER) is UNCHANGING
    assert of(tmp_path, path, 1) is UNKNOWN_RELEASE  # it was written since


def test_the_nearest_lock_file_that_lists_a_package_decides(tmp_path: Path) -> None:
    web = tmp_path / "packages/web"
    path = installed(web, "node")
    (tmp_path / "yarn.lock").write_text(YARN.replace("VERSION", "2.1.0"))
    (web / "package-lock.json").write_text("{}")
    (web / "node_modules/lib/package-lock.json").write_text(NPM.replace("VERSION", "2.0.0"))  # of its own
    assert of(tmp_path, path, LATER) is UNCHANGING
    (web / "package-lock.json").write_text(NPM.replace("VERSION", "2.0.0"))
    assert of(tmp_path, path, LATER) is UNKNOWN_RELEASE


def test_a_text_that_does_not_fit_is_not_the_profiled_one(tmp_path: Path) -> None:
    path = installed(tmp_path, "node")
    (tmp_path / "package-lock.json").write_text(NPM.replace("VERSION", "2.1.0"))
    (tmp_path / "node_modules/lib/lib.js").write_text("\n\n" + TEXT)
    assert of(tmp_path, path, LATER) is UNKNOWN_RELEASE


@pytest.mark.parametrize(("kind", "name", "text"), [("rust", "Cargo.lock", TOML), ("go", "go.mod", GO_MOD)])
def test_our_copy_of_a_vendored_file_counts_only_in_the_profiled_version(
    tmp_path: Path, kind: str, name: str, text: str
) -> None:
    path, texts = installed(tmp_path, kind), Texts(tmp_path / "texts.sqlite3")
    texts.keep("/p/a", (1, 2, 3), {path: SourceCopy(TEXT, BEGIN)})
    roots = Roots((str(tmp_path),), vendors=(f"{tmp_path}/vendor",))
    then = Provenance(LATER, UNKNOWN_BUILD, "", LATER, (Copies("a", "/p/a", (1, 2, 3)),))
    for version, rule, known in (
        ("2.1.0", "vendor", True),
        ("2.0.0", "vendor", False),
        ("2.0.0", "as recorded", True),
    ):
        (tmp_path / name).write_text(text.replace("VERSION", version))
        place = Place(path, rule, Origin.DEPENDENCY)
        found = SourceVersions(roots, texts).of(place, path.replace(str(tmp_path), "/b"), then, MARKS)
        assert (found.text, found is UNKNOWN_RELEASE) == ((TEXT, False) if known else (None, True))
    texts.close()
