"""What a key costs, hints included, and how long it keeps the event loop.

First in a Python file of 2,000 lines with 50 recorded ones: processor time. Then in texts of nearly 1 MB: the longest that the
event loop did one thing, while the text was opened and while it was typed in.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from rich import box
from rich.table import Table

from scripts.bench.section import Section
from scripts.bench.table import duration
from scripts.bench.usage import cpu_seconds
from tests.support.profiles import drop, heap
from tests.support.raw import RawClient, raw_client

KEYS, QUICK_KEYS, LARGE = 200, 40, 1_000_000
MONITORED = ("-m", "scripts.bench.monitored")


class Language(NamedTuple):
    """How a text is made that has one function after the other."""

    name: str
    ending: str
    head: str
    function: str
    """With {0} for its number; its second line is recorded."""

    @property
    def lines(self) -> int:
        """Of a function."""
        return self.function.count("\n")

    def text(self, functions: int) -> str:
        return self.head + "".join(map(self.function.format, range(functions)))

    def recorded(self, path: Path, functions: int, step: int) -> list[str]:
        """Return the stacks of a heap that names the second line of some functions."""
        first = self.head.count("\n") + 1
        starts = ((i, first + self.lines * i) for i in range(0, functions, step))
        package = "main." if self.name == "go" else ""
        return [f"{package}f{i}:{start}@{path}:{start + 1} = 1x1048576" for i, start in starts]


PYTHON = Language(
    "python",
    ".py",
    "",
    """def f{0}(a, b):
    x = [a] * {0}
    for y in x:
        b.append(y + {0})
    if b:
        b.extend(bytes({0}))
    return x

""",
)
GO = Language(
    "go",
    ".go",
    "package main\n\n",
    """func f{0}(a int, b []int) []int {{
	x := make([]int, a*{0})
	for _, y := range x {{
		b = append(b, y+{0})
	}}
	return x
}}

""",
)
TYPESCRIPT = Language(
    "typescript",
    ".ts",
    "",
    """export function f{0}(a: number, b: number[]): number[] {{
  const x = new Array<number>(a * {0});
  for (const y of x) {{
    b.push(y + {0});
  }}
  return x;
}}

""",
)


def measure(*, quick: bool) -> Section:
    """Measure it where the text that was profiled is known, and where it is not."""
    table, figures = Table("", "the profiled text is known", "it is not known", box=box.MARKDOWN), {}
    keys = [_key(above, QUICK_KEYS if quick else KEYS) for above in ("", "# new\n")]
    table.add_row("a key: processor time", *map(duration, keys))
    for language in (PYTHON,) if quick else (PYTHON, GO, TYPESCRIPT):
        stalls = [_stalls(language, above) for above in ("", "\n")]
        figures[language.name] = [stall._asdict() for stall in stalls]
        table.add_row(f"1 MB of {language.name}: the longest callback", *(duration(s.callback) for s in stalls))
        table.add_row(f"1 MB of {language.name}: a beat was late by", *(duration(s.late) for s in stalls))
    return Section(table, {"keys": keys, **figures})


def _key(above: str, keys: int) -> float:
    with tempfile.TemporaryDirectory() as made, raw_client(_folder(Path(made), PYTHON, 250, above)) as client:
        return _typed(client, Path(made, "m.py"), PYTHON, PYTHON.text(250), keys)


def _folder(folder: Path, language: Language, functions: int, above: str) -> Path:
    """Write a file of so many functions, and a profile of a fifth of them, but of 100 at most; `above` came since."""
    path = folder / f"m{language.ending}"
    path.write_text(above + language.text(functions))
    (folder / "go.mod").write_text("module example.com/m\n")
    drop(folder / "profiles/a.pb.gz", heap(*language.recorded(path, functions, max(5, functions // 100 + 1))))
    return folder


def _typed(client: RawClient, path: Path, language: Language, text: str, keys: int) -> float:
    """Open a text and type into it; return the seconds of CPU that a key takes."""
    client.start()
    uri, at = path.as_uri(), text[: len(text) // 2].count("\n") // language.lines * language.lines + 1
    opened = {"uri": uri, "languageId": language.name, "version": 0, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": opened})
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": 10**6, "character": 0}}
    asked: Any = {"textDocument": {"uri": uri}, "range": everything}
    client.until_state(lambda: client.result("textDocument/inlayHint", asked))
    before, lines = cpu_seconds(client.process.pid), text.split("\n")
    for key in range(1, keys + 1):
        lines[at] += "x"
        document = {"uri": uri, "version": key}
        client.notify(
            "textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": "\n".join(lines)}]}
        )
        client.result("textDocument/inlayHint", asked)
    return (cpu_seconds(client.process.pid) - before) / keys


class Stalls(NamedTuple):
    """The longest in seconds of processor time, so that waiting for a processor does not count."""

    callback: float
    """That the event loop did one thing."""
    late: float
    """That it did not come to do another, by the work of this process."""


def _stalls(language: Language, above: str) -> Stalls:
    """Return the longest that the event loop did one thing, and that it did not come to do another."""
    functions = LARGE // len(language.function.format(1000))
    with tempfile.TemporaryDirectory() as made:
        folder, out = _folder(Path(made), language, functions, above), Path(made, "stalls")
        with raw_client(folder, MONITORED, ALLOCLENS_STALLS=str(out), PYTHONPATH=str(Path.cwd())) as client:
            began = time.monotonic()
            _typed(client, folder / f"m{language.ending}", language, language.text(functions), 20)
        lines = [line.split(" ", 3) for line in out.read_text().splitlines()]
    stalls = [(what == "late", float(took), float(used)) for ended, took, used, what in lines if float(ended) > began]
    callbacks, late = ([(t, used) for is_late, t, used in stalls if is_late is kind] for kind in (False, True))
    return Stalls(max((used for _, used in callbacks), default=0), max(map(min, late), default=0))
