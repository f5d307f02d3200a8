"""Names the source files of Java classes where a profile names none, as those of async-profiler's jfrconv."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from alloclens.profile.model import Profile

METHOD = re.compile(r"(?P<outer>(?:[a-z_]\w*[./])+[A-Z]\w*)(?:\$[\w$]*)?\.[\w$<>]+(?:\(.*)?", re.DOTALL)
"""com.shop.Cart$Item.add: a public class is in the file of its name, and a nested one in that of the outer class."""


def with_java_files(profile: Profile) -> Profile:
    """Return a profile without any file with one for each function that is a method; others as they are."""
    functions, strings = profile.functions, profile.strings
    if any(strings[row] for row in set(functions.file.tolist())):
        return profile
    rows: dict[str, int] = {}
    matches = map(METHOD.fullmatch, profile.text(functions.name))
    file = [
        len(strings) + rows.setdefault(f"{match['outer'].replace('.', '/')}.java", len(rows)) if match else 0
        for match in matches
    ]
    if not rows:
        return profile
    return replace(profile, functions=replace(functions, file=np.array(file, np.int64)), strings=(*strings, *rows))
