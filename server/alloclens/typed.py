"""Classes that msgspec makes of what an editor or a file says."""

from __future__ import annotations

from typing import TypeVar

import msgspec

Kind = TypeVar("Kind", bound=type)


def ready(kind: Kind) -> Kind:
    """Have msgspec look at a class when it is defined, as a decorator.

    It does so when the class is first used, and where two threads do that at once, the process crashes (msgspec 0.22).
    """
    msgspec.json.Decoder(kind)
    return kind
