"""alloclens fetch and alloclens sources, against a server that answers as Pyroscope does, or not."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main
from alloclens.profile.formats import read
from alloclens.settings.settings import Source, properties
from alloclens.sources import collect, pyroscope, retry
from alloclens.sources import fetch as fetching
from alloclens.sources.remote import FetchSpan, remote
from click.testing import CliRunner

from tests.support.querier import Pyroscope
from tests.support.server import profile_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from click.testing import Result

pytestmark = pytest.mark.usefixtures("folder")
SECRET = "s3cret-t0ken"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pyroscope]:
    monkeypatch.setattr(retry, "PAUSE_SECONDS", 0.0)
    now = round(time.time() * 1000)
    with profile_server() as running:
        yield Pyroscope(running, [(now - 60_000 * (10 - i), 1000 + i) for i in range(10)])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Pyroscope) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TOKEN", SECRET)
    folder = tmp_path / "w"
    folder.mkdir()
    monkeypatch.chdir(folder)
    settings(server.server.url)
    return folder


def settings(url: str, **fields: str) -> None:
    lines = [
        f'{name} = "{value}"' for name, value in {"name": "prod", "type": "pyroscope", "url": url, **fields}.items()
    ]
    Path("alloclens.toml").write_text("\n".join(["", "[[sources]]", *lines, ""]))


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert SECRET not in result.output
    return result


def fetched(*arguments: object) -> Result:
    """Fetch from what is allowed now."""
    assert run("sources", "allow", "prod").exit_code == 0
    return run("fetch", *arguments)


def test_nothing_is_asked_before_it_is_allowed(server: Pyroscope) -> None:
    url = server.server.url
    settings(url, tokenEnv="TOKEN", tenant="team-a")
    what = f'pyroscope at {url}, with the token in the variable "TOKEN", of the tenant "team-a"'
    refusal = f"prod: {what} is not asked until `alloclens sources allow prod` allows it\n"
    assert (run("sources").stdout, run("sources").exit_code) == (refusal, 1)
    assert (run("fetch").stderr, run("fetch").exit_code) == (refusal, 1)
    assert run("explain").exit_code == 1
    assert server.server.seen == []
    assert run("sources", "allow", "prod").stdout == f"prod: {what}\n"
    newest = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(server.snapshots[-1][0] // 1000))
    assert run("sources").stdout == f"prod: {what}: 1 service, newest heap {newest}\n"
    headers = server.server.seen[0]
    assert (headers["authorization"], headers["x-scope-orgid"]) == (f"Bearer {SECRET}", "team-a")


@pytest.mark.parametrize(
    "change", [{"tenant": "b"}, {"tokenEnv": "HOME"}, {"user": "me"}, {"tokenFile": "~/.netrc"}, {}]
)
def test_another_server_or_secret_has_to_be_allowed_again(server: Pyroscope, change: dict[str, str]) -> None:
    assert fetched("--into", "p").exit_code == 0
    asked = len(server.server.seen)
    settings(server.server.url if change else server.server.url.replace("127.0.0.1", "localhost"), **change)
    assert "is not asked until" in run("fetch", "--into", "p").stderr
    assert len(server.server.seen) == asked


def test_the_permission_is_for_one_workspace(tmp_path: Path) -> None:
    assert fetched("--into", "p").exit_code == 0
    other = tmp_path / "other"
    other.mkdir()
    (other / "alloclens.toml").write_text(Path("alloclens.toml").read_text())
    assert "is not asked until" in run("fetch", "--workspace", other).stderr


def test_a_snapshot_is_fetched_once(server: Pyroscope) -> None:
    first = fetched()
    assert (first.exit_code, first.stderr, len(first.stdout.splitlines())) == (0, "", 10)
    server.asked.clear()
    assert run("fetch").stderr == "prod: nothing new\n"
    assert set(server.asked) == {"ProfileTypes", "SelectSeries"}
    server.snapshots.append((server.snapshots[-1][0] + 60_000, 5))
    (path,) = run("fetch").stdout.splitlines()
    profile = read(Path(path).read_bytes())
    assert (profile.values.tolist(), profile.time_nanos) == ([[5, 5]], server.snapshots[-1][0] * 10**6)


@pytest.mark.parametrize(
    ("fault", "value", "words"),
    [
        ("status", 503, "answered 503 Service Unavailable: it is ending; `alloclens sources` tests the connection"),
        (
            "cut",
            3,
            "sent an incomplete or invalid HTTP response: peer closed connection without sending complete message body",
        ),
    ],
    ids=["says so", "dies"],
)
def test_a_server_that_fails_in_the_middle(server: Pyroscope, fault: str, value: int, words: str) -> None:
    server.left, server.fault = 8, (fault, value)
    result = fetched("--into", "p")
    assert (result.exit_code, len(result.stdout.splitlines())) == (1, 4)
    *_, problem, stays = result.stderr.splitlines()
    assert words in problem
    assert problem.endswith("; `alloclens sources` tests the connection")
    assert stays == "prod: 4 snapshots had been fetched before; the next `alloclens fetch` goes on from there"
    server.left, server.server.status, server.server.cut = float("inf"), 200, 0
    assert len(run("fetch", "--into", "p").stdout.splitlines()) == 6


@pytest.mark.parametrize("status", [404, 413, 500, 503])
def test_a_snapshot_that_cannot_be_had_does_not_block_the_others(server: Pyroscope, status: int) -> None:
    at = server.snapshots[2][0]
    server.broken = {str(at).encode(): status}
    result = fetched("--into", "p")
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 9)
    when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at // 1000))
    *_, problem = result.stderr.splitlines()
    assert problem.startswith(
        f"{server.server.url}: the snapshot of unnamed/a at {when} is left out: {server.server.url}/"
    )
    assert f"answered {status} " in problem
    assert "is the URL that of the server itself?" not in problem
    server.broken = {}
    assert len(run("fetch", "--into", "p").stdout.splitlines()) == 1


def test_a_heap_that_is_too_large_does_not_block_the_others(server: Pyroscope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MAX_ANSWER_BYTES", 1 << 20)
    whole, large = server.profile, str(server.snapshots[2][0]).encode()
    monkeypatch.setattr(server, "profile", lambda body: bytes(2 << 20) if large in body else whole(body))
    result = fetched("--into", "p")
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 9)
    assert "answered with more than 1 MiB (let the process sample less often" in result.stderr


def test_a_process_that_cannot_be_had_does_not_block_the_others(server: Pyroscope) -> None:
    """It is no longer asked for after three snapshots, each of which may have failed by itself."""
    server.pods, server.broken = tuple("abcdef"), {b'pod="f"': 0}  # f grows most
    result = fetched("--into", "p")
    assert (result.exit_code, len(result.stdout.splitlines())) == (1, 50)
    assert result.stderr.count("the snapshot of unnamed/f at ") == 1
    assert "1 more snapshot is left out: " in result.stderr
    assert "(1 of 6 processes did not answer)" in result.stderr


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_refusal_in_the_middle_ends_it(server: Pyroscope, status: int) -> None:
    server.left, server.fault = 8, ("status", status)
    result = fetched("--into", "p")
    assert (result.exit_code, len(result.stdout.splitlines()), "is left out" in result.stderr) == (1, 4, False)


def test_if_most_is_left_out_it_has_failed(server: Pyroscope, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer may be wrong in its own way, so only the first are shown."""
    whole, wrong = server.profile, iter(range(100))
    good = [str(at).encode() for at, _ in server.snapshots[:4]]
    answer = lambda body: whole(body) if any(at in body for at in good) else b"\x00\x00" + bytes([next(wrong)]) * 9  # noqa: E731
    monkeypatch.setattr(server, "profile", answer)
    result = fetched("--into", "p")
    assert (result.exit_code, len(result.stdout.splitlines())) == (1, 4)
    *first, more, failed, _ = result.stderr.splitlines()
    assert len(first) == 3
    assert more == f"{server.server.url}: 3 more snapshots are left out for other reasons"
    assert failed.startswith(
        f"prod: {server.server.url}: only 4 of 10 new snapshots are usable: for 6 reasons, such as "
    )


