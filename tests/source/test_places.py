"""From a recorded path to a file of the workspace: each rule, and what none may do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from alloclens.source.places import SourceMap
from alloclens.source.roots import Link, Module, Roots
from alloclens.source.text import split_lines

ROOTS = Roots(
    folders=("/w",),
    modules=(Module("example.com/app/tools", "/w/tools"), Module("example.com/app", "/w")),
    go_root="/go",
    module_cache="/home/me/go/pkg/mod",
)
FILES = {
    "/w/main.go",
    "/w/internal/db.go",
    "/w/tools/gen.go",
    "/w/api/api.pb.go",
    "/w/vendor/example.com/dep/v2/x.go",
    "/w/.venv/lib/y.go",
    "/go/src/net/http/server.go",
    "/home/me/go/pkg/mod/github.com/!azure/sdk@v1.0.0/a.go",
    "/etc/passwd",
}
OWN, OTHERS = True, False


@pytest.mark.parametrize(
    ("recorded", "place"),
    [
        ("/w/main.go", ("/w/main.go", "as recorded", OWN)),
        ("/w/api/../main.go", ("/w/main.go", "as recorded", OWN)),
        ("/w/api/api.pb.go", ("/w/api/api.pb.go", "as recorded", OTHERS)),
        ("/w/vendor/example.com/dep/v2/x.go", ("/w/vendor/example.com/dep/v2/x.go", "as recorded", OTHERS)),
        ("/w/.venv/lib/y.go", ("/w/.venv/lib/y.go", "as recorded", OTHERS)),
        ("/go/src/net/http/server.go", ("/go/src/net/http/server.go", "as recorded", OTHERS)),
        ("example.com/app/main.go", ("/w/main.go", "module of the workspace", OWN)),
        ("example.com/app/internal/db.go", ("/w/internal/db.go", "module of the workspace", OWN)),
        ("example.com/app/tools/gen.go", ("/w/tools/gen.go", "module of the workspace", OWN)),
        ("example.com/application/main.go", None),
        ("example.com/dep/v2@v2.1.0/x.go", ("/w/vendor/example.com/dep/v2/x.go", "vendor", OTHERS)),
        ("example.com/dep/v2/x.go", ("/w/vendor/example.com/dep/v2/x.go", "vendor", OTHERS)),
        ("internal/db.go", ("/w/internal/db.go", "relative to the workspace", OWN)),
        ("./internal/db.go", ("/w/internal/db.go", "relative to the workspace", OWN)),
        (
            "github.com/Azure/sdk@v1.0.0/a.go",
            ("/home/me/go/pkg/mod/github.com/!azure/sdk@v1.0.0/a.go", "module cache", OTHERS),
        ),
        ("net/http/server.go", ("/go/src/net/http/server.go", "Go's own source", OTHERS)),
        ("/etc/passwd", None),
        ("../etc/passwd", None),
        ("/w/../etc/passwd", None),
        ("/elsewhere/main.go", None),
        ("db.go", None),
        ("", None),
        ("nothing", None),
    ],
)
def test_where_a_recorded_file_lies(recorded: str, place: tuple[str, str, bool] | None) -> None:
    assert SourceMap(ROOTS, FILES.__contains__).place(recorded) == place


def test_a_folder_opened_through_a_link() -> None:
    roots = replace(ROOTS, links=(Link("/home/me/shop", "/w"),))
    assert SourceMap(roots, FILES.__contains__).place("/home/me/shop/main.go") == ("/w/main.go", "as recorded", OWN)
    assert roots.opened("/w/main.go") == "/home/me/shop/main.go"
    assert roots.opened("/go/src/net/http/server.go") == "/go/src/net/http/server.go"


def test_nothing_outside_the_roots_is_even_asked_for() -> None:
    asked = []
    SourceMap(ROOTS, lambda path: bool(asked.append(path))).place("../../etc/passwd")
    assert not [path for path in asked if path.startswith("/etc")]


def test_lines_as_lsp_counts_them() -> None:
    assert split_lines("a\r\nb\rc\nd\fe\u2028f\v") == ["a", "b", "c", "d\fe\u2028f\v"]
