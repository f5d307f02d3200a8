"""A user whom permissions bind: root may look everywhere."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534


@contextmanager
def open_directory() -> Iterator[Path]:
    """Yield an empty directory that every user may enter; pytest's own may not be."""
    root = Path(os.path.realpath(tempfile.mkdtemp()))
    root.chmod(0o777)
    try:
        yield root
    finally:
        for directory, _, _ in os.walk(root):
            os.chmod(directory, 0o700)
        shutil.rmtree(root)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Within the block, this process (with all its threads) is not root's. What it still has to import must be at hand."""
    if not hasattr(os, "setresuid") or os.geteuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
