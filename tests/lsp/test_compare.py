"""Over stdio: two files from anywhere are compared, and then what was shown before is shown again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.session.test_choice import service
from tests.support.profiles import CONTENTION, drop, heap, profile
from tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.editor import Editor

pytestmark = pytest.mark.programs

MB = 1 << 20
COMPARE, LEAVE = "alloclens.server.compare", "alloclens.server.leaveComparison"
SHOWN = {5: "2.0MB flat · 3.0MB cum"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    service(folder, "api", "1.pb.gz", "2.pb.gz")
    service(folder, "web", "1.pb.gz")
    return folder


def elsewhere(shop: Path, name: str, held: int) -> str:
    """Write a profile of the api outside of the workspace."""
    path = shop.parent / "downloads" / name
    drop(path, heap(f"main.serve:5@{shop}/services/api/main.go:5 = {held}x{MB}"))
    return str(path)


async def opened(editor: Editor, shop: Path) -> str:
    await editor.open_folder(shop)
    api = editor.open(shop / "services/api/main.go")
    await editor.until_hints(api, SHOWN)
    return api


async def test_two_files_from_anywhere(any_editor: Editor, shop: Path) -> None:
    editor, base, head = any_editor, elsewhere(shop, "before.pb.gz", 10), elsewhere(shop, "after.pb.gz", 50)
    api = await opened(editor, shop)
    assert await editor.command(COMPARE, base, head) is None
    await editor.until_hints(api, {5: "50.0MB ▲40.0MB"})
    flame = await editor.command("alloclens.server.flame")
    assert (flame["total"], flame["root"]["growth"]["value"], flame["series"]) == (50 * MB, 40 * MB, "")
    first, *others = (await editor.command("alloclens.server.series"))["series"]
    assert (first["name"], first["shown"]) == ("before.pb.gz → after.pb.gz", True)
    assert [one["begins"] for one in first["snapshots"]] == [False, False]  # nothing says when their process started
    assert {one["name"]: one["shown"] for one in others} == {"api": False, "web": False}
    assert await editor.command(COMPARE, head, base) is None
    await editor.until_hints(api, {5: "10.0MB ▼40.0MB"})

    service(shop, "web", "2.pb.gz", "3.pb.gz")  # and what comes meanwhile changes nothing
    editor.open(shop / "services/web/main.go")
    await editor.until_hints(api, {5: "10.0MB ▼40.0MB"})
    await editor.command(LEAVE)
    await editor.hover(api, 5)
    await editor.until_hints(api, SHOWN)
    assert [one["name"] for one in await editor.command("alloclens.server.seriesChoices")] == ["api", "web"]


async def test_files_of_the_directories_are_of_no_other_series_for_it(editor: Editor, shop: Path) -> None:
    api = await opened(editor, shop)
    web, head = str(shop / "profiles/web/1.pb.gz"), str(shop / "profiles/api/1.pb.gz")
    assert await editor.command(COMPARE, web, head) is None
    await editor.until_hints(api, {5: "1.0MB flat · 2.0MB cum"})
    await editor.until(lambda: editor.status.compares)
    assert "1.pb.gz → 1.pb.gz" in editor.status.text
    await editor.command(LEAVE)
    await editor.until_hints(api, SHOWN)
    await editor.until(lambda: not editor.status.compares)


async def test_choosing_a_series_leaves_the_comparison(editor: Editor, shop: Path) -> None:
    base, head = elsewhere(shop, "before.pb.gz", 10), elsewhere(shop, "after.pb.gz", 50)
    api = await opened(editor, shop)
    assert await editor.command(COMPARE, base, head) is None
    await editor.until(lambda: editor.status.compares)
    own, *_ = await editor.command("alloclens.server.seriesChoices")
    assert await editor.command("alloclens.server.showSeries", own["name"]) is None  # it is shown already
    await editor.command(LEAVE)
    await editor.until_hints(api, SHOWN)
    await editor.until(lambda: not editor.status.compares)
    assert await editor.command(COMPARE, base, head) is None
    await editor.until(lambda: editor.status.compares)
    assert await editor.command("alloclens.server.showSeries", "web") is None
    await editor.until(lambda: (editor.status.compares, editor.status.series) == (False, "web"))


async def test_why_files_cannot_be_compared(editor: Editor, shop: Path) -> None:
    api, head = await opened(editor, shop), elsewhere(shop, "after.pb.gz", 50)
    for base, why in (
        (head, "cannot be compared with itself"),
        ("after.pb.gz", "is not an absolute path"),
        (f"{head}.gone", "could not be read: No such file or directory"),
        (str(shop), "could not be read: Is a directory"),
    ):
        assert await editor.command(COMPARE, base, head) == f"{base} {why}"
    blocked, text = shop.parent / "block.pb.gz", shop.parent / "text.pb.gz"
    drop(blocked, profile(CONTENTION, f"main.serve:5@{shop}/services/api/main.go:5 = 1 1000"))
    text.write_text("no profile\n")
    unlocked = shop.parent / "mutex.pb.gz"
    drop(unlocked, profile(CONTENTION, f"sync.Unlock@/go/x.go:1 < main.serve:5@{shop}/services/api/main.go:5 = 1 1000"))
    assert await editor.command(COMPARE, str(unlocked), str(blocked)) == (
        f"{blocked} cannot be compared: the base is of mutex, it is of block"
    )
    negative = elsewhere(shop, "negative.pb.gz", -1)
    why = f"{head} cannot be compared: the base is of contentions, delay, it is of "
    assert (await editor.command(COMPARE, str(blocked), head)).startswith(why)
    assert (await editor.command(COMPARE, str(text), head)).startswith(f"{text} could not be read: ")
    assert "is a difference already" in await editor.command(COMPARE, negative, head)
    await editor.until_hints(api, SHOWN)


async def test_profiles_of_other_formats_are_compared_by_what_both_have(editor: Editor, shop: Path) -> None:
    """A heap of Go and what DHAT counted. DHAT has no command of pprof, which cannot read it."""
    api, base = await opened(editor, shop), elsewhere(shop, "before.pb.gz", 10)
    line = f"0x1: main.serve ({shop}/services/api/main.go:5)"
    point = {"tb": 90 * MB, "tbk": 90, "gb": 70 * MB, "gbk": 70, "eb": 50 * MB, "ebk": 50, "fs": [1]}
    dhat = {"dhatFileVersion": 2, "bklt": True, "pps": [point], "ftbl": ["[root]", line]}
    head = shop.parent / "downloads/dhat.json"
    head.write_text(json.dumps(dhat))
    assert await editor.command(COMPARE, base, str(head)) is None
    await editor.until_hints(api, {5: "50.0MB ▲40.0MB"})
    await editor.until(lambda: editor.status.compares)
    assert "Only one of them has peak_objects, peak_space" in editor.status.tooltip
    text = await editor.hover(api, 5)
    assert "alloc_space: 90.0MB flat" in text
    assert "pprof" not in text
    nothing = (await editor.command("alloclens.server.findings"))["nothing"]
    assert nothing.startswith("Nothing can be judged: there is one snapshot of the process")
    assert await editor.command(COMPARE, str(head), base) is None
    await editor.until_hints(api, {5: "10.0MB ▼40.0MB"})
    assert "pprof" not in await editor.hover(api, 5)
    await editor.command(LEAVE)
    await editor.until_hints(api, SHOWN)
    assert "go tool pprof" in await editor.hover(api, 5)


async def test_a_failed_comparison_leaves_what_is_shown(editor: Editor, shop: Path) -> None:
    base, head = elsewhere(shop, "before.pb.gz", 10), elsewhere(shop, "after.pb.gz", 50)
    api = await opened(editor, shop)
    assert await editor.command(COMPARE, base, head) is None
    await editor.until_hints(api, {5: "50.0MB ▲40.0MB"})
    later = shop.parent / "downloads/later.pb.gz"
    later.write_text("no profile\n")
    assert (await editor.command(COMPARE, base, str(later))).startswith(f"{later} could not be read: ")
    elsewhere(shop, "later.pb.gz", 90)
    service(shop, "api", "3.pb.gz", "4.pb.gz", "5.pb.gz")  # something to wait for
    await editor.until(lambda: _has(editor, 5))
    assert editor.status.compares
    await editor.until_hints(api, {5: "50.0MB ▲40.0MB"})


async def _has(editor: Editor, number: int) -> bool:
    every = (await editor.command("alloclens.server.series"))["series"]
    return number in [len(series["snapshots"]) for series in every]


async def test_one_file_alone_in_a_sample_type_of_its_own(editor: Editor, shop: Path) -> None:
    """As of a benchmark: what it allocated, whatever type is chosen for the series."""
    api = await opened(editor, shop)
    path = shop.parent / "downloads" / "bench.out"
    drop(path, heap(f"main.serve:5@{shop}/services/api/main.go:5 = 1x{MB}/7"))
    assert await editor.command(COMPARE, "", str(path), "alloc_space") is None
    await editor.until_hints(api, {5: "7.0MB"})
    alone, other, *_ = (await editor.command("alloclens.server.series"))["series"]
    assert (alone["sampleType"], other["sampleType"]) == ("alloc_space", "inuse_space")
    assert await editor.command(COMPARE, "", str(path), "no_such_type") is None
    await editor.until_hints(api, {5: "1.0MB"})
    assert "no such file" in (await editor.command(COMPARE, "", str(path) + "x")).lower()
    await editor.command(LEAVE)
    await editor.until_hints(api, SHOWN)


@pytest.mark.parametrize(
    ("begun", "first", "second"),
    [
        (1, "8.0MB", "4.0MB ▼4.0MB"),
        (-1, "~8.0MB", "~4.0MB"),  # the file was written while the program was built
        (None, "~8.0MB", "~4.0MB"),  # somebody else built it, and may have started it before the edit
    ],
)
async def test_what_the_editor_built_and_ran_is_of_the_text_that_was_there(
    editor: Editor, shop: Path, begun: int | None, first: str, second: str
) -> None:
    """The line was edited since the last commit, and again between the two runs."""
    Repository(shop).check_in({}, 1_700_000_000)
    main = shop / "services/api/main.go"
    api, committed = await opened(editor, shop), main.read_text()
    run: tuple[str, float] = ("", 0)
    for held, kept in ((8, "2"), (4, "3, 4")):
        text = committed.replace("append(kept, 1)", f"append(kept, {kept})")
        main.write_text(text)
        editor.edit(api, text)
        written = main.stat().st_ctime
        stack = f"main.serve:5@{main}:5 = {held}x{MB}"
        drop(shop.parent / f"runs/{held}.pb.gz", heap(stack, seconds=written + 2, rate=1))
        before, run = run, (str(shop.parent / f"runs/{held}.pb.gz"), 0 if begun is None else written + begun)
        assert await editor.command(COMPARE, before[0], run[0], "", before[1], run[1]) is None
        await editor.until_hints(api, {5: first if held == 8 else second})
    said = "edited between: was `func serve() { kept = append(kept, 2) }`"
    assert (said in await editor.hover(api, 5)) == (begun == 1)
    nothing = (await editor.command("alloclens.server.findings"))["nothing"]
    assert ("a test or benchmark is run anew each time" in nothing) == (begun is not None)
