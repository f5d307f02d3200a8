"""Makes msgspec structs safe to use from several threads."""

from __future__ import annotations

from typing import TypeVar

import msgspec

Kind = TypeVar("Kind", bound=type)


def ready(kind: Kind) -> Kind:
    """Decorate a struct so that msgspec inspects it when it is defined.

    By default msgspec inspects a class at its first use, and two threads that do so at once crash the process (msgspec
    0.22).
    """
    msgspec.json.Decoder(kind)
    return kind
