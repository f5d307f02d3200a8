"""How the profiled program was built."""

from __future__ import annotations

import math
from typing import NamedTuple


class Build(NamedTuple):
    """What is known about the build of a snapshot's program."""

    written_at: float = math.inf
    """Modification time of the binary at the path in the profile, in seconds since 1970."""
    is_here: bool = False
    """Whether that binary is the one that ran: its build id and its lines match the profile."""
    is_gone: bool = False
    """Whether the binary that the profile names is missing or has been replaced."""
    revision: str = ""
    """The commit or version that the binary or the profile names."""
    version: str = ""
    """The version, else the commit, that the profile names for people: 1.8.2."""
    is_modified: bool = False
    """Whether the binary says that it was built with uncommitted changes."""
    go_version: str = ""
    """Such as go1.26.1."""
    has_other_lines: bool = False
    """Whether the binary at the path in the profile has other lines at the profile's addresses: it did not run."""
    is_proven: bool = False
    """Whether the build id of the binary proves that it ran. Go's does not: it is read from the path when a profile is written."""


UNKNOWN_BUILD = Build()
