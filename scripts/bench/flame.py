"""The flame graph of a large profile: to make it, to draw it, to zoom, and how much is sent."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from alloclens.session.once import world
from alloclens.tables.flame import FlameGraph, FlameQuery
from alloclens.wording.flame import flame
from rich import box
from rich.table import Table

from scripts import tools
from scripts.bench.section import Section
from scripts.bench.table import duration
from tests.bench.generate import Shape, profile
from tests.pictures.page import Picture
from tests.support.profiles import drop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alloclens.series.comparison import Comparison
    from alloclens.tables.flame import FlameSite, FlameTree

SIZES, QUICK = (2_000, 1_000_000), (2_000, 50_000)
"""Samples."""
ROUNDS = 5


class Drawn(NamedTuple):
    """Medians, in seconds."""

    first: float
    """From a profile to a tree, when nothing is known of it yet."""
    zoom: float
    """Into the heaviest function of the heaviest."""
    inverted: float
    words: float
    """From a tree to what is sent."""
    dump: float
    """From there to JSON, which is the event loop's work."""
    picture: float
    """From JSON to a picture in Chromium that answers the mouse."""
    nodes: int
    size: int
    """Bytes of JSON."""

    @property
    def until_there(self) -> float:
        """From the command to the picture, without the transport."""
        return self.first + self.words + self.dump + self.picture


PICTURE = """(text) => new Promise((done) => {
  const began = performance.now();
  alloclensPictures.flame(document.querySelector('main'), {data: JSON.parse(text)});
  requestAnimationFrame(() => setTimeout(() => done((performance.now() - began) / 1000)));
})"""


def measure(*, quick: bool) -> Section:
    """Measure both sizes, alone and compared with another of the same size."""
    drawn: dict[str, Drawn] = {}
    with tempfile.TemporaryDirectory() as made, _page() as page:
        os.environ["XDG_CACHE_HOME"] = f"{made}/cache"
        for size in QUICK if quick else SIZES:
            folder = Path(made, str(size))
            for snapshots in (1, 2):
                tools.say(f"making a profile of {size:,} samples …")
                drop(folder / f"{snapshots}.pb.gz", profile(Shape(size), snapshots))
                word = f"{size:,} samples" + (", and as many at the base" if snapshots > 1 else "")
                drawn[word] = _drawn(_shown(folder), page)
    return Section(_table(drawn), {word: drawing._asdict() for word, drawing in drawn.items()})


@contextmanager
def _page() -> Iterator[Picture]:
    """Lend a page with the pictures' script, as strict as one of VS Code."""
    with tools.playwright() as driver:
        browser = driver.chromium.launch(executable_path=tools.chromium(), args=tools.CHROMIUM_ARGUMENTS)
        page = Picture(browser.new_page(viewport={"width": 1280, "height": 800}))
        page.load()
        yield page
        browser.close()


def _shown(folder: Path) -> Comparison:
    # Both have the same time, and totals since the start that may fall: a base that is named is compared all the same.
    shown = world([str(folder)], [str(folder)], {"base": "1.pb.gz", "head": "latest"}).shown
    if shown is None:
        raise SystemExit(f"nothing is shown of {folder}")
    return shown


def _drawn(shown: Comparison, page: Picture) -> Drawn:
    first = _timed(lambda: _stacks(shown).tree(FlameQuery()))
    stacks = _stacks(shown)
    tree = stacks.tree(FlameQuery())
    if tree is None:
        raise SystemExit("there is no root")
    path = _heaviest(tree)
    if stacks.tree(FlameQuery(path=path)) is None:
        raise SystemExit(f"there is nothing at {path}")
    words = flame(shown, tree)
    sent = msgspec.json.encode(words)
    return Drawn(
        first=first,
        zoom=_timed(lambda: _forgetful(stacks).tree(FlameQuery(path=path))),
        inverted=_timed(lambda: _forgetful(stacks).tree(FlameQuery(inverted=True))),
        words=_timed(lambda: flame(shown, tree)),
        dump=_timed(lambda: msgspec.json.encode(words)),
        picture=median(page.page.evaluate(PICTURE, sent.decode()) for _ in range(ROUNDS)),
        nodes=len(tree),
        size=len(sent),
    )


def _stacks(shown: Comparison) -> FlameGraph:
    return FlameGraph(shown.profile, shown.sample_type, shown.one_process)


def _forgetful(stacks: FlameGraph) -> FlameGraph:
    """Return the same without its answers."""
    stacks.answers.clear()
    return stacks


def _heaviest(tree: FlameTree) -> tuple[FlameSite, ...]:
    """Return the functions of the heaviest node, and of the heaviest below it."""
    below = tree.parent.tolist().index(1) if 1 in tree.parent else 1
    sites = [int(tree.site[row]) for row in sorted({1, below})]
    return tuple((tree.functions.name[site], tree.functions.file[site]) for site in sites)


def _timed(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return median(taken)


def _table(drawn: dict[str, Drawn]) -> Table:
    table = Table("", *drawn, box=box.MARKDOWN)
    rows = {
        "the tree, for the first time": "first",
        "its words": "words",
        "as JSON, on the event loop": "dump",
        "drawn, in Chromium": "picture",
        "from the command to the picture": "until_there",
        "the tree, zoomed in": "zoom",
        "the tree from the leaves": "inverted",
    }
    for label, name in rows.items():
        table.add_row(label, *(duration(getattr(drawing, name)) for drawing in drawn.values()))
    table.add_row("nodes", *(f"{drawing.nodes:,}" for drawing in drawn.values()))
    table.add_row("JSON", *(f"{drawing.size / 1024:,.0f} KiB" for drawing in drawn.values()))
    return table
