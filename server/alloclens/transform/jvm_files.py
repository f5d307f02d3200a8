"""Names the source files of the JVM's classes where a profile names none, as those of async-profiler's jfrconv."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from alloclens.profile.model import Profile

METHOD = re.compile(r"(?P<outer>(?:[a-z_]\w*[./])*[A-Z]\w*)(?:\$[\w$]*)?\.[\w$<>]+(?:\(.*)?", re.DOTALL)
"""com.shop.Cart$Item.add: a public class is in the file of its name, and a nested one in that of the outer class."""
LIBRARY = re.compile(r"java[./]")
"""Prefixes of the functions that every program of the JVM calls."""
OF_FUNCTIONS = "Kt"
"""Ends the name of the class that Kotlin makes of a file for the functions outside of classes."""


def with_jvm_files(profile: Profile) -> Profile:
    """Return a profile without any file with one for each function that is a method; others as they are.

    It is the file of Java, unless the class is one that Kotlin made: only the sources tell the language.
    """
    functions, strings = profile.functions, profile.strings
    if any(strings[row] for row in set(functions.file.tolist())):
        return profile
    names = profile.text(functions.name)
    is_of_jvm = any(map(LIBRARY.match, names))  # only then a class may be in no package
    matches = [
        match if match and (is_of_jvm or match[0][0].islower()) else None for match in map(METHOD.fullmatch, names)
    ]
    if not any(matches):
        return profile
    rows: dict[str, int] = {}
    file = [len(strings) + rows.setdefault(_file(match["outer"]), len(rows)) if match else 0 for match in matches]
    return replace(profile, functions=replace(functions, file=np.array(file, np.int64)), strings=(*strings, *rows))


def without_jvm_files(profile: Profile, written: Profile) -> Profile:
    """Return a profile without the files that `with_jvm_files` named for what was written: there may be no such files."""
    named = with_jvm_files(written)
    if named is written:
        return profile
    invented = {named.strings[row] for row in set(named.functions.file.tolist())}
    file = np.array(
        [0 if profile.strings[row] in invented else row for row in profile.functions.file.tolist()], np.int64
    )
    return replace(profile, functions=replace(profile.functions, file=file))


def _file(outer: str) -> str:
    path = outer.replace(".", "/")
    kotlin = path.removesuffix(OF_FUNCTIONS)
    return f"{kotlin}.kt" if kotlin != path and not kotlin.endswith("/") else f"{path}.java"
