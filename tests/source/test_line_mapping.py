"""Recorded lines in the text as it is now: as they are, through the text then, or by their function."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from alloclens.source.fit import fits
from alloclens.source.line_mapping import map_recorded_lines
from alloclens.source.profiled_text import UNCHANGING, UNKNOWN_VERSION, RecordedLines, SourceVersion, first_of

GO = """package shop

func (c *Cart) Add(b []byte) {
	c.items = append(c.items, b)
}

func (l *List) Add(b []byte) {
	l.items = append(l.items, b)

	go func() {
		l.seen <- len(b)
	}()
}

func Map[K comparable](k K) map[K][]byte {
	return map[K][]byte{
		k: make([]byte, 1<<20),
	}
}
"""
CART, LIST, MAP = "example.com/shop.(*Cart).Add", "example.com/shop.(*List).Add", "example.com/shop.Map[...]"


def marks(*recorded: tuple[int, str], path: str = "shop.go", **start: int) -> RecordedLines:
    """Make the marks of (line, function) pairs; `start` is where each is declared."""
    starts = {CART: 3, LIST: 7, f"{LIST}.func1": 10, f"{LIST}.gowrap1": 10, MAP: 15} | start
    names = sorted({name for _, name in recorded if name})
    line = np.array([line for line, _ in recorded], np.int64)
    function = np.array([names.index(name) if name else -1 for _, name in recorded], np.int64)
    return RecordedLines(line, function, names, np.array([starts.get(name, 0) for name in names], np.int64), path)


ALL = marks((4, CART), (8, LIST), (11, f"{LIST}.func1"), (17, MAP))


def to(made: RecordedLines, version: SourceVersion, now: str) -> list[tuple[int, bool]]:
    found = map_recorded_lines(made, version, now)
    return list(zip(found.line.tolist(), found.unsure.tolist(), strict=True))


def sure(*lines: int) -> list[tuple[int, bool]]:
    return [(line, False) for line in lines]


def unsure(*lines: int) -> list[tuple[int, bool]]:
    """As where nothing is known of the text then: marked, or gone."""
    return [(line, line > 0) for line in lines]


def test_a_file_that_never_changes() -> None:
    assert to(ALL, UNCHANGING, GO) == sure(4, 8, 11, 17)
    assert to(ALL, UNCHANGING, "\n" * 10) == sure(4, 8, 11, 0)


def test_the_same_text() -> None:
    assert to(ALL, SourceVersion("our copy", GO), GO) == sure(4, 8, 11, 17)
    assert to(marks((99, CART), (0, "")), SourceVersion("our copy", GO), GO) == sure(0, 0)


def test_through_the_text_then() -> None:
    now = "// new\n" + GO.replace("\tl.items = append(l.items, b)\n", "")
    assert to(ALL, SourceVersion("our copy", GO), now) == sure(5, 0, 11, 17)


def test_the_only_one_of_its_text_in_its_function() -> None:
    """A text that stands twice is known again by the function it is in, and marked."""
    then = GO.replace("l.items = append(l.items, b)", "c.items = append(c.items, b)")
    cart, rest = then[14:78], then[78:]
    assert to(ALL, SourceVersion("our copy", then), "package shop\n\n" + rest + cart)[:2] == [(17, True), (4, False)]
    twice = then.replace("\tc.items = append(c.items, b)\n", "\tc.items = append(c.items, b)\n" * 2)
    assert to(ALL, SourceVersion("our copy", then), twice)[:2] == unsure(0, 0)


def test_functions_found_again() -> None:
    cart, rest = GO[14:78], GO[78:]
    assert cart.startswith("func (c *Cart)")
    assert to(ALL, UNKNOWN_VERSION, GO) == unsure(4, 8, 11, 17)
    assert to(ALL, UNKNOWN_VERSION, "package shop\n\n// new\n" + rest + cart) == unsure(18, 5, 8, 14)


def test_beyond_the_end_of_its_function_a_line_is_gone() -> None:
    shorter = GO.replace("\n\tgo func() {\n\t\tl.seen <- len(b)\n\t}()\n", "")
    assert to(ALL, UNKNOWN_VERSION, shorter) == unsure(4, 8, 0, 13)
    assert to(marks((5, CART), (6, CART)), UNKNOWN_VERSION, GO) == unsure(5, 0)


def test_before_its_declaration_a_line_is_gone() -> None:
    """A preprocessor may record any line."""
    assert to(marks((2, CART)), UNKNOWN_VERSION, GO) == unsure(0)


def test_declared_twice_is_found_nowhere() -> None:
    assert to(ALL, UNKNOWN_VERSION, GO + GO[14:78]) == unsure(0, 8, 11, 17)


def test_declared_nowhere() -> None:
    assert to(ALL, UNKNOWN_VERSION, GO.replace("*Cart", "*Basket")) == unsure(0, 8, 11, 17)
    assert to(ALL, UNKNOWN_VERSION, "") == unsure(0, 0, 0, 0)


def test_without_a_start_a_line_stays_if_it_is_still_in_its_function() -> None:
    lost = marks((4, CART), (9, CART), (11, f"{LIST}.func1"), **{CART: 0})
    assert to(lost, UNKNOWN_VERSION, GO) == unsure(4, 0, 11)  # the closure's outer function is not among these
    assert to(lost, UNKNOWN_VERSION, "\n" * 7 + GO) == unsure(0, 0, 0)


def test_the_line_of_a_function_is_its_start() -> None:
    """V8 records no other. Of two functions of a name, neither is known."""
    now = "\n" * 7 + GO
    made = marks((3, CART), (15, MAP), **{CART: 0, MAP: 0})
    assert to(made, UNKNOWN_VERSION, now) == unsure(0, 0)
    assert to(replace(made, by_function=True), UNKNOWN_VERSION, now) == unsure(10, 22)
    twice = replace(marks((3, CART), (4, CART), **{CART: 0}), by_function=True)
    assert to(twice, UNKNOWN_VERSION, now) == unsure(0, 0)


def test_without_a_function_a_line_is_gone() -> None:
    assert to(marks((1, ""), (4, ""), (4, CART)), UNKNOWN_VERSION, GO) == unsure(0, 0, 4)


def test_a_closure_moves_with_the_function_it_is_in() -> None:
    now = GO.replace("func (l *List)", "\n\nfunc (l *List)")
    made = marks((8, LIST), (11, f"{LIST}.func1"), (10, f"{LIST}.gowrap1"))
    assert to(made, UNKNOWN_VERSION, now) == unsure(10, 13, 12)


def test_a_closure_in_a_generic_function() -> None:
    made = marks((15, MAP), (17, f"{MAP}.func1"))
    assert to(made, UNKNOWN_VERSION, "package shop\n\n\n" + GO[14:]) == unsure(16, 18)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends(end: str) -> None:
    now = "// new\n" + GO
    assert to(ALL, UNKNOWN_VERSION, now.replace("\n", end)) == unsure(5, 9, 12, 18)


def test_form_feeds_are_no_lines() -> None:
    assert to(ALL, UNKNOWN_VERSION, GO.replace("package shop", "package shop //\f\u2028\x85")) == unsure(4, 8, 11, 17)


def test_c_with_the_brace_on_a_line_of_its_own() -> None:
    now = "/* new */\nstatic void *keep(\n    size_t size\n)\n{\n#ifdef X\n  grow();\n#endif\n  return malloc(size);\n}\nint x;\n"
    made = marks((8, "keep"), (9, "keep"), (10, "keep"), keep=1, path="keep.c")
    assert to(made, UNKNOWN_VERSION, now) == unsure(9, 10, 0)


def test_what_fits() -> None:
    assert fits(ALL, GO)
    assert not fits(ALL, "\n" + GO)
    assert not fits(ALL, GO.replace("*Cart", "*Basket"))
    assert fits(marks((4, CART), **{CART: 0}), "\n" + GO)  # it does not say where
    assert fits(
        marks((11, f"{LIST}.func1"), **{f"{LIST}.func1": 0}), GO.replace("*List", "*Rope")
    )  # it has no name of its own
    assert fits(marks((1, "example.com/shop.init"), **{"example.com/shop.init": 1}), "package shop\n")
    assert fits(marks((4, CART)), GO + GO[14:78])  # one of the two is where it should be


TWIN = """func {0}(b []byte) {{
	kept = append(kept, b)
	kept = append(kept, b)
}}

