"""alloclens mcp: what an agent is answered, by the SDK's own client."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from alloclens.agent.capturing import CaptureAccess
from alloclens.agent.pages import MAX_BYTES
from alloclens.agent.server import REPORT, make_server
from alloclens.cli import main as cli
from alloclens.cli.mcp import _report
from alloclens.session.on_demand import OnDemand
from alloclens.session.once import world
from click.testing import CliRunner
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError

from scripts.tools import ROOT
from tests.support import hostile
from tests.support.asking import which_line_leaks
from tests.support.profiles import drop, goroutines, heap
from tests.support.server import profile_server

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MB = 1 << 20
MAIN = """package main

func main() {
	for {
		table = append(table, telemetry.NewHandler())
		page()
	}
}

func page() { pages = append(pages, make([]byte, 1<<20)) }
"""
LEAK, PAGE = 5, 10
"""Lines of MAIN."""
SNAPSHOTS = 40
TOOLS = ["findings", "list_series", "lines", "stacks", "compare", "explain"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One line leaks 3 MiB at each snapshot, and another fills up at once."""
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "go.mod").write_text("module example.com/app\n")
    (folder / "main.go").write_text(MAIN)
    for i in range(SNAPSHOTS):
        add(folder, i)
    return folder


def add(folder: Path, i: int, *more: str) -> None:
    stacks = [
        f"example.com/telemetry.NewHandler@/m/t.go:4 < main.main:3@{folder}/main.go:{LEAK} = {1 + 3 * i}x{MB}",
        f"main.page:10@{folder}/main.go:{PAGE} < main.main:3@{folder}/main.go:6 = {min(i, 1) * 40}x{MB}",
    ]
    drop(folder / f"profiles/h{i:03}.pb.gz", heap(*stacks, *more))


class Agent:
    """Asks a server in this process, and holds every answer to its limit."""

    def __init__(self, *folders: Path, access: CaptureAccess | None = None, **given: Any) -> None:
        self.server = make_server(OnDemand([str(folder) for folder in folders], given), _report, access)

    async def ask(self, tool: str, **arguments: Any) -> dict[str, Any]:
        is_error, text = await self.said(tool, **arguments)
        assert not is_error, text
        return json.loads(text)

    async def refusal(self, tool: str, **arguments: Any) -> str:
        is_error, text = await self.said(tool, **arguments)
        assert is_error, text
        return text

    async def said(self, tool: str, **arguments: Any) -> tuple[bool, str]:
        async with Client(self.server) as client:
            return answer(await client.call_tool(tool, arguments))

    async def pages(self, tool: str, name: str, **arguments: Any) -> list[list[Any]]:
        """Return the items of each page."""
        pages, cursor = [], ""
        while True:
            said = await self.ask(tool, cursor=cursor, **arguments)
            pages.append(said[name])
            if not (cursor := said.get("next_cursor", "")):
                return pages


def answer(result: Any) -> tuple[bool, str]:
    (content,) = result.content
    assert len(content.text.encode()) <= MAX_BYTES
    return result.is_error, content.text


async def test_a_finding_has_its_line_its_reason_and_its_error(folder: Path) -> None:
    said = await Agent(folder).ask("findings")
    leak = said["findings"][0]
    assert (leak["code"], leak["at"], leak["placement"], leak["function"]) == (
        "leak",
        f"main.go:{LEAK}",
        "sure",
        "main.main",
    )
    grown, owned = 3 * (SNAPSHOTS - 1) * MB, leak["owned"]
    assert owned["growth"] == pytest.approx(grown, rel=0.01)
    assert owned["growth_low"] < grown < owned["growth_high"]
    assert owned["unit"] == "bytes"
    assert leak["why"].startswith("Leak: ")
    assert "99 %" in leak["why"]
    assert leak["stack"].endswith(f"telemetry.NewHandler ← main.main main.go:{LEAK}")
    assert "nothing" not in said


