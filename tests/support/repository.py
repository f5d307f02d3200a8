"""Git repositories made in tests."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Repository:
    """A repository whose commits are made at times that the test says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.run("init", "-q", "-b", "main")

    def run(self, *arguments: str, seconds: float = 1_700_000_000) -> str:
        """Run git, and return what it says. What it commits is of this time."""
        when = f"{int(seconds)} +0000"
        said = subprocess.run(
            ["git", "-C", self.folder, "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments],
            env=os.environ | {"GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when, "GIT_CONFIG_GLOBAL": os.devnull},
            check=True,
            capture_output=True,
            text=True,
        )
        return said.stdout.strip()

    def check_in(self, files: Mapping[str, str], seconds: float) -> str:
        """Commit these files as they are given, and all else as it is; return the commit."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.run("add", "-A")
        self.run("commit", "-q", "--allow-empty", "-m", "some", seconds=seconds)
        return self.run("rev-parse", "HEAD")
