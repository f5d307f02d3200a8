"""Answers that fit into the context of a model: JSON of at most 4 kB, with a cursor to the rest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from alloclens.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_BYTES = 4096
TEXT_CHARACTERS = (600, 300, 150, 75, 40, 20)
"""How long one text may be: the first length with which an item fits into an answer."""


MAX_REFUSAL_CHARACTERS, MAX_ASKED_CHARACTERS = 800, 160
"""Characters: 3200 bytes at most, and what is repeated of a question within them."""


class CursorError(ValueError):
    """A cursor that no answer had, or that has nothing now."""


def cut(text: str, characters: int) -> str:
    """Return a text on one line, cut off."""
    text = printable(text)
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def page(fixed: Mapping[str, Any], name: str, items: Iterable[Any], cursor: str = "") -> str:
    """Return JSON with the fixed keys, and under `name` as many items as fit, from the cursor on.

    `items` are taken only as far as they are needed. If some are left, `next_cursor` says where they begin. Raises CursorError.
    """
    skipped = _offset(cursor)
    answer: dict[str, Any] = {**_clipped(fixed, _fitting(fixed)), name: (shown := [])}
    number = -1
    for number, item in enumerate(items):
        if number < skipped:
            continue
        position = str(number)
        for characters in TEXT_CHARACTERS:
            shown.append(_clipped(item, characters))
            if _size({**answer, "next_cursor": position}) <= MAX_BYTES:
                break
            shown.pop()
            if shown:  # it has more room on a page of its own
                return _json({**answer, "next_cursor": position})
    if skipped > max(number, 0):
        raise CursorError(f"nothing is at cursor {skipped} now: ask again without one")
    return _json(answer)


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise CursorError(f"{printable(cursor[:40])!r} is no cursor: use next_cursor of an answer to the same question")
    return int(cursor)


def _fitting(fixed: Mapping[str, Any]) -> int:
    """Return how long texts of the fixed keys may be, so that they take half of an answer at most."""
    fitting = (n for n in TEXT_CHARACTERS if _size(_clipped(fixed, n)) <= MAX_BYTES // 2)
    return next(fitting, TEXT_CHARACTERS[-1])


def _clipped(value: Any, characters: int) -> Any:
    """Return a value with its texts cut off, each on one line, and without what is empty."""
    if isinstance(value, str):
        return cut(value, characters)
    if isinstance(value, dict):
        return {key: _clipped(of, characters) for key, of in value.items() if of not in (None, "", [], ())}
    return [_clipped(of, characters) for of in value] if isinstance(value, (list, tuple)) else value


def _json(answer: Any) -> str:
    return json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _size(answer: Any) -> int:
    return len(_json(answer).encode())
