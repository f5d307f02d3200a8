"""Addresses of profiles, without credentials, so that they can be printed."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import SplitResult, quote, unquote, unquote_to_bytes, urljoin, urlsplit

from alloclens.profile.sample_types import LEAKED
from alloclens.sources.access import basic
from alloclens.sources.errors import CaptureError

MAX_KIND_CHARACTERS = 60
"""The kind becomes a part of file names."""
MAX_QUOTE_CHARACTERS = 300
"""Length of quoted server text in a message."""
DEFAULT_PORT = 6060
"""That of net/http/pprof's documentation."""
DEFAULT_PATH = "/debug/pprof/heap"
INDEX = DEFAULT_PATH.removesuffix("/heap")
"""The path of net/http/pprof's page that links to its profiles."""
MAX_PORT = (1 << 16) - 1
PORTS = {"http": 80, "https": 443}
BUCKET = re.compile(r"(s3|gs)://([a-z0-9][a-z0-9._-]{1,221})((?:/[^/?#\x00-\x1f\x7f]+)*)/?")
"""Groups: scheme, name of the bucket, and path."""
CONTAINER = re.compile(
    r"https://([a-z0-9]{3,24}\.blob\.core\.windows\.net)(/[a-z0-9][a-z0-9-]{2,62}(?:/[^/?#\x00-\x1f\x7f]+)*)/?"
)
"""Groups: host of the storage account, and path, which begins with the name of the container."""
FILE = re.compile(r"file://(/[^?#\x00-\x1f\x7f\ud800-\udfff]*)")
"""Group: path, which may have escaped characters."""
NAMESPACE = re.compile(r"pod://([a-z0-9][a-z0-9-]{0,62})(?::([1-9]\d{0,4}))?(/[^?#\x00-\x1f\x7f]*)?")
"""Groups: name of the namespace, port, and path. Nothing in it can be taken for an option of kubectl."""
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9]*://")
HOST = re.compile(r"[a-z0-9._-]+")
SECONDS_PARAMETER = re.compile(r"(?:^|&)seconds=(\d{1,6})(?:&|$)")
DEFAULT_SECONDS = {"profile": 30, "trace": 1}
"""net/http/pprof's default duration by the last part of the path."""
SAFE = "/?%:@!$&'()*+,;=~[]"
"""Characters of a path or query that are not percent-encoded."""


class Address(NamedTuple):
    """One resource of one server."""

    scheme: str
    """http or https; s3 or gs for a bucket; pod for the pods of a namespace; file for a directory."""
    host: str
    """A name in ASCII, or an IP address without brackets; or the name of a bucket or namespace."""
    port: int
    """0 for a bucket."""
    path: str
    query: str
    """Never printed: it may contain a token."""

    @property
    def authority(self) -> str:
        """Host and port for the Host header, with the port only if it is not the default."""
        host = f"[{self.host.partition('%')[0]}]" if ":" in self.host else self.host
        return host if self.port == PORTS.get(self.scheme, 0) else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """The origin, which limits credentials."""
        return f"{self.scheme}://{self.authority}"

    @property
    def target(self) -> str:
        """The request target: path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def kind(self) -> str:
        """The kind of profile as a word: heap for /debug/pprof/heap."""
        return (
            re.sub(r"[^A-Za-z0-9_]+", "_", self.path.rstrip("/").rpartition("/")[2])[:MAX_KIND_CHARACTERS] or "profile"
        )

    @property
    def beside(self) -> Address | None:
        """Go's profile of leaked goroutines on the same server, if this is its whole heap; else None."""
        if self.kind != "heap" or not self.path.endswith(DEFAULT_PATH) or self.seconds:
            return None
        return self._replace(path=f"{self.path.removesuffix('heap')}{LEAKED}")

    @property
    def seconds(self) -> int:
        """How long the server records before it answers."""
        match = SECONDS_PARAMETER.search(self.query)
        return int(match[1]) if match else DEFAULT_SECONDS.get(self.kind, 0)

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            ip = ipaddress.ip_address(self.host)
        except ValueError:
            return False
        mapped = getattr(ip, "ipv4_mapped", None) or ip
        return bool(mapped.is_loopback or mapped.is_unspecified)  # http://0.0.0.0:6060 is what Go programs log

    def __str__(self) -> str:
        return shortened(f"{self.origin}{self.path}")


