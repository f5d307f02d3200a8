"""Credentials of requests, and trusted certificates."""

from __future__ import annotations

import base64
import re
import socket
import ssl
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alloclens.disk import read_file, reason
from alloclens.sources.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Header = tuple[str, str]
VALUE = re.compile(r"[^\x00-\x20\x7f\ud800-\udfff](?:[^\x00-\x1f\x7f\ud800-\udfff]*[^\x00-\x20\x7f\ud800-\udfff])?")
HEADER = re.compile(rf"([!#$%&'*+.^_`|~0-9A-Za-z-]+): *({VALUE.pattern}) *")
FRAMING = frozenset({"content-length", "transfer-encoding", "upgrade", "expect"})
"""Headers that frame a request or its answer; users may not set them."""
NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
"""OpenSSL's errors for a server that does not speak TLS."""
MAX_TOKEN_BYTES = 64 << 10
MIN_SECRET_CHARACTERS = 4
"""Shorter secrets occur in too many words to be redacted."""


@dataclass(frozen=True)
class Access:
    """Credentials for the requested server only. None of them is printed, only the names of their files."""

    headers: tuple[Header, ...] = ()
    bearer_file: Path | None = None
    cacert: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    """Key of `cert`; None if it is in the same file."""

    def sent(self) -> tuple[Header, ...]:
        """Return the headers to send. Reads the token again, since it may be renewed. Raises CaptureError."""
        if self.bearer_file is None:
            return self.headers
        token = token_in(self.bearer_file, str(self.bearer_file))
        return (*self.headers, ("Authorization", f"Bearer {token}"))

    def hidden(self, text: str, *more: str) -> str:
        """Redact credentials that a server may have echoed, and these secrets."""
        for secret in sorted({*self._secrets(), *more}, key=len, reverse=True):
            if len(secret) >= MIN_SECRET_CHARACTERS:
                text = text.replace(secret, "…")
        return text

    def _secrets(self) -> Iterator[str]:
        try:
            values = [value for _, value in self.sent()]
        except CaptureError:  # so the token was not sent
            values = [value for _, value in self.headers]
        for value in values:
            scheme, _, rest = value.partition(" ")
            yield from (value, rest)
            if scheme == "Basic":
                with suppress(ValueError):
                    both = base64.b64decode(rest, validate=True).decode("utf-8", "replace")
                    yield from (both, both.partition(":")[2])

    def anonymous(self) -> Access:
        """Return the access for servers other than the requested one."""
        return Access(cacert=self.cacert)

    def context(self) -> ssl.SSLContext:
        """Return a TLS context. Reads the files again, since they may be renewed. Raises CaptureError."""
        with _usable(self.cacert):
            context = ssl.create_default_context(cafile=self.cacert)
        if self.cert:
            with _usable(self.cert, self.key):
                context.load_cert_chain(self.cert, self.key, password=_no_password)
        return context


NOBODY = Access()
"""No credentials."""


def token_in(file: str | Path, name: str) -> str:
    """Return the token in a file, which messages call by a name. Raises CaptureError."""
    try:
        text = read_file(file, MAX_TOKEN_BYTES).decode("utf-8-sig").strip()
    except OSError as error:
        raise CaptureError(f"{name} cannot be read: {reason(error)}") from error
    except UnicodeDecodeError:
        text = ""
    return checked_token(text, name)


def checked_token(text: str, name: str) -> str:
    """Return a token; messages call the place that has it by a name. Raises CaptureError if it cannot be one."""
    if not VALUE.fullmatch(text):
        raise CaptureError(f"{name} does not contain a token (one line of text)")
    return text


def basic(user: bytes, password: bytes) -> str:
    """Return the value of the header that sends a user and a password."""
    return f"Basic {base64.b64encode(user + b':' + password).decode()}"


def header(text: str) -> Header:
    """Parse `Name: value`. Raises ValueError with a message that does not contain the value."""
    match = HEADER.fullmatch(text)
    if not match:
        raise ValueError("a header has the form 'Name: value', without control characters")
    if match[1].lower() in FRAMING:
        raise ValueError(f"{match[1]} cannot be set in a request for a profile")
    return match[1], match[2]


def why(error: OSError | ValueError) -> str:
    """Return the message of an error, including OpenSSL's, without numbers and source locations."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {error.verify_message} (--cacert names the authorities to trust)"
    if isinstance(error, ssl.SSLError) and error.reason in NOT_TLS:
        return "the server does not speak TLS; its URL begins with http://"
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return reason(error)


def may_pass(error: OSError) -> bool:
    """Return whether a request that failed so may succeed later: not if there is no such name, or the server's TLS is not what is expected."""
    if isinstance(error, socket.gaierror):
        return error.errno != socket.EAI_NONAME
    return not (
        isinstance(error, ssl.SSLCertVerificationError) or (isinstance(error, ssl.SSLError) and error.reason in NOT_TLS)
    )


@contextmanager
def _usable(*files: Path | None) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:  # SSLError is an OSError
        names = " with ".join(str(file) for file in files if file)
        raise CaptureError(f"{names} cannot be used: {why(error)}") from error


def _no_password() -> str:
    """Keep OpenSSL from asking the terminal."""
    raise ValueError("the key is encrypted")
