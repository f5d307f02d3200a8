"""Whether a text can be what was profiled: true texts fit, whatever Python's compiler records of them, and others are proven wrong."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import inspect
import json.decoder
import subprocess
import typing
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from alloclens.source.fit import fits, idle_lines
from alloclens.source.profiled_text import RecordedLines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

GO = """package shop

// Add adds.
func (c *Cart) Add(b []byte) {
	/* first
	second */
	if len(b) > 0 {
		c.items = append(c.items, b)
	}

	defer func() {
		c.n++
	}()
}

func (c *Cart) All() {
	for item := range c.each {
		use(item) // each
	}
}

func init() {
	start()
}
"""
ADD, ALL = "example.com/shop.(*Cart).Add", "example.com/shop.(*Cart).All"


def marks(path: str, *recorded: tuple[str, int, int]) -> RecordedLines:
    """Make marks of (function, start, line)."""
    functions = sorted({(name, start) for name, start, _ in recorded})
    line = np.array([line for *_, line in recorded], np.int64)
    number = np.array([functions.index((name, start)) for name, start, _ in recorded], np.int64)
    return RecordedLines(
        line, number, [name for name, _ in functions], np.array([start for _, start in functions], np.int64), path
    )


@pytest.mark.parametrize("line", [4, 7, 8, 11, 13, 14])
def test_a_line_that_can_run(line: int) -> None:
    assert fits(marks("shop.go", (ADD, 4, line)), GO)


@pytest.mark.parametrize(
    ("function", "start", "line"),
    [
        (ADD, 4, 10),  # blank
        (ADD, 4, 5),  # a comment
        (ADD, 4, 6),
        (ADD, 4, 9),  # a brace that ends no function
        (ADD, 4, 17),  # in another function
        (ADD, 4, 99),
        (ADD, 3, 8),  # does not start there
        ("example.com/shop.(*Basket).Add", 4, 8),  # not declared
        (f"{ADD}.func1", 12, 12),  # no closure starts there
        (f"{ADD}.func1", 11, 17),  # neither in the function nor in a closure
    ],
)
def test_what_proves_a_text_wrong(function: str, start: int, line: int) -> None:
    assert not fits(marks("shop.go", (function, start, line)), GO)


@pytest.mark.parametrize(
    ("function", "start", "line"),
    [
        (f"{ADD}.func1", 11, 12),
        (f"{ADD}.deferwrap1", 11, 11),
        (f"{ADD}-fm", 22, 22),  # where the method's value is taken
        (f"{ALL}-range1", 17, 18),
        (ALL, 16, 19),  # the brace of a loop over a function
        ("example.com/shop.init", 1, 1),  # of variables
        ("example.com/shop.init.0", 22, 23),
        ("example.com/shop.init.All.func1", 11, 12),  # inlined
        ("example.com/shop.Map[...].func1", 18, 18),  # a wrapper
    ],
)
def test_what_a_compiler_makes(function: str, start: int, line: int) -> None:
    assert fits(marks("shop.go", (function, start, line)), GO)


def test_lines_of_a_closure_may_be_in_any_closure_or_in_its_function() -> None:
    """A literal is numbered in its outermost function, which need not be the one around it."""
    inlined = f"{ALL}.func1"
    assert fits(marks("shop.go", (inlined, 11, 12)), GO)  # the literal of Add, inlined into All
    assert fits(marks("shop.go", (inlined, 11, 17)), GO)  # a line of All itself
    assert not fits(marks("shop.go", (inlined, 11, 7)), GO)  # of Add, and in no literal
    assert not fits(marks("shop.go", (inlined, 17, 17)), GO)  # no literal starts there
    assert fits(marks("shop.go", (inlined, 0, 12)), GO)
    assert fits(marks("shop.go", (f"{ALL}[...].func1", 17, 17)), GO)  # of a generic one it may be a wrapper


def test_what_a_language_that_inlines_says_of_lines() -> None:
    """In C++ a line may be one of another function, inlined, unless the profile says where its function starts."""
    text = "void keep(int n) {\n  grow(n);\n}\nvoid serve(int n) {\n  keep(n);\n}\n"
    assert fits(marks("a.cc", ("keep(int)", 0, 5)), text)
    assert not fits(marks("a.cc", ("keep(int)", 0, 5)), text, inlined=False)
    assert fits(marks("a.cc", ("keep(int)", 0, 2), ("serve(int)", 0, 5)), text, inlined=False)
    assert not fits(marks("a.cc", ("keep(int)", 1, 5)), text)
    assert fits(marks("a.cc", ("keep(int)", 1, 2)), text)


def test_another_packages_name_in_a_comment_of_go() -> None:
    text = "package runtime\n\n//go:linkname poll internal/poll.wait\nfunc poll() {\n\tx()\n}\n"
    assert fits(marks("p.go", ("internal/poll.wait", 4, 5)), text)
    assert not fits(marks("p.go", ("internal/poll.other", 4, 5)), text)


def test_the_comment_that_c_is_in() -> None:
    text = 'package p\n\n/*\nvoid *keep(void) {\n  return malloc(1);\n}\n*/\nimport "C"\n'
    assert fits(marks("p.go", ("keep", 0, 5)), text)
    assert not fits(marks("p.go", ("keep", 0, 5)), text.replace('import "C"', ""))


def test_comments_beside_code_are_code() -> None:
    assert idle_lines("/* a */ x()\n/* b\n*/ y()\nz() /* c\nd */\n  // e\n", "a.js") == {2, 5, 6, 7}
    assert idle_lines("x = 1  # é\n  # é\n\nf('# g')\n", "a.py") == {2, 3, 5}
    assert idle_lines("x // a\n\n// b\n", "a.rb") == {2, 4}  # nothing is known of its comments
    assert idle_lines("/* a\n*/ x('\ud800')\n// \ud800\n", "a.js") == {1, 3, 4}  # which an editor may send


def test_what_a_grammar_cannot_read_whole_is_not_asked_for_its_extents() -> None:
    text = "MACRO(a) {\n#ifdef X\nvoid f() {\n#else\nint f() {\n#endif\n  grow();\n}\n}}}\n"
    assert fits(marks("a.cc", ("f()", 3, 9)), text)


@pytest.mark.parametrize(
    ("path", "text", "name", "start", "wrong"),
    [
        ("a.ts", "export const keep =\n  async (n: number) => {\n  use(n);\n};\n", "keep", 2, 3),
        (
            "a.ts",
            "@Injectable()\nexport class A {\n  @Get()\n  list<T>(): T[] {\n    return [];\n  }\n}\n",
            "list",
            4,
            2,
        ),
        ("a.h", "template <class T>\nstatic T\nkeep(T one) {\n  return one;\n}\n", "keep", 3, 4),
        ("a.h", "API_EXPORT\nvoid ns::T::f(int a) const {\n  use(a);\n}\n", "ns::T::f(int) const", 2, 3),
        ("a.h", "struct T {\n  T& operator=(T o) { return o; }\n  void f(int);\n  void f() {}\n};\n", "T::f()", 4, 2),
        (
            "a.rs",
            "impl<T> Tr for Cart<T> {\n  #[inline]\n  fn add(&self) {\n  }\n}\n",
            "<x::Cart<T> as x::Tr>::add",
            3,
            4,
        ),
        ("A.java", "class A {\n  @Test\n  void f() {\n    g();\n  }\n}\n", "com.x.A.f", 3, 4),
    ],
)
def test_where_functions_start(path: str, text: str, name: str, start: int, wrong: int) -> None:
    assert fits(marks(path, (name, start, start)), text)
    assert not fits(marks(path, (name, wrong, start)), text)


@pytest.mark.parametrize(
    ("text", "lines", "fit"),
    [
        ("def keep(n):\n    return [n]\n", [1], False),
        ("def keep(n):\n    return [n]\n", [2], True),
        ("def keep(n):\n    return [n]\n", [1, 2], True),  # what a signal interrupted
        ("def keep(n): return [n]\n", [1], True),
        ("def keep(\n    n,\n): return [\n    n]\n", [3], True),
        ("def keep(\n    n,\n):\n    return [n]\n", [2], False),
        ("@cached\ndef keep(n):\n    return [n]\n", [1, 2], False),
        ("class keep:\n    n = 1\n", [1], True),  # what runs there makes the class
    ],
)
def test_a_function_of_python_does_not_run_on_its_head(text: str, lines: list[int], fit: bool) -> None:
    assert fits(marks("a.py", *(("keep", 0, line) for line in lines)), text) == fit


@pytest.mark.parametrize(("ending", "fit"), [(".kt", True), (".java", False)])
def test_lines_beyond_the_end_are_those_of_inlined_functions_of_kotlin(ending: str, fit: bool) -> None:
    text = "class A {\n  fun add() {\n  }\n}\n"
    assert fits(marks(f"A{ending}", ("x.A.add", 0, 2), ("x.A.add", 0, 54)), text) == fit
    assert not fits(marks(f"A{ending}", ("x.A.add", 0, 54), ("x.A.add", 9, 2)), text)


MODULES = [argparse, dataclasses, functools, inspect, json.decoder, subprocess, typing]


@pytest.mark.parametrize("module", MODULES, ids=[module.__name__ for module in MODULES])
def test_all_that_pythons_compiler_records(module: Any) -> None:
    text = inspect.getsource(module)
    code = list(_codes(compile(text, "a.py", "exec")))
    recorded = [(one.co_name, one.co_firstlineno, line) for one in code for *_, line in one.co_lines() if line]
    assert fits(marks("a.py", *recorded), text)
    assert not fits(marks("a.py", *recorded), f"\n{text}")


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in code.co_consts:
        if inspect.iscode(one):
            yield from _codes(one)


@pytest.mark.parametrize(
    ("line", "name", "is_head"),
    [
        (1, "(anonymous)", True),  # the code of the module
        (3, "(anonymous)", False),
        (4, "Shop", True),
        (5, "add", True),
        (6, "add", True),  # its parameters end there
        (7, "add", False),
        (8, "(anonymous)", True),
    ],
)
def test_v8_records_where_a_function_begins(line: int, name: str, *, is_head: bool) -> None:
    text = (
        "import { each } from './each';\n\nconst kept = [];\nclass Shop {\n  add(\n    one) {\n    kept.push(one);\n"
        "    each(one, (part) =>\n      kept.push(part));\n  }\n}\n"
    )
    made = dataclasses.replace(marks("shop.ts", (name, 0, line)), by_function=True)
    assert fits(made, text, inlined=False) is is_head
    assert fits(made, text), "it may have been compiled from it"
