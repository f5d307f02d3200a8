"""Which programs are offered to capture from: what answers, whatever Docker and kubectl say."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from alloclens.sources import targets
from alloclens.sources.errors import CaptureError
from alloclens.sources.own_ports import own_ports

from tests.support.kubectl import with_docker, with_kubectl

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.server import ProfileServer

INDEX = b"<html><body>Types of profiles available: <a href='heap?debug=1'>heap</a></body></html>"
"""What matters of net/http/pprof's page."""


@pytest.fixture
def server(server: ProfileServer) -> ProfileServer:
    """A Go program's server."""
    server.body = INDEX
    return server


def port(url: str) -> int:
    return urlsplit(url).port or 0


def test_what_answers_at_the_usual_port(server: ProfileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(targets, "DEFAULT_PORT", port(server.url))
    (found,) = targets.on_this_machine()
    assert found.url == f"http://localhost:{port(server.url)}"
    assert server.asked == ["/debug/pprof/", "/debug/pprof/cmdline"]
    assert found.detail == "on this machine"  # a page is no command line
    server.body = b"a page of another program"
    assert targets.on_this_machine() == []
    server.status, server.body = 404, INDEX
    assert targets.on_this_machine() == []


@pytest.mark.parametrize(
    ("command", "detail"),
    [
        (b"/srv/bin/shop\x00--password=hunter2", "shop, on this machine"),
        (b"shop", "shop, on this machine"),
        (b"", "on this machine"),
        (INDEX, "on this machine"),
        (b"/bin/a\x1b[2J", "on this machine"),
        (b"/bin/" + 41 * b"a", "on this machine"),
    ],
)
def test_what_answers_is_named_by_its_command_line_without_arguments(
    server: ProfileServer, monkeypatch: pytest.MonkeyPatch, command: bytes, detail: str
) -> None:
    """As net/http/pprof writes it: the arguments, with NUL between them."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(targets, "DEFAULT_PORT", port(server.url))
    server.answers = lambda path, _: command if path.endswith("/cmdline") else INDEX
    (found,) = targets.on_this_machine()
    assert found.detail == detail


def test_a_port_that_the_code_names_comes_first(
    server: ProfileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(targets, "DEFAULT_PORT", 1)
    ours = port(server.url)
    serve = f'import _ "net/http/pprof"\nfunc main() {{ http.ListenAndServe("127.0.0.1:{ours}", nil) }}\n'
    (tmp_path / "main.go").write_text("package main\n")
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor/a.go").write_text(serve)
    assert targets.on_this_machine([str(tmp_path)]) == []
    (tmp_path / "main.go").write_text(serve)
    (found,) = targets.on_this_machine([str(tmp_path)])
    assert found == (f"http://localhost:{ours}", f"localhost:{ours}", "on this machine, as main.go says")


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ('"net/http/pprof" "localhost:6061"', [6061]),
        ('"net/http/pprof" ":8080" "0.0.0.0:81" "[::1]:82" ":99999"', [8080, 81, 82]),
        ('"net/http/pprof" "db.example:5432"', []),
        ('"net/http" "localhost:6061"', []),
    ],
)
def test_which_ports_code_names(tmp_path: Path, text: str, ports: list[int]) -> None:
    (tmp_path / "a.go").write_text(text)
    assert list(own_ports([str(tmp_path)])) == ports


@pytest.mark.programs
@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script")
def test_published_ports_of_containers_that_answer(
    server: ProfileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form of `docker ps --format={{json .}}`: Docker 24 on a machine with IPv6."""
    ours, closed = port(server.url), 1
    line = (
        f'{{"Command":"\\"/api\\"","ID":"3a","Image":"shop/api:2","Names":"api","Ports":"0.0.0.0:{ours}-\\u003e6060/tcp, '
        f'[::]:{ours}-\\u003e6060/tcp, 0.0.0.0:{closed}-\\u003e80/tcp, 9090/tcp","State":"running"}}'
    )
    environment = with_docker(tmp_path, line, "not JSON", '{"Names":"db","Ports":""}', "[]")
    monkeypatch.setenv("PATH", environment["PATH"])
    monkeypatch.setattr(targets, "DEFAULT_PORT", closed)
    (found,) = targets.on_this_machine()
    assert found == (f"http://localhost:{ours}", "api", f"container of the image shop/api:2, port {ours}")


@pytest.mark.programs
@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script")
@pytest.mark.parametrize("answer", ["[]", '{"items": 1}', "no JSON", '{"items": [{}]}'])
def test_an_odd_kubectl_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    environment = with_kubectl(tmp_path, "http://127.0.0.1:1")
    (tmp_path / "programs/kubectl").write_text(f"#!/bin/sh\necho '{answer}'\n")
    monkeypatch.setenv("PATH", environment["PATH"])
    assert targets.pods() == ([], "kubectl did not answer with a list of pods")
    (tmp_path / "programs/kubectl").write_text("#!/bin/sh\necho 'error: no configuration' >&2\nexit 1\n")
    assert targets.pods() == ([], "kubectl cannot list pods: error: no configuration")


@pytest.mark.parametrize(
    "url",
    [
        "pod://",
        "pod://a/b",
        "pod://-n/b:1",
        "pod://a/--kubeconfig=x:1",
        "pod://a/b:1 --x",
        "pod://A/b:1",
        "pod://a/b:x",
    ],
)
def test_no_address_of_a_pod_is_an_option_of_kubectl(url: str) -> None:
    with pytest.raises(CaptureError, match="is not the address of a pod"):
        targets.Forward(url)


def test_without_kubectl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert not targets.has_kubectl()
    with pytest.raises(CaptureError, match="kubectl is not on PATH"):
        targets.Forward("pod://a/b:6060")
