"""A series that pods serve gives the findings that it gives as files; and what is said if they do not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from alloclens.profile.formats import read
from alloclens.sources import retry

from tests.support.cluster import PORT, cluster
from tests.support.kept import LEAK, findings, run, workspace
from tests.support.profiles import goroutines, heap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

    from tests.support.cluster import Cluster

pytestmark = [pytest.mark.programs, pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script")]
HEAP = heap("main.keep@/w/main.go:9 = 2x1048576")
TIMES = 24
URL = f"pod://shop:{PORT}"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(retry, "PAUSE_SECONDS", 0.0)
    monkeypatch.chdir(tmp_path)
    with cluster(("api-a", "api-b"), tmp_path, monkeypatch) as made:
        for server in made.pods.values():
            server.body = HEAP
        yield made


def settings(url: str = URL, context: str = "prod", **fields: str) -> None:
    lines = {"name": "prod", "type": "kubernetes", "url": url, "context": context, **fields}
    with open("alloclens.toml", "w", encoding="utf-8") as file:
        file.write("[[sources]]\n" + "".join(f"{name} = '{value}'\n" for name, value in lines.items()))


def fetched(**fields: str) -> Result:
    """Fetch from pods that are allowed."""
    settings(**fields)
    allowed = run("sources", "allow", "prod")
    assert allowed.exit_code == 0, allowed.output
    return run("fetch", "--into", "into")


@pytest.mark.slow
def test_the_findings_are_those_of_the_files(shop: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = workspace(tmp_path, monkeypatch)
    settings(select="app=api")
    assert run("sources", "allow", "prod").stdout == (
        f'prod: kubernetes at {URL}/debug/pprof/heap, with your own credentials, in the context "prod" of your kubeconfig\n'
    )
    kept = {pod: sorted((tmp_path / "kept/api" / pod).iterdir()) for pod in shop.pods}
    for i in range(TIMES):
        for pod, server in shop.pods.items():
            server.body = kept[pod][i].read_bytes()
        result = run("fetch", "--into", folder / "into")
        assert (result.exit_code, result.stderr, len(result.stdout.splitlines())) == (0, "", 2)
    for pod, leaks in (("api-a", True), ("api-b", False)):
        for late in kept[pod][TIMES:]:
            late.unlink()
        expected = findings(tmp_path / "kept/api" / pod)
        assert findings(folder / f"into/api/shop+{pod}+1.8.2") == expected
        assert any(f["line"] == LEAK and f["verdict"] == "leak" for f in expected) == leaks


def test_following_makes_a_series(shop: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings()
    run("sources", "allow", "prod")
    rests: list[float] = []

    def rest(seconds: float) -> None:
        if seconds < 1:  # of others
            return
        rests.append(seconds)
        shop.pods["api-a"].status = 503 if len(rests) == 1 else 200
        if len(rests) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("alloclens.cli.fetch.time.sleep", rest)
    monkeypatch.setattr(retry, "MAX_TRIES", 1)
    result = run("fetch", "--follow", "--every", "1h", "--into", "into")
    assert (result.exit_code, [round(seconds / 3600) for seconds in rests]) == (0, [1, 2, 3])
    found = [len(list((tmp_path / f"into/api/shop+{pod}+1.8.2").iterdir())) for pod in shop.pods]
    assert found == [2, 3]
    assert "answered 503 Service Unavailable (1 of 2 processes did not answer)" in result.stderr


def test_a_pod_is_told_by_its_labels(shop: Cluster, tmp_path: Path) -> None:
    labels = shop.items["api-b"]["metadata"]["labels"]
    del labels["app"]
    labels["app.kubernetes.io/version"] = "1.9.0"
    assert fetched().exit_code == 0
    said = {
        str(path.parent.relative_to(tmp_path / "into")): list(read(path.read_bytes()).comments)
        for path in (tmp_path / "into").rglob("*.gz")
    }
    assert said == {"api/shop+api-a+1.8.2": ["version=1.8.2"], "shop-api/shop+api-b+1.9.0": ["version=1.9.0"]}


def test_only_selected_pods_are_asked(shop: Cluster) -> None:
    shop.items["api-b"]["metadata"]["labels"]["tier"] = "b"
    assert len(fetched(select="app=api,tier=b").stdout.splitlines()) == 1
    assert run("sources").stdout.endswith("of your kubeconfig: 1 running pod\n")
    said = fetched(select="app=other").stderr
    assert said == (
        f"prod: {URL}/debug/pprof/heap has no running pod with app=other: are `url`, `context` and `select` right?\n"
    )


def test_nothing_is_asked_before_it_is_allowed(shop: Cluster) -> None:
    for context in ("prod", "", "other"):
        settings(context=context)
        assert "is not asked until `alloclens sources allow prod` allows it" in run("fetch").stderr
        settings(url=f"{URL}/admin", context=context)
        assert "is not asked until" in run("fetch").stderr
        fetched()  # the permission is for this context alone
    assert len(shop.api.seen) == 3 * 3, "a list and a tunnel to each of two pods, for each permission"


def test_one_pod_that_does_not_answer_hides_no_other(shop: Cluster) -> None:
    shop.pods["api-a"].status = 404
    result = fetched()
    assert (result.exit_code, len(result.stdout.splitlines())) == (1, 1)
    assert result.stderr == (
        f"prod: pod://shop/api-a:{PORT}/debug/pprof/heap answered 404 Not Found "
        '(does the program import "net/http/pprof"?) (1 of 2 processes did not answer)\n'
        "prod: 1 snapshot had been fetched before; the next `alloclens fetch` goes on from there\n"
    )


def test_a_pod_whose_port_is_closed(shop: Cluster) -> None:
    shop.items["api-a"]["metadata"]["annotations"][str(PORT)] = "127.0.0.1:9"
    result = fetched()
    *again, problem, _ = result.stderr.splitlines()
    assert len(again) == 2
    assert "closed the connection" in problem or "reset" in problem
    assert f"(does a program in the pod serve profiles at port {PORT}?)" in problem


def test_a_redirect_leads_nowhere(shop: Cluster) -> None:
    other = shop.pods["api-b"]
    for server in shop.pods.values():
        server.redirects = {"/debug/pprof/heap": f"{other.url}/secret"}
    assert "which is not followed; is the URL right?" in fetched().stderr
    assert not any("secret" in path for path in other.asked)


@pytest.mark.parametrize(
    ("status", "reason", "words", "said"),
    [
        (
            401,
            "",
            "kubectl cannot list pods: error: You must be logged in to the server (Unauthorized) (log in as for kubectl)",
            1,
        ),
        (
            403,
            "Forbidden",
            "(Forbidden): pods is forbidden (the user needs `list` on pods and `create` on pods/portforward",
            1,
        ),
        (429, "TooManyRequests", "(TooManyRequests): pods is forbidden; `alloclens sources` tests the connection", 2),
    ],
)
def test_a_refusal_says_what_to_do(shop: Cluster, status: int, reason: str, words: str, said: int) -> None:
    shop.api.status, shop.api.reason = status, reason or None
    shop.api.answers = lambda *_: b"pods is forbidden"
    result = fetched()
    assert (result.exit_code, words in result.stderr, result.stderr.count("cannot list")) == (1, True, said), (
        result.stderr
    )


def test_no_such_context(shop: Cluster) -> None:
    said = fetched(context="old").stderr
    assert said.endswith('error: context "old" does not exist (`kubectl config get-contexts` lists the contexts)\n')
    assert shop.api.seen == []


def test_an_odd_answer(shop: Cluster) -> None:
    shop.api.answers = lambda *_: b'{"items": 1}'
    assert "kubectl did not answer with a list of pods" in fetched().stderr


def test_without_kubectl(shop: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert fetched().stderr == (
        f"prod: {URL}/debug/pprof/heap: kubectl is not on PATH, and pods are reached through it\n"
    )
    assert shop.api.seen == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": "https://cluster"}, "https://cluster does not name a namespace; use a URL like pod://shop:6060"),
        ({"url": "pod://--as=admin"}, "does not name a namespace"),
        ({"url": "pod://shop:0"}, "does not name a namespace"),
        ({"url": "pod://shop:70000"}, "does not name a namespace"),
        ({"url": "pod://shop/x?seconds=pw"}, "does not name a namespace"),
        ({"tenant": "pw"}, "a source of the type kubernetes has no `tenant`\n"),
        ({"tokenEnv": "pw"}, "has no `tokenEnv`; its credentials are those of your own tools\n"),
    ],
)
def test_settings_that_are_not_those_of_pods(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: dict[str, str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    settings(**{"url": URL, **fields})
    result = run("sources", "allow", "prod")
    assert (result.exit_code, words in result.stderr, "pw" in result.stderr) == (1, True, False), result.stderr


def test_a_process_is_a_source_too(shop: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its URL is that of `alloclens capture`, its credentials are those of other servers."""
    server = shop.pods["api-a"]
    monkeypatch.setenv("TOKEN", "t0ken")
    settings(url=server.url, context="", type="http", tokenEnv="TOKEN")
    assert "is not asked until" in run("fetch").stderr
    assert run("sources", "allow", "prod").stdout == (
        f'prod: http at {server.url}/debug/pprof/heap, with the token in the variable "TOKEN"\n'
    )
    assert run("sources").stdout.endswith(": alloc_objects, alloc_space, inuse_objects, inuse_space\n")
    (path,) = run("fetch", "--into", "into").stdout.splitlines()
    assert path.startswith("into/prod/127.0.0.1/heap-")
    assert (tmp_path / path).read_bytes() == HEAP
    assert server.seen[-1]["authorization"] == "Bearer t0ken"
    server.body = goroutines("main.wait@/w/main.go:9 = 12")
    refused = run("fetch", "--into", "into")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "is left out: it has goroutine, and no heap: does the URL name one?" in refused.stderr
    server.body = b"<html>"
    assert "answered, but not with a profile" in run("sources").stdout
    assert "is left out: " in run("fetch", "--into", "into").stderr
