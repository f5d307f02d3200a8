"""Fetches a profile from an HTTP endpoint of a running process, and asks servers that keep profiles."""

from __future__ import annotations

import math
import re
import time
import zlib
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

import h11

from alloclens.profile.errors import ProfileError, Unrecognized
from alloclens.profile.formats import MAX_PROFILE_BYTES, looks_like, read
from alloclens.profile.sample_types import LEAKED
from alloclens.sources.access import NOBODY, Access, may_pass, why
from alloclens.sources.address import moved, shortened
from alloclens.sources.errors import CaptureError
from alloclens.sources.proxies import proxy_for
from alloclens.sources.request import Deadline, Response, TooLargeError, in_time, send

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alloclens.sources.access import Header
    from alloclens.sources.address import Address

MAX_ANSWER_BYTES = MAX_PROFILE_BYTES
"""Size of an answer, both as sent and decoded."""
MAX_REDIRECTS = 10
ANSWER_TIMEOUT_SECONDS = 30.0
"""Added to the requested seconds: writing a large heap takes time."""
MAX_WAIT_SECONDS = 24 * 3600.0
REDIRECTS = (301, 302, 303, 307, 308)
ENCODINGS = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
"""zlib's window bits for each; deflate is sent with and without a header."""
TEMPORARY = (408, 425, 429)
"""Status codes, besides those from 500 on, after which a retry may succeed."""
QUOTED = re.compile(r":? *(?:bytearray\(|b['\"]).*", re.DOTALL)
"""The bytes that h11 quotes in its errors."""
SAMPLE_LESS = "let the process sample less often, as with a larger runtime.MemProfileRate in Go"
HINTS = {
    401: "--header, --bearer-file or user:password@ in the URL say who asks",
    404: 'does the program import "net/http/pprof"?',
    413: SAMPLE_LESS,
}
UNKNOWN_PROFILE = b"Unknown profile"
"""What net/http/pprof says of a profile that the program has not."""
TAKES = {LEAKED: "it takes Go 1.26 and a build with GOEXPERIMENT=goroutineleakprofile, or a later version"}
"""What it takes to have a profile, by kind."""


class Body(NamedTuple):
    """What a request sends."""

    data: bytes | None
    """None for a GET."""
    headers: tuple[Header, ...]
    """Those that describe it, and others that are no secrets."""


class Fetched(NamedTuple):
    """A profile as sent, without its content encoding."""

    data: bytes
    redirects: tuple[str, ...]
    """Messages about redirects."""


def fetch(address: Address, access: Access = NOBODY, hosts: frozenset[str] | None = None) -> Fetched:
    """Fetch the profile at an address, within ANSWER_TIMEOUT_SECONDS plus the requested seconds.

    `hosts` are those besides this machine that may be asked, also after a redirect; None for any.

    Raises CaptureError with a message that never contains credentials.
    """
    try:
        return _fetched(address, access, hosts)
    except CaptureError as error:
        values = (value for _, value in parse_qsl(address.query))
        text = access.hidden(str(error), address.query, *values)
        raise error.said(text) from error


def _fetched(address: Address, access: Access, hosts: frozenset[str] | None) -> Fetched:
    deadline = Deadline(ANSWER_TIMEOUT_SECONDS + address.seconds)
    at, redirects = address, list[str]()
    while True:
        name = f"{at} (redirected from {address})" if redirects else str(at)
        if hosts is not None and not at.is_local and at.host not in hosts:
            raise CaptureError(f"{name}: only this machine and allowed hosts may be asked, and {at.host} is neither")
        known = at.origin == address.origin
        response = _response(at, access if known else access.anonymous(), deadline, name, None, HINTS)
        location = response.headers.get("location") if response.status in REDIRECTS else None
        if location is None:
            _refuse(response, name, _hints(response, at))
            return Fetched(_profile(response, name), tuple(redirects))
        if len(redirects) == MAX_REDIRECTS:
            raise CaptureError(f"{name} redirects again; at most {MAX_REDIRECTS} redirects are followed")
        before, at = at, moved(at, location)
        redirects.append(f"{before} redirects to {at}{_withheld(at, address, access)}")


def ask(address: Address, access: Access, body: Body, hints: Mapping[int, str], name: str = "") -> Response:
    """Ask a server and return the answer, within ANSWER_TIMEOUT_SECONDS. Redirects are not followed.

    `hints` say what to do about a status, and 413 also about an answer that is too large, 0 about none. Messages call the
    address by `name`. Raises CaptureError, also if the status is not 200, with a message that never contains credentials.
    """
    name = name or str(address)
    try:
        response = _response(address, access, Deadline(ANSWER_TIMEOUT_SECONDS), name, body, hints)
        _refuse_redirect(response, address)
        _refuse(response, name, hints)
    except CaptureError as error:
        raise error.said(access.hidden(str(error))) from error
    return response


