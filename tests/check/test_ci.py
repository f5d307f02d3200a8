"""action.yml, and the scripts and recipes of docs/ci.md, as far as they need no runner."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from ruamel.yaml import YAML

from scripts import tools
from tests.support.checked import HOLD, KEEP, Program, leaking, program
from tests.support.profiles import heap

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.programs,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the scripts are for sh"),
]
ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / "ci"
PAGE = (ROOT / "docs/ci.md").read_text("utf-8")
EXPRESSION = re.compile(r"\$\{\{")
INPUT = re.compile(r"\$\{\{ ([\w.-]+) \}\}")
MARK = "<!-- alloclens check -->"


def yaml(text: str) -> Any:
    return YAML(typ="safe").load(io.StringIO(text))


def recipe(title: str) -> Any:
    part = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return yaml(part.partition("```yaml\n")[2].partition("```")[0])


def run(
    script: str, *arguments: object, folder: Path, path: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a script with alloclens, and what is in `path`, on PATH."""
    places = [str(path)] if path else []
    environment = tools.environment() | variables
    environment["PATH"] = os.pathsep.join([*places, sysconfig.get_path("scripts"), environment["PATH"]])
    return subprocess.run(
        ["sh", str(CI / script), *map(str, arguments)],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )


def fake(folder: Path, name: str, text: str) -> Path:
    """Put a program on a path of its own."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!{sys.executable}\n{text}")
    (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def app(tmp_path: Path) -> Program:
    """`hold` grows by 40 MB."""
    made = program(tmp_path / "app")
    for side, held in (("base", 20), ("head", 60)):
        made.heap(f"profiles/{side}/h.pb.gz", made.stack("main.keep", KEEP, 10), made.stack("main.hold", HOLD, held))
    return made


def test_the_action_is_one_that_github_takes() -> None:
    """A composite action: each step is a `run` with its shell, or a `uses`. No input becomes code of a shell."""
    action = yaml((ROOT / "action.yml").read_text("utf-8"))
    assert {"name", "description", "inputs", "outputs", "runs"} <= set(action)
    assert action["runs"]["using"] == "composite"
    for step in action["runs"]["steps"]:
        assert ("run" in step) != ("uses" in step)
        assert ("shell" in step) == ("run" in step)
        assert not EXPRESSION.search(step.get("run", ""))
        for script in re.findall(r"ACTION_PATH/([\w/.]+)", step.get("run", "")):
            assert (ROOT / script).is_file()
    named = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text()))
    assert named == set(action["inputs"])
    for one in (*action["inputs"].values(), *action["outputs"].values()):
        assert one["description"].strip()


def test_the_recipe_for_github_uses_what_the_action_has() -> None:
    action, steps = yaml((ROOT / "action.yml").read_text("utf-8")), recipe("GitHub")["jobs"]["memory"]["steps"]
    [ours] = [step for step in steps if step.get("uses", "").startswith("OWNER/alloclens")]
    assert set(ours["with"]) <= set(action["inputs"])


@pytest.mark.parametrize(("base", "code"), [("base", 1), ("head", 0), ("none", 2)])
def test_the_step_of_the_action(app: Program, base: str, code: int) -> None:
    (app.folder / "profiles/none").mkdir()
    summary, output, into = (app.folder / name for name in ("summary.md", "output", "into"))
    summary.write_text("before\n")
    sides = {"ALLOCLENS_BASE": f"profiles/{base}", "ALLOCLENS_HEAD": "profiles/head"}
    files = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output), "ALLOCLENS_INTO": str(into)}
    done = run("check.sh", folder=app.folder, **sides, **files, ALLOCLENS_OPTIONS="--min-growth 1MB")
    assert done.returncode == code, done.stderr
    assert output.read_text() == f"exit-code={code}\n"
    assert summary.read_text().startswith(f"before\n{MARK}\n")
    assert done.stdout.count(f"::error file=main.go,line={HOLD},") == (code == 1)
    [sarif] = json.loads((into / "alloclens.sarif").read_text())["runs"]
    assert sarif["invocations"][0]["exitCode"] == code


def test_the_step_of_the_action_publishes_no_earlier_result(app: Program) -> None:
    summary, into = app.folder / "summary.md", app.folder / "into"
    into.mkdir()
    for name in ("alloclens.sarif", "alloclens.md"):
        (into / name).write_text("2 violations")
    files = {"GITHUB_STEP_SUMMARY": str(summary), "ALLOCLENS_INTO": str(into)}
    done = run("check.sh", folder=app.folder, ALLOCLENS_DIRECTORY="gone", **files)
    assert done.returncode == 2
    assert not summary.exists()
    assert list(into.iterdir()) == []


def test_the_action_twice_in_one_job(app: Program, tmp_path: Path) -> None:
    """With a name each has its own folder, category and comment; what a name may not be is refused."""
    [step] = [
        step for step in yaml((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"] if step.get("id") == "check"
    ]

    def check(name: str) -> subprocess.CompletedProcess[str]:
        given = {
            "inputs.name": name,
            "inputs.base": "profiles/base",
            "inputs.head": "profiles/head",
            "runner.temp": tmp_path,
        }
        filled = {key: INPUT.sub(lambda m: str(given.get(m[1], "")), of) for key, of in step["env"].items()}
        return run("check.sh", folder=app.folder, **filled)

    assert [check(name).returncode for name in ("", "api", "jobs", "a/b", "$(id)")] == [1, 1, 1, 2, 2]
    into = tmp_path / "alloclens-check"
    for name, mark in (
        ("", MARK),
        ("api", "<!-- alloclens check: api -->"),
        ("jobs", "<!-- alloclens check: jobs -->"),
    ):
        assert (into / name / "alloclens.md").read_text("utf-8").startswith(f"{mark}\n")
        [log] = json.loads((into / name / "alloclens.sarif").read_text())["runs"]
        assert log["automationDetails"]["id"] == f"alloclens/{name}"


def test_the_step_of_the_action_on_a_series(tmp_path: Path) -> None:
    app = leaking(tmp_path / "app")
    done = run("check.sh", folder=app.folder, ALLOCLENS_DIRECTORY="series", ALLOCLENS_INTO=str(tmp_path / "into"))
    assert done.returncode == 1
    assert f"::error file=main.go,line={HOLD},title=A line leaks memory::" in done.stdout


GH = """
import json, os, sys
here = os.path.dirname(__file__)
if sys.argv[2] == "user":
    sys.exit(print(open(here + "/login").read()) if os.path.exists(here + "/login") else print("{}") or 1)
