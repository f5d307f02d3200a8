"""Workspaces in which every name would steer a terminal, forge a row or break a quotation; and the same with harmless names."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from tests.support.profiles import Builder, drop, heap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Spell = Callable[[str], str]

MB = 1 << 20
STEERING = "\x1b[31m\x1b[2J\x1b]0;t\x07\x9b31m\x9d0;t\x9c\r\n\x08\x0b\x0c\x7f\x85\u2028\u2029\u202e\u2066\u200f\u061c\u200b\ufeff"
QUOTING = "<b>&amp;'\"`*_[x](y)|$\\#~"
SNAPSHOTS = 8
TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
SOURCE = "package main\n\nfunc f() {\n\tkeep() // {}\n\tkeep()\n}\n"
LINE = 4
"""Of SOURCE, where a leak is; another is below it, in a function that the profile alone names."""


def hostile(word: str) -> str:
    """Spell a word as a file may be called on POSIX."""
    return f"{word}{STEERING}{QUOTING}{word}"


def nul(word: str) -> str:
    """Spell a word as only a profile can."""
    return f"{hostile(word)}\0"


def harmless(word: str) -> str:
    """Spell a word as it is."""
    return word


def steering(text: str) -> set[str]:
    """Return the characters of a text that a terminal, an editor or a browser does not show as they are."""
    return {
        c
        for c in text
        if unicodedata.category(c) in {"Cc", "Zl", "Zp", "Cs"}
        or unicodedata.bidirectional(c) in TURNS
        or c in "\u061c\u200b\u200e\u200f\ufeff"
    }


class Made(NamedTuple):
    """A workspace."""

    folder: Path
    source: Path
    """A file whose line LINE leaks."""
    profiles: Path
    heap: Path
    """The latest snapshot."""
    odd: Path
    """A profile of other sample types, in a directory of its own."""
    function: str
    """The one that leaks and is not in the source."""


def workspace(root: Path, file: Spell, recorded: Spell) -> Made:
    """Make a workspace in which files are called as one function spells them, and what only profiles name as another does."""
    folder = root / file("app")
    folder.mkdir()
    (folder / "go.mod").write_text("module example.com/app\n")
    source, profiles, function = folder / f"{file('odd')}.go", folder / file("p"), recorded("main.g")
    comment = recorded("comment").replace("\n", " ").replace("\r", " ")
    source.write_text(SOURCE.replace("{}", comment), "utf-8", newline="")
    mistake = {recorded("key"): recorded("value")}
    (folder / "alloclens.toml").write_text("".join(f"{json.dumps(k)} = {json.dumps(v)}\n" for k, v in mistake.items()))
    latest = source
    for i in range(SNAPSHOTS):
        stacks = (
            f"{recorded('dep.New')}@/m/{recorded('t')}.go:4 < main.f:3@{source}:{LINE} = {1 + 9 * i}x{MB}",
            f"{function}:3@{source}:{LINE + 1} = {1 + 8 * i}x{MB}",
            f"{recorded('lost.f')}@/gone/{recorded('lost')}.go:7 = 3x{MB}",
        )
        data = heap(*stacks, build_id=recorded("id"))
        latest = drop(profiles / f"{file(f'heap{i}')}.pb.gz", data)
    drop(profiles / f"{file('bad')}.pb.gz", b"<html>")
    labels = {latest.name: recorded("label")}
    (profiles / "labels.toml").write_text("".join(f"{json.dumps(k)} = {json.dumps(v)}\n" for k, v in labels.items()))
    return Made(folder, source, profiles, latest, drop(folder / f"{file('q')}/odd.pb", odd(recorded)), function)


def odd(recorded: Spell) -> bytes:
    """Return a profile of which everything that has a name has one so spelt."""
    made = Builder((recorded("kind"), recorded("unit")), (recorded("other"), "bytes"))
    for i in range(3):
        stack = f"{recorded(f'f{i}')}@{recorded(f'a{i}')}:{i + 1} < {recorded('root')}@{recorded('b')}:9"
        made.sample(stack, [i + 1, i + 1], **{recorded("tag"): recorded("value")})
    mapping = made.message.mapping.add(
        id=1, filename=made.text(recorded("/bin/app")), build_id=made.text(recorded("id"))
    )
    made.message.location.add(id=99, mapping_id=mapping.id, address=77)
    made.message.sample.add(value=[5, 5], location_id=[99])
    made.message.comment.append(made.text(recorded("comment")))
    made.message.default_sample_type = made.text(recorded("kind"))
    return made.bytes()