def test_a_sum_of_snapshots_is_not_one(server: Pyroscope) -> None:
    server.times = 2
    result = fetched("--into", "p")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is left out: 2000 bytes are in use in it, but 1000 in the snapshot that was asked for" in result.stderr


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "answered 401 Unauthorized (do the user, tenant and token of the source say who asks?)"),
        (403, "answered 403 Forbidden (may this user read this tenant?)"),
        (404, "answered 404 Not Found (is the URL that of the server itself?)"),
        (429, "answered 429 Too Many Requests (it has too many requests; try again later)"),
        (500, "answered 500 Internal Server Error: no org id"),
    ],
)
def test_a_refusal_says_what_to_do(server: Pyroscope, status: int, words: str) -> None:
    settings(server.server.url, user="me", tokenEnv="TOKEN")
    server.server.status, server.server.answers, server.server.body = status, None, f"no org id, {SECRET}".encode()
    assert words in fetched().stderr
    assert words in run("sources").stdout


def test_a_snapshot_without_one_of_its_types(server: Pyroscope) -> None:
    server.lost = b"inuse_objects"
    result = fetched("--into", "p")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is left out: the server has no inuse_objects of it" in result.stderr


@pytest.mark.parametrize(
    ("instead", "why"),
    [
        (b"<!doctype html><title>Log in</title>", "not a profile: an HTML page"),
        (b"\xff\xff\x01\x02", "not a profile: it starts with the bytes ff ff 01 02"),
        (b"", "the server has no inuse_"),
    ],
)
def test_nothing_but_unusable_snapshots_is_a_failure_that_is_explained_once(
    server: Pyroscope, instead: bytes, why: str
) -> None:
    server.instead = instead
    result = fetched("--into", "p")
    assert (result.exit_code, result.stdout) == (1, "")
    first, more, failed = result.stderr.splitlines()
    assert f" is left out: {why}" in first
    assert f"9 more snapshots are left out: {why}" in more
    assert f"none of 10 new snapshots is usable: {why}" in failed
    server.instead = None
    assert len(run("fetch", "--into", "p").stdout.splitlines()) == 10


