"""The language C#: how profiles name its methods, and what declarations look like."""

from __future__ import annotations

import re

from alloclens.languages.language import FunctionName, Language

STATE_MACHINE = re.compile(r"<(\w+)>d(?:__\w+)?(?:\.MoveNext)?$")
CLOSURE = re.compile(r"(?:[.+/]<>c(?:__\w+)?)?[.+/]<(\w+)>[bg]__\w*")
ACCESSOR = re.compile(r"^(?:get|set|add|remove|init)_(?=\w)")
ARGUMENTS = re.compile(r"`\d+|\[[^\]]*\]|<[\w, ]*>(?!d)|\(.*")


def _parse_name(function: str) -> FunctionName:
    """Acme.Shop.Cart+<AddAsync>d__3.MoveNext -> Acme, Shop, Cart, AddAsync; Acme.Cart..ctor -> Acme, Cart."""
    match = CLOSURE.search(function)
    name = f"{function[: match.start()]}.{match[1]}" if match else STATE_MACHINE.sub(r"\1", function)
    parts = [part for part in re.split(r"[.+/]", ARGUMENTS.sub("", name)) if part not in ("", "ctor", "cctor")]
    return FunctionName((*parts[:-1], ACCESSOR.sub("", parts[-1])) if parts else (), match is not None)


CSHARP = Language(
    (".cs",),
    _parse_name,
    declaration=(
        r"[^\S\n]*(?!(?:await|else|goto|new|return|throw|yield)\b)(?:[\w<>\[\],.?]+[^\S\n]+)+{name}"
        r"[^\S\n]*(?:<[^>\n]*>[^\S\n]*)?(?:[({]|=>|\n)"
    ),
)