async def test_a_line_that_leaks_on_several_instances_is_one_finding(folder: Path) -> None:
    """The worst; its numbers are known in the other one, too."""
    for path in sorted((folder / "profiles").iterdir()):
        number = int(path.name[1:4])
        path.unlink()
        for pod, grown in (("a", 3), ("b", 6)):
            stack = f"example.com/telemetry.NewHandler@/m/t.go:4 < main.main:3@{folder}/main.go:{LEAK}"
            seconds = 1_790_000_000 + 60 * number
            drop(
                folder / f"profiles/api/{pod}/{path.name}",
                heap(f"{stack} = {1 + grown * number}x{MB}", seconds=seconds),
            )
    agent = Agent(folder)
    (leak,) = (await agent.ask("findings"))["findings"]
    assert leak["series"] == "api/b"
    assert " Leak on all 2 instances." in leak["why"]
    lines = (await agent.ask("lines", file="main.go"))["lines"]
    assert {line["series"]: bool(line["findings"]) for line in lines} == {"api/a": True, "api/b": True}
    assert "Leak on all 2 instances." in _report(world([str(folder)], None, {}))


async def test_the_id_stays_when_the_line_moves_and_differs_by_function(folder: Path) -> None:
    agent = Agent(folder)
    before = (await agent.ask("findings"))["findings"][0]
    (folder / "main.go").write_text(MAIN.replace("package main\n", "package main\n\n// more\n"))
    after = (await agent.ask("findings"))["findings"][0]
    assert after["at"] == f"main.go:{LEAK + 2}"
    assert after["id"] == before["id"]
    rows = (await agent.ask("lines", file="main.go"))["lines"]
    assert {row["line"]: row.get("findings") for row in rows}[LEAK + 2] == [before["id"]]


async def test_a_line_that_was_edited_has_its_recorded_number_marked(folder: Path) -> None:
    agent = Agent(folder)
    await agent.ask("stacks", file="main.go", line=PAGE)  # keeps the text of now
    (folder / "main.go").write_text(MAIN.replace("page()\n", "pages()\n").replace("NewHandler()", "NewHandler(1)"))
    leak = (await agent.ask("findings"))["findings"][0]
    edited = f"main.go:{LEAK} (changed or deleted since)"
    assert (leak["at"], leak["placement"]) == (edited, "unplaced")
    assert leak["stack"].endswith(f"telemetry.NewHandler ← main.main {edited}")
    said = await agent.ask("stacks", file="main.go", line=PAGE)
    assert said["stacks"][0]["frames"][1] == "* main.main main.go:6 (changed or deleted since)"


async def test_the_lines_of_a_file_have_their_numbers_and_text(folder: Path) -> None:
    said = await Agent(folder).ask("lines", file="main.go")
    assert said["file"] == "main.go"
    by_line = {row["line"]: row for row in said["lines"]}
    assert by_line[PAGE]["code"].startswith("func page()")
    assert by_line[PAGE]["flat"] == by_line[PAGE]["owned"]["value"] == 40 * MB
    assert by_line[6]["cum"] == 40 * MB
    assert by_line[6]["flat"] == 0


async def test_the_lines_of_a_file_are_of_the_series_that_leaks_first(folder: Path) -> None:
    """A newer series of the same code holds something else: its zeros are not the answer, nor has it the finding."""
    (folder / "profiles").rename(folder / "leak")
    (folder / "profiles").mkdir()
    (folder / "leak").rename(folder / "profiles/leak")
    for i in range(3):
        stack = f"main.page:10@{folder}/main.go:{PAGE} < main.main:3@{folder}/main.go:{LEAK} = 4x{MB}"
        drop(folder / f"profiles/new/h{i:03}.pb.gz", heap(stack))
    agent = Agent(folder)
    finding = (await agent.ask("findings"))["findings"][0]
    rows = [row for page in await agent.pages("lines", "lines", file="main.go") for row in page if row["line"] == LEAK]
    assert [(row["series"], row.get("findings")) for row in rows] == [("leak", [finding["id"]]), ("new", None)]
    assert [row["owned"]["value"] for row in rows] == [finding["owned"]["value"], 0]
    stacks = [of for page in await agent.pages("stacks", "stacks", file="main.go", line=LEAK) for of in page]
    assert [(stack["series"], stack["value"]) for stack in stacks] == [("leak", rows[0]["cum"]), ("new", 4 * MB)]


