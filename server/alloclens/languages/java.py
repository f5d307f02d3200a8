"""Java."""

from __future__ import annotations

import re
from pathlib import Path

from alloclens.languages.language import FunctionName, Grammar, Language

LAMBDA = re.compile(r"\blambda\$(\w+)\$\d+$")


def _parse_name(function: str) -> FunctionName:
    """com.x.Cart$Item.lambda$add$0 -> com, x, Cart, Item, add. Initializers are their class."""
    name = function.partition("(")[0].replace("::", ".")
    match = LAMBDA.search(name)
    name = f"{name[: match.start()]}{match[1]}" if match else name
    parts = (part.lstrip("0123456789") for part in re.split(r"[./$]", name))
    skipped = {"", "<init>", "<clinit>", *(("new", "static") if match else ())}
    return FunctionName(tuple(part for part in parts if part not in skipped), match is not None)


JAVA = Language((".java",), _parse_name, Grammar("tree_sitter_java"), Path(__file__).with_name("java.scm"))
