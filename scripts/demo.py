"""make demo: the leaky service under load, its heap captured every few seconds, and an editor on its source.

Ctrl-C ends everything that was started.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
import threading
import webbrowser
from pathlib import Path

from scripts import leaky, tools
from scripts.workbench import end_on_signals, workbench

SERVER = Path(sysconfig.get_path("scripts")) / "alloclens"
VSIX = tools.ROOT / "vscode-client" / "alloclens.vsix"
WHAT_TO_SEE = """
  {where}

  In leaks.go three lines hold more and more: numbers grow beside them, and after a minute or two each carries a warning
  that says "Leak". The churn, the cache and the pool in honest.go carry none. Ctrl-click a number, or run
  "alloclens: Show Call Stacks of This Line", to see the calls behind it.

  Ctrl-C ends the demo and all that it started.
"""


def main() -> None:
    """Run until Ctrl-C."""
    end_on_signals()
    try:
        _run()
    except KeyboardInterrupt:
        tools.say("\nThe demo has ended.")


def _run() -> None:
    _forget_former_run()
    with leaky.under_load(leaky.EXAMPLE):
        if code := shutil.which("code"):
            _desktop(code)
        else:
            _in_the_browser()


def _forget_former_run() -> None:
    """A new process is a new series; the captures of the last run would only be in its way."""
    for old in (leaky.EXAMPLE / "profiles").glob("heap-*Z.pb.gz"):
        old.unlink()


def _desktop(code: str) -> None:
    """The window belongs to the user, who may have others open: it stays when the demo ends."""
    subprocess.run([code, "--install-extension", VSIX, "--force"], check=True)
    # A setting of the folder counts in a VS Code that runs already, too, where an environment variable would not.
    settings = leaky.EXAMPLE / ".vscode" / "settings.json"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(json.dumps({"alloclens.server.command": str(SERVER)}))
    subprocess.run([code, "--new-window", leaky.EXAMPLE, leaky.EXAMPLE / "leaks.go"], check=True)
    print(WHAT_TO_SEE.format(where="VS Code is open on examples/leaky."), flush=True)
    threading.Event().wait()


def _in_the_browser() -> None:
    with workbench(VSIX, {"alloclens.server.command": str(SERVER)}) as running:
        url = running.url(leaky.EXAMPLE, leaky.EXAMPLE / "honest.go", leaky.EXAMPLE / "leaks.go")
        print(WHAT_TO_SEE.format(where=f"Open this address in a browser:\n\n  {url}"), flush=True)
        if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
            webbrowser.open(url)
        threading.Event().wait()


if __name__ == "__main__":
    main()