async def test_the_stacks_of_a_line_mark_own_frames(folder: Path) -> None:
    said = await Agent(folder).ask("stacks", file="main.go", line=PAGE)
    assert said["code"].startswith("func page()")
    assert said["stacks"][0]["frames"] == [f"* main.page main.go:{PAGE}", "* main.main main.go:6"]
    assert said["stacks"][0]["value"] == 40 * MB


async def test_findings_name_a_snapshot_that_is_damaged(folder: Path) -> None:
    drop(folder / "profiles/h999.pb.gz", b"\x1f\x8b<html>")
    said = await Agent(folder).ask("findings")
    assert said["findings"]
    assert said["notes"][0].startswith("h999.pb.gz could not be read: ")


async def test_all_stacks_of_a_line_are_on_some_page(folder: Path) -> None:
    more = [f"main.page:10@{folder}/main.go:{PAGE} < main.f{i}@/m/f.go:{i + 1} = {i + 1}x{MB}" for i in range(50)]
    add(folder, SNAPSHOTS, *more)
    pages = await Agent(folder).pages("stacks", "stacks", file="main.go", line=PAGE)
    assert len(pages) > 1
    assert sum(map(len, pages)) == 51


async def test_goroutines_are_found_where_they_wait(folder: Path) -> None:
    for i in range(SNAPSHOTS):
        stack = f"runtime.gopark@/go/proc.go:1 < main.wait@{folder}/main.go:6 = {5 + 50 * i}"
        drop(folder / f"profiles/goroutine{i:03}.pb.gz", goroutines(stack))
    said = await Agent(folder).ask("findings")
    leak = next(of for of in said["findings"] if of["code"] == "goroutine-leak")
    assert leak["owned"]["growth"] == 50 * (SNAPSHOTS - 1)
    assert leak["sample_type"] == "goroutine"
    stacks = (await Agent(folder).ask("stacks", file="main.go", line=6))["stacks"]
    assert [stack["finding"] for stack in stacks if "finding" in stack] == [leak["id"]]


async def test_a_comparison_begins_with_what_certainly_changed(folder: Path) -> None:
    said = await Agent(folder).ask("compare", base="h001", head="h002")
    rows = {row["at"]: row["owned"] for row in said["lines"]}
    assert rows.keys() == {f"main.go:{LEAK}"}  # the pages have filled up before
    assert rows[f"main.go:{LEAK}"]["growth"] == 3 * MB
    assert "h001.pb.gz" in said["compared"][0]
    assert "h002.pb.gz" in said["compared"][0]


