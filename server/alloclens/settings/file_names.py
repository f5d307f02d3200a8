"""The names of the files that hold settings and labels."""

from __future__ import annotations

OWN, SHARED = "alloclens.toml", "pyproject.toml"
"""Files of settings; the second may have other things, too."""
LABELS = "labels.toml"