"""


def twins(*names: str) -> str:
    return "package shop\n\n" + "".join(map(TWIN.format, names))


def test_a_twin_keeps_its_own_lines() -> None:
    """A was deleted and C added like it: by their texts alone, A's line is on B, and B's on C."""
    made = marks((4, "x.A"), (9, "x.B"))
    assert to(made, SourceVersion("our copy", twins("A", "B")), twins("B", "C")) == [(0, False), (4, True)]


HANDLERS = """package main

var {0} = &Command{{
	Run: func(n int) {{
		keep(make([]byte, n))
	}},
}}

var {1} = &Command{{
	Run: func(n int) {{
		keep(make([]byte, n))
	}},
}}
"""
OF_VARIABLES = marks((5, "main.init.func1"), (11, "main.glob..func2"), path="cmd.go")


def test_a_closure_of_a_variable_is_marked_where_the_variable_is_another_one() -> None:
    then = SourceVersion("our copy", HANDLERS.format("serve", "dump"))
    assert to(OF_VARIABLES, then, HANDLERS.format("dump", "serve")) == unsure(5, 11)
    assert to(OF_VARIABLES, then, HANDLERS.format("serve", "dump") + "\nvar last = 1\n") == sure(5, 11)
    assert to(OF_VARIABLES, then, "// A comment.\n" + HANDLERS.format("serve", "dump")) == sure(6, 12)


def test_a_closure_of_a_variable_is_marked_where_possible_texts_have_another_variable() -> None:
    dump, load = (HANDLERS.format("serve", other) for other in ("dump", "load"))
    either = first_of([SourceVersion("our copy", dump), SourceVersion("a commit", load)], OF_VARIABLES)
    assert to(OF_VARIABLES, either, dump) == [(5, False), (11, True)]


REGISTERED = """package main