with open(here + "/calls", "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
if "--method" not in sys.argv and os.path.exists(here + "/known"):
    print(open(here + "/known").read(), end="")
"""


def test_one_comment_is_updated(tmp_path: Path) -> None:
    bin_ = fake(tmp_path / "bin", "gh", GH)
    (tmp_path / "found.md").write_text(f"{MARK}\n### alloclens\n")
    first = run("comment.sh", "found.md", "o/r", 7, folder=tmp_path, path=bin_)
    (bin_ / "known").write_text("41\n43\n")
    second = run("comment.sh", "found.md", "o/r", 7, folder=tmp_path, path=bin_)
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    asked, posted, again, patched = map(json.loads, (bin_ / "calls").read_text().splitlines())
    assert asked == again
    assert asked[:3] == ["api", "--paginate", "repos/o/r/issues/7/comments?per_page=100"]
    assert asked[-1] == f'.[] | select(.user.type == "Bot" and (.body | startswith({json.dumps(MARK)}))) | .id'
    assert posted[2:] == ["--method", "POST", "repos/o/r/issues/7/comments", "--field", "body=@found.md"]
    assert patched[2:] == ["--method", "PATCH", "repos/o/r/issues/comments/41", "--field", "body=@found.md"]


def test_a_personal_token_finds_its_own_comment(tmp_path: Path) -> None:
    bin_ = fake(tmp_path / "bin", "gh", GH)
    (bin_ / "login").write_text("ada")
    (tmp_path / "found.md").write_text(f"{MARK}\n### alloclens\n")
    assert run("comment.sh", "found.md", "o/r", 7, folder=tmp_path, path=bin_).returncode == 0
    asked, _ = map(json.loads, (bin_ / "calls").read_text().splitlines())
    assert asked[-1] == f'.[] | select(.user.login == "ada" and (.body | startswith({json.dumps(MARK)}))) | .id'


@pytest.mark.parametrize("text", ["", "\n", "### Another bot\n"])
def test_a_file_without_the_mark_replaces_no_comment(tmp_path: Path, text: str) -> None:
    bin_ = fake(tmp_path / "bin", "gh", GH)
    (tmp_path / "found.md").write_text(text)
    done = run("comment.sh", "found.md", "o/r", 7, folder=tmp_path, path=bin_)
    assert (done.returncode, (bin_ / "calls").exists()) == (2, False)
    assert "found.md is no Markdown of alloclens check" in done.stderr


def test_the_step_of_the_action_refuses_a_directory_beside_two_sides(app: Program, tmp_path: Path) -> None:
    sides = {"ALLOCLENS_BASE": "profiles/base", "ALLOCLENS_HEAD": "profiles/head"}
    done = run(
        "check.sh", folder=app.folder, ALLOCLENS_DIRECTORY="profiles/head", ALLOCLENS_INTO=str(tmp_path), **sides
    )
    assert done.returncode == 2
    assert "Name either a DIRECTORY, or --base and --head" in done.stderr


@pytest.mark.parametrize(
    ("options", "code"), [("--fail-on= --max-growth 5GB", 0), ('--fail-on "" --max-growth 5GB', 2)]
)
def test_the_step_of_the_action_looks_for_no_findings(tmp_path: Path, options: str, code: int) -> None:
    app = leaking(tmp_path / "app")
    into = {"ALLOCLENS_DIRECTORY": "series", "ALLOCLENS_INTO": str(tmp_path / "into")}
    done = run("check.sh", folder=app.folder, ALLOCLENS_OPTIONS=options, **into)
    assert done.returncode == code, done.stdout
    assert ("for none of them, write --fail-on=" in done.stderr) == (code == 2)


def test_the_recipe_for_gitlab(app: Program) -> None:
    job = recipe("GitLab")["memory"]
    for command in job["script"]:
        words = shlex.split(command)
        assert words[0] == "alloclens"
        done = app.check(
            *[
                str(app.folder / word) if word.startswith("profiles/") else with_folder(word, app.folder)
                for word in words[2:]
            ]
        )
        assert done.exit_code == 1
    for file in job["artifacts"]["reports"].values():
        assert f"{HOLD}" in (app.folder / file).read_text()


def with_folder(word: str, folder: Path) -> str:
    """Return an output's word, which names a file in the working directory, with the file in a folder."""
    name, equals, file = word.partition("=")
    return f"{name}={folder / file}" if equals else word


@pytest.mark.parametrize(
    ("head", "code", "style"), [("head", 1, "error"), ("base", 0, "success"), ("none", 2, "warning")]
)
def test_the_recipe_for_buildkite(app: Program, head: str, code: int, style: str) -> None:
    agent = "import os, sys, json\nopen(os.path.dirname(__file__) + '/said', 'w').write(json.dumps([sys.argv[1:], sys.stdin.read()]))"
    bin_ = fake(app.folder / "bin", "buildkite-agent", agent)
    (app.folder / "profiles/none").mkdir()
    [step] = recipe("Buildkite")["steps"]
    script, *arguments = shlex.split(step["command"].replace("profiles/head", f"profiles/{head}"))
    done = run(script.removeprefix("ci/"), *arguments, folder=app.folder, path=bin_, BUILDKITE_STEP_ID="5e1")
    assert done.returncode == code, done.stderr
    words, text = json.loads((bin_ / "said").read_text())
    assert words == ["annotate", "--context", "alloclens-5e1", "--style", style]
    assert text.startswith(MARK)
    assert (app.folder / step["artifact_paths"]).is_file()


class Service(BaseHTTPRequestHandler):
    """A service that holds a megabyte more for each request, if it leaks."""

    def __init__(self, app: Program, per_request: int, requests: list[str], *arguments: Any) -> None:
        self.app, self.per_request, self.requests = app, per_request, requests
        super().__init__(*arguments)

    def do_GET(self) -> None:
        answer = b"."
        if self.path.startswith("/debug/pprof/heap") and (self.app.folder / "pid").exists():  # it has been started
            held = 10 + self.per_request * len(self.requests)
            answer = heap(self.app.stack("main.keep", KEEP, 10), self.app.stack("main.hold", HOLD, held))
        elif self.path.startswith("/debug"):
            self.send_error(404)
            return
        else:
            self.requests.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(params=[0, 1], ids=["sound", "leaking"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Program, int]]:
    app = program(tmp_path / "app")
    handler = partial(Service, app, request.param, [])
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", app, request.param
        server.shutdown()


def test_a_service_under_load(service: tuple[str, Program, int]) -> None:
    """The first load counts for nothing, the second one does, profiles of an earlier run neither; and what was started is ended."""
    url, app, leaks = service
    load = f"{shlex.quote(sys.executable)} -c \"from urllib.request import urlopen\nfor i in range(40): urlopen('{url}/').read()\""
    start = (
        f"HELD=1 {shlex.quote(sys.executable)} -c \"import os, time; open('pid', 'w').write(str(os.getpid())); "
        "time.sleep(600 * int(os.environ['HELD']))\" | cat"
    )
    into = app.folder / "new/profiles"
    for side, held in (("idle", 900), ("after-load", 1)) if leaks else ():  # of an earlier run
        app.heap(f"new/profiles/{side}/heap-20260101T000000.000Z.pb.gz", app.stack("main.hold", HOLD, held))
    done = run(
        "service.sh", url, into, start, load, "--workspace", app.folder, "--min-growth", "1MB", folder=app.folder
    )
    assert done.returncode == leaks, done.stderr
    assert (f"main.go:{HOLD}: growth" in done.stdout) == bool(leaks)
    assert {path.name for path in into.iterdir()} == {"start", "idle", "load", "after-load"}
    wait_until_gone(int((app.folder / "pid").read_text()))
    urlopen(url, timeout=5).close()


def wait_until_gone(process: int) -> None:
    """Return when a process has ended; the test's own time limit is the only one."""
    while True:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)


