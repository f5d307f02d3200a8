"""The language Python: how profiles name its functions, and which grammar reads its texts."""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType

from alloclens.languages.language import FunctionName, Grammar, Language


def _parse_name(function: str) -> FunctionName:
    """Module.T.f.<locals>.g -> module, T, f, g."""
    return FunctionName(tuple(part for part in re.split(r"[.:]", function) if part not in {"", "<locals>"}))


PYTHON = Language(
    (".py", ".pyi", ".pyw"),
    _parse_name,
    Grammar("tree_sitter_python"),
    Path(__file__).with_name("python.scm"),
    comment="#",
    spelled="shortly",
    nests=True,
    nameless=MappingProxyType(
        {
            "lambda": "<lambda>",
            "list_comprehension": "<listcomp>",
            "generator_expression": "<genexpr>",
            "set_comprehension": "<setcomp>",
            "dictionary_comprehension": "<dictcomp>",
        }
    ),
    starts_with_head=True,
    declares_all=True,
)