func main() {{
	reg("{}", func(n int) {{
		keep(n)
	}})
	reg("{}", func(n int) {{
		keep(n)
	}})
}}
"""
OF_MAIN = marks(
    (5, "main.main.func1"), (8, "main.main.func2"), path="a.go", **{"main.main.func1": 4, "main.main.func2": 7}
)


def test_closures_whose_first_lines_were_exchanged_are_marked() -> None:
    a_b, b_a, a_c, a_a = (REGISTERED.format(*names) for names in ("ab", "ba", "ac", "aa"))
    assert to(OF_MAIN, SourceVersion("our copy", a_b), b_a) == unsure(5, 8)
    assert to(OF_MAIN, SourceVersion("our copy", a_b), a_c) == sure(5, 8)  # one was renamed
    assert to(OF_MAIN, SourceVersion("our copy", a_a), a_c) == sure(5, 8)
    assert to(OF_MAIN, SourceVersion("our copy", a_b), a_b.replace("main()", "main(n int)")) == sure(5, 8)
    either = first_of([SourceVersion("our copy", b_a), SourceVersion("a commit", a_b)], OF_MAIN)
    assert to(OF_MAIN, either, b_a) == unsure(5, 8)
    either = first_of(
        [SourceVersion("our copy", a_b), SourceVersion("a commit", a_b.replace("main()", "main(n int)"))], OF_MAIN
    )
    assert to(OF_MAIN, either, a_b) == sure(5, 8)


NEW = """package db

