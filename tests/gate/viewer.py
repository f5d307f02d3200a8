"""The component with which Microsoft's SARIF viewers, such as that of Azure DevOps, show a file, in Chromium.

The viewer for VS Code is only in Microsoft's marketplace.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from scripts import tools

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ("@microsoft/sarif-web-component@0.6.0-29", "react@16", "react-dom@16", "esbuild@0.28")
INSTALLED = tools.ROOT / ".tools/sarif-viewer"
ENTRY = """import React from "react"
import ReactDOM from "react-dom"
import { Viewer } from "@microsoft/sarif-web-component"
ReactDOM.render(React.createElement(Viewer, { logs: [window.LOG] }), document.getElementById("root"))
"""
PAGE = '<!doctype html><meta charset="utf-8"><div id="root" style="height: 900px"></div>'


def shown(log: str, folder: Path) -> str:
    """Return the text of the row of the only result of a SARIF file, as the viewer shows it. A picture goes into the folder."""
    (folder / "page.html").write_text(
        f"{PAGE}<script>window.LOG = {_in_script(log)}</script><script src='viewer.js'></script>"
    )
    (folder / "viewer.js").write_bytes(_script().read_bytes())
    with tools.playwright() as driver:
        browser = driver.chromium.launch(executable_path=tools.chromium(), args=tools.CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        page.goto((folder / "page.html").as_uri())
        row = page.locator("tr", has_text="main.go").first
        row.wait_for()
        page.screenshot(path=str(folder / "viewer.png"))
        return " ".join(row.inner_text().split())


def _script() -> Path:
    """Return the viewer as one script, which is made once."""
    made = INSTALLED / "viewer.js"
    if not made.exists():
        INSTALLED.mkdir(parents=True, exist_ok=True)
        (INSTALLED / "entry.js").write_text(ENTRY)
        npm = ["npm", "--prefix", str(INSTALLED), "install", "--no-audit", "--no-fund", "--loglevel=error", "--force"]
        subprocess.run([*npm, *PACKAGES], check=True, env=tools.environment())
        bundle = [
            str(INSTALLED / "node_modules/.bin/esbuild"),
            str(INSTALLED / "entry.js"),
            "--bundle",
            f"--outfile={made}",
        ]
        options = ["--loader:.woff=dataurl", "--define:process.env.NODE_ENV='production'", "--log-level=error"]
        subprocess.run([*bundle, *options], check=True)
    return made


def _in_script(log: str) -> str:
    """Return JSON that ends no script element."""
    return json.dumps(json.loads(log)).replace("<", "\\u003c")
