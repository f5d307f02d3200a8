"""A page with the bundle, made-up data, and what the pictures call."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from scripts import tools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page, Route

BUNDLE = tools.ROOT / "server" / "alloclens" / "report"
DIST = tools.ROOT / "vscode-client" / "dist"
AXE = tools.ROOT / "vscode-client" / "node_modules" / "axe-core" / "axe.min.js"
ADDRESS = "http://pictures.test"
POLICY = f"default-src 'none'; script-src 'nonce-abc'; style-src {ADDRESS}; img-src data:; font-src 'none'"
HTML = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Pictures</title>
<link rel="stylesheet" href="/pictures.css"><link rel="stylesheet" href="/theme.css"></head>
<body class="{theme}" data-picture="{picture}"><main></main><script nonce="abc" src="/pictures.js"></script></body></html>"""
PLAIN = "body { margin: 12px; font: 13px 'DejaVu Sans', sans-serif; } @media (prefers-color-scheme: dark) { body { background: #0d1117; } }"
THEMES = {
    "vscode-dark": {
        "editor-background": "#1f1f1f",
        "editor-foreground": "#cccccc",
        "descriptionForeground": "#9d9d9d",
        "editorWidget-background": "#202020",
        "editorWidget-border": "#313131",
        "focusBorder": "#0078d4",
        "charts-orange": "rgba(234, 92, 0, 0.33)",
        "button-background": "#0078d4",
        "button-foreground": "#ffffff",
        "button-secondaryBackground": "#313131",
        "button-secondaryForeground": "#cccccc",
        "input-background": "#313131",
        "input-foreground": "#cccccc",
        "input-placeholderForeground": "#989898",
        "menu-selectionBackground": "#0078d4",
        "menu-selectionForeground": "#ffffff",
    },
    "vscode-light": {
        "editor-background": "#ffffff",
        "editor-foreground": "#3b3b3b",
        "descriptionForeground": "#3b3b3b",
        "focusBorder": "#005fb8",
        "charts-orange": "rgba(234, 92, 0, 0.33)",
        "button-background": "#005fb8",
        "button-foreground": "#ffffff",
        "button-secondaryBackground": "#e5e5e5",
        "button-secondaryForeground": "#3b3b3b",
        "input-background": "#ffffff",
        "input-foreground": "#3b3b3b",
        "input-placeholderForeground": "#767676",
    },
    "vscode-high-contrast": {
        "editor-background": "#000000",
        "editor-foreground": "#ffffff",
        "descriptionForeground": "#ffffff",
        "editorWidget-background": "#0c141f",
        "editorWidget-border": "#6fc3df",
        "focusBorder": "#f38518",
        "contrastBorder": "#6fc3df",
        "contrastActiveBorder": "#f38518",
        "button-background": "#000000",
        "button-foreground": "#ffffff",
        "button-border": "#6fc3df",
        "button-secondaryForeground": "#ffffff",
        "input-background": "#000000",
        "input-foreground": "#ffffff",
        "input-border": "#6fc3df",
    },
    "vscode-high-contrast vscode-high-contrast-light": {
        "editor-background": "#ffffff",
        "editor-foreground": "#292929",
        "descriptionForeground": "#292929",
        "editorWidget-background": "#ffffff",
        "editorWidget-border": "#0f4a85",
        "focusBorder": "#006bbd",
        "contrastBorder": "#0f4a85",
        "contrastActiveBorder": "#006bbd",
        "button-background": "#0f4a85",
        "button-foreground": "#ffffff",
        "button-border": "#0f4a85",
        "button-secondaryForeground": "#0f4a85",
        "input-background": "#ffffff",
        "input-foreground": "#292929",
        "input-border": "#0f4a85",
    },
}
"""The colours of VS Code's Dark Modern, Light Modern and of high contrast that count here, by the classes of the page."""
LOOKS = [("", False), ("", True), *((theme, False) for theme in THEMES), *((theme, True) for theme in THEMES)]
"""Theme, and whether the system prefers dark: an editor's theme may be another."""
START = """({picture, data, answers, rest, quiet, refusal}) => {
  window.calls = [];
  const said = (name) => (...args) => { window.calls.push([name, ...args]); };
  const open = async (...place) => { window.calls.push(['open', ...place]); return refusal; };
  const ask = async (...question) => {
    window.calls.push(['ask', ...question]);
    return answers[JSON.stringify(question)] ?? null;
  };
  const actions = {open, focus: said('focus'), focusStack: said('focusStack'), ignore: said('ignore'), keep: said('keep'), copy: said('copy'), save: said('save'), sandwich: said('sandwich'), ask, choose: said('choose')};
  const main = document.querySelector('main');
  window.handle = alloclensPictures[picture](main, {data, ...(quiet ? {} : actions), ...rest});
}"""


