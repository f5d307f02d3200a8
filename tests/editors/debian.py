"""Editors of Debian 13, in a directory of its own: nothing is installed on this machine. Needs root, and Debian's apt."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.tools import ROOT, TOOLS, say

if TYPE_CHECKING:
    from collections.abc import Sequence

RELEASE = "trixie"
SYSTEM = TOOLS / "debian"
INSTALLED = TOOLS / "debian.installed"
"""Lists the packages. It is written last: an interrupted installation begins again."""
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
EDITORS = ("emacs-nox", "elpa-go-mode", "elpa-lsp-mode", "hx", "vim-nox", "vim-youcompleteme", "ycmd", "kate")
SCREEN = ("dbus-daemon", "fonts-dejavu-core", "imagemagick", "tesseract-ocr", "xdotool", "xvfb")
"""A screen without a monitor, keys for it, pictures of it, and their text."""
PACKAGES = (*EDITORS, *SCREEN, "git")
PRIVATE = ("unshare", "--mount", "--propagation", "private")
"""Runs a command whose mounts end with it, however it ends: nothing of this machine is left mounted there, to be removed by mistake."""
ENTER = """\
set -e
system=$1 folder=$2 many=$3
shift 3
while [ "$many" -gt 0 ]; do
  mkdir -p "$system$1"
  mount --rbind "$1" "$system$1"
  many=$((many - 1))
  shift
done
exec chroot "$system" /usr/bin/env -C "$folder" "$@"
"""
"""Makes directories of this machine visible, in mounts that end with the process, and runs a command."""


def is_here() -> bool:
    """Return whether the editors are installed, after trying to; say why if not."""
    if INSTALLED.exists() and INSTALLED.read_text("utf-8").split() == list(PACKAGES):
        return True
    if os.geteuid() != 0 or not SOURCES.exists() or sys.base_prefix == "/usr":
        say("the editors of Debian need root, apt-get, and a Python outside /usr, which runs there, too")
        return False
    if str(SYSTEM) in Path("/proc/self/mountinfo").read_text("utf-8"):
        say(f"something is mounted below {SYSTEM}, which is to be removed: unmount it first")
        return False
    say(f"installing Debian's {', '.join(EDITORS)}; this takes some minutes …")
    shutil.rmtree(SYSTEM, ignore_errors=True)
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "mmdebstrap"]):
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=quiet)
    (mirror,) = re.findall(r"^URIs: (\S+)", SOURCES.read_text("utf-8"), re.MULTILINE)[:1]
    source = f"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {mirror} {RELEASE} main"
    make = [
        *PRIVATE,
        "mmdebstrap",
        "--quiet",
        "--variant=minbase",
        f"--include={','.join(PACKAGES)}",
        RELEASE,
        SYSTEM,
        source,
    ]
    if subprocess.run(make, check=False, env=quiet, stdout=sys.stderr).returncode:
        return False
    INSTALLED.write_text("\n".join(PACKAGES), "utf-8")
    return True


def inside(command: Sequence[str | Path], folder: Path) -> list[str]:
    """Return a command that runs another one there, in a folder of this machine, with this Python and this project."""
    shared = ["/proc", "/dev", "/sys", "/tmp", sys.base_prefix]
    shared += [] if str(ROOT).startswith("/tmp/") else [str(ROOT)]
    enter = [*PRIVATE, "sh", "-c", ENTER, "sh"]
    return [*enter, str(SYSTEM), str(folder), str(len(shared)), *shared, *map(str, command)]


def version(package: str) -> str:
    """Return the upstream version of a package there."""
    query = [
        "dpkg-query",
        f"--admindir={SYSTEM}/var/lib/dpkg",
        "--show",
        "--showformat=${source:Upstream-Version}",
        package,
    ]
    return subprocess.run(query, check=True, capture_output=True, text=True).stdout.split("+")[0]
