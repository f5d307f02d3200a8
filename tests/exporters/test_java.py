"""Java, with profiles of what is alive as async-profiler's jfrconv writes them: classes, lines and no files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main as cli
from click.testing import CliRunner

from tests.exporters.shops import KEEPS, LEAKS, SNAPSHOTS, seen
from tests.support import tools
from tests.support.profiles import drop, profile

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.programs, pytest.mark.slow]
SHOP = "com/acme/shop/Shop"
MB = 1 << 20
STACKS = {
    "session": f"byte[]@:0 < {SHOP}.login@:{{login}} < {SHOP}.main@:{{main}}",
    "record": (
        f"byte[]@:0 < {SHOP}$Entry.<init>@:{{init}} < {SHOP}.lambda$record$0@:{{lambda}} < "
        f"{SHOP}$$Lambda$4.0x00007f5c78003800.run@:0 < {SHOP}.record@:{{run}} < {SHOP}.main@:{{main}}"
    ),
    "pages": f"java/util/ArrayDeque.grow@:146 < java/util/ArrayDeque.add@:300 < {SHOP}.look@:{{look}} < {SHOP}.main@:{{main}}",
    "native": "start_thread@:0",
}


def series(folder: Path, kind: str) -> Path:
    """Write the source, and a series of profiles with this sample type."""
    place = "src/main/java/com/acme/shop/Shop.java"
    source = tools.put(tools.PROGRAMS / "java" / "Shop.java", folder / place)
    marks = {
        match[1]: n for n, text in enumerate(source.read_text().splitlines(), 1) if (match := tools.MARK.search(text))
    }
    lines = {"login": marks[LEAKS[0]], "init": marks[LEAKS[1]], "look": marks[KEEPS], "lambda": marks["makes an entry"]}
    lines |= {"run": marks["runs it"], "main": marks["starts"]}
    for i in range(SNAPSHOTS):
        held = {"session": 4 + 4 * i, "record": 3 + 3 * i, "pages": 16, "native": 1}
        stacks = [f"{stack.format(**lines)} = {held[what] * MB}" for what, stack in STACKS.items()]
        drop(folder / f"profiles/{i:02}.pb.gz", profile(f"{kind}/bytes", *stacks))
    return source


async def test_two_leaks_and_an_honest_neighbour(tmp_path: Path) -> None:
    source = series(tmp_path, "live")
    shop = (await seen(tmp_path, [source]))["Shop.java"]
    assert shop.findings == dict.fromkeys(LEAKS, "growing")
    assert shop.hints == {
        LEAKS[0]: "48.0MB owned ▲44.0MB",
        LEAKS[1]: "36.0MB owned ▲33.0MB",
        KEEPS: "16.0MB owned",
        "makes an entry": "36.0MB cum",
        "runs it": "36.0MB cum",
        "starts": "100MB cum",
    }


def test_what_was_allocated_is_not_judged(tmp_path: Path) -> None:
    """Totals since the start of a recording always grow."""
    series(tmp_path, "allocations")
    said = CliRunner().invoke(cli, ["leaks", str(tmp_path / "profiles"), "--workspace", str(tmp_path)]).output
    assert "profiles of allocations are not judged" in said
