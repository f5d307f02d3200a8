"""The language Go. What only Go has, such as `go` statements and build constraints, is in modules of its own here."""

from __future__ import annotations

from pathlib import Path

from alloclens.languages.go.names import parse_name
from alloclens.languages.language import Grammar, Language

GRAMMAR = Grammar("tree_sitter_go")
GO = Language(
    (".go",),
    parse_name,
    GRAMMAR,
    Path(__file__).with_name("declarations.scm"),
    spelled="exactly",
    declares_all=True,
)
