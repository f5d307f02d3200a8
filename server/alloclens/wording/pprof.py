"""The pprof command that shows the same numbers, so that anybody can check ours."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def command(function: str, sample_type: str, head: str, base: str | None, focus: Sequence[str] = ()) -> str:
    """Return the command that lists a function's lines with flat and cum, as text for a shell. `focus` are further options."""
    compared = [f"-diff_base={base}"] if base else []
    listed = f"-list=^{re.escape(function)}$"
    return shlex.join(["go", "tool", "pprof", f"-sample_index={sample_type}", listed, *focus, *compared, head])