def test_a_server_that_asks_to_wait(server: Pyroscope, monkeypatch: pytest.MonkeyPatch) -> None:
    server.server.status, server.server.headers = 429, {"Retry-After": "7"}
    rests: list[float] = []

    def rest(seconds: float) -> None:
        rests.append(seconds)
        server.server.status = 200

    monkeypatch.setattr(time, "sleep", rest)
    result = fetched("--into", "p")
    assert (result.exit_code, rests, len(result.stdout.splitlines())) == (0, [7], 10)
    assert "it asks to wait for 7 s; trying again" in result.stderr


def test_the_same_failure_is_said_once_before_the_last_try(server: Pyroscope) -> None:
    server.server.status, server.server.answers, server.server.body = 503, None, b"overloaded"
    first, again, failed = fetched("--into", "p").stderr.splitlines()
    assert first.endswith("answered 503 Service Unavailable: overloaded; trying again")
    assert again == "the same again; trying a last time"
    assert failed.startswith("prod: ")
    assert "--since" not in failed


def test_an_interrupt_says_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("alloclens.cli.fetch.trim", interrupted)
    result = fetched()
    assert result.exit_code != 0
    assert "prod: 10 snapshots had been fetched before; the next `alloclens fetch` goes on" in result.stderr


@pytest.mark.programs
@pytest.mark.skipif("sys.platform == 'win32'", reason="signals")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_fetch_that_follows_is_ended(sign: signal.Signals) -> None:
    assert run("sources", "allow", "prod").exit_code == 0
    command = [sys.executable, "-m", "alloclens", "fetch", "--into", "p", "--follow", "--every", "1m"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        for _ in range(10):
            assert child.stdout.readline().startswith("p/unnamed/a/heap-")
        child.send_signal(sign)
        assert child.wait(20) == 0


def test_nobody_there() -> None:
    settings("http://127.0.0.1:9")
    assert (
        "connecting to 127.0.0.1:9 failed: Connection refused; `alloclens sources` tests the connection"
        in fetched().stderr
    )


def test_a_page_in_place_of_json(server: Pyroscope) -> None:
    server.server.answers, server.server.body = None, b"\n<!doctype html><title>Login"
    words = f"{server.server.url} does not answer as Pyroscope does: it sends a page of HTML, such as one to log in; is the URL right?"
    assert words in fetched().stderr


def test_a_range_without_snapshots(server: Pyroscope) -> None:
    settings(server.server.url, tenant="another")
    server.snapshots.clear()
    said = "has no heap with any label in the last 1 h: are `select` and `tenant` right, and is --since long enough?"
    assert said in fetched().stderr
    assert "in the last 90 min: " in run("fetch", "--since", "90m").stderr
    assert "in the last 61 s: " in run("fetch", "--since", "61s").stderr


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (-2, "; the newest is of {}: is --since long enough?"),
        (2, "; the newest is of {}, ahead of its clock: are the clocks of the processes right?"),
        (-27, ": are `select` and `tenant` right, and is --since long enough?"),
    ],
)
def test_a_range_without_snapshots_says_when_the_newest_was(server: Pyroscope, hours: int, words: str) -> None:
    server.snapshots = [(at + hours * 3_600_000, value) for at, value in server.snapshots]
    newest = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(server.snapshots[-1][0] // 1000))
    said = fetched().stderr
    assert said == f"prod: {server.server.url} has no heap with any label in the last 1 h{words.format(newest)}\n"


def test_a_server_that_refuses_a_longer_range(server: Pyroscope, monkeypatch: pytest.MonkeyPatch) -> None:
    server.snapshots.clear()
    series = server.series

    def limited(start: int, end: int, selector: str) -> dict:
        if end - start > 3_600_000:
            server.server.status = 400
        return series(start, end, selector)

    monkeypatch.setattr(server, "series", limited)
    assert "in the last 1 h: are `select` and `tenant` right, and is --since long enough?" in fetched().stderr


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MAX_ANSWER_BYTES", 300)
    said = fetched().stderr
    assert "answered with more than 0 MiB (narrow `select`, or ask for less with --since; if one heap" in said
    assert "let the process sample less often, as with a larger runtime.MemProfileRate in Go)" in said


@pytest.mark.parametrize("hours", [-2, 2])
def test_the_clock_of_the_server_is_followed(server: Pyroscope, hours: int) -> None:
    server.snapshots = [(at + hours * 3_600_000, value) for at, value in server.snapshots]
    server.server.headers = {"Date": formatdate(time.time() + hours * 3600, usegmt=True)}
    result = fetched("--into", "p")
    assert len(result.stdout.splitlines()) == 10
    assert re.search(
        rf"the clock of \S+ is (119|120) min {'ahead' if hours > 0 else 'behind'}; its time counts", result.stderr
    )


@pytest.mark.parametrize("body", [b"<html>Log in</html>", b'{"profileTypes": 1}', b"\xff"])
def test_a_server_of_another_kind(server: Pyroscope, body: bytes) -> None:
    server.server.answers, server.server.body = None, body
    said = fetched().stderr
    assert "does not answer as Pyroscope does" in said
    assert "is the URL right?" in said


def test_a_redirect_is_not_followed(server: Pyroscope) -> None:
    server.server.status, server.server.headers = 302, {"Location": "https://login.example/?next=x"}
    assert "redirects to https://login.example/, which is not followed; is the URL right?" in fetched().stderr


def test_processes_have_directories_of_their_own(server: Pyroscope) -> None:
    server.pods = ("a", "../../a", "a/b", "a_b", "")
    fetched("--into", "p", "--every", "1h")
    found = sorted({path.parent.name for path in Path("p").rglob("*.pb.gz")})
    assert [re.sub(r"-[0-9a-f]{8}$", "-#", name) for name in found] == ["_.._a-#", "a", "a_b", "a_b-#", "all"]
    assert {path.parent.parent for path in Path("p").rglob("*.pb.gz")} == {Path("p/unnamed")}


def test_labels_that_read_alike_are_of_several_processes() -> None:
    pairs = (
        ("a", "b"),
        ("a", "b_c"),
        ("a_b", "c"),
        ("a+b", "c"),
        ("a", "b+c"),
        ("x" * 90, "y" * 90),
        ("x" * 90, "y" * 91),
    )
    labels = [(("service_name", "s"), ("namespace", namespace), ("pod", pod)) for namespace, pod in pairs]
    names = [collect.directory_of(one) for one in labels]
    assert names[0] == "s/a+b"
    assert len(set(names)) == len(names)
    assert all(len(name) < 120 for name in names)


def test_other_profiles_may_lie_beside_the_snapshots() -> None:
    (path, *_) = fetched("--into", "p").stdout.splitlines()
    for other in (path.replace("heap-", "zoo-"), path.replace("heap-2", "goroutine-9")):
        Path(other).write_bytes(b"")
    for heap in sorted(Path(path).parent.glob("heap-*"))[-3:]:
        heap.unlink()
    assert len(run("fetch", "--into", "p").stdout.splitlines()) == 3


@pytest.mark.parametrize("since", ["1h", "24h", "720h"])
def test_of_many_processes_those_that_grow_most_are_fetched(server: Pyroscope, since: str) -> None:
    """However young they are: these are of the last ten minutes."""
    server.pods = tuple(f"pod-{i}" for i in range(103))
    result = fetched("--into", "p", "--every", "720h", "--since", since)
    assert {path.name for path in Path("p/unnamed").iterdir()} == {f"pod-{i}" for i in range(3, 103)}
    assert f"{server.server.url} has 103 processes: those 100 are fetched whose bytes in use grow most" in result.stderr


def test_when_the_newest_of_a_process_was_taken(server: Pyroscope, folder: Path) -> None:
    """To the interval of the collector if it still runs; else that is said."""
    source = Source(name="prod", type="pyroscope", url=server.server.url)
    (one,) = pyroscope.processes(remote(source, str(folder)), 24 * 3600)
    assert 0 <= one.newest - server.snapshots[-1][0] <= 1000 * one.within <= 15_000
    assert (one.is_course, one.before, one.now) == (True, 1000, 1009)
    server.snapshots = [(server.snapshots[0][0] - 12 * 3600_000, 1)]
    (one,) = pyroscope.processes(remote(source, str(folder)), 24 * 3600)
    assert 0 <= one.newest - server.snapshots[-1][0] <= 1000 * one.within == 48 * 60_000
    assert not one.is_course


def test_single_snapshots_by_their_intervals(server: Pyroscope, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a server without ids: the same whenever it is asked."""
    server.is_old, now = True, time.time()
    first = fetched("--into", "p", "--every", "15s").stdout.splitlines()
    assert len(first) == 10
    for after in (3, 7, 14):
        monkeypatch.setattr(time, "time", lambda after=after: now + after)
        assert run("fetch", "--into", "p", "--every", "15s").stderr == "prod: nothing new\n"


def test_a_finer_interval_fills_the_gaps() -> None:
    first = {Path(line).name for line in fetched("--into", "p", "--every", "5m").stdout.splitlines()}
    assert 2 <= len(first) <= 3
    more = {Path(line).name for line in run("fetch", "--into", "p").stdout.splitlines()}
    assert (len(more | first), more & first) == (10, set())


@pytest.mark.parametrize(("at_once", "words"), [(1, ""), (0, "unnamed/a: the server counts less allocated by ")])
def test_a_server_whose_longer_sums_hold_too_little(server: Pyroscope, at_once: int, words: str) -> None:
    """It has 10 MB a minute, and at worst none in a longer time."""
    server.allocated = lambda milliseconds: (
        10_000_000 * (milliseconds // 60_000 if milliseconds < 61_000 else at_once * 5)
    )
    fetched("--into", "p", "--every", "5m")
    said = run("fetch", "--into", "p").stderr
    assert (words in said) if words else (said == "")


def counted(directory: str) -> dict[str, list[list[int]]]:
    """Return the values of all snapshots by the names of their files."""
    return {path.name: read(path.read_bytes()).values.tolist() for path in Path(directory).rglob("*.pb.gz")}


def per_minute(server: Pyroscope) -> None:
    """Let it say that 10 MB are allocated a minute."""
    server.allocated = lambda milliseconds: 10_000_000 * (milliseconds // 60_000)


@pytest.mark.parametrize("parts", [(5, 10), (2, 7, 10)])
def test_what_is_older_counts_what_was_allocated_once(server: Pyroscope, parts: tuple[int, ...]) -> None:
    """As if all had been fetched at once. By hand: the first counts what is in use, each later one 10 MB more."""
    per_minute(server)
    every = server.snapshots
    for number in parts:
        server.snapshots = every[-number:]
        assert fetched("--into", "p").stderr == ""
    assert run("fetch", "--into", "p").stderr == "prod: nothing new\n"
    assert len(fetched("--into", "at once").stdout.splitlines()) == 10
    assert counted("p") == counted("at once")
    allocated = sorted(row[0] for ((*row,),) in counted("p").values())
    assert allocated == [1000 + 10_000_000 * i for i in range(10)]


def test_what_is_older_without_what_was_allocated(server: Pyroscope) -> None:
    every, server.snapshots = server.snapshots, server.snapshots[5:]
    assert len(fetched("--into", "p").stdout.splitlines()) == 5
    server.snapshots = every
    assert len(run("fetch", "--into", "p").stdout.splitlines()) == 5


def test_what_is_older_is_written_only_if_all_of_it_was_fetched(server: Pyroscope) -> None:
    per_minute(server)
    every, server.snapshots = server.snapshots, server.snapshots[5:]
    fetched("--into", "p")
    before, server.snapshots, server.left = counted("p"), every, 8
    assert "answered 503" in run("fetch", "--into", "p").stderr
    assert counted("p") == before
    server.left, server.server.status = float("inf"), 200
    assert len(run("fetch", "--into", "p").stdout.splitlines()) == 5


def test_another_fetch_gets_what_is_older_meanwhile(server: Pyroscope, folder: Path) -> None:
    """It is asked last for what was allocated between both parts; by then, another fetch has got all."""
    per_minute(server)
    every, server.snapshots = server.snapshots, server.snapshots[5:]
    fetched("--into", "p")
    server.snapshots, asked = every, list[int]()

    def meanwhile(milliseconds: int) -> int:
        asked.append(milliseconds)
        if len(asked) == 5:
            per_minute(server)
            source = Source(name="prod", type="pyroscope", url=server.server.url)
            watch = collect.Watch(lambda _path: None, lambda _note: None)
            collect.collect(remote(source, str(folder)), FetchSpan(3600, 60), folder / "p", watch)
        return 10_000_000

    server.allocated = meanwhile
    assert run("fetch", "--into", "p").stdout == ""
    assert len(asked) == 5
    fetched("--into", "at once")
    assert counted("p") == counted("at once")


def test_what_is_older_than_what_counts_from_a_file_that_is_gone(server: Pyroscope) -> None:
    """As after the oldest left the cache, or if this was cut off before."""
    per_minute(server)
    every, server.snapshots = server.snapshots, server.snapshots[5:]
    (first, *_) = fetched("--into", "p").stdout.splitlines()
    Path(first).unlink()
    before, server.snapshots = counted("p"), every
    said = run("fetch", "--into", "p").stderr
    assert said.startswith("unnamed/a: what is older than ")
    assert "is not fetched, since the files from then on count what was allocated from one that is gone" in said
    assert counted("p") == before


def test_what_is_fetched_at_once_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "MAX_KEPT_BYTES", 700)
    result = fetched("--into", "p")
    assert 0 < len(result.stdout.splitlines()) < 10
    assert "are not fetched at once: ask for less with --every and --since" in result.stderr


@pytest.mark.parametrize(("taken", "files"), [(-1, 0), (1, 1), (3_999_999_999_999, 1), (253402300799000, 0)])
def test_a_time_that_no_file_can_have(
    server: Pyroscope, monkeypatch: pytest.MonkeyPatch, taken: int, files: int
) -> None:
    server.snapshots = [(taken, 1)]
    every = server.series(taken, taken)
    monkeypatch.setattr(server, "series", lambda *_: every)
    result = fetched("--into", "p")
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, files)


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 -0100", "Fri, 01 Jan 0100 00:00:00 GMT"])
@pytest.mark.parametrize("kind", ["pyroscope", "parca"])
def test_a_clock_that_is_centuries_off(server: Pyroscope, date: str, kind: str) -> None:
    settings(server.server.url, type=kind)
    server.server.answers, server.server.body, server.server.headers = None, b"{}", {"Date": date}
    assert "has no heap with any label in the last 87600 h; the clock of " in fetched("--since", "87600h").stderr
    said = rf"prod: .*: 0 (services|jobs), no heaps; the clock of {server.server.url} is \d+ min (ahead|behind); its time counts\n"
    assert re.fullmatch(said, run("sources").stdout)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": "http://me:pw@localhost"}, "has no user, password or query, since settings are shared"),
        ({"url": "http://localhost/?token=pw"}, "has no user, password or query, since settings are shared"),
        ({"url": "ftp://localhost"}, "ftp://localhost is not an HTTP URL"),
        ({"url": "file:///etc/passwd"}, "file:///etc/passwd is not an HTTP URL; use one like https://"),
    ],
)
def test_no_secret_in_the_settings(fields: dict[str, str], words: str) -> None:
    settings(**fields)
    for command in (("sources", "allow", "prod"), ("sources",), ("fetch",)):
        result = run(*command)
        assert (result.exit_code, words in result.output, "pw" in result.output) == (1, True, False)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"tokenFile": "{w}/../none"}, "cannot be read: No such file or directory"),
        ({"tokenFile": "{w}/../two"}, "two does not contain a token (one line of text)"),
        ({"tokenEnv": "NOT_SET"}, "the environment variable NOT_SET is not set"),
    ],
)
def test_a_token_that_cannot_be_sent(folder: Path, server: Pyroscope, fields: dict[str, str], words: str) -> None:
    (folder.parent / "two").write_text("one\ntwo")
    (folder / "token").write_text(SECRET)
    settings(server.server.url, **{name: value.format(w=folder) for name, value in fields.items()})
    result = fetched()
    assert (result.exit_code, server.server.seen) == (1, [])
    assert words in result.stderr


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"tokenFile": "{w}/token"}, "is in the workspace, whose files may be shared; move it elsewhere"),
        ({"tokenFile": "{w}/../link"}, "is in the workspace, whose files may be shared; move it elsewhere"),
        ({"tokenFile": "{w}/../two", "tokenEnv": "TOKEN"}, "use only one of tokenEnv and tokenFile"),
        (
            {"tenant": "a\\r\\nX: y"},
            "`tenant` cannot be sent: it begins or ends with a space, or has control characters",
        ),
        ({"user": "a\\n"}, "`user` cannot be sent"),
        ({"user": "me:pw"}, "`user` cannot be sent: it has a colon"),
        ({"tenant": "x" * 201}, "`tenant` has more than 200 characters"),
        ({"user": "x" * 201}, "`user` has more than 200 characters"),
        ({"tokenFile": "/" + "x" * 200}, "`tokenFile` has more than 200 characters"),
        ({"type": "kubernetes", "url": "pod://shop", "context": "x" * 201}, "`context` has more than 200 characters"),
    ],
)
def test_what_cannot_be_sent_cannot_be_allowed(
    folder: Path, server: Pyroscope, fields: dict[str, str], words: str
) -> None:
    (folder / "token").write_text(SECRET)
    (folder.parent / "link").symlink_to(folder / "token")
    settings(**{"url": server.server.url} | {name: value.format(w=folder) for name, value in fields.items()})
    for command in (("sources", "allow", "prod"), ("sources",), ("fetch",)):
        result = run(*command)
        assert (result.exit_code, words in result.output) == (1, True)
    assert server.server.seen == []


def test_free_text_is_no_part_of_the_question(server: Pyroscope) -> None:
    """Of a hostile workspace: it can neither end its quotes nor come before the credentials."""
    settings(server.server.url, tenant='x\\"? Yes. \\"', user="nobody, with no token", tokenEnv="TOKEN")
    assert run("sources", "allow", "prod").stdout == (
        f'prod: pyroscope at {server.server.url}, with the token in the variable "TOKEN", '
        'as the user "nobody, with no token", of the tenant "x\\"? Yes. \\""\n'
    )


def test_two_sources_of_one_name_are_refused(server: Pyroscope) -> None:
    settings(server.server.url)
    text = Path("alloclens.toml").read_text()
    Path("alloclens.toml").write_text(text + text.replace("127.0.0.1", "localhost"))
    for command in (("sources", "allow", "prod"), ("sources",), ("fetch",)):
        result = run(*command)
        assert result.exit_code == 1
        assert 'sources: item 2: another source has the name "prod"; none is used' in result.stderr
    assert server.server.seen == []


@pytest.mark.parametrize("token", [f"glsa_{SECRET}", "glsa_s3crett0ken", "ey.J9", "0" * 40, "A" * 61])
@pytest.mark.parametrize("field", ["tokenEnv", "tokenFile"])
def test_a_token_in_place_of_its_name_is_never_shown(server: Pyroscope, token: str, field: str) -> None:
    settings(server.server.url, **{field: token})
    for command in (("sources", "allow", "prod"), ("sources",), ("fetch",)):
        result = run(*command)
        assert (result.exit_code, f"prod: {field} " in result.output, token in result.output) == (1, True, False)
        assert "never the token" in result.output


def test_a_variable_with_any_name_that_is_set(server: Pyroscope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("my.token", SECRET)
    settings(server.server.url, tokenEnv="my.token")
    assert fetched("--into", "p").exit_code == 0
    assert server.server.seen[0]["authorization"] == f"Bearer {SECRET}"


def test_a_token_in_a_file(folder: Path, server: Pyroscope) -> None:
    (folder.parent / "token").write_text(f"{SECRET}\n")
    settings(server.server.url, tokenFile=f"{folder.parent}/token", user="me")
    assert fetched("--into", "p").exit_code == 0
    assert server.server.seen[0]["authorization"] == "Basic bWU6czNjcmV0LXQwa2Vu"  # base64 of me:s3cret-t0ken


def test_no_sources(folder: Path) -> None:
    assert run("fetch", "staging").stderr == "Error: there is no source staging; the sources are prod\n"
    Path("alloclens.toml").write_text("")
    assert run("sources").stderr == f"Error: the settings of {folder} have no [[sources]] (docs/sources.md)\n"


@pytest.mark.parametrize(
    ("text", "whats_wrong"),
    [
        ("[[sources]]\nname = \"a\\u001b/x\"\ntype = 'http'\nurl = 'x'", "the [[sources]] of {} are mended"),
        (
            "[[sources]]\nname = 'm'\ntype = 'http'\nurl = 'x'\ntoken = '" + SECRET + "'",
            "the [[sources]] of {} are mended",
        ),
        ("[[sources", "{} is mended"),
    ],
)
def test_sources_that_cannot_be_used_are_not_called_missing(folder: Path, text: str, whats_wrong: str) -> None:
    Path("alloclens.toml").write_text(text)
    problem, error = run("sources").stderr.splitlines()
    assert problem.startswith(f"{folder}/alloclens.toml:")
    assert error == f"Error: no source can be used until {whats_wrong.format(folder / 'alloclens.toml')}"


def test_the_oldest_snapshots_leave_the_cache(folder: Path) -> None:
    every = [Path(line) for line in fetched().stdout.splitlines()]
    sizes = sum(path.stat().st_size for path in every[-3:])
    collect.trim(folder.parent / "cache", print, sizes)
    assert [path.exists() for path in every] == [False] * 7 + [True] * 3


def test_another_fetch_removes_a_snapshot_meanwhile(tmp_path: Path) -> None:
    """It is a link without a target here, which has no size either."""
    kept, gone = tmp_path / "heap-20260102T030405.000Z.pb.gz", tmp_path / "heap-20260102T030406.000Z.pb.gz"
    kept.write_bytes(b"x")
    gone.symlink_to(tmp_path / "none")
    collect.trim(tmp_path, print, 0)
    assert not kept.exists()


def test_a_file_with_a_time_that_does_not_exist_is_no_snapshot() -> None:
    (path, *_) = fetched("--into", "p").stdout.splitlines()
    Path(path).with_name("heap-99990230T000000.000Z.pb.gz").write_bytes(b"")
    for heap in sorted(Path(path).parent.glob("heap-2*"))[-3:]:
        heap.unlink()
    assert len(run("fetch", "--into", "p").stdout.splitlines()) == 3


def test_every_type_of_source_can_be_set() -> None:
    assert properties(Source)["type"]["enum"] == [*collect.SOURCES]
