"""What is shipped carries the licences of what is in it, and what is installed is locked."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from scripts import tools

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements-dev.txt"
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
CLIENT = ROOT / "vscode-client"
VSIX = CLIENT / "alloclens.vsix"


def bundled(entry: str, tmp_path: Path) -> set[Path]:
    """Return the folders of the packages that esbuild puts into a bundle, as itself lists them."""
    listed = tmp_path / "meta.json"
    arguments = [
        entry,
        "--bundle",
        "--external:vscode",
        "--platform=node",
        f"--outdir={tmp_path}",
        f"--metafile={listed}",
    ]
    command = [CLIENT / "node_modules/.bin/esbuild", *arguments, "--log-level=error"]
    subprocess.run(command, cwd=CLIENT, env=tools.environment(), check=True)
    outputs = json.loads(listed.read_text())["outputs"].values()
    found = (re.match(r"node_modules/(?:@[^/]+/)?[^/]+", name) for made in outputs for name in made["inputs"])
    return {CLIENT / one[0] for one in found if one}


def assert_all_named(packages: set[Path], notices: str) -> None:
    assert packages
    for package in packages:
        said = json.loads((package / "package.json").read_text())
        assert f"{said['name']} {said['version']} ({said['license']})" in notices
        [text] = [
            f.read_text().strip() for f in package.iterdir() if f.name.lower().split(".")[0] in {"license", "licence"}
        ]
        assert text in notices or said["license"] == "Apache-2.0", f"{package.name}: its licence is not there"


@pytest.mark.e2e
def test_the_extension_carries_the_licences_of_what_is_in_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(VSIX) as packed:
        notices = packed.read("extension/dist/ThirdPartyNotices.txt").decode()
        assert "Apache License" in packed.read("extension/LICENSE.txt").decode()
    assert_all_named(bundled("src/extension.ts", tmp_path), notices)


@pytest.mark.programs
def test_the_wheel_carries_the_licences_of_the_reports_pictures(tmp_path: Path) -> None:
    made = ROOT / "server/alloclens/report/pictures.js"
    assert_all_named(bundled("pictures/index.ts", tmp_path), made.read_text("utf-8"))


def test_the_lock_names_no_registry_and_every_hash() -> None:
    text = LOCK.read_text()
    assert not re.search(r"://|^-", text, re.MULTILINE), "an index or a directory of wheels is in it"
    locked = re.split(r"\n(?=[a-z])", text.partition("\n")[2])[1:]
    assert locked
    assert [one for one in locked if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", one)] == []


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_is_of_what_the_project_asks_for(python: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    locked = [Requirement(line.split(" \\")[0]) for line in LOCK.read_text().splitlines() if re.match(r"[a-z]", line)]
    here = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    for wanted in map(Requirement, asked):
        if wanted.name == "alloclens" or (wanted.marker and not wanted.marker.evaluate(here)):
            continue
        same = [one for one in locked if one.name == wanted.name.replace(".", "-").lower()]
        [one] = [one for one in same if not one.marker or one.marker.evaluate(here)]
        [pin] = one.specifier
        assert wanted.specifier.contains(Version(pin.version)), f"{wanted}: run make lock"


def test_every_dependency_has_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for one in map(Requirement, [*project["dependencies"], *project["optional-dependencies"]["binaries"]]):
        kinds = {specifier.operator for specifier in one.specifier}
        assert kinds in ({">=", "<"}, {"=="}), one


@pytest.mark.programs
def test_the_wheel_and_the_source_distribution_can_be_published(tmp_path: Path) -> None:
    scripts = Path(sysconfig.get_path("scripts"))
    subprocess.run([scripts / "hatchling", "build", "-d", tmp_path], cwd=ROOT, check=True, capture_output=True)
    made = sorted(tmp_path.iterdir())
    assert [path.name.partition("-")[0] for path in made] == ["alloclens", "alloclens"]
    subprocess.run([scripts / "twine", "check", "--strict", *made], check=True, capture_output=True)


@pytest.mark.e2e
def test_every_file_that_the_extension_names_is_in_it() -> None:
    """As it is spelled there: vsce packs README.md as readme.md."""
    manifest = json.loads((CLIENT / "package.json").read_text("utf-8"))
    text = json.dumps(manifest) + "".join(path.read_text("utf-8") for path in CLIENT.glob("src/**/*.ts"))
    named = set(re.findall(r"[\"']\.?/?((?:media|dist|server|walkthrough|sample)/[\w./-]+\.\w+)[\"']", text))
    assert {"dist/extension.js", "media/icon.png"} <= named
    with zipfile.ZipFile(VSIX) as packed:
        assert {f"extension/{name}" for name in named} <= set(packed.namelist())
        page = packed.read("extension/readme.md").decode()
    assert "![" not in page, "VS Code shows no picture that is packed, neither in the page nor beside it"
    assert not re.search(r"\]\((?!https:|#)", page), "nothing shows what lies beside this page"
