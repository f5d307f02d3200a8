"""What msgspec needs to read what an editor or a file says into classes, and to write them as JSON."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

Kind = TypeVar("Kind", bound=type)
PLACE = re.compile(r" - at `\$((?:\[\d+\]|\.\w+)+)`$")
STEP = re.compile(r"\[(\d+)\]|\.(\w+)")


def ready(kind: Kind) -> Kind:
    """Decorate a struct so that msgspec inspects it when it is defined.

    By default msgspec inspects a class at its first use, and two threads that do so at once crash the process (msgspec
    0.22).
    """
    msgspec.json.Decoder(kind)
    return kind


def as_json(value: Any) -> Any:
    """Return a value, or all that it holds, as what JSON has."""
    return msgspec.to_builtins(value)


def located(error: msgspec.ValidationError) -> tuple[str, tuple[str | int, ...]]:
    """Return what msgspec says is wrong with a value, and where in it: the names and indices that lead there.

    msgspec has this only as one text: "Expected `str`, got `int` - at `$[0].from`".
    """
    message, match = str(error), PLACE.search(str(error))
    if not match:
        return message, ()
    return message[: match.start()], tuple(int(index) if index else name for index, name in STEP.findall(match[1]))


@ready
class Message(msgspec.Struct, frozen=True, rename="camel"):
    """A value that leaves as JSON, under names as JavaScript spells them."""