def test_a_service_that_does_not_start(tmp_path: Path) -> None:
    nobody = "http://127.0.0.1:1"
    done = run("service.sh", nobody, "p", "sleep 9", "true", folder=tmp_path, ALLOCLENS_TRIES="1")
    assert done.returncode == 2
    assert "127.0.0.1" in done.stderr
    done = run("service.sh", nobody, "p", "false", "true", folder=tmp_path)
    assert done.returncode == 2
    assert "what START started has ended: false" in done.stderr


@pytest.mark.parametrize("service", [0], indirect=True)
def test_a_service_is_not_mistaken_for_another(service: tuple[str, Program, int]) -> None:
    """One answers before the service starts, and one that starts does not stay."""
    url, app, _ = service
    done = run("service.sh", url, "p", "touch pid", "true", "--workspace", app.folder, folder=app.folder)
    assert done.returncode == 2, done.stdout
    assert "what START started has ended: touch pid" in done.stderr
    done = run("service.sh", url, "p", "sleep 9", "true", "--workspace", app.folder, folder=app.folder)
    assert done.returncode == 2, done.stdout
    assert f"another process answers at {url}" in done.stderr


@pytest.mark.parametrize("load", ["exit 1", "test -e once && exit 1; touch once"])
@pytest.mark.parametrize("service", [0], indirect=True)
def test_a_load_that_fails_is_no_violation(service: tuple[str, Program, int], load: str) -> None:
    url, app, _ = service
    done = run("service.sh", url, "p", "sh -c 'touch pid; exec sleep 60'", load, folder=app.folder)
    assert done.returncode == 2, done.stderr
    assert f"LOAD failed: {load}" in done.stderr