async def test_a_comparison_without_lines_says_why(tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text(MAIN)
    own = f"main.page:10@{tmp_path}/main.go:{PAGE} = 4x{MB}"
    for i in range(2):
        drop(tmp_path / f"profiles/h{i}.pb.gz", heap(own, f"dep.f@/m/dep@v1.0.0/dep.go:9 = {9 + 40 * i}x{MB}"))
    said = await Agent(tmp_path).ask("compare", base="first")
    assert said["lines"] == []
    assert "no line of your own code owns more or less" in said["nothing"]


async def test_a_comparison_is_of_the_series_that_leaks_unless_another_is_named(folder: Path) -> None:
    """The newest is of another program, in which nothing changes."""
    for i in range(3):
        own = f"main.page:10@{folder}/main.go:{PAGE} = 4x{MB}"
        drop(
            folder / f"profiles/other/o{i}.pb.gz", heap(own, "dep.f@/m/dep@v1.0.0/d.go:9 = 9x1024", binary="/app/other")
        )
    agent = Agent(folder)
    said = await agent.ask("compare", base="first")
    assert next(row["at"] for row in said["lines"]) == f"main.go:{LEAK}"
    [other] = said["other_series"]
    assert other != said["series"]
    named = await agent.ask("compare", base="first", series=other)
    assert (named["series"], named["lines"]) == (other, [])
    assert (await agent.ask("compare", base="o1"))["series"] == other


async def test_the_stacks_of_a_finding_whose_line_is_gone(folder: Path) -> None:
    """It is asked for by the `at` of the finding, as any other."""
    (folder / "main.go").write_text("package main\n" + "\n// Nothing is left of it.\n" * 20)
    finding = (await Agent(folder).ask("findings"))["findings"][0]
    assert finding["placement"] == "unplaced"
    file, _, line = finding["at"].partition(" ")[0].rpartition(":")
    stacks = (await Agent(folder).ask("stacks", file=file, line=int(line)))["stacks"]
    assert [stack["finding"] for stack in stacks if "finding" in stack] == [finding["id"]]


async def test_a_new_snapshot_counts_at_the_next_call(folder: Path) -> None:
    agent = Agent(folder)
    assert (await agent.ask("list_series"))["series"][0]["kinds"][0]["snapshots"] == SNAPSHOTS
    before = (await agent.ask("findings"))["findings"][0]["snapshot"]
    add(folder, SNAPSHOTS)
    assert (await agent.ask("list_series"))["series"][0]["kinds"][0]["snapshots"] == SNAPSHOTS + 1
    after = (await agent.ask("findings"))["findings"][0]["snapshot"]
    assert (before, after) == (f"h{SNAPSHOTS - 1:03}.pb.gz", f"h{SNAPSHOTS:03}.pb.gz")
    for path in (folder / "profiles").iterdir():
        path.unlink()
    assert "series" not in (await agent.ask("list_series")) or not (await agent.ask("list_series"))["series"]


async def test_what_was_read_is_kept_while_nothing_changes(folder: Path) -> None:
    profiles = OnDemand([str(folder)], {})
    first = profiles.world()
    assert profiles.world("first", "h003").shown.head.name == "h003.pb.gz"
    assert profiles.world() is first
    (folder / "alloclens.toml").write_text('sampleType = "inuse_objects"\n')
    assert profiles.world().shown.sample_type.type == "inuse_objects"


async def test_a_file_is_explained(folder: Path) -> None:
    said = await Agent(folder).ask("explain", file="main.go")
    assert any("as recorded" in sentence for sentence in said["explanation"])
    (folder / "other.go").write_text("package main\n")
    said = await Agent(folder).ask("explain", file="other.go")
    assert "other.go" in said["explanation"][0]


async def test_a_folder_without_profiles_says_where_they_are_looked_for(tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text(MAIN)
    agent = Agent(tmp_path)
    assert "alloclens capture" in (await agent.ask("findings"))["nothing"]
    assert "alloclens capture" in (await agent.ask("list_series"))["nothing"]
    assert "no profile has" in (await agent.ask("lines", file="main.go"))["nothing"]
    assert "No profile in" in (await agent.ask("explain", file="main.go"))["nothing"]
    assert "No profile in" in await agent.refusal("compare", base="first")
    async with Client(agent.server) as client:
        with pytest.raises(MCPError, match="No profile in"):
            await client.read_resource(REPORT)


async def test_too_few_snapshots_are_no_leak(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "main.go").write_text(MAIN)
    for i in range(2):
        add(tmp_path, i)
    said = await Agent(tmp_path).ask("findings")
    assert {of["code"] for of in said["findings"]} <= {"candidate"}
    assert said["nothing"]


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("lines", {"file": "gone.go"}, "is no file of the workspace; files with numbers: main.go"),
        ("lines", {"file": ""}, "is no file of the workspace"),
        ("lines", {"file": "a\0b"}, "is no file of the workspace"),
        ("stacks", {"file": "main.go", "line": 999}, "no profile has a stack through main.go:999"),
        ("stacks", {"file": "main.go", "line": -1}, "no profile has a stack"),
        ("compare", {"base": "never"}, "no snapshot is named never"),
        ("compare", {"base": "first", "head": "first"}, "nothing to compare with: no snapshot is older"),
        ("compare", {"base": "first", "series": "other"}, "no series is named other"),
        ("stacks", {"file": "main.go"}, "stacks: line is missing"),
        (
            "stacks",
            {"file": 3, "line": "x"},
            'stacks: file has to be a text, and is 3; line has to be a whole number, and is "x"',
        ),
        ("lines", {"path": "main.go"}, "lines: file is missing"),
        ("findings", {"cursor": "x"}, "is no cursor"),
        ("findings", {"cursor": "-1"}, "is no cursor"),
        ("findings", {"cursor": "٣"}, "is no cursor"),
    ],
)
async def test_what_is_unknown_is_refused_with_what_there_is(
    folder: Path, tool: str, arguments: dict[str, Any], words: str
) -> None:
    said = await Agent(folder).refusal(tool, **arguments)
    assert words in said
    assert "http" not in said


