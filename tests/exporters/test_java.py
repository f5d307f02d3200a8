"""Java, Kotlin and Scala: recordings of async-profiler, and profiles in the form of its jfrconv: classes, lines and no files."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, NamedTuple

import pytest
from alloclens.cli import main as cli
from alloclens.series.findings import RAISED
from alloclens.series.verdicts import MIN_LEAK_OBSERVATIONS
from click.testing import CliRunner

from tests.exporters.shops import INSTALLED, KEEPS, LEAKS, SNAPSHOTS, a_minute_apart, seen
from tests.support import tools
from tests.support.profiles import drop, profile

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.programs, pytest.mark.slow]
JARS = INSTALLED / "java"
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
    assert "profiles of allocations are not judged; docs/languages/java.md of alloclens has a script" in said


def _classpath(*jars: str) -> str:
    return os.pathsep.join(str(next(JARS.glob(f"{jar}-[0-9]*.jar"))) for jar in jars)


class Program(NamedTuple):
    """How a program is compiled, and what of its class path it runs with."""

    source: str
    compiler: tuple[str, ...]
    main: str
    jars: tuple[str, ...] = ()


PROGRAMS = {
    "Java": Program("src/main/java/com/acme/shop/Shop.java", (), "com.acme.shop.Shop"),
    "Kotlin": Program(
        "src/main/kotlin/Shop.kt",
        ("org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", "-no-stdlib", "-no-reflect"),
        "com.acme.shop.ShopKt",
        ("kotlin-stdlib",),
    ),
    "Scala": Program(
        "src/main/scala/Shop.scala",
        ("dotty.tools.dotc.Main",),
        "com.acme.shop.Shop",
        ("scala-library", "scala3-library_3"),
    ),
}


@pytest.fixture(scope="module", params=list(PROGRAMS.values()), ids=list(PROGRAMS))
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run a program under async-profiler, and return its source; live.jfr in the folder of `src` is the recording."""
    if not JARS.exists() or (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip(
            "`make languages` installs async-profiler, whose library for Linux on x86-64 is taken, and the compilers"
        )
    program, folder = request.param, tmp_path_factory.mktemp("shop")
    source = tools.put(tools.PROGRAMS / "java" / program.source.rpartition("/")[2], folder / program.source)
    jars, classes = _classpath(*program.jars), folder / "classes"
    classes.mkdir()
    java = tools.tool("java")
    compiler = [java, "-cp", f"{JARS}/*", *program.compiler] if program.compiler else [tools.tool("javac"), "-g"]
    tools.run(*compiler, "-classpath", jars or ".", "-d", classes, source, cwd=folder)
    with zipfile.ZipFile(_classpath("async-profiler")) as archive:
        agent = archive.extract("linux-x64/libasyncProfiler.so", folder)
    options = "start,event=alloc,alloc=256k,live,jfr,file=live.jfr"
    run = [
        java,
        "-Xmx320m",
        f"-agentpath:{agent}={options}",
        "-cp",
        os.pathsep.join(filter(None, (str(classes), jars))),
    ]
    tools.run(*run, program.main, cwd=folder)
    return source


@pytest.fixture
def shop(recorded: Path) -> Path:
    """The folder of the program, with an empty directory of profiles."""
    folder = next(above.parent for above in recorded.parents if above.name == "src")
    shutil.rmtree(folder / "profiles", ignore_errors=True)
    (folder / "profiles").mkdir()
    return folder


def write_script(path: Path) -> None:
    """Write the script of the documentation."""
    (code,) = re.findall(r"```python\n(.*?)```", (tools.ROOT / "docs/languages/java.md").read_text("utf-8"), re.DOTALL)
    path.write_text(code)


def test_a_recording_without_live_objects_leaves_earlier_profiles(tmp_path: Path) -> None:
    setting = {"startTime": "2026-01-01T00:00:00.0Z", "name": "alloc", "value": "8388608"}
    printed = json.dumps({"recording": {"events": [{"type": "jdk.ActiveSetting", "values": setting}]}})
    jfr, earlier = tmp_path / "jfr", tmp_path / "alive-01.pb.gz"
    jfr.write_text(f"#!/bin/sh\necho '{printed}'\n")
    jfr.chmod(0o755)
    earlier.write_text("of an earlier recording")
    write_script(tmp_path / "windows.py")
    command = [sys.executable, "windows.py", "live.jfr", "."]
    done = subprocess.run(
        command, cwd=tmp_path, check=False, capture_output=True, text=True, env={"PATH": str(tmp_path)}
    )
    assert (done.returncode, earlier.read_text()) == (1, "of an earlier recording")
    assert done.stderr.startswith("live.jfr has no objects that were alive at its end")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the script of the documentation reads times of ISO 8601")
async def test_one_recording_in_windows(recorded: Path, shop: Path) -> None:
    write_script(shop / "windows.py")
    tools.run(sys.executable, "windows.py", "live.jfr", "profiles", cwd=shop)
    assert len(a_minute_apart(shop / "profiles")) >= MIN_LEAK_OBSERVATIONS
    shown = (await seen(shop, [recorded]))[recorded.name]
    assert shown.findings.keys() == set(LEAKS)
    assert set(shown.findings.values()) <= set(RAISED), "how even the pace is depends on the machine"
    for leak in LEAKS:
        assert "▲" in shown.hints[leak]
        assert "~" not in shown.hints[leak]
    assert shown.hints[KEEPS]


async def test_what_jfrconv_makes_of_a_recording(recorded: Path, shop: Path) -> None:
    convert = [tools.tool("java"), "-jar", _classpath("jfr-converter"), "--live", "--total", "-o", "pb.gz"]
    tools.run(*convert, "live.jfr", "profiles/live.pb.gz", cwd=shop)
    a_minute_apart(shop / "profiles")
    shown = (await seen(shop, [recorded]))[recorded.name]
    for mark in (*LEAKS, KEEPS):
        assert "B" in shown.hints[mark]
        assert "~" not in shown.hints[mark]
    assert not shown.findings
