"""What the server can do, one file each. A new one is a file with a `register` and one name here."""

from __future__ import annotations

from alloclens.lsp.features import choices, code_lens, edits, explain, hot_lines, hover, inlay_hints, stacks

FEATURES = (inlay_hints, hover, code_lens, stacks, hot_lines, choices, explain, edits)

__all__ = ["FEATURES"]
