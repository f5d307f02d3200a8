"""The languages whose declarations are read by a grammar: which of tree-sitter's packages, and what of its nodes counts."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple


class Grammar(NamedTuple):
    """How one language is read."""

    package: str
    """Imported when it is first needed."""
    query: str = ""
    """The file of the query, which captures:

    - function, closure, type: what is declared;
    - scope: what is only part of a name, such as a namespace;
    - head: a declaration with what stands before it, such as its decorators;
    - assigned: what gives a function without a name the name of a variable, a field or a key;
    - loop: what may have code at its closing brace;
    - comment.
    """
    names: str = ""
    """How profiles spell its functions: the key of a parser in `names.py`."""
    spelled: Literal["exactly", "fully", "shortly"] = "fully"
    """How much of a function's name profiles have beside what a text says: nothing, the modules around it, or any part of both."""
    get: str = "language"
    """The package's function that returns the grammar."""
    comment: str = "//"
    """What begins a comment that ends with its line."""
    nests: bool = False
    """Whether a function's name has the functions around it."""
    ignored: re.Pattern[bytes] | None = None
    """What the grammar cannot read, and is read as spaces instead."""


GO = Grammar("tree_sitter_go", "go/declarations.scm", "go", "exactly")
PYTHON = Grammar("tree_sitter_python", "python.scm", "python", "shortly", comment="#", nests=True)
JAVASCRIPT = Grammar("tree_sitter_javascript", "javascript.scm", "javascript", "shortly")
TYPESCRIPT = Grammar("tree_sitter_typescript", "typescript.scm", "javascript", "shortly", "language_typescript")
RUST = Grammar("tree_sitter_rust", "rust.scm", "native", nests=True)
MACRO = re.compile(
    rb"^[ \t]*[A-Z][A-Z0-9_]{3,}[ \t]*(?:\([^(){};\n]*\))?[ \t]*$|(?<!#define )\b[A-Z][A-Z0-9]*_[A-Z0-9_]+(?=[ \t]+[A-Za-z_])",
    re.MULTILINE,
)
"""A macro that is no part of a declaration's grammar: alone on a line, or a word before others."""
C = Grammar("tree_sitter_c", "c.scm", "native", ignored=MACRO)
C_PLUS_PLUS = Grammar("tree_sitter_cpp", "cpp.scm", "native", nests=True, ignored=MACRO)
JAVA = Grammar("tree_sitter_java", "java.scm", "java")
ENDINGS = {
    GO: ".go",
    PYTHON: ".py .pyi .pyw",
    JAVASCRIPT: ".js .mjs .cjs .jsx",
    TYPESCRIPT: ".ts .mts .cts",
    TYPESCRIPT._replace(get="language_tsx"): ".tsx",
    RUST: ".rs",
    C: ".c",
    C_PLUS_PLUS: ".cc .cpp .cxx .c++ .h .hh .hpp .hxx .h++ .inl .ipp .tpp .cu .cuh",
    JAVA: ".java",
}
GRAMMARS = {ending: grammar for grammar, endings in ENDINGS.items() for ending in endings.split()}


def ending_of(path: str) -> str:
    """Return the end of a file's name if it tells a language that has a grammar; "" if not."""
    ending = path[path.rfind(".") :].lower()
    return ending if ending in GRAMMARS else ""


def comment_of(path: str) -> str:
    """Return what begins a comment in a file; "" where that is not known."""
    ending = ending_of(path)
    return GRAMMARS[ending].comment if ending else ""
