"""Escapes untrusted names, so that they cannot control a terminal or break a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# C0 and C1 controls and DEL; line and paragraph separators; zero-width and bidirectional controls (Unicode TR 36 and the
# "Trojan Source" set); lone surrogates, which no encoder takes; tags and interlinear annotation.
UNSAFE = "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"


def printable(text: str) -> str:
    r"""Return a text on one line, with unsafe characters escaped like \x1b or \u202e."""
    if text.isprintable():
        return text
    return re.sub(UNSAFE, lambda match: match[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)


def rows(lines: Iterable[str]) -> str:
    """Join lines into one text, each escaped to stay one line."""
    return "\n".join(map(printable, lines))
