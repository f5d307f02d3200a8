"""Where a function is declared in a text: line numbers counted by hand."""

from __future__ import annotations

import pytest
from alloclens.languages.declarations import declared, is_generated
from alloclens.text import split_lines
from hypothesis import given
from hypothesis import strategies as st

GO = """// func Serve is not here
package shop

import "net/http"

func Serve(w http.ResponseWriter) {
	go func() { Cart() }()
}

func (c *Cart) Add(item Item) error { return nil }

func (list List[T]) Add(item T) {}

func Map[T any](all []T) {}

type Handler func(int)

var serve = func() {}

func ServeAll() {}

func init() {}

func init() {}
	func indented() {}
func (Cart) Total() int { return 0 }
"""


@pytest.mark.parametrize(
    ("function", "lines"),
    [
        ("example.com/shop.Serve", [6]),
        ("main.Serve", [6]),
        ("example.com/shop.Serve.func1", [6]),
        ("example.com/shop.Serve.func1.2", [6]),
        ("example.com/shop.Serve.gowrap1", [6]),
        ("example.com/shop.Serve.deferwrap2", [6]),
        ("example.com/shop.Serve-range1", [6]),
        ("example.com/shop.(*Cart).Add", [10]),
        ("example.com/shop.(*Cart).Add-fm", [10]),
        ("example.com/shop.List[go.shape.int].Add", [12]),
        ("example.com/shop.List[go.shape.struct { x/y.A[int] }].Add", [12]),
        ("example.com/shop.Map[...]", [14]),
        ("example.com/shop.Map[go.shape.string].func1", [14]),
        ("example.com/shop.Cart.Total", [26]),
        ("example.com/shop.(*Cart).Total", [26]),  # the compiler makes the one of the pointer
        ("example.com/shop.init", []),  # of variables
        ("example.com/shop.init.0", [22, 24]),
        ("gopkg.in/shop%2ev3.Serve", [6]),
        ("example.com/shop.Handler", []),
        ("example.com/shop.serve", []),
        ("example.com/shop.indented", [25]),  # no gofmt's work, but Go's
        ("example.com/shop.(*Other).Add", []),
        ("example.com/shop.Add", []),
        ("example.com/shop.Ser", []),
        ("example.com/shop.glob..func1", []),
        ("example.com/shop.", []),
        ("", []),
        ("Serve", []),
    ],
)
def test_go(function: str, lines: list[int]) -> None:
    assert declared(GO, function, "shop.go") == lines


PYTHON = """# def add(
import shop


class Cart:
    async def add(self, item):
        return add(item)

    def total(self) -> int:
        pass


def add(item): pass
"""
RUST = """use std::vec;

impl<T> Cart<T> {
    pub fn add(&mut self, item: T) {
        self.items.push(item);
    }
}

pub(crate) async fn serve() {}
fn other() {
    if ready(1) {
    }
    match ready(2) {
    }
}
"""
C_PLUS_PLUS = """#include <vector>

namespace shop {
void Cart::add(int item) {
  items.push_back(item);
}

static std::vector<int> all(
    int n) {
  return add(n);
}
Cart::Cart(int n)
    : n(n) {}
int Cart::total() const
{
  return add(n,
             2);
}
}
"""
JAVASCRIPT = """const x = require("x");
function handle(req) {
  handle2(req);
}
class Router {
  next(req) {
    handle3(
      req
    )
    return next(req, {
    })
  }
}
const later = async (req) => {
}
module.exports = {
  soon: req => 1,
  last: function (req) {
  },
}
handle3(() => {
})
"""
C_SHARP = """using System;

namespace Acme.Shop {
  public class Cart {
    public async Task<int> AddAsync(int n) {
      await Walk(n);
      return Total(n);
    }
    public Cart(int n) { }
    public List<byte[]> All() { return null; }
    public int Size { get { return 1; } }
    static IEnumerable<T> Walk<T>(T x) where T : class { yield return x; }
    void Run() => Go(() => 1);
    private Dictionary<string, List<int>>
        Total(int n)
    {
    }
  }
}
"""
JULIA = "module M\nfunction scan_tokens(source::String)\nend\nshort(x) = scan_tokens(x)\n"
KOTLIN = "class Cart {\n  fun add() {\n    run { }\n  }\n  class Item(val n: Int)\n}\nfun main() {\n}\n"
SCALA = "object Cart {\n  def add(n: Int): Unit = {\n  }\n}\nclass Shelf(size: Int) {\n}\n"
JAVA = "class Cart {\n  public void add(int item) {\n    add(1);\n  }\n}\n"
FILES = {
    PYTHON: "shop.py",
    RUST: "shop.rs",
    C_PLUS_PLUS: "shop.cc",
    JAVASCRIPT: "shop.js",
    JULIA: "shop.jl",
    JAVA: "Cart.java",
    KOTLIN: "Cart.kt",
    SCALA: "Cart.scala",
}


