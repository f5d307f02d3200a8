"""Answers about texts, remembered for as long as the texts are not too large together."""

from __future__ import annotations

from collections import OrderedDict
from functools import wraps
from threading import Lock
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Texts = ParamSpec("Texts")
Answer = TypeVar("Answer")

MOST = 32 << 20
"""Characters of all texts that one function remembers answers about. The newest answer is remembered whatever its size."""


def memo(function: Callable[Texts, Answer]) -> Callable[Texts, Answer]:
    """Remember what a function of texts returned lately, as functools.lru_cache does for a number of answers."""
    known: OrderedDict[Any, Answer] = OrderedDict()
    lock, size = Lock(), 0

    @wraps(function)
    def remembered(*texts: Texts.args, **named: Texts.kwargs) -> Answer:
        nonlocal size
        key: Any = (*texts, *named.values())
        with lock:
            if key in known:
                known.move_to_end(key)
                return known[key]
        made = function(*texts, **named)
        with lock:
            size += 0 if key in known else _size(key)  # another thread may have asked for the same meanwhile
            known[key] = made
            while size > MOST and len(known) > 1:
                size -= _size(known.popitem(last=False)[0])
        return made

    return remembered


def _size(texts: tuple[str, ...]) -> int:
    return sum(map(len, texts))