def endpoint(url: str, seconds: int | None = None) -> Address:
    """Return the address of a profile: the URL's path, or Go's heap profile if that is empty or the index of all profiles.

    `seconds` requests a difference.

    Raises CaptureError.
    """
    if not (address := parsed(url)):
        raise CaptureError(f"{without_secrets(url)} is not an HTTP URL; use one like http://127.0.0.1:6060")
    path = address.path.rstrip("/")
    path = address.path if path and not path.endswith(INDEX) else f"{path or INDEX}/heap"
    parts = [part for part in address.query.split("&") if part and not (seconds and part.startswith("seconds="))]
    return address._replace(path=path, query="&".join([*parts, f"seconds={seconds}"] if seconds else parts))


def of_kind(address: Address, kind: str, *, gc: bool = False) -> Address:
    """Return the address of another kind of profile on the same server; `gc` has Go collect garbage before a heap profile."""
    query = "&".join(part for part in (address.query, "gc=1" if gc and kind == "heap" else "") if part)
    return address._replace(path=f"{address.path.rpartition('/')[0]}/{kind}", query=query)


def moved(address: Address, location: str) -> Address:
    """Return the target of a redirect, without user and password. Raises CaptureError."""
    try:
        url = urljoin(f"{address.origin}{address.target}", location)
    except ValueError:  # unbalanced brackets
        url = ""
    if not (to := parsed(url)):
        raise CaptureError(f"{address} redirects to {without_secrets(location)}, which is not an HTTP URL")
    return to


def authorization(url: str) -> str:
    """Return the Authorization header for the user and password in a URL; "" if it has none."""
    user, _, _ = _split(url).netloc.rpartition("@")
    name, _, password = user.partition(":")
    return basic(unquote_to_bytes(name), unquote_to_bytes(password)) if user else ""


def parsed(url: str) -> Address | None:
    """Parse an HTTP URL, dropping user, password and fragment; None if it is not one."""
    try:
        url.encode()  # fails for a lone surrogate
        parts = _split(url)
        port = parts.port if parts.port is not None else PORTS[parts.scheme]
        host = _host(unquote(parts.hostname or ""))
    except (
        ValueError,
        KeyError,
    ):  # also brackets that are not closed, a port that is not a number, a name too long for DNS
        return None
    if parts.scheme not in PORTS or port == 0:
        return None
    return Address(parts.scheme, host, port, quote(parts.path, SAFE), quote(parts.query, SAFE))


def bucket(url: str) -> Address | None:
    """Parse the URL of a bucket, or container of Azure, or of a path in it, such as s3://profiles/prod; None if it is not one."""
    if match := CONTAINER.fullmatch(url):
        return Address("https", match[1], PORTS["https"], match[2], "")
    match = BUCKET.fullmatch(url)
    return Address(match[1], match[2], 0, match[3], "") if match else None


def directory(url: str) -> Address | None:
    """Parse the URL of a directory of this machine, such as file:///mnt/profiles; None if it is not one."""
    match = FILE.fullmatch(url)
    return Address("file", "", 0, quote(match[1], SAFE), "") if match else None


def namespace(url: str) -> Address | None:
    """Parse the URL of the pods of a namespace, such as pod://shop:6060; None if it is not one."""
    match = NAMESPACE.fullmatch(url)
    if not match or int(match[2] or 0) > MAX_PORT:
        return None
    path = quote(match[3] or "", SAFE)
    return Address("pod", match[1], int(match[2] or DEFAULT_PORT), path if path.strip("/") else DEFAULT_PATH, "")


def without_secrets(url: str) -> str:
    """Return the printable part of a URL that may be malformed: no user, password or query."""
    scheme = SCHEME.match(url)
    rest = url[scheme.end() :] if scheme else url
    return shortened(f"{scheme[0] if scheme else ''}{rest.rpartition('@')[2].partition('?')[0]}")


def _split(url: str) -> SplitResult:
    return urlsplit(url if "://" in url else f"http://{url}")


def _host(name: str) -> str:
    """Return a host name in ASCII. Raises ValueError."""
    if ":" in name:
        return str(ipaddress.ip_address(name))
    ascii_name = name.encode("idna").decode()
    if not HOST.fullmatch(ascii_name):
        raise ValueError("not the name of a host")
    return ascii_name


def shortened(text: str) -> str:
    """Shorten a server's text for a message."""
    return text if len(text) <= MAX_QUOTE_CHARACTERS else f"{text[: MAX_QUOTE_CHARACTERS - 1]}…"