def _withheld(at: Address, address: Address, access: Access) -> str:
    secret = at.origin != address.origin and access != access.anonymous()
    return f"; headers and certificate are only for {address.origin} and are not sent there" if secret else ""


def _response(
    at: Address, access: Access, deadline: Deadline, name: str, body: Body | None, hints: Mapping[int, str]
) -> Response:
    """Send one request and return the decoded answer."""
    try:
        response = in_time(deadline, lambda: _asked(at, access, deadline, body))
        return response._replace(body=_decoded(response, name))
    except TooLargeError as error:
        raise CaptureError(f"{name} answered with more than {MAX_ANSWER_BYTES >> 20} MiB ({hints[413]})") from error
    except h11.LocalProtocolError as error:
        raise CaptureError(f"{name}: the request cannot be sent: {error}") from error
    except h11.RemoteProtocolError as error:
        message = shortened(QUOTED.sub("", str(error)))
        raise CaptureError(f"{name} sent an incomplete or invalid HTTP response: {message}", passing=True) from error
    except OSError as error:
        if isinstance(error, TimeoutError) and not error.errno:  # ours, not the operating system's
            message = f"gave up after {deadline.seconds:g} s while {deadline.doing}"
            raise CaptureError(f"{name}: {message}", passing=True) from error
        hint = f" ({hints[0]})" if 0 in hints else ""
        raise CaptureError(f"{name}: {deadline.doing} failed: {why(error)}{hint}", passing=may_pass(error)) from error


def _asked(at: Address, access: Access, deadline: Deadline, body: Body | None) -> Response:
    given = access.sent() + (body.headers if body else ())
    names = {name.lower() for name, _ in given}
    ours = ("Host", at.authority), ("User-Agent", "alloclens"), ("Accept-Encoding", "identity"), ("Connection", "close")
    headers = [*(header for header in ours if header[0].lower() not in names), *given]
    data = body.data if body else None
    return send(at, headers, proxy_for(at), access.context, deadline, MAX_ANSWER_BYTES, data)


def _decoded(response: Response, name: str) -> bytes:
    """Return the body without its content encoding. Raises CaptureError and TooLargeError."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity") or not response.body:
        return response.body
    for window_bits in ENCODINGS.get(encoding, ()):
        unpacker = zlib.decompressobj(window_bits)
        try:
            body = unpacker.decompress(response.body, MAX_ANSWER_BYTES + 1)
        except zlib.error:
            continue
        if len(body) > MAX_ANSWER_BYTES:
            raise TooLargeError
        if unpacker.eof:
            return body
    raise CaptureError(f"{name} answered with a body that cannot be decoded (Content-Encoding: {encoding})")


def _refuse_redirect(response: Response, address: Address) -> None:
    if response.status in REDIRECTS and "location" in response.headers:
        to = moved(address, response.headers["location"])
        raise CaptureError(f"{address} redirects to {to}, which is not followed; is the URL right?")


def _hints(response: Response, at: Address) -> Mapping[int, str]:
    """Return HINTS; where net/http/pprof itself says that it has no such profile, with what that one takes."""
    if not response.body.startswith(UNKNOWN_PROFILE):
        return HINTS
    return {**HINTS, 404: TAKES.get(at.kind, "/debug/pprof/ lists those that there are")}


def _refuse(response: Response, name: str, hints: Mapping[int, str]) -> None:
    """Raise CaptureError unless the status is 200."""
    if response.status != HTTPStatus.OK:
        hint = f" ({hints[response.status]})" if response.status in hints else ""
        text = f"{name} answered {response.status} {response.reason}".rstrip()
        wait = _wait(response)
        again = f"; it asks to wait for {math.ceil(wait)} s" if wait else ""
        passing = response.status in TEMPORARY or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        passing &= response.status != HTTPStatus.NOT_IMPLEMENTED
        message = f"{text}{hint}{_in_its_words(response.body)}{again}"
        raise CaptureError(message, passing=passing, wait=wait, status=response.status)


def _profile(response: Response, name: str) -> bytes:
    try:
        read(response.body)
    except ProfileError as error:
        message = str(error) or looks_like(response.body)
        passing = not isinstance(error, Unrecognized)  # for example truncated, by a program that exits
        raise CaptureError(f"{name} answered, but not with a profile: {message}", passing=passing) from error
    return response.body


def _in_its_words(body: bytes) -> str:
    """Return the first line of a text answer, where net/http/pprof says what was wrong."""
    try:
        line = body.decode().strip().partition("\n")[0].strip()
    except UnicodeDecodeError:
        return ""
    return f": {shortened(line)}" if line and not line.startswith("<") else ""


def _wait(response: Response) -> float:
    """Return the seconds of Retry-After, 0 without it."""
    message = response.headers.get("retry-after", "")
    try:
        wait = float(message) if message.isdigit() else parsedate_to_datetime(message).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError, OSError):  # neither a number nor a time
        return 0.0
    return min(max(0.0, wait), MAX_WAIT_SECONDS)
