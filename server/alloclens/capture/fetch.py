"""One profile from a running process's HTTP endpoint."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.parse
import urllib.request

from alloclens.profile.errors import ProfileError
from alloclens.profile.formats import looks_like, read

DEFAULT_PATH = "/debug/pprof/heap"
LARGEST_ANSWER = 1 << 30
"""Bytes."""
LONGEST_REASON = 300
"""Bytes."""
PATIENCE_SECONDS = 30.0
"""Beside the seconds that were asked for: a large heap takes its time to write down."""


class CaptureError(Exception):
    """A profile that could not be fetched; the text says what was asked and what came."""


def endpoint(url: str, seconds: int | None = None) -> str:
    """Return the address to ask: the URL's own path, or Go's heap profile; `seconds` asks for a difference."""
    parts = _parts(url)
    path = parts.path if parts.path.strip("/") else DEFAULT_PATH
    query = "&".join(q for q in (parts.query, f"seconds={seconds}" if seconds else "") if q)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def _parts(url: str) -> urllib.parse.SplitResult:
    try:
        parts = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is no number
        known = False
    if not known:
        raise CaptureError(f"{url} is no address; one looks like http://127.0.0.1:6060")
    return parts


def fetch(address: str, seconds: int | None = None) -> bytes:
    """Return the profile at an address as it was sent. Raises CaptureError."""
    request = urllib.request.Request(address, headers={"User-Agent": "alloclens"})  # noqa: S310 - see endpoint
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS + (seconds or 0)) as answer:  # noqa: S310
            data: bytes = answer.read(LARGEST_ANSWER + 1)
    except urllib.error.HTTPError as error:
        said = f"{error.code} {error.reason}{_hint(error.code)}{_in_its_words(error)}"
        raise CaptureError(f"{address} answered {said}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a name that cannot be sent
        raise CaptureError(f"{address} cannot be reached: {_reason(error)}") from error
    return _checked(data, address)


def _checked(data: bytes, address: str) -> bytes:
    if len(data) > LARGEST_ANSWER:
        raise CaptureError(f"{address} answered with more than {LARGEST_ANSWER >> 20} MiB")
    try:
        read(data)
    except ProfileError as error:
        raise CaptureError(f"{address} answered, but not with a profile: {error or looks_like(data)}") from error
    return data


def _hint(status: int) -> str:
    return ' (does the program import "net/http/pprof"?)' if status == http.HTTPStatus.NOT_FOUND else ""


def _in_its_words(error: urllib.error.HTTPError) -> str:
    """Return the first line of an answer, if that is text: net/http/pprof says there what was wrong."""
    try:
        with error:
            line = error.read(LONGEST_REASON).decode("utf-8", "replace").strip().partition("\n")[0].strip()
    except (OSError, http.client.HTTPException):
        return ""
    return f": {line}" if line and line.isprintable() and not line.startswith("<") else ""


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