async def test_a_cursor_beyond_the_end_is_refused(folder: Path) -> None:
    """An empty answer would say that nothing leaks."""
    agent = Agent(folder)
    number = sum(map(len, await agent.pages("findings", "findings")))
    assert (await agent.ask("findings", cursor=str(number - 1)))["findings"]
    for cursor in (number, 999999):
        assert f"nothing is at cursor {cursor} now" in await agent.refusal("findings", cursor=str(cursor))


@pytest.mark.parametrize(("tool", "arguments"), [("lines", {"file": "ä" * 9000}), ("compare", {"base": "😀" * 9000})])
async def test_a_refusal_is_as_short_as_an_answer(folder: Path, tool: str, arguments: dict[str, Any]) -> None:
    """It still says what there is."""
    said = await Agent(folder).refusal(tool, **arguments)
    assert "main.go" in said or "h000.pb.gz" in said


async def test_nothing_outside_of_the_workspace_is_read(folder: Path) -> None:
    secret = folder.parent / "secret.go"
    secret.write_text("secret\n")
    (folder / "link.go").symlink_to(secret)
    agent = Agent(folder)
    for name in ("../secret.go", str(secret), "link.go", "//host/share/secret.go", f"profiles/../../{secret.name}"):
        for tool, more in (("lines", {}), ("explain", {}), ("stacks", {"line": 1})):
            assert "is no file of the workspace" in await agent.refusal(tool, file=name, **more)
    outside = await agent.refusal("lines", file=str(secret))
    missing = await agent.refusal("lines", file=str(secret.with_name("none.go")))
    assert outside.replace("secret.go", "none.go") == missing  # whether it is there is not told