BENCHMARK = """package codec

import "testing"

var sink []byte

func decode() {
	sink = make([]byte, 4096)
}

func BenchmarkDecode(b *testing.B) {
	for range b.N {
		decode()
	}
}
"""


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    alone = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *who, *arguments], cwd=folder, env=alone, check=True, capture_output=True)


def test_go_benchmarks_of_two_revisions(tmp_path: Path) -> None:
    """Real ones: the working tree allocates twice as much in each operation, on a line that has moved."""
    folder = tmp_path / "codec"
    folder.mkdir()
    (folder / "go.mod").write_text("module example.com/codec\n\ngo 1.24\n")
    source = folder / "codec_test.go"
    source.write_text(BENCHMARK)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "base")
    arguments = ("main", "^BenchmarkDecode$", ".", tmp_path / "profiles", "--format", "json")
    source.write_text(BENCHMARK.replace("var sink", "// Moved.\n\nvar sink"))
    same = run("benchmarks.sh", *arguments, folder=folder, ALLOCLENS_RUNS="2")
    assert same.returncode == 0, same.stdout + same.stderr
    source.write_text(BENCHMARK.replace("var sink", "// Moved.\n\nvar sink").replace("4096", "8192"))
    more = run(
        "benchmarks.sh", *arguments, folder=folder, ALLOCLENS_RUNS="1"
    )  # the second run of before counts no more
    assert more.returncode == 1, more.stdout + more.stderr
    [found] = json.loads(more.stdout)["violations"]
    assert (found["file"], found["line"], found["sample_type"]) == ("codec_test.go", 10, "alloc_space")
    assert found["value"] == pytest.approx(8192, rel=0.01)
    assert found["growth"] == pytest.approx(4096, rel=0.01)
    left = subprocess.run(["git", "worktree", "list"], cwd=folder, check=True, capture_output=True, text=True).stdout
    assert left.count("\n") == 1


def test_benchmarks_that_do_not_run_are_no_violation(tmp_path: Path) -> None:
    """What they printed says why."""
    bin_ = fake(tmp_path / "bin", "go", "print('no package ./codec'); raise SystemExit(1)")
    folder = tmp_path / "codec"
    folder.mkdir()
    (folder / "codec.go").write_text("package codec\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "base")
    for revision, words in (("main", "no package ./codec"), ("gone", "gone")):
        done = run("benchmarks.sh", revision, ".", "./codec", tmp_path / "profiles", folder=folder, path=bin_)
        assert done.returncode == 2, done.stderr
        assert words in done.stderr