@pytest.mark.parametrize(
    ("text", "function", "lines"),
    [
        (PYTHON, "add", [6, 13]),  # not the call of line 7
        (PYTHON, "Cart.add", [6]),
        (PYTHON, "total", [9]),
        (PYTHON, "Cart", [5]),
        (PYTHON, "ad", []),
        (RUST, "shop::Cart<T>::add", [4]),
        (RUST, "shop::Cart<alloc::vec::Vec<T>>::add::h0123456789abcdef", [4]),
        (RUST, "shop::serve::{{closure}}", [9]),
        (RUST, "shop::push", []),
        (RUST, "shop::ready", []),
        (C_PLUS_PLUS, "shop::Cart::add(int)", [4]),
        (C_PLUS_PLUS, "shop::all", [8]),
        (C_PLUS_PLUS, "push_back", []),
        (C_PLUS_PLUS, "shop::Cart::Cart(int)", [12]),
        (C_PLUS_PLUS, "shop::Cart::total() const", [14]),
        (JAVASCRIPT, "handle", [2]),
        (JAVASCRIPT, "./index.js:handle:2", [2]),
        (JAVASCRIPT, "next", [6]),
        (JAVASCRIPT, "handle2", []),
        (JAVASCRIPT, "handle3", []),
        (JAVASCRIPT, "./index.js:later:14", [14]),
        (JAVASCRIPT, "soon", [17]),
        (JULIA, "scan_tokens(::String)", [2]),
        (JULIA, "short(::Int64)", [4]),
        (JAVA, "com.shop.Cart.add", [2]),
        (JAVA, "com.shop.Cart.<init>", [1]),
        (KOTLIN, "com/shop/Cart.add$lambda$0", [2]),
        (KOTLIN, "com/shop/Cart$Item.<init>", [5]),
        (KOTLIN, "com/shop/CartKt.main", [7]),
        (SCALA, "com/shop/Cart$.$anonfun$add$1", [2]),
        (SCALA, "com/shop/Cart$.add$$anonfun$2$$anonfun$adapted$1", [2]),
        (SCALA, "com/shop/Shelf.<init>", [5]),
        (JAVA, "", []),
        (JAVA, "…", []),
    ],
)
def test_other_languages(text: str, function: str, lines: list[int]) -> None:
    assert declared(text, function, FILES[text]) == lines


def test_all_ends_of_lines_count() -> None:
    assert declared("package a\r\n\r\nfunc F() {}\r\n", "a.F", "a.go") == [3]
    assert declared("package a\r\rfunc F() {}", "a.F", "a.go") == [3]


@given(st.text(), st.text())
def test_no_name_raises(text: str, function: str) -> None:
    for path in ("x.go", "x.py", "x.cc", "x.rs", "x.tsx", "x.java", "x.rb"):
        found = declared(text, function, path)
        assert found == sorted(found)
        assert all(1 <= line <= len(split_lines(text)) for line in found)


@pytest.mark.parametrize(
    ("function", "lines"),
    [
        ("Acme.Shop.Cart.AddAsync", [5]),
        ("Acme.Shop.Cart+<AddAsync>d__3.MoveNext", [5]),
        ("Acme.Shop.Cart..ctor", [4, 9]),
        ("Acme.Shop.Cart.All", [10]),
        ("Acme.Shop.Cart.get_Size", [11]),
        ("Acme.Shop.Cart.Walk[T]", [12]),
        ("Acme.Shop.Cart`1.Run(int)", [13]),
        ("Acme.Shop.Cart+<>c__DisplayClass1_0.<Run>b__0", [13]),
        ("Acme.Shop.Cart.Go", []),
        ("", []),
    ],
)
def test_c_sharp(function: str, lines: list[int]) -> None:
    assert declared(C_SHARP, function, "Cart.cs") == lines


GENERATED = """struct Frame {
  std::vector<char> body;
  void add() {
    body.push_back(1);
  }
};
void keep() { frames.push_back(Frame()); }
"""


@pytest.mark.parametrize(
    ("line", "function", "wanted"),
    [(1, "Frame::Frame", True), (2, "shop::Frame::operator=", True), (4, "Frame::add", False), (1, "keep", False)],
)
def test_what_a_compiler_made_of_a_type(line: int, function: str, *, wanted: bool) -> None:
    """A copy constructor that nobody wrote is on the line of the struct; `add` is written inside it, `keep` outside."""
    assert is_generated(GENERATED, line, function, "/w/frame.h") is wanted
    assert not is_generated(GENERATED, 7, function, "/w/frame.h")
