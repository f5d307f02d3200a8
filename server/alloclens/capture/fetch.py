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
PATIENCE_SECONDS = 30.0
"""Beside the seconds that were asked for: a large heap takes its time to write down."""


class CaptureError(Exception):
    """A profile that could not be fetched; the text says what was asked and what came."""


def endpoint(url: str, seconds: int | None = None) -> str:
    """Return the address to ask: the URL's own path, or Go's heap profile; `seconds` asks for a difference."""
    parts = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CaptureError(f"{url} is no address; one looks like http://127.0.0.1:6060")
    path = parts.path if parts.path.strip("/") else DEFAULT_PATH
    query = "&".join(q for q in (parts.query, f"seconds={seconds}" if seconds else "") if q)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def fetch(address: str, seconds: int | None = None) -> bytes:
    """Return the profile at an address as it was sent. Raises CaptureError."""
    request = urllib.request.Request(address, headers={"User-Agent": "alloclens"})  # noqa: S310 - see endpoint
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS + (seconds or 0)) as answer:  # noqa: S310
            data: bytes = answer.read(LARGEST_ANSWER + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise CaptureError(f"{address} answered {error.code} {error.reason}{_hint(error.code)}") from error
    except (OSError, http.client.HTTPException) as error:
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


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
