"""Who asks, who gets to know it, which servers are trusted, and through which proxy they are asked."""

from __future__ import annotations

import gzip
import socket
import ssl
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest
import trustme
from alloclens.sources import fetch as fetching
from alloclens.sources.access import Access, header
from alloclens.sources.address import endpoint
from alloclens.sources.errors import CaptureError
from alloclens.sources.fetch import fetch
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tests.sources.conftest import GOOD
from tests.support.server import ProfileServer, profile_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CREDENTIALS = Access((("Authorization", "Basic czNjcjN0"), ("X-Api-Key", "s3cr3t")))
PROXY_VARIABLES = [f"{scheme}_proxy" for scheme in ("http", "https", "all", "no")]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def other() -> Iterator[ProfileServer]:
    with profile_server() as running:
        running.body = GOOD
        yield running


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


class Files:
    """PEM files of a certificate authority, and of a client."""

    def __init__(self, authority: trustme.CA, folder: Path) -> None:
        client = authority.issue_cert("client@example.org")
        self.ca, self.both, self.cert, self.key = (folder / f"{n}.pem" for n in ("ca", "both", "cert", "key"))
        self.locked = folder / "locked.pem"
        authority.cert_pem.write_to_path(self.ca)
        client.private_key_and_cert_chain_pem.write_to_path(self.both)
        client.cert_chain_pems[0].write_to_path(self.cert)
        client.private_key_pem.write_to_path(self.key)
        key = load_pem_private_key(client.private_key_pem.bytes(), None)
        self.locked.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> Files:
    return Files(authority, tmp_path)


def tls(authority: trustme.CA, *, mutual: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1", "profiles.example").configure_cert(context)
    if mutual:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)
    return context


def refusal(url: str, access: Access) -> str:
    with pytest.raises(CaptureError) as caught:
        fetch(endpoint(url), access)
    return str(caught.value)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


# --- headers and tokens


def test_headers_are_sent(server: ProfileServer) -> None:
    fetch(endpoint(server.url), Access((("X-Scope", "grün"), ("User-Agent", "me"), ("Host", "pod.example"))))
    (seen,) = server.seen
    assert seen["x-scope"].encode("latin-1").decode() == "grün"
    assert (seen["user-agent"], seen["host"], seen["accept-encoding"]) == ("me", "pod.example", "identity")


