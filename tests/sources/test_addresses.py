"""What a URL asks for, and what is printed of it."""

from __future__ import annotations

import pytest
from alloclens.sources.address import authorization, endpoint, moved, of_kind
from alloclens.sources.errors import CaptureError


@pytest.mark.parametrize(
    ("url", "seconds", "wanted"),
    [
        ("http://h:6060", None, "http://h:6060 /debug/pprof/heap"),
        ("http://h:6060/", None, "http://h:6060 /debug/pprof/heap"),
        ("http://h:6060/debug/pprof", None, "http://h:6060 /debug/pprof/heap"),
        ("http://h/api/debug/pprof/?token=x", 5, "http://h /api/debug/pprof/heap?token=x&seconds=5"),
        ("h:6060", 30, "http://h:6060 /debug/pprof/heap?seconds=30"),
        ("https://h/x/goroutine?gc=1#top", 5, "https://h /x/goroutine?gc=1&seconds=5"),
        ("http://h/heap?seconds=1&gc=1", 5, "http://h /heap?gc=1&seconds=5"),
        ("http://h:80/heap", None, "http://h /heap"),
        ("https://h:80/heap", None, "https://h:80 /heap"),
        ("HTTP://User:pw@EXAMPLE:6060", None, "http://example:6060 /debug/pprof/heap"),
        ("http://h/é b?q=ü\n", None, "http://h /%C3%A9%20b?q=%C3%BC"),
        ("http://bücher:1/x", None, "http://xn--bcher-kva:1 /x"),
        ("http://[::1]:6060/x", None, "http://[::1]:6060 /x"),
        ("http://[fe80::1%25eth0]:6060/x", None, "http://[fe80::1]:6060 /x"),
    ],
)
def test_an_address(url: str, seconds: int | None, wanted: str) -> None:
    address = endpoint(url, seconds)
    assert f"{address.origin} {address.target}" == wanted


@pytest.mark.parametrize(
    ("url", "kind", "gc", "wanted"),
    [
        ("http://h", "goroutine", True, "/debug/pprof/goroutine"),
        ("http://h/debug/pprof/goroutine", "heap", True, "/debug/pprof/heap?gc=1"),
        ("http://h/x/heap?a=b", "heap", True, "/x/heap?a=b&gc=1"),
        ("http://h/x/heap?a=b", "goroutineleak", False, "/x/goroutineleak?a=b"),
    ],
)
def test_another_kind_of_the_same_server(url: str, kind: str, gc: bool, wanted: str) -> None:
    assert of_kind(endpoint(url), kind, gc=gc).target == wanted


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://",
        "file:///etc/passwd",
        "ftp://h/x",
        "http://[::1",
        "http://h:port",
        "http://h:99999",
        "http://h:0",
        "http://a..b/",
        "http://a b/",
        "http://a\x1b[2Jb/",
        f"http://{'a' * 64}/",
        "http://h/\udc80",
        "http://\udc80@h/",
    ],
)
def test_no_address(url: str) -> None:
    with pytest.raises(CaptureError, match="is not an HTTP URL"):
        endpoint(url)


SECRET = "s3cr3t"


@pytest.mark.parametrize(
    "url",
    [
        f"http://me:{SECRET}@h:0/",
        f"http://me:{SECRET}@[::1",
        f"ftp://me:{SECRET}@h/",
        f"me:{SECRET}@h:port",
        f"http://me:a/{SECRET}?@h:port",
        f"http://h:port/?token={SECRET}",
    ],
)
def test_what_is_no_address_is_named_without_its_secrets(url: str) -> None:
    with pytest.raises(CaptureError) as caught:
        endpoint(url)
    assert SECRET not in str(caught.value)


def test_an_address_is_printed_without_its_secrets() -> None:
    assert str(endpoint(f"http://me:{SECRET}@h:6060/heap?token={SECRET}")) == "http://h:6060/heap"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://h", ""),
        ("http://@h", ""),
        ("http://Aladdin:open%20sesame@h", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),  # RFC 7617, section 2
        ("http://test:123%C2%A3@h", "Basic dGVzdDoxMjPCow=="),  # section 2.1
        ("h@me:6060", "Basic aDo="),
        ("http://:a%3Ab%40c@h", "Basic OmE6YkBj"),
    ],
)
def test_basic_authentication(url: str, said: str) -> None:
    assert authorization(url) == said


@pytest.mark.parametrize(
    ("location", "wanted"),
    [
        ("/x?a=b", "http://h:6060 /x?a=b"),
        ("x", "http://h:6060 /debug/pprof/x"),
        ("?seconds=1", "http://h:6060 /debug/pprof/heap?seconds=1"),
        ("//other/x", "http://other /x"),
        ("https://u:p@other/x", "https://other /x"),
        ("/a b", "http://h:6060 /a%20b"),
    ],
)
def test_a_redirect(location: str, wanted: str) -> None:
    to = moved(endpoint("http://me:pw@h:6060/debug/pprof/heap?gc=1"), location)
    assert f"{to.origin} {to.target}" == wanted


@pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://h/x", "http://[::1", "x:" + "y" * 60000])
def test_a_redirect_to_nowhere(location: str) -> None:
    with pytest.raises(CaptureError, match="is not an HTTP URL") as caught:
        moved(endpoint("http://h"), location)
    assert len(str(caught.value)) < 500


def test_a_long_path_is_cut_in_messages() -> None:
    assert len(str(endpoint(f"http://h/{'x' * 60000}"))) == 300


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("app.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("[::1]", True),
        ("[::ffff:127.0.0.1]", True),
        ("0.0.0.0", True),
        ("[::]", True),
        ("128.0.0.1", False),
        ("[::2]", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
    ],
)
def test_this_machine(host: str, local: bool) -> None:
    assert endpoint(f"http://{host}:6060").is_local is local


@pytest.mark.parametrize(
    ("path", "kind", "seconds"),
    [
        ("", "heap", 0),
        ("/debug/pprof/goroutine?debug=2", "goroutine", 0),
        ("/debug/pprof/heap?seconds=7&gc=1", "heap", 7),
        ("/debug/pprof/profile", "profile", 30),
        ("/debug/pprof/profile?seconds=5", "profile", 5),
        ("/debug/pprof/heap?noseconds=7", "heap", 0),
        ("/..", "_", 0),
        ("/a%2Fb/%1B[2J/", "_1B_2J", 0),
        ("/" + "x" * 300, "x" * 60, 0),
    ],
)
def test_what_is_served(path: str, kind: str, seconds: int) -> None:
    address = endpoint(f"http://h{path}")
    assert (address.kind, address.seconds) == (kind, seconds)
