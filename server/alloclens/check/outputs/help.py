"""The pages that explain the kinds of violations: those of the diagnostics in an editor."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

LINK = re.compile(r"\[([^\]]*)\]\([^)]*\.md\)")
"""A link to another page, which leads nowhere outside of the package."""


@cache
def page(kind: str) -> str:
    """Return the page of a kind of violation, in Markdown."""
    return LINK.sub(r"\1", files("alloclens").joinpath("pages", f"{kind}.md").read_text("utf-8"))
