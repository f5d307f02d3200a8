"""The languages Java, Kotlin and Scala. Profiles name their functions by the classes into which they are compiled."""

from __future__ import annotations

import re
from pathlib import Path

from alloclens.languages.language import FunctionName, Grammar, Language
from alloclens.paths import name_of

CLOSURE = re.compile(r"(?:^|[./$])(?:lambda|anonfun)\$")
NAMELESS = frozenset(("", "<init>", "<clinit>"))
PACKAGE = re.compile(r"^[^\S\n]*package\s+(?!object\b)([\w.`]+)", re.MULTILINE)
CLASS = re.compile(
    r"^(?![\s*/])[^\n=\"]*?\b(?:class|interface|record|object|trait|enum(?!\s+class))\s+`?(\w+)", re.MULTILINE
)
"""A class, if nothing is around it."""
OF_FUNCTIONS = re.compile(r"^@file:(?:\s*JvmName|\[[^\]\n]*\bJvmName)\(\"(\w+)\"\)", re.MULTILINE)
"""What a file of Kotlin calls the class that has its functions."""
OF_CLOSURES = frozenset(("lambda", "anonfun", "adapted", "new", "static"))


def _parse_name(function: str) -> FunctionName:
    """com.x.Cart$Item.lambda$add$0 -> com, x, Cart, Item, add. Initializers are their class.

    Kotlin calls the closure add$lambda$0, Scala $anonfun$add$1 or add$$anonfun$1.
    """
    name = function.partition("(")[0].replace("::", ".")
    closure = CLOSURE.search(name) is not None
    parts = (part.lstrip("0123456789") for part in re.split(r"[./$]", name))
    skipped = NAMELESS | OF_CLOSURES if closure else NAMELESS
    return FunctionName(tuple(part for part in parts if part not in skipped), closure)


JAVA = Language(
    (".java",), _parse_name, Grammar("tree_sitter_java"), Path(__file__).with_name("java.scm"), family="jvm"
)
KOTLIN = Language((".kt", ".kts"), _parse_name, family="jvm", has_lines_beyond_its_end=True)
SCALA = Language((".scala",), _parse_name, family="jvm")


def package_of(text: str) -> str:
    """Return the package that a text declares; Scala may take several lines for it."""
    return ".".join(PACKAGE.findall(text)).replace("`", "")


def classes_of(text: str, path: str) -> set[str]:
    """Return the names of the classes that are made of a file, without those within others: com.x.Cart, com.x.CartKt."""
    package, name = package_of(text), name_of(path)
    classes = set(CLASS.findall(text))
    if name.endswith(KOTLIN.endings):
        stem = name.rpartition(".")[0]
        named = OF_FUNCTIONS.search(text)
        classes.add(named[1] if named else f"{stem[:1].upper()}{stem[1:]}Kt")
    return {f"{package}.{name}" if package else name for name in classes}
