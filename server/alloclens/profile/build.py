"""TODO."""

from __future__ import annotations

import math
from typing import NamedTuple


class Build(NamedTuple):
    """What is known of how the program of a snapshot was built."""

    written_at: float = math.inf
    """When the binary was last written that lies where the profile says, in seconds since 1970."""
    is_here: bool = False
    """Whether that binary is the one that ran: it has the build id of the profile, and its lines at its addresses."""
    is_gone: bool = False
    """Whether the binary that the profile names is not there, or another one is."""
    revision: str = ""
    """The commit or version that the binary or the profile names."""
    is_modified: bool = False
    """Whether the binary says that something was not checked in."""
    go_version: str = ""
    """Such as go1.26.1."""


UNKNOWN_BUILD = Build()
