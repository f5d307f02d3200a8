"""The table and the sandwich of a profile, by hand and beside pprof's own table."""

from __future__ import annotations

from alloclens.languages.names import package
from alloclens.profile.formats import read
from alloclens.tables.flame import FlameGraph
from alloclens.tables.table import ValueTable, table
from alloclens.tables.top import top
from alloclens.transform.difference import difference

from tests.support.profiles import heap

OWN = {"/w/main.go", "/w/shop/shop.go"}
STACKS = (
    "x/dep.New@/m/dep.go:1 < x/shop.(*Cart).Add@/w/shop/shop.go:5 < main.serve@/w/main.go:7 = 4x10",
    "x/dep.New@/m/dep.go:2 < main.serve@/w/main.go:8 = 1x7",
    "main.serve@/w/main.go:9 < main.serve@/w/main.go:7 = 1x3",
)


def rows(made: ValueTable) -> dict[str, tuple[int, int, int]]:
    """Return flat, cum and owned by name, and by line where names recur."""
    texts, lines = made.sites.texts, made.sites.line.tolist()
    names = [n if made.name.count(n) == 1 else f"{n}:{line}" for n, line in zip(made.name, lines, strict=True)]
    assert all(texts[i] for i in made.sites.file.tolist())
    values = zip(made.flat.tolist(), made.cum.value.tolist(), made.owned.tolist(), strict=True)
    return dict(zip(names, values, strict=True))


def test_functions_packages_and_lines() -> None:
    profile = read(heap(*STACKS))
    kind = profile.sample_types[3]
    assert rows(table(profile, kind, "function", OWN, package)) == {
        "x/dep.New": (47, 47, 0),
        "x/shop.(*Cart).Add": (0, 40, 40),
        "main.serve": (3, 50, 10),
    }
    assert rows(table(profile, kind, "package", OWN, package)) == {
        "x/dep": (47, 47, 0),
        "x/shop": (0, 40, 40),
        "main": (3, 50, 10),
    }
    by_line = rows(table(profile, kind, "line", OWN, package))
    assert by_line == {
        "x/dep.New:1": (40, 40, 0),
        "x/dep.New:2": (7, 7, 0),
        "x/shop.(*Cart).Add": (0, 40, 40),
        "main.serve:7": (0, 43, 0),
        "main.serve:8": (0, 7, 7),
        "main.serve:9": (3, 3, 3),
    }
    theirs = {f"{r.function}": (r.flat, r.cum) for r in top(profile, 3, "function", "cum").rows()}
    assert {n: v[:2] for n, v in rows(table(profile, kind, "function", OWN, package)).items()} == theirs


def test_growth_is_of_cum() -> None:
    head = read(
        heap("a@/w/main.go:1 < main.f@/w/main.go:2 = 200x4096", "b@/w/main.go:3 < main.f@/w/main.go:2 = 5x4096")
    )
    base = read(heap("a@/w/main.go:1 < main.f@/w/main.go:2 = 10x4096", "b@/w/main.go:3 < main.f@/w/main.go:2 = 5x4096"))
    both = difference(head, base)
    made = table(both, both.sample_types[3], "function", OWN, package, compared=True)
    assert made.cum.grown is not None
    grown = dict(zip(made.name, made.cum.growth.tolist(), strict=True))
    assert grown == {"a": 190 * 4096, "b": 0, "main.f": 190 * 4096}
    assert dict(zip(made.name, made.cum.value.tolist(), strict=True)) == {
        "a": 200 * 4096,
        "b": 5 * 4096,
        "main.f": 205 * 4096,
    }


def test_nothing() -> None:
    profile = read(heap())
    assert len(table(profile, profile.sample_types[3], "package", OWN, package)) == 0


def test_a_function_between_its_callers_and_its_callees() -> None:
    profile = read(
        heap(
            "leaf@/w/a.go:1 < f@/w/a.go:2 < f@/w/a.go:3 < up@/w/a.go:4 = 1x10",
            "other@/w/a.go:5 < f@/w/a.go:2 < main@/w/a.go:6 = 1x5",
            "leaf@/w/a.go:1 < main@/w/a.go:6 = 1x99",
        )
    )
    graph = FlameGraph(profile, profile.sample_types[3])
    both = graph.sandwich(("f", "/w/a.go"))
    assert both is not None
    drawn = []
    for tree in both:
        names = ["all", *(tree.functions.name[site] for site in tree.site[1:].tolist())]
        parents = ["", *(names[i] for i in tree.parent[1:].tolist())]
        drawn.append(sorted(zip(parents, names, tree.value.tolist(), strict=True)))
    callers, callees = drawn
    assert callers == [("", "all", 15), ("all", "f", 15), ("f", "f", 10), ("f", "main", 5), ("f", "up", 10)]
    assert callees == [("", "all", 15), ("all", "f", 15), ("f", "f", 10), ("f", "leaf", 10), ("f", "other", 5)]
    assert graph.sandwich(("f", "")) is None


def test_packages_as_the_pictures_name_them() -> None:
    """The cases of the client's own test."""
    for name, file, wanted in (
        ("github.com/x/store.(*Cache[go.shape.int]).Put", "", "github.com/x/store"),
        ("main.main", "/w/main.go", "main"),
        ("std::vec::Vec<T>::push", "", "std::vec"),
        ("malloc", "/w/src/malloc.c", "/w/src"),
        ("(anonymous)", "index.js", ""),
    ):
        assert package(name, file) == wanted
