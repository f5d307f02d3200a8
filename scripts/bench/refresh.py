"""The time from a snapshot's rename into place to its number in the window of a real VS Code.

The time is taken by the page itself, at every change of the editor's DOM, against the clock of this machine.
"""

from __future__ import annotations

import sysconfig
import tempfile
import time
from pathlib import Path
from statistics import quantiles

from rich import box
from rich.table import Table

from scripts import tools
from scripts.bench.section import Section
from scripts.bench.table import duration
from scripts.workbench import workbench
from tests.support.page import VsCode
from tests.support.profiles import heap

MB = 1 << 20
VSIX = tools.ROOT / "vscode-client" / "alloclens.vsix"
MAIN = "package main\n\nfunc keep() {\n\tkept = append(kept, make([]byte, 1<<20))\n}\n"
LINE = "kept = append(kept, make([]byte, 1<<20))"
SNAPSHOTS, QUICK, WARM_UP, PAUSE_SECONDS = 60, 10, 5, 0.6
WATCH = """() => {
  window.seen = {};
  const look = () => {
    for (const span of document.querySelectorAll('.view-line span[class*="dyn-rule"]')) {
      const text = span.textContent.replace(/[\\s\\u200a]+/g, ' ').trim().split(' ')[0];
      window.seen[text] ??= Date.now();
    }
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


def measure(*, quick: bool) -> Section:
    """Measure one snapshot after the other."""
    count = QUICK if quick else SNAPSHOTS
    server = Path(sysconfig.get_path("scripts")) / "alloclens"
    with (
        tempfile.TemporaryDirectory() as name,
        workbench(VSIX, {"alloclens.server.command": str(server)}) as code,
        tools.playwright() as driver,
    ):
        folder = Path(name).resolve()
        (folder / "profiles").mkdir()
        (folder / "main.go").write_text(MAIN)
        (folder / "go.mod").write_text("module example.com/app\n")
        _write(folder, 1)
        browser = driver.chromium.launch(executable_path=tools.chromium(), args=tools.CHROMIUM_ARGUMENTS)
        window = VsCode(code, browser.new_page(viewport={"width": 1280, "height": 800}))
        window.open(folder, folder / "main.go")
        window.until_hint(LINE, "1.0MB")
        window.page.evaluate(WATCH)
        taken = [_once(window, folder, number) for number in range(2, count + WARM_UP + 2)][WARM_UP:]
        browser.close()
    cuts = quantiles(taken, n=100, method="inclusive")
    table = Table(
        f"from the rename to the number in the DOM, {count} snapshots one after the other", "", box=box.MARKDOWN
    )
    for name, milliseconds in (("median", cuts[49]), ("99th percentile", cuts[98]), ("longest", max(taken))):
        table.add_row(name, duration(milliseconds / 1000))
    return Section(table, [milliseconds / 1000 for milliseconds in taken])


def _write(folder: Path, number: int) -> float:
    """Write a snapshot beside its place and rename it; return when, in milliseconds since 1970."""
    data = heap(f"main.keep:3@{folder}/main.go:4 = {number}x{MB}")
    new = folder / "profiles" / ".new.tmp"
    new.write_bytes(data)
    at = time.time() * 1000
    new.rename(folder / "profiles" / f"{number:04}.pb.gz")
    return at


def _once(window: VsCode, folder: Path, number: int) -> float:
    """Return the milliseconds until the number of one snapshot is seen."""
    at = _write(folder, number)
    seen = window.page.wait_for_function(
        "(text) => window.seen[text]", arg=f"{number}.0MB" if number < 100 else f"{number}MB"
    )
    milliseconds = float(seen.json_value()) - at
    time.sleep(PAUSE_SECONDS)  # else one refresh would overtake another
    return milliseconds
