"""The explanation pages that a diagnostic's code leads to. They come with the package: no network."""

from __future__ import annotations

from pathlib import Path

PAGES = Path(__file__).parent.parent / "pages"


def page(name: str) -> str:
    """Return the URI of a page."""
    return (PAGES / f"{name}.md").as_uri()
