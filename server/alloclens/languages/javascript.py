"""The languages JavaScript and TypeScript: how profiles name their functions, and which grammars read their texts."""

from __future__ import annotations

import re
from pathlib import Path

from alloclens.languages.language import FunctionName, Grammar, Language

NODE = re.compile(r"(?:.*:)?([^:]*):(\d{1,9})$", re.DOTALL)


def _parse_name(function: str) -> FunctionName:
    """./index.js:Router.handle:136 -> Router, handle; line 136."""
    match = NODE.match(function)
    name, line = (match[1], int(match[2])) if match else (function, 0)
    parts = tuple(part.lstrip("#") for part in name.split(" ")[-1].split("."))
    known = tuple(part for part in parts if part not in {"", "prototype"} and not part.startswith(("(", "<")))
    return FunctionName(known, not known, line=line)


JAVASCRIPT = Language(
    (".js", ".mjs", ".cjs", ".jsx"),
    _parse_name,
    Grammar("tree_sitter_javascript"),
    Path(__file__).with_name("javascript.scm"),
    spelled="shortly",
    family="javascript",
)
TYPESCRIPT = JAVASCRIPT._replace(
    endings=(".ts", ".mts", ".cts"),
    grammar=Grammar("tree_sitter_typescript", "language_typescript"),
    query=Path(__file__).with_name("typescript.scm"),
)
TSX = TYPESCRIPT._replace(endings=(".tsx",), grammar=Grammar("tree_sitter_typescript", "language_tsx"))
