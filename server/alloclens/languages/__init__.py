"""What is known of programming languages: one file or folder each, and one line here."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from alloclens.languages.csharp import CSHARP
from alloclens.languages.go import GO
from alloclens.languages.javascript import JAVASCRIPT, TSX, TYPESCRIPT
from alloclens.languages.jvm import JAVA, KOTLIN, SCALA
from alloclens.languages.native import C_PLUS_PLUS, RUST, C
from alloclens.languages.python import PYTHON

if TYPE_CHECKING:
    from alloclens.languages.language import Language

LANGUAGES: tuple[Language, ...] = (
    GO,
    PYTHON,
    JAVASCRIPT,
    TYPESCRIPT,
    TSX,
    RUST,
    C,
    C_PLUS_PLUS,
    JAVA,
    KOTLIN,
    SCALA,
    CSHARP,
)
LANGUAGE_OF = {ending: language for language in reversed(LANGUAGES) for ending in language.endings}
"""By the end of a file's name; the first one that has it."""


def language_of(path: str) -> Language | None:
    """Return the language of a file by the end of its name; None if it is not one of these."""
    return LANGUAGE_OF.get(path[path.rfind(".") :].lower())


@lru_cache(2)  # successive snapshots name the same files
def families_of(files: tuple[str, ...]) -> tuple[str, ...]:
    """Return the families of the languages that files are written in, sorted; a language without others is one of its own."""
    endings = {file[file.rfind(".") :].lower() for file in files}
    written_in = (language for language in LANGUAGES if endings.intersection(language.endings))
    return tuple(sorted({language.family or language.endings[0] for language in written_in}))


def comment_of(path: str) -> str:
    """Return what begins a comment in a file; "" if that is not known."""
    language = language_of(path)
    return language.comment if language else ""