async def test_what_leads_outside_is_read_only_if_it_is_allowed(folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    (folder / "profiles").rename(elsewhere)
    (folder / "alloclens.toml").write_text('profileDirs = ["../elsewhere"]\n')
    said = await Agent(folder).ask("list_series")
    assert said["series"] == []
    assert "elsewhere" in " ".join(said["problems"])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
async def test_hostile_names_stay_data(tmp_path: Path) -> None:
    made = hostile.workspace(tmp_path, hostile.hostile, hostile.nul)
    agent = Agent(made.folder, profileDirs=[str(made.profiles)])
    for tool, arguments in (
        ("findings", {}),
        ("list_series", {}),
        ("lines", {"file": made.source.name}),
        ("stacks", {"file": made.source.name, "line": hostile.LINE}),
        ("compare", {"base": "first"}),
        ("explain", {"file": made.source.name}),
    ):
        text = json.dumps(await agent.ask(tool, **arguments), ensure_ascii=False)
        assert hostile.steering(text) == set()
        assert len(text) > 100


async def test_long_names_and_many_lines_are_paged_without_loss(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    long = "x" * 700
    functions = "".join(f"func {long}{n}() {{ keep() }}\n" for n in range(2, 202))
    (tmp_path / "main.go").write_text(f"package main\n{functions}")
    stacks = [f"main.{long}{n}:{n}@{tmp_path}/main.go:{n} = {n}x{MB}" for n in range(2, 202)]
    deep = " < ".join(f"main.{long}{n}:{n}@{tmp_path}/main.go:{n}" for n in range(2, 202)) + f" = 1x{MB}"
    for i in range(2):
        drop(tmp_path / f"profiles/h{i}.pb.gz", heap(*stacks[: 100 + 100 * i], deep))
    agent = Agent(tmp_path)
    pages = await agent.pages("lines", "lines", file="main.go")
    assert len(pages) > 1
    assert sorted(row["line"] for page in pages for row in page) == list(range(2, 202))
    changed = await agent.pages("compare", "lines", base="first")
    assert len({row["at"] for page in changed for row in page}) == 100
    stack = (await agent.ask("stacks", file="main.go", line=201))["stacks"]
    assert stack[0]["words"].startswith("201")
    assert await agent.pages("stacks", "stacks", file="main.go", line=2)


async def test_several_folders_name_theirs(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    said = await Agent(folder, other).ask("findings")
    assert said["findings"][0]["at"] == f"app/main.go:{LEAK}"
    assert said["findings"][0]["id"] == (await Agent(folder).ask("findings"))["findings"][0]["id"]
    assert (await Agent(folder, other).ask("lines", file="app/main.go"))["file"] == "app/main.go"


async def test_capture_is_offered_only_if_it_is_allowed(folder: Path) -> None:
    for access, offered in ((None, TOOLS), (CaptureAccess(), [*TOOLS, "capture"])):
        async with Client(Agent(folder, access=access).server) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == offered


@pytest.mark.programs
async def test_a_capture_is_a_snapshot_of_the_next_answer(folder: Path) -> None:
    agent = Agent(folder, access=CaptureAccess())
    with profile_server() as server:
        server.body = (folder / "profiles/h039.pb.gz").read_bytes()
        said = await agent.ask("capture", url=server.url)
        assert len(said["written"]) == 1
        assert (await agent.ask("list_series"))["series"][0]["kinds"][0]["snapshots"] == SNAPSHOTS + 1
        server.status = 503
        assert "503" in await agent.refusal("capture", url=server.url)


@pytest.mark.programs
async def test_no_other_host_is_asked_even_after_a_redirect(folder: Path) -> None:
    agent = Agent(folder, access=CaptureAccess(frozenset({"pods.example"})))
    refused = "only this machine and allowed hosts may be asked"
    assert refused in await agent.refusal("capture", url="http://192.0.2.1:6060")
    with profile_server() as server:
        server.redirects = {"/debug/pprof/heap": "http://192.0.2.1/debug/pprof/heap"}
        assert refused in await agent.refusal("capture", url=server.url)
    assert len([*(folder / "profiles").iterdir()]) == SNAPSHOTS


async def test_the_report_is_a_resource(folder: Path) -> None:
    async with Client(Agent(folder).server) as client:
        (resource,) = (await client.list_resources()).resources
        (page,) = (await client.read_resource(str(resource.uri))).contents
    assert resource.mime_type == "text/html"
    assert page.text.startswith("<!doctype html>")
    assert f"main.go:{LEAK}" in page.text


async def test_every_tool_says_when_to_use_it_and_has_an_example(folder: Path) -> None:
    async with Client(Agent(folder, access=CaptureAccess()).server) as client:
        for tool in (await client.list_tools()).tools:
            example = tool.description.rpartition("Example: ")[2]
            assert json.loads(example).keys() <= tool.input_schema["properties"].keys()
            assert "Use it" in tool.description


@pytest.mark.programs
async def test_an_agent_finds_the_leak_of_a_recorded_series_in_three_calls() -> None:
    """Which line leaks, and why? The program, the number of calls and the bytes of all answers are real."""
    sample = ROOT / "vscode-client/sample"
    asked = await which_line_leaks(sample)
    file, _, line = asked.leak["at"].rpartition(":")
    source = (sample / file).read_text().split("\n")
    assert asked.leak["code"] == "leak"
    assert source[int(line) - 1].strip() == asked.line["code"]
    assert "receipt" in source[int(line) - 1] or asked.leak["function"] == "main.receipt"
    assert [frame.split()[1] for frame in asked.stack["frames"] if frame.startswith("* ")] == [
        "main.receipt",
        "main.(*Shop).Buy",
        "main.customers",
    ]
    assert len(asked.answers) <= 3
    assert max(len(text.encode()) for text in asked.answers) <= MAX_BYTES
    assert asked.bytes <= 10_000


def run(*arguments: object) -> Any:
    return CliRunner().invoke(cli, ["mcp", *map(str, arguments)])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--allow-host", "pods.example"), "--allow-host requires --allow-capture"),
        (("--settings", "{"), "it is not JSON"),
        (("--settings", "[]"), "it is not an object"),
    ],
)
def test_options_are_checked(arguments: Sequence[str], words: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert words in done.output


@pytest.mark.programs
def test_without_the_package_a_command_installs_it(tmp_path: Path) -> None:
    code = "import sys; sys.modules['mcp'] = None; from alloclens.cli import main; main(['mcp'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert "pip install 'mcp>=2,<3'" in done.stderr
    assert "Traceback" not in done.stderr
