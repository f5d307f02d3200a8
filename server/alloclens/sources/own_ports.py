"""The ports at which the workspace's own Go programs serve profiles, as their source says."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from alloclens.disk import read_file
from alloclens.walk import NOT_OWN, tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PPROF = b'"net/http/pprof"'
"""The import that makes a program serve profiles."""
LITERAL = re.compile(rb'"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])?:(\d{2,5})"')
"""An address of this machine in Go; the group is its port."""
MAX_FILES = 2000
MAX_BYTES = 1 << 20
MAX_PORTS = 16
MAX_PORT = (1 << 16) - 1


def own_ports(folders: Iterable[str]) -> dict[int, str]:
    """Map ports that Go files with PPROF name, at most MAX_PORTS, to the file that names each first.

    Reads no more than MAX_FILES files: use it in a thread.
    """
    ports: dict[int, str] = {}
    for path in islice(_go_files(folders), MAX_FILES):
        with suppress(OSError):
            text = read_file(path, MAX_BYTES)
            for found in LITERAL.findall(text) if PPROF in text else ():
                if 0 < int(found) <= MAX_PORT and len(ports) < MAX_PORTS:
                    ports.setdefault(int(found), path)
    return ports


def _go_files(folders: Iterable[str]) -> Iterator[str]:
    for folder in folders:
        for directory, _, names in tree(folder, NOT_OWN, set()):
            yield from (os.path.join(directory, name) for name in sorted(names) if name.endswith(".go"))