class Picture:
    """One page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._theme = ""

    def load(self, theme: str = "", picture: str = "flame", script: str = "", *, dark: bool = False) -> None:
        """Load the page: with a theme of VS Code, or as the report, light or dark. The script runs before the page's."""
        folder = DIST if script else BUNDLE
        files = {
            "/": ("text/html", HTML.format(theme=theme, picture=picture)),
            "/pictures.js": ("text/javascript", (folder / "pictures.js").read_text("utf-8")),
            "/pictures.css": ("text/css", (folder / "pictures.css").read_text("utf-8")),
            "/theme.css": ("text/css", _style(theme)),
        }

        def answer(route: Route) -> None:
            kind, body = files.get(route.request.url.removeprefix(ADDRESS), ("text/plain", ""))
            route.fulfill(content_type=f"{kind}; charset=utf-8", body=body, headers={"Content-Security-Policy": POLICY})

        self.page.route("**", answer)
        self.page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        if script:
            self.page.add_init_script(script)
        self.page.goto(f"{ADDRESS}/")

    def looks(self) -> Iterator[str]:
        """Load the page in each look in turn, and yield what a failure calls it: a page of its own for each would take longer."""
        for theme, dark in LOOKS:
            self.load(theme, dark=dark)
            yield f"{theme or 'the report'}, the system {'dark' if dark else 'light'}"

    def start(
        self,
        picture: str,
        data: dict[str, Any],
        answers: dict[str, Any] | None = None,
        *,
        quiet: bool = False,
        refusal: str = "",
        **rest: Any,
    ) -> None:
        """Draw. `answers` are those to ask(), by the JSON of its arguments; a quiet picture has nothing to call.

        `refusal`: why no source is opened.
        """
        given = {
            "picture": picture,
            "data": data,
            "answers": answers or {},
            "rest": rest,
            "quiet": quiet,
            "refusal": refusal,
        }
        self.page.evaluate(START, given)

    def calls(self, *names: str) -> list[list[Any]]:
        """Return what was called by now."""
        return [call for call in self.page.evaluate("() => window.calls") if call[0] in names]

    def until_call(self, name: str) -> list[Any]:
        """Return the last call of this name, waiting for the first."""
        self.page.wait_for_function("(name) => window.calls.some((call) => call[0] === name)", arg=name)
        return self.calls(name)[-1]

    def frame(self, name: str) -> Locator:
        """Return the first drawn frame of this function."""
        return self.page.locator(f'g.frame[data-name="{name}"]').first

    def focused(self) -> str:
        """Return the label of what has the focus."""
        return self.page.evaluate(
            "() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
        )

    def violations(self) -> list[str]:
        """Return what axe calls serious or critical."""
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")["violations"]
        grave = [one for one in found if one["impact"] in ("serious", "critical")]
        return [f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}" for one in grave]


def _style(theme: str) -> str:
    colours = "".join(f"--vscode-{name}: {value};" for name, value in THEMES.get(theme, {}).items())
    themed = f":root {{ {colours} }} body {{ background: var(--vscode-editor-background); }}" if theme else ""
    return PLAIN + themed


MB = 1 << 20


