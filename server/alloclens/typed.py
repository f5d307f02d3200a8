"""Classes that msgspec reads from what an editor or a file says, and writes as JSON."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

Kind = TypeVar("Kind", bound=type)


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


@ready
class Message(msgspec.Struct, frozen=True, rename="camel"):
    """A value that leaves as JSON, under names as JavaScript spells them."""
