"""What the server can do, one file each. A new one is a file with a `register` and one name here."""

from __future__ import annotations

from alloclens.lsp.features import choices, code_lens, hot_lines, hover, inlay_hints, stacks

FEATURES = (inlay_hints, hover, code_lens, stacks, hot_lines, choices)

__all__ = ["FEATURES"]
