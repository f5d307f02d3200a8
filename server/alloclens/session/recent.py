"""The last few values that were made, at most so many, and as many as a budget allows."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

Value = TypeVar("Value")


@dataclass(frozen=True)
class _Kept(Generic[Value]):
    value: Value
    cost: int


class Recent(Generic[Value]):
    """Values by key; the one that was asked for longest ago goes first. Belongs to one thread."""

    def __init__(self, most: int, budget: int) -> None:
        self._most, self._budget = most, budget
        self._kept: OrderedDict[Hashable, _Kept[Value]] = OrderedDict()

    def get(self, key: Hashable) -> Value | None:
        """Return the value of a key; None where it is not kept."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key].value

    def keep(self, key: Hashable, value: Value, cost: int) -> None:
        """Keep a value; the last one is kept whatever it costs."""
        self._kept[key] = _Kept(value, cost)
        while len(self._kept) > 1 and self._too_much():
            self._kept.popitem(last=False)

    def _too_much(self) -> bool:
        return len(self._kept) > self._most or sum(kept.cost for kept in self._kept.values()) > self._budget
