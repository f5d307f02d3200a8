"""Node and TypeScript, with the profiles of V8's sampler and of @datadog/pprof."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main
from click.testing import CliRunner

from scripts import tools as development
from tests.exporters.shops import INSTALLED, LEAKS, SNAPSHOTS, a_minute_apart, assert_found, seen
from tests.support import tools

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.programs, pytest.mark.slow]
OPTIONS = ("--no-opt", "--no-maglev", "--expose-gc")
"""V8 counts what an inlined function allocates as its caller's, and what is garbage until it is collected."""
DATADOG = "@datadog/pprof"
REMOVES = """
const fs = require("node:fs");
console.error = (error) => process.exit(console.log(error.code));
setInterval(() => {
  if (fs.existsSync("profiles") && fs.readdirSync("profiles").length) fs.rmSync("profiles", { recursive: true });
}, 10);
"""
MODULES = INSTALLED / "node_modules"


def compiled(folder: Path, source: Path, *, minify: bool) -> Path:
    """Compile TypeScript to one file with a source map."""
    esbuild, program = tools.ROOT / "vscode-client" / "node_modules" / "esbuild", folder / "dist" / "leaks.js"
    if not esbuild.exists():
        pytest.skip("the VS Code client's packages are not installed")
    options = {
        "entryPoints": [str(source)],
        "outfile": str(program),
        "format": "esm",
        "minify": minify,
        "sourcemap": True,
    }
    run = f"require({json.dumps(str(esbuild))}).buildSync({json.dumps(options)})"
    tools.run(development.node(), "-e", run, cwd=folder)
    (folder / "package.json").write_text('{"type": "module"}')
    return program


@pytest.mark.parametrize(
    ("build", "writer"),
    [("", ""), ("plain", ""), ("minified", ""), ("plain", DATADOG)],
    ids=["TypeScript", "compiled", "minified", "compiled, @datadog/pprof"],
)
async def test_two_leaks_and_an_honest_neighbour(tmp_path: Path, build: str, writer: str) -> None:
    source = tools.put(tools.PROGRAMS / "node" / "leaks.ts", tmp_path / "src" / "leaks.ts")
    program = compiled(tmp_path, source, minify=build == "minified") if build else source
    if writer:
        if not MODULES.exists():
            pytest.skip("`make languages` installs it")
        (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "profiles").mkdir()
    series = tools.PROGRAMS / "node" / "series.mjs"
    tools.run(development.node(), *OPTIONS, series, program, "profiles", *filter(None, [writer]), cwd=tmp_path)
    assert len(a_minute_apart(tmp_path / "profiles")) == SNAPSHOTS
    shop = (await seen(tmp_path, [source]))["leaks.ts"]
    assert_found(shop)
    assert all(shop.hints[leak].endswith(" in this function") for leak in LEAKS)


ENDS = """
const { Worker, isMainThread } = require("node:worker_threads");
globalThis.kept = [];
function keep() {
  kept.push(new Array(1000).fill(kept.length));
}
for (let i = 0; i < 2000; i++) keep();
if (isMainThread) new Worker(__filename);
module.exports = { keep }; // V8 names no file of a function that nothing refers to
"""


def test_what_node_writes_as_it_ends(tmp_path: Path) -> None:
    """One profile for each thread, of which each names the function and its line."""
    program = tmp_path / "app.cjs"
    program.write_text(ENDS)
    tools.run(development.node(), "--heap-prof", "--heap-prof-dir=profiles", program.name, cwd=tmp_path)
    written = sorted((tmp_path / "profiles").glob("Heap.*.heapprofile"))
    assert [path.name.split(".")[4:6] for path in written] == [["0", "001"], ["1", "002"]]
    for path in written:
        rows = json.loads(CliRunner().invoke(main, ["top", str(path), "--json"]).stdout)["rows"]
        keeps = next(row for row in rows if row["function"] == "keep")
        assert keeps["flat"] > 8 << 20
        assert (keeps["file"], keeps["line"]) == (str(program), 4)
    said = CliRunner().invoke(main, ["leaks", str(tmp_path / "profiles")]).stdout
    assert "node --heap-prof writes once, as the program ends" in said


def test_a_heap_profile_is_what_datadog_makes_of_the_same_samples(tmp_path: Path) -> None:
    """V8 samples once for both: what each function allocated is equal to the byte."""
    if not MODULES.exists():
        pytest.skip("`make languages` installs it")
    (tmp_path / "node_modules").symlink_to(MODULES)
    program = tools.put(tools.PROGRAMS / "node" / "both.cjs", tmp_path / "both.cjs")
    tools.run(development.node(), *OPTIONS, program, cwd=tmp_path)
    theirs: dict[str, int] = json.loads((tmp_path / "datadog.json").read_text())
    result = CliRunner().invoke(main, ["top", str(tmp_path / "v8.heapprofile"), "--by", "function", "--json"])
    ours = {row["function"]: row["flat"] for row in json.loads(result.stdout)["rows"] if row["flat"]}
    keeps = ("keepNumbers", "keepObjects")  # reading the profile allocates, too
    assert theirs["keepNumbers"] > 1 << 20
    assert [ours[name] for name in keeps] == [theirs[name] for name in keeps]


@pytest.mark.parametrize(("page", "script"), [("languages/node.md", "app.cjs"), ("formats.md", "app.mjs")])
def test_the_lines_of_the_documentation_never_end_the_program(tmp_path: Path, page: str, script: str) -> None:
    """They make the directory of the profiles, and if one cannot be written, say why."""
    (code,) = re.findall(r"```js\n(.*?)```", (tools.ROOT / "docs" / page).read_text("utf-8"), re.DOTALL)
    package = tmp_path / "node_modules" / DATADOG / "index.js"
    package.parent.mkdir(parents=True)
    package.write_text("exports.heap = { start() {}, profile() {} }; exports.encode = async () => 'a profile';")
    (tmp_path / script).write_text(code.replace("60_000", "10"))
    (tmp_path / "removes.cjs").write_text(REMOVES)
    assert tools.run(development.node(), "--require", "./removes.cjs", script, cwd=tmp_path) == "ENOENT\n"