func New(n int) {
	S = append(S, make([]byte, n))
}
"""
OF_NEW = marks((4, "example.com/db.New"), path="db.go", **{"example.com/db.New": 3})


@pytest.mark.parametrize(
    ("now", "found"),
    [
        ("\told.New(n)\n\tif n < 0 {\n\t\tS = append(S, make([]byte, n))\n\t}\n", unsure(6)),
        ("\tlog(n)\n\tS = append(S, make([]byte, n))\n", sure(5)),
        ("\tif n < 0 {\n\t\treturn\n\t}\n\tS = append(S, make([]byte, n))\n", sure(7)),
        ("    log(n)\n    S = append(S, make([]byte, n))\n", sure(5)),  # indented otherwise
    ],
)
def test_a_line_that_is_in_more_blocks_of_its_function_is_marked(now: str, found: list[tuple[int, bool]]) -> None:
    assert to(OF_NEW, SourceVersion("a commit", NEW), f"package db\n\nfunc New(n int) {{\n{now}}}\n") == found


def test_a_line_that_is_in_fewer_blocks_of_its_function_is_marked() -> None:
    wrapped = "def new(n):\n    for _ in range(n):\n        s.append(bytes(n))\n"
    then, made = SourceVersion("a commit", wrapped), marks((3, "new"), path="db.py", new=1)
    assert to(made, then, "def new(n):\n    check(n)\n    s.append(bytes(n))\n") == unsure(3)
    inside = "class A:\n" + "".join(f"    {line}\n" for line in wrapped.splitlines())
    assert to(made, then, inside.replace("range(n)", "range(2)")) == sure(4)  # the function as a whole


def test_of_equal_lines_in_blocks_whose_heads_have_changed_all_are_marked() -> None:
    """A switch was written anew, in another order."""
    text = "package db\n\nfunc New(n int) {\n\tswitch n {\n\tcase 3:\n\t\tkeep(n)\n\tcase 5:\n\t\tkeep(n)\n\t}\n}\n"
    made, then = marks((6, "db.New"), (8, "db.New"), path="db.go", **{"db.New": 3}), SourceVersion("a commit", text)
    again = text.replace("switch n", "switch").replace("case 5", "case n == 3").replace("case 3", "case n == 5")
    assert to(made, then, again) == unsure(6, 8)
    assert to(made, then, text.replace("func New(n int)", "func New(n int64)")) == sure(6, 8)


def test_a_closure_of_a_variable_is_in_no_init_function() -> None:
    now = "package main\n\nfunc init() {\n" + "\tprintln()\n" * 20 + "}\n"
    assert to(OF_VARIABLES, UNKNOWN_VERSION, now) == unsure(0, 0)
    text = HANDLERS.format("serve", "dump") + "\nfunc init() {\n\tprintln()\n}\n"
    at = marks((5, "main.init.func1"), path="cmd.go", **{"main.init.func1": 4})
    assert fits(at, text)
    assert not fits(at, "// A comment.\n" + text)


def test_of_several_init_functions_that_at_the_recorded_lines() -> None:
    text = "package main\n\nfunc init() {\n\tkeep(1)\n}\n\nfunc init() {\n\tkeep(2)\n}\n"
    both = marks((4, "main.init.1"), (8, "main.init.2"), path="a.go", **{"main.init.1": 3, "main.init.2": 7})
    assert fits(both, text)
    assert not fits(both, "// A comment.\n" + text)
    assert to(both, SourceVersion("our copy", text), "// A comment.\n" + text) == sure(5, 9)


def test_a_function_that_was_renamed_keeps_its_lines() -> None:
    made = marks((4, "x.A"), (9, "x.B"))
    assert to(made, SourceVersion("our copy", twins("A", "B")), twins("A", "C")) == sure(4, 9)


GUARDED_TWIN = TWIN.replace("\t", "\tif b == nil {{\n\t\treturn\n\t}}\n\t", 1)


def test_a_function_may_have_been_renamed_though_there_is_another_one_of_its_name() -> None:
    version = SourceVersion("our copy", twins("A", "B"))
    made = marks((4, "x.A"), (9, "x.B"))
    new_below = twins("Old") + GUARDED_TWIN.format("A") + TWIN.format("B")
    new_above = "package shop\n\n" + GUARDED_TWIN.format("A") + TWIN.format("Old") + TWIN.format("B")
    assert to(made, version, new_below) == [(12, True), (17, False)]
    assert to(made, version, new_above) == [(7, True), (17, False)]
    assert to(made, version, twins("Copy", "A", "B")) == sure(
        9, 14
    )  # most functions with the same body are not renamed


def test_of_several_functions_that_were_renamed_none_is_taken_for_sure() -> None:
    made = marks((4, "x.A"), (9, "x.B"))
    assert to(made, SourceVersion("our copy", twins("A", "B")), twins("D", "C")) == [(4, True), (9, True)]


def test_a_method_in_python_may_have_been_renamed() -> None:
    then = "class Cart:\n    def add(self, b):\n        self.b.append(bytes(b))\n        self.n += 1\n"
    new = "\n    def add(self, b):\n        if b:\n            return\n        self.b.append(bytes(b))\n        self.n += 1\n"
    found = to(
        marks((3, "Cart.add"), path="cart.py"), SourceVersion("our copy", then), then.replace("add", "old") + new
    )
    assert found == [(9, True)]


def test_a_line_of_a_function_that_left_the_one_it_was_recorded_in_is_marked() -> None:
    """The recorded function is asked for, not the innermost one: a compiler had inlined this."""
    then = "function outer() {\n  start()\n  function inner() {\n    keep()\n  }\n}\n"
    now = "function outer() {\n  start()\n}\nfunction inner() {\n  keep()\n}\n"
    outer, inner = (4, "outer"), (4, "inner")
    version = SourceVersion("our copy", then)
    assert to(marks(outer, path="a.js"), version, now) == [(5, True)]
    assert to(marks(inner, path="a.js"), version, now) == [(5, False)]
    assert to(marks(outer, inner, path="a.js"), version, now) == [(0, False), (5, False)]  # it is the other's


def test_of_two_functions_of_one_name_a_line_is_in_the_inner_one() -> None:
    """It keeps the line that the outer one lost."""
    then = "def keep():\n    x()\n    def keep():\n        hot()\n    y()\n"
    now = "def keep():\n    y()\ndef keep():\n    hot()\n"
    assert to(marks((4, "keep"), path="a.py"), SourceVersion("our copy", then), now)[0][0] == 4


def test_of_several_possible_texts_those_that_differ_are_named() -> None:
    first, same = SourceVersion("1", "a\nb\nc\nd\n"), SourceVersion("2", "a\nb\nc\nd\n")
    changed, longer = SourceVersion("3", "a\nx\nc\nd\n"), SourceVersion("4", "a\nb\nc\nnew\nd\n")
    again, none = SourceVersion("5", "a\nx\nc\nd\n"), marks()
    assert first_of([], none) is UNKNOWN_VERSION
    assert first_of([first, same], none) is first
    found = first_of([first, same, changed, longer, again], none)
    assert (found.source, found.text, found.others) == ("1", first.text, ("3", "4"))
    # Line 2 is another in one, and line 4 has moved in the other; 5 is the empty one behind the last line end.
    assert found.doubtful.tolist() == [False, False, True, False, True, True]
    assert found.disagrees(np.array([0, 1, 2, 3, 4, 99])).tolist() == [False, False, True, False, True, False]
    assert first.disagrees(np.array([1, 2])).tolist() == [False, False]
    assert first.beside(same, shifted=True) is first
    for shifted in (False, True):  # line 2 was edited; line 4 only has another number
        edited = first.beside(changed, shifted=shifted)
        assert (edited.source, edited.text, edited.others, edited.edited_since) == ("1", first.text, (), "3")
        assert edited.doubtful.tolist() == [False, False, True, False, False, False]
        moved = edited.beside(longer, shifted=shifted)
        assert moved.doubtful.tolist() == [False, False, True, False, shifted, shifted]


CLASSES = """class A {
  load(n) {
    this.kept.push(Buffer.alloc(n));
  }
}