def node(name: str, size: int, *children: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """Return a frame of so many MiB, of 10 in all."""
    made = {"name": name, "value": size * MB, "label": f"{size}.0MB · {size * 10}%", "growth": None}
    file = (
        "/w/main.go"
        if name.startswith("main.")
        else "/w/store/store.go"
        if "store" in name
        else "/go/src/runtime/proc.go"
    )
    place = {
        "file": file,
        "line": 7,
        "own": not name.startswith("runtime"),
        "verdict": "",
        "more": False,
    }
    return made | place | rest | {"children": list(children)}


def flame(root: dict[str, Any], **rest: Any) -> dict[str, Any]:
    words = {"sampleType": "inuse_space", "unit": "bytes", "total": 10 * MB, "totalLabel": "10.0MB inuse_space"}
    return (
        words
        | {
            "series": "",
            "ends": "1.pb.gz → 9.pb.gz",
            "base": False,
            "focus": "",
            "shortFocus": "",
            "truncated": False,
            "root": root,
        }
        | rest
    )


def small(**serve: Any) -> dict[str, Any]:
    """Return a tree of six frames; keywords are of main.serve."""
    put = node("example.com/app/store.(*Cache).Put", 4, line=42)
    nowhere = {"file": "", "line": 0, "own": False}
    serve_ = node("main.serve", 6, put, node("main.log", 1), **serve)
    return node("all", 10, node("main.main", 7, serve_), node("runtime.mstart", 3), **nowhere)


def compared() -> dict[str, Any]:
    """Return a tree in which one frame surely grew, one surely shrank, and one may have grown."""
    grew = {"growth": {"value": 3 * MB, "label": "▲3.0MB", "significant": True}}
    shrank = {"growth": {"value": -2 * MB, "label": "▼2.0MB", "significant": True}}
    unsure = {"growth": {"value": 1 * MB, "label": "+1.0MB, may be noise", "significant": False}}
    return node(
        "all",
        10,
        node("main.keep", 5, **grew),
        node("main.drop", 3, **shrank),
        node("main.other", 2, **unsure),
        **unsure,
    )


def large(count: int) -> dict[str, Any]:
    """Return a tree of so many frames, some thirty calls deep."""
    chance = random.Random(7)
    nodes = [node("all", 0, file="", line=0, own=False)]
    callers = [0]
    for i in range(1, count):
        callers.append(chance.randrange(max(0, i - 300), i))
        name = f"example.com/app/p{chance.randrange(12)}.(*T{chance.randrange(30)}).Do{i}"
        nodes.append(node(name, 0, own=chance.random() < 0.5, value=chance.randrange(1, 100_000)))
        nodes[callers[i]]["children"].append(nodes[i])
    for i in range(count - 1, 0, -1):
        nodes[callers[i]]["value"] += nodes[i]["value"]
        nodes[i]["label"] = f"{nodes[i]['value'] / MB:.1f}MB"
    return nodes[0]


def points(values: list[int], begins: tuple[int, ...] = (0,), base: int = 0) -> list[dict[str, Any]]:
    """Return snapshots of so many MiB, 10 seconds apart; the last is the head."""
    last = len(values) - 1
    return [
        {
            "name": f"heap-{i:03}.pb.gz",
            "path": f"/p/heap-{i:03}.pb.gz",
            "time": 1_700_000_000 + 10 * i,
            "value": value * MB,
            "begins": i in begins,
            "base": i == base,
            "head": i == last,
        }
        for i, value in enumerate(values)
    ]


def timeline(points: list[dict[str, Any]], **rest: Any) -> dict[str, Any]:
    return {
        "sampleType": "inuse_space",
        "unit": "bytes",
        "series": "",
        "focus": "",
        "points": points,
        "memstats": [],
        "at": None,
        "line": None,
        "withoutLine": "",
    } | rest


def key(path: list[list[str]], *, inverted: bool, search: str = "") -> str:
    """Return a question to ask() as JavaScript writes it."""
    return json.dumps([path, inverted, search], separators=(",", ":"))


def graph_node(name: str, flat: int, cum: int, **rest: Any) -> dict[str, Any]:
    """Return a box of so many MiB, of 10 in all."""
    words = {
        "flatLabel": f"{flat}.0MB ({flat * 10}%)",
        "cumLabel": f"{cum}.0MB ({cum * 10}%)",
        "growth": None,
    }
    place = {"file": "/w/main.go", "line": 7, "own": name.startswith("main."), "verdict": ""}
    return {"name": name, "flat": flat * MB, "cum": cum * MB} | words | place | rest


def graph(**rest: Any) -> dict[str, Any]:
    """Return a call graph of three functions, one of which leaks."""
    nodes = [
        graph_node("main.main", 0, 10),
        graph_node("main.keep", 7, 7, verdict="leak"),
        graph_node("example.com/dep.(*Cache).Put", 3, 3),
    ]
    edges = [
        {"source": 0, "target": 1, "weight": 7 * MB, "label": "7.0MB", "residual": False},
        {"source": 0, "target": 2, "weight": 3 * MB, "label": "3.0MB", "residual": True},
    ]
    words = {"sampleType": "inuse_space", "unit": "bytes", "total": 10 * MB, "totalLabel": "10.0MB inuse_space"}
    ends = {
        "series": "api",
        "ends": "1.pb.gz → 9.pb.gz",
        "base": False,
        "focus": "",
        "shortFocus": "",
        "through": "",
        "functions": 4,
    }
    return words | ends | {"nodes": nodes, "edges": edges} | rest
