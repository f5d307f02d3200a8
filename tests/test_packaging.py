"""What is shipped carries the licences of what is in it, and what is installed is locked."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from scripts import tools

ROOT = Path(__file__).resolve().parent.parent
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


def test_the_wheel_carries_the_licences_of_the_reports_pictures(tmp_path: Path) -> None:
    made = ROOT / "server/alloclens/report/pictures.js"
    assert_all_named(bundled("pictures/index.ts", tmp_path), made.read_text("utf-8"))
