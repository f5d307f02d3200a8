"""Classes that msgspec makes values of: in many threads at once, from the first use on."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import alloclens
import pytest

RACE = """
import sys, threading
from typing import Literal, NamedTuple
import msgspec
from alloclens.typed import ready

sys.setswitchinterval(1e-6)
for _ in range(100):
    @ready
    class Inner(msgspec.Struct, forbid_unknown_fields=True):
        name: str = msgspec.field(name="from")

    @ready
    class Pair(NamedTuple):
        name: str
        inner: Inner

    @ready
    class Outer(msgspec.Struct, rename="camel"):
        all_of_them: tuple[Inner, ...] = ()
        pairs: tuple[Pair, ...] = ()
        one: Literal["a", "b"] = "a"

    def use():
        begin.wait()
        inner = {"from": "x"}
        msgspec.convert({"allOfThem": [inner], "pairs": [["x", inner]], "one": "b"}, Outer)

    begin = threading.Barrier(4)
    threads = [threading.Thread(target=use) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
"""


@pytest.mark.programs
def test_the_first_uses_at_once() -> None:
    """Without `ready` a few of these classes are enough: the process ends with a segmentation fault."""
    assert subprocess.run([sys.executable, "-c", RACE], check=False).returncode == 0


def structs() -> list[tuple[str, ast.ClassDef, bool]]:
    """Return all structs, and whether their module makes a decoder when it is imported, which inspects them, too."""
    root = Path(alloclens.__file__).parent
    texts = ((path, path.read_text("utf-8")) for path in sorted(root.rglob("*.py")))
    trees = ((path, text, ast.parse(text)) for path, text in texts if "Struct" in text)
    return [
        (f"{path.relative_to(root)}: {node.name}", node, "\nDECODER = msgspec.json.Decoder(" in text)
        for path, text, tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and is_struct(node)
    ]


def is_struct(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).rpartition(".")[2] == "Struct" for base in node.bases)


@pytest.mark.parametrize(
    ("node", "is_decoded"), [pytest.param(node, is_decoded, id=name) for name, node, is_decoded in structs()]
)
def test_every_class_is_ready(node: ast.ClassDef, *, is_decoded: bool) -> None:
    assert is_decoded or "ready" in map(ast.unparse, node.decorator_list)


@pytest.mark.slow
def test_there_are_some() -> None:
    assert len(structs()) > 5
