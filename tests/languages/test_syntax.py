"""What grammars find in texts: the extents of functions by Python's own parser, and hostile texts."""

from __future__ import annotations

import argparse
import ast
import inspect
import subprocess
import sys
import typing
from typing import TYPE_CHECKING, Any

import pytest
from alloclens.languages import syntax as module
from alloclens.languages.declarations import declarations, declared
from alloclens.languages.syntax import syntax

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def by_python(node: ast.AST, outer: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int, int, int]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, NAMED):
            name = (*outer, child.name)
            first = min([child.lineno, *(one.lineno for one in child.decorator_list)])
            yield name, first, child.lineno, child.end_lineno or 0
            yield from by_python(child, name)
        else:
            yield from by_python(child, outer)


@pytest.mark.parametrize("of", [argparse, inspect, subprocess, typing], ids=lambda of: of.__name__)
def test_extents_are_those_of_pythons_own_parser(of: Any) -> None:
    text = inspect.getsource(of)
    found = syntax(text, ".py")
    assert found is not None
    named = [(d.name, d.first, d.line, d.last) for d in found.declarations if not d.name[-1].startswith("<")]
    assert sorted(named) == sorted(by_python(ast.parse(text)))


@pytest.mark.slow
def test_an_edited_text_is_read_as_if_it_were_read_anew() -> None:
    text = inspect.getsource(argparse)
    for at in range(0, len(text), len(text) // 20):
        edited = f"{text[:at]}\n{text[at:]}"
        known = syntax(edited, ".py")
        module._trees._known.clear()
        assert inspect.unwrap(syntax)(edited, ".py") == known


TWINS = {
    "a.go": ("type A struct{}\n\nfunc (A) New() {}\n\nfunc (b *B[T]) New() {\n}\n", "x.A.New", "x.(*B[...]).New"),
    "a.py": ("class A:\n  @p\n  def new(self): pass\nclass B:\n  def new(self):\n    pass\n", "A.new", "B.new"),
    "a.ts": ("class A {\n\n  new() {}\n}\nconst b = class B { new(): void {\n} }\n", "A.new", "B.new"),
    "a.rs": (
        "impl A {\n\n  fn new() {}\n}\nimpl<T> Tr for B<T> { fn new() {\n} }\n",
        "x::A::new",
        "<x::B<u8> as x::Tr>::new",
    ),
    "a.cc": (
        "namespace n {\ntemplate <class T>\nvoid f(T a) {}\n\nvoid f(int, A<int, 2> b) {\n}\n}\n",
        "n::f<int>(int)",
        "n::f(int, A<int, 2>)",
    ),
    "A.java": ("class A {\n\n  void f() {}\n  class B {\n  void f() {\n} } }\n", "x.A.f", "x.A$B.f"),
}


@pytest.mark.parametrize("path", TWINS)
def test_twins_are_told_apart(path: str) -> None:
    text, *names = TWINS[path]
    assert [declared(text, name, path) for name in names] == [[3], [5]]
    assert [declarations(text, name, path)[0].last for name in names] == [3, 6]


ENDINGS = (".go", ".py", ".js", ".ts", ".tsx", ".rs", ".c", ".h", ".java")
HOSTILE = {
    "brackets": "([{" * 4_000,
    "blocks": "func f() { if x { " * 1_000,
    "generics": "a<b<" * 4_000,
    "quotes": "\"'`" * 4_000,
    "lambdas": "lambda x: " * 2_000,
    "indents": "".join(f"{' ' * i}if a:\n" for i in range(150)),
    "one line": "f(a, " * (1 << 20),
    "nothing that is text": "\ud800\0\ufffd\x85" * 2_000,
}


@pytest.mark.slow
@pytest.mark.timeout(100)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts(text: str) -> None:
    for ending in ENDINGS:
        found = syntax(text, ending)
        assert found is None or all(1 <= d.first <= d.line <= d.last for d in found.declarations)
        assert not [line for line in declared(text, "f", f"a{ending}") if line < 1]


@pytest.mark.programs
@pytest.mark.parametrize("arguments", [["--help"], ["top", "--help"]])
def test_few_commands_read_texts(arguments: list[str]) -> None:
    code = f"import sys; from alloclens.__main__ import main; sys.argv[1:] = {arguments}\ntry: main()\nfinally: assert not [m for m in sys.modules if m.startswith('tree_sitter')]"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