def test_a_token_is_read_anew_for_each_request(server: ProfileServer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    for token in ("first", "second"):
        file.write_text(f"{token}\n")
        fetch(endpoint(server.url), Access(bearer_file=file))
    assert [seen["authorization"] for seen in server.seen] == ["Bearer first", "Bearer second"]


@pytest.mark.parametrize("data", [b"", b"\n", b"a\nb", b"a\x00b", b"\xff\xfe"])
def test_a_file_without_a_token(server: ProfileServer, tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(data)
    assert "does not contain a token" in refusal(server.url, Access(bearer_file=file))
    assert server.asked == []


def test_a_token_that_is_gone(server: ProfileServer, tmp_path: Path) -> None:
    assert "token cannot be read: No such file" in refusal(server.url, Access(bearer_file=tmp_path / "token"))


@pytest.mark.parametrize(
    "text", ["s3cr3t", ": s3cr3t", "X Y: s3cr3t", "X:", "X: s3cr3t\r\nY: z", "X: s3cr3t\x00", "X: s3cr3t\udc80"]
)
def test_no_header(text: str) -> None:
    with pytest.raises(ValueError, match="header") as caught:
        header(text)
    assert "s3cr3t" not in str(caught.value)


# --- redirects


def test_credentials_follow_a_redirect_on_the_same_server(server: ProfileServer) -> None:
    server.redirects = {"/debug/pprof/heap": "/other/heap"}
    answer = fetch(endpoint(server.url), CREDENTIALS)
    assert answer.data == GOOD
    assert [seen.get("x-api-key") for seen in server.seen] == ["s3cr3t"] * 2
    assert answer.redirects == (f"{server.url}/debug/pprof/heap redirects to {server.url}/other/heap",)


def test_credentials_are_not_sent_to_another_server(
    server: ProfileServer, other: ProfileServer, tmp_path: Path
) -> None:
    server.redirects = {"/debug/pprof/heap": f"{other.url.replace('//', '//me:s3cr3t@')}/x?token=s3cr3t"}
    (tmp_path / "token").write_text("s3cr3t")
    for access in (CREDENTIALS, Access(bearer_file=tmp_path / "token")):
        answer = fetch(endpoint(server.url), access)
        assert answer.data == GOOD
        assert len(answer.redirects) == 1
        assert answer.redirects[0].startswith(f"{server.url}/debug/pprof/heap redirects to {other.url}/x; ")
        assert "s3cr3t" not in answer.redirects[0]
    assert other.asked == ["/x?token=s3cr3t"] * 2
    assert all(not seen.keys() & {"authorization", "x-api-key"} for seen in other.seen)


def test_they_are_sent_again_when_it_leads_back(server: ProfileServer, other: ProfileServer) -> None:
    server.redirects = {"/debug/pprof/heap": f"{other.url}/x"}
    other.redirects = {"/x": f"{server.url}/y"}
    fetch(endpoint(server.url), CREDENTIALS)
    assert [seen.get("x-api-key") for seen in server.seen] == ["s3cr3t"] * 2


def test_the_certificate_is_not_shown_to_another_server(
    authority: trustme.CA, files: Files, server: ProfileServer
) -> None:
    with profile_server(tls(authority, mutual=True)) as secure:
        server.redirects = {"/debug/pprof/heap": secure.url}
        refusal(server.url, Access(cacert=files.ca, cert=files.both))
        assert secure.asked == []


def test_a_redirect_in_a_circle(server: ProfileServer) -> None:
    server.redirects = {"/debug/pprof/heap": "/a", "/a": "/debug/pprof/heap"}
    assert "10 redirects are followed" in refusal(server.url, Access())
    assert len(server.asked) == 11


def test_a_redirect_to_a_file(server: ProfileServer, tmp_path: Path) -> None:
    (tmp_path / "heap").write_bytes(GOOD)
    server.redirects = {"/debug/pprof/heap": (tmp_path / "heap").as_uri()}
    assert "is not an HTTP URL" in refusal(server.url, Access())


def test_an_error_after_a_redirect_names_both_addresses(server: ProfileServer) -> None:
    server.redirects, server.status = {"/debug/pprof/heap": "/login"}, 401
    said = refusal(server.url, Access())
    assert said.startswith(
        f"{server.url}/login (redirected from {server.url}/debug/pprof/heap) answered 401 Unauthorized"
    )
    assert "--bearer-file" in said


# --- TLS


def test_a_certificate_of_our_own_authority(authority: trustme.CA, files: Files) -> None:
    with profile_server(tls(authority)) as secure:
        secure.body = GOOD
        assert "is not trusted" in refusal(secure.url, Access())
        assert fetch(endpoint(secure.url), Access(cacert=files.ca)).data == GOOD


def test_a_certificate_of_another_host(files: Files, authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.example").configure_cert(context)
    with profile_server(context) as secure:
        assert "is not trusted" in refusal(secure.url, Access(cacert=files.ca))


@pytest.mark.parametrize("one_file", [True, False])
def test_a_client_certificate(authority: trustme.CA, files: Files, one_file: bool) -> None:
    with profile_server(tls(authority, mutual=True)) as secure:
        secure.body = GOOD
        refusal(secure.url, Access(cacert=files.ca))
        cert, key = (files.both, None) if one_file else (files.cert, files.key)
        assert fetch(endpoint(secure.url), Access(cacert=files.ca, cert=cert, key=key)).data == GOOD


def test_certificates_that_cannot_be_used(authority: trustme.CA, files: Files, tmp_path: Path) -> None:
    empty, missing = tmp_path / "empty.pem", tmp_path / "missing.pem"
    empty.write_text("nothing\n")
    with profile_server(tls(authority)) as secure:
        for access, word in (
            (Access(cacert=empty), f"{empty} cannot be used: no certificate"),
            (Access(cacert=missing, cert=files.cert, key=files.key), f"{missing} cannot be used: No such file"),
            (Access(cacert=files.ca, cert=empty), f"{empty} cannot be used: "),
            (Access(cacert=files.ca, cert=files.cert), f"{files.cert} cannot be used: "),
            (Access(cacert=files.ca, cert=files.cert, key=missing), "cannot be used: No such file"),
            (Access(cacert=files.ca, cert=files.cert, key=files.locked), "the key is encrypted"),
        ):
            assert word in refusal(secure.url, access)


# --- proxies


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_asked_without_a_proxy(
    server: ProfileServer, monkeypatch: pytest.MonkeyPatch, variable: str, host: str
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    assert fetch(endpoint(server.url.replace("127.0.0.1", host))).data == GOOD


def test_this_machine_by_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    try:
        with profile_server(host="::1") as server:
            server.body = GOOD
            assert fetch(endpoint(server.url)).data == GOOD
            assert server.seen[0]["host"] == server.url.removeprefix("http://")
    except OSError:
        pytest.skip("this machine has no IPv6")


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_another_machine_is_asked_through_the_proxy(
    server: ProfileServer, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, server.url.replace("//", "//me:s3cr3t@"))
    assert fetch(endpoint("http://profiles.example:6060"), CREDENTIALS).data == GOOD
    assert server.asked == ["http://profiles.example:6060/debug/pprof/heap"]
    assert server.seen[0]["host"] == "profiles.example:6060"
    assert server.seen[0]["proxy-authorization"] == "Basic bWU6czNjcjN0"
    assert server.seen[0]["authorization"] == CREDENTIALS.headers[0][1]


@pytest.mark.parametrize("none", ["*", "profiles.example", ".example", "example", "profiles.example:6060"])
def test_no_proxy(server: ProfileServer, monkeypatch: pytest.MonkeyPatch, none: str) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", none)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: [])
    assert "looking up profiles.example failed" in refusal("http://profiles.example:6060", Access())
    assert server.asked == []


def test_tls_through_a_proxy(
    authority: trustme.CA, files: Files, server: ProfileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", server.url.replace("//", "//me:s3cr3t@"))
    with profile_server(tls(authority)) as secure:
        secure.body = GOOD
        server.tunnel = lambda: socket.create_connection(("127.0.0.1", port_of(secure.url)))
        assert fetch(endpoint("https://profiles.example"), Access(CREDENTIALS.headers, cacert=files.ca)).data == GOOD
        assert server.asked == ["profiles.example:443"]
        assert server.seen[0]["proxy-authorization"] == "Basic bWU6czNjcjN0"
        assert "authorization" not in server.seen[0]
        assert secure.seen[0]["authorization"] == CREDENTIALS.headers[0][1]


def test_a_proxy_that_refuses(server: ProfileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", server.url)
    wanted = f"connecting to profiles.example:443 failed: the proxy {server.url} answered 403 Forbidden"
    assert refusal("https://profiles.example", Access()).endswith(wanted)
    server.tunnel = socket.socket  # answers 200, then ends
    assert "negotiating TLS failed" in refusal("https://profiles.example", Access())


@pytest.mark.parametrize("url", ["socks5://me:s3cr3t@127.0.0.1:1080", "https://me:s3cr3t@127.0.0.1:1"])
def test_a_proxy_of_another_kind(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("all_proxy", url)
    said = refusal("http://profiles.example", Access())
    assert "all_proxy" in said
    assert "s3cr3t" not in said


def test_a_proxy_that_is_not_there_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("http_proxy", f"http://me:s3cr3t@127.0.0.1:{port}")
    said = refusal("http://profiles.example", Access())
    assert f"connecting to 127.0.0.1:{port} failed" in said
    assert "s3cr3t" not in said


# --- encodings


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("identity", bytes),
        ("", bytes),
    ],
)
def test_an_encoding_is_undone(server: ProfileServer, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    server.headers, server.body = {"Content-Encoding": encoding}, pack(GOOD)
    assert fetch(endpoint(server.url)).data == GOOD


def test_the_words_of_an_error_are_unpacked(server: ProfileServer) -> None:
    server.status, server.headers, server.body = 500, {"Content-Encoding": "gzip"}, gzip.compress(b"busy\n")
    assert refusal(server.url, Access()).endswith(": busy")


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", GOOD[:5]),
        ("gzip", gzip.compress(GOOD)[:-9]),
        ("gzip", b"x"),
        ("deflate", b"\xff"),
        ("br", GOOD),
        ("a, b", GOOD),
    ],
)
def test_an_encoding_that_is_not_kept(server: ProfileServer, encoding: str, body: bytes) -> None:
    server.headers, server.body = {"Content-Encoding": encoding}, body
    assert f"cannot be decoded (Content-Encoding: {encoding})" in refusal(server.url, Access())


def test_what_it_unpacks_to_is_bounded(server: ProfileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MAX_ANSWER_BYTES", 1 << 20)
    server.headers, server.body = {"Content-Encoding": "gzip"}, gzip.compress(bytes(64 << 20))
    tracemalloc.start()
    try:
        assert refusal(server.url, Access()).partition(" (")[0].endswith("more than 1 MiB")
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