class B {
  load(n) {
    this.kept.push(Buffer.alloc(n));
  }
}
"""


def exchanged(text: str) -> str:
    return text.replace("A", "b").replace("B", "A").replace("b", "B")


@pytest.mark.parametrize(
    ("then", "now", "is_doubtful"),
    [
        (exchanged(CLASSES), CLASSES, True),
        (CLASSES.partition("class B")[0], CLASSES.replace("A", "C"), True),  # renamed, and there are others of the name
        (CLASSES.partition("class B")[0], CLASSES.partition("class B")[0].replace("A", "C"), False),  # only renamed
        (CLASSES, f"{CLASSES}\nclass C {{\n}}\n", False),
    ],
)
def test_a_line_in_different_functions_of_one_name_is_doubtful(then: str, now: str, is_doubtful: bool) -> None:
    """The profile says `load`, which both texts have there."""
    found = first_of([SourceVersion("1", now), SourceVersion("2", then)], marks((3, "load"), path="a.ts"))
    assert found.disagrees(np.array([3])).tolist() == [is_doubtful]


def test_overloads_of_several_types() -> None:
    """What a symbol lists tells them apart; if it cannot, a line that is in another overload in another text is doubtful."""
    first = "void B::add(int n) {\n  keep(n);\n}\n"
    second = first.replace("int n", "const long &n")
    texts = SourceVersion("1", second + first), SourceVersion("2", first + second)
    recorded = marks((2, "B::add(my::number)"), path="b.cc")
    assert first_of(texts, recorded).disagrees(np.array([2])).tolist() == [True]
    for name, lines in {"B::add(int)": (2,), "B::add(long const&)": (5,)}.items():
        assert to(marks((2, name), (5, name), path="b.cc"), UNKNOWN_VERSION, first + second) == unsure(
            *(line if line in lines else 0 for line in (2, 5))
        )


def test_a_text_in_doubt_is_doubtful_in_every_line() -> None:
    one = SourceVersion("our copy", "a\nb")
    assert one.in_doubt.doubtful.tolist() == [True] * 3  # 0 and both lines
    assert (one.in_doubt.guessed, one.guess.guessed) == (False, True)
    assert one.guess.doubtful.tolist() == [True] * 3
    assert UNCHANGING.in_doubt is UNCHANGING.guess is UNCHANGING


def test_a_line_that_was_extracted_into_another_function_is_marked() -> None:
    then = "package shop\n\nfunc A() {\n\tx()\n\thot()\n}\n"
    now = "package shop\n\nfunc A() {\n\tx()\n\tB()\n}\n\nfunc B() {\n\thot()\n}\n"
    assert to(marks((4, "x.A"), (5, "x.A")), SourceVersion("our copy", then), now) == [(4, False), (9, True)]


@pytest.mark.parametrize(
    ("path", "then", "now", "same"),
    [
        ("a.go", "\ta := 1", "\ta   := 1", True),
        ("a.go", "\ta(1)", "\ta(1) // why", True),
        ("a.go", "\ta(1) // how", "\ta( 1 ) /* why */", True),
        ("a.go", '\ta("b  c")', '\ta("b c")', False),
        ("a.go", '\ta("// b")', '\ta("// c")', False),
        ("a.go", "\ta(1)", "\ta(2)", False),
        ("a.go", "\ta := b - -c", "\ta := b--c", False),
        ("a.py", "a = f(1)", "a=f(1)  # why", True),
        ("a.py", "a = f('#b')", "a = f('#c')", False),
        ("a.py", "not x", "notx", False),
        ("a.rb", "a = 1", "a  = 1", True),
    ],
)
def test_the_same_line_but_for_white_space_and_a_comment(path: str, then: str, now: str, same: bool) -> None:
    found = to(marks((2, ""), path=path), SourceVersion("our copy", f"first\n{then}\nlast"), f"new\nfirst\n{now}\nlast")
    assert found == (sure(3) if same else sure(0))
