"""How what [[sources]] name is asked, with the user's credentials, and what each type of source has to provide."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import urlencode

import msgspec

from alloclens.disk import real
from alloclens.paths import is_within
from alloclens.profile.errors import Malformed
from alloclens.profile.joined import HEAP, total
from alloclens.profile.sample_types import HEAP_DEFAULT
from alloclens.settings.trust import Grant
from alloclens.sources.access import NOBODY, VALUE, Access, basic, checked_token, token_in
from alloclens.sources.address import (
    Address,
    authorization,
    bucket,
    directory,
    endpoint,
    namespace,
    parsed,
    without_secrets,
)
from alloclens.sources.errors import CaptureError
from alloclens.sources.fetch import SAMPLE_LESS, Body, ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alloclens.settings.settings import Source
    from alloclens.sources.access import Header
    from alloclens.sources.request import Response

HINTS = {
    400: "is `select` a label selector?",
    401: "do the user, tenant and token of the source say who asks?",
    403: "may this user read this tenant?",
    404: "is the URL that of the server itself?",
    413: f"narrow `select`, or ask for less with --since; if one heap is that large, {SAMPLE_LESS}",
    429: "it has too many requests; try again later",
}
BUCKETS = {
    "azure": "https://account.blob.core.windows.net/profiles/prod",
    "gcs": "gs://profiles/prod",
    "s3": "s3://profiles/prod",
}
"""The types of sources that are buckets, and a URL as each has it."""
CREDENTIALS = {"user": "user", "token_env": "tokenEnv", "token_file": "tokenFile"}
OPTIONAL = {"select": "select", "context": "context", "tenant": "tenant", **CREDENTIALS}
"""The fields of a source that not all types have, and how the settings call them."""
OF_SERVERS = ("select", "tenant", *CREDENTIALS)
OF_TYPES = {
    "http": tuple(CREDENTIALS),
    "kubernetes": ("select", "context"),
    "parca": OF_SERVERS,
    "pyroscope": OF_SERVERS,
}
"""Which of them each type has; buckets have none."""
VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,59}")
"""Names of environment variables as they are usually written. Few tokens are like this."""
MAX_TEXT_CHARACTERS = 200
"""Length of each text that is shown when the user is asked for the permission."""
MAX_SKEW_SECONDS = 60.0
MAX_TIME = 4_000_000_000_000
"""Milliseconds since 1970: in the year 2096."""
Answer = TypeVar("Answer", bound=msgspec.Struct)

Process = tuple[tuple[str, str], ...]
"""The labels that tell a process from others: their names and values."""


class RemoteProcess(NamedTuple):
    """A process of which a source has snapshots in a span of time."""

    labels: Process
    newest: int
    """When the newest was taken, in milliseconds since 1970, or at most `within` seconds after that."""
    before: float
    """The bytes in use at the begin of the span, as the source says."""
    now: float
    """The same at its end."""
    within: float = 0.0
    is_course: bool = True
    """Whether these are of two times."""


class RemoteSnapshot(NamedTuple):
    """One snapshot that a source keeps."""

    taken: int
    """Milliseconds since 1970."""
    labels: Process
    key: str
    """What the source calls it; "" if it has no name, but is the only one in the interval that ends when it was taken."""
    in_use: float
    """The bytes that it has in use, as the source says. More than these would be the sum of several snapshots."""


class FetchSpan(NamedTuple):
    """What to fetch."""

    seconds: float
    """Until now."""
    every: float
    """Seconds in which at most one snapshot of a process is fetched."""
    most: int = 100
    """How many processes: those whose bytes in use grow most."""
    processes: tuple[Process, ...] = ()
    """Only these, if there are any."""


class Overview(NamedTuple):
    """What a source has."""

    text: str
    """In a few words."""
    services: tuple[str, ...] = ()
    """Their names, if the source can list them at little cost."""
    label: str = ""
    """The label that names a service in `select`."""


class Span(NamedTuple):
    """The times to look at, in milliseconds since 1970, both included."""

    begin: int
    end: int


class RemoteListing(NamedTuple):
    """The snapshots that a source has of a process in a span of time, oldest first."""

    snapshots: tuple[RemoteSnapshot, ...]
    types: Mapping[str, str]
    """The types of profile.joined.HEAP that they have, and what the source calls each; none if it keeps whole profiles."""
    notes: tuple[str, ...] = ()


class SourceType(NamedTuple):
    """How a type of source is asked. Each raises CaptureError."""

    overview: Callable[[Remote], Overview]
    """Returns what the server has, at little cost: this tests a connection."""
    processes: Callable[[Remote, float], list[RemoteProcess]]
    """Returns the processes of these last seconds, each once. What it costs should not grow with their snapshots."""
    snapshots: Callable[[Remote, FetchSpan, Process], RemoteListing]
    """Returns the snapshots of a process in a span. Of those in one interval of `every` seconds, it may leave out all but one."""
    parts: Callable[[Remote, RemoteListing, RemoteSnapshot], list[bytes]]
    """Returns a profile.proto of each type of a snapshot, or the profile if the source keeps whole ones.

    It raises ProfileError if what it gets is not that snapshot.
    """
    beyond: Callable[[Remote, float], str] = lambda _remote, _seconds: ""
    """Says what is known where no heap is of these last seconds: about the server's clock, or when the newest was; "" if that is nothing, or costs much."""
    allocated: Callable[[Remote, RemoteListing, Process, Span], list[bytes]] | None = None
    """Returns what a process allocated in a span, a profile.proto of each type; None if snapshots have that since its start."""
    live: bool = False
    """Whether each process is asked itself, for the snapshot of now. If one does not answer, the others still may."""


@dataclass(frozen=True)
class Remote:
    """A server, a bucket or a cluster, and how to ask it."""

    source: Source
    folder: str
    """The workspace that has the source: real."""
    address: Address
    hints: Mapping[int, str] = field(default_factory=lambda: HINTS, compare=False)
    """What to do if it answers with a status, as `ask` has them."""

    @property
    def asks(self) -> str:
        """What is asked, and with which credentials: this is what the user allows.

        The author of the settings may be a stranger, so the credentials come first, and free text is in quotes and limited.
        """
        source = self.source
        if source.type in BUCKETS:
            return f"{source.type} at {self.address}, with your own credentials"
        if source.type == "kubernetes":
            which = f"the context {_quoted(source.context)}" if source.context else "the current context"
            return f"kubernetes at {self.address}, with your own credentials, in {which} of your kubeconfig"
        parts = [
            ("with the token in the variable", source.token_env),
            ("with the token in the file", source.token_file),
        ]
        parts += [("as the user", source.user), ("of the tenant", source.tenant)]
        given = (f"{words} {_quoted(value)}" for words, value in parts if value)
        return ", ".join([f"{source.type} at {self.address}", *given])

    @property
    def grant(self) -> Grant:
        """The permission that is needed before anything is asked."""
        return Grant(self.folder, f"sources.{self.source.name}", self.asks)

    def selector(self, process: Process = ()) -> str:
        """Return the label selector of the source, for one process if it is given."""
        given = self.source.select.strip().removeprefix("{").removesuffix("}").strip().rstrip(",")
        pairs = [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in process]
        return f"{{{','.join([*filter(None, [given]), *pairs])}}}"

    def post(self, path: str, data: bytes, content: str) -> Response:
        """Return the answer to a POST at a path of the server. Raises CaptureError."""
        return self._asked(path, "", Body(data, (("Content-Type", content),)))

    def get(self, path: str, query: Mapping[str, str]) -> Response:
        """Return the answer to a GET at a path of the server, or at its address if that is "". Raises CaptureError."""
        return self._asked(path, urlencode(query), Body(None, ()))

    def _asked(self, path: str, query: str, body: Body) -> Response:
        """Send a request, with the token as it is now."""
        tenant: tuple[Header, ...] = (("X-Scope-OrgID", self.source.tenant),) if self.source.tenant else ()
        whole = f"{self.address.path.rstrip('/')}/{path}" if path else self.address.path
        address = self.address._replace(path=whole, query=query)
        return ask(address, self._access(), body._replace(headers=(*body.headers, *tenant)), self.hints)

    def _access(self) -> Access:
        source, token = self.source, _token(self.source, self.folder)
        if source.user:
            return Access((("Authorization", basic(source.user.encode(), token.encode())),))
        return Access((("Authorization", f"Bearer {token}"),)) if token else NOBODY


def remote(source: Source, folder: str) -> Remote:
    """Return what a source of the workspace in a folder names, without asking it anything. Raises CaptureError."""
    address = _address(source)
    of_type = OF_TYPES.get(source.type, ())
    given = [name for name in OPTIONAL if getattr(source, name) and name not in of_type]
    if given:
        own = given[0] in CREDENTIALS
        hint = "; its credentials are those of your own tools" if own else ""
        raise CaptureError(f"{address}: a source of the type {source.type} has no `{OPTIONAL[given[0]]}`{hint}")
    _check_names(source)
    _check_texts(source)
    if source.token_file:
        _token_path(source.token_file, folder)
    return Remote(source, folder, address)


def span(seconds: float, ahead: float = 0.0) -> Span:
    """Return the last seconds of a clock that is ahead of this machine's, but nothing before 1970 or after MAX_TIME."""
    end = min(max(round((time.time() + ahead) * 1000), 0), MAX_TIME)
    return Span(max(end - round(seconds * 1000), 0), end)


class HeapTypes(NamedTuple):
    """What a server calls the types of a heap, and its clock."""

    named: dict[str, str]
    """By sample type."""
    within: Span
    """The span that was asked for, by its clock."""
    ahead: float
    """By how many seconds its clock is ahead; 0 if it is about right."""


TypesIn = Callable[["Remote", Span], tuple[dict[str, str], float]]
"""Returns what a server calls the types of a heap in a span, by sample type, and by how many seconds its clock is ahead."""


def heaps_of(remote: Remote, seconds: float, types: TypesIn) -> HeapTypes:
    """Return the types of a heap that a server has had in these last seconds, by its clock. Raises CaptureError."""
    named, ahead = types(remote, span(seconds))
    within = span(seconds, ahead)
    if ahead:
        named, _ = types(remote, within)
    return HeapTypes(named, within, ahead)


def listed(remote: Remote, heaps: HeapTypes, found: Iterable[RemoteSnapshot], left_out: str = "") -> RemoteListing:
    """Return a listing of what was found; `left_out` says what was not taken, and why."""
    return RemoteListing(in_order(found), heaps.named, tuple(filter(None, (clock_note(remote, heaps), left_out))))


def clock_note(remote: Remote, heaps: HeapTypes) -> str:
    """Say that a server's clock differs from this machine's; "" if it is about right."""
    how = "ahead" if heaps.ahead > 0 else "behind"
    minutes = f"{abs(heaps.ahead) / 60:.0f} min {how}"
    return f"the clock of {remote.address} is {minutes}; its time counts" if heaps.ahead else ""


def processes_of(found: Iterable[RemoteSnapshot]) -> list[RemoteProcess]:
    """Return the processes of some snapshots."""
    of: dict[Process, list[RemoteSnapshot]] = {}
    for one in in_order(found):
        of.setdefault(one.labels, []).append(one)
    return [RemoteProcess(labels, own[-1].taken, own[0].in_use, own[-1].in_use) for labels, own in of.items()]


def in_order(found: Iterable[RemoteSnapshot]) -> tuple[RemoteSnapshot, ...]:
    """Return snapshots in the order in which they were taken."""
    return tuple(sorted(found, key=attrgetter("taken")))


def check_in_use(parts: Mapping[str, bytes], snapshot: RemoteSnapshot) -> None:
    """Raise Malformed unless these types of what is in use, profile.protos, are of a snapshot, and not of several."""
    sums = {name: total(part) for name, part in parts.items()}
    if sums[HEAP_DEFAULT] > snapshot.in_use:
        raise Malformed(
            f"{sums[HEAP_DEFAULT]} bytes are in use in it, but {snapshot.in_use:.0f} in the snapshot that was asked for"
        )
    if missing := [name for name, sum_ in sums.items() if not sum_]:
        raise Malformed(f"the server has no {missing[0]} of it")


def decoded(remote: Remote, response: Response, kind: type[Answer]) -> Answer:
    """Return an answer in JSON, in which 64-bit integers are strings. Raises CaptureError."""
    try:
        return msgspec.json.decode(response.body, type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        server = remote.source.type.capitalize()
        is_page = response.body.lstrip()[:1] == b"<"
        what = "it sends a page of HTML, such as one to log in" if is_page else error
        raise CaptureError(f"{remote.address} does not answer as {server} does: {what}; is the URL right?") from error


def heap_types(named: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the types of HEAP among pairs of a sample type and what the server calls it: the first of several."""
    calls = dict(reversed(named))
    return {name: calls[name] for name in HEAP if name in calls}


def summary(services: Overview, heaps: HeapTypes, newest: int, clock: str) -> Overview:
    """Return an overview of a server with its heaps, of which the newest was taken at a time (0 if none is new), and a note on its clock."""
    heap = f"newest heap {moment(newest)}" if newest else "no new heap" if HEAP_DEFAULT in heaps.named else "no heaps"
    return services._replace(text="; ".join(filter(None, (f"{services.text}, {heap}", clock))))


def named_services(names: Sequence[str], label: str, noun: str) -> Overview:
    """Return an overview with only the services, or what a server calls them, that a label names."""
    return Overview(f"{len(names)} {noun}{'s' * (len(names) != 1)}", tuple(names), label)


def in_words(seconds: float) -> str:
    """Return a span in the largest unit that has a whole number of it: 1 h, 90 min."""
    size, unit = next(((size, unit) for size, unit in ((3600, "h"), (60, "min")) if seconds % size == 0), (1, "s"))
    return f"{seconds / size:.0f} {unit}"


def moment(milliseconds: int) -> str:
    """Return a time in words."""
    return f"{datetime.fromtimestamp(min(milliseconds, MAX_TIME) // 1000, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"


def skew(response: Response) -> float:
    """Return by how many seconds the server's clock is ahead of this machine's; 0 if it is about the same, or unknown."""
    try:
        ahead = parsedate_to_datetime(response.headers.get("date", "")).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError, OSError):
        return 0.0
    return ahead if abs(ahead) > MAX_SKEW_SECONDS else 0.0


def _address(source: Source) -> Address:
    """Return the address of a source. Raises CaptureError."""
    if source.type in BUCKETS:
        example = BUCKETS[source.type]
        address = bucket(source.url)
        if not address or address.scheme != example.partition(":")[0]:
            raise CaptureError(f"{without_secrets(source.url)} is not a bucket; use a URL like {example}")
        return address
    if source.type == "directory":
        if not (shared := directory(source.url)):
            raise CaptureError(f"{without_secrets(source.url)} is not a directory; use a URL like file:///mnt/profiles")
        return shared
    if source.type == "kubernetes":
        if not (pods := namespace(source.url)):
            raise CaptureError(
                f"{without_secrets(source.url)} does not name a namespace; use a URL like pod://shop:6060"
            )
        return pods
    if not (server := parsed(source.url)):
        raise CaptureError(
            f"{without_secrets(source.url)} is not an HTTP URL; use one like https://pyroscope.example.com"
        )
    if authorization(source.url) or server.query:
        raise CaptureError(
            f"{server}: the URL of a source has no user, password or query, since settings are shared; "
            "use `user` with `tokenEnv` or `tokenFile`"
        )
    return endpoint(source.url) if source.type == "http" else server


def _check_names(source: Source) -> None:
    """Raise CaptureError where the token itself may have been given, not the name of what has it: no message shows that."""
    variable = source.token_env
    if variable and not VARIABLE.fullmatch(variable) and variable not in os.environ:
        raise CaptureError(
            "tokenEnv does not name an environment variable that is set; it takes a name, such as PYROSCOPE_TOKEN, never the token"
        )
    if source.token_file and not Path(os.path.expanduser(source.token_file)).is_absolute():
        raise CaptureError("tokenFile takes the path of a file, absolute or below ~, never the token")


def _check_texts(source: Source) -> None:
    """Raise CaptureError where a text cannot be sent, or would hide the rest of a question. No message shows it: it may be a secret."""
    for name, of_settings in OPTIONAL.items():
        if name != "select" and len(getattr(source, name)) > MAX_TEXT_CHARACTERS:
            raise CaptureError(f"`{of_settings}` has more than {MAX_TEXT_CHARACTERS} characters")
    for name in ("tenant", "user"):
        text = getattr(source, name)
        if text and not VALUE.fullmatch(text):
            raise CaptureError(f"`{name}` cannot be sent: it begins or ends with a space, or has control characters")
    if ":" in source.user:
        raise CaptureError("`user` cannot be sent: it has a colon, which ends a user")
    if source.token_env and source.token_file:
        raise CaptureError("use only one of tokenEnv and tokenFile")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _token(source: Source, folder: str) -> str:
    """Return the token of a source; "" if it has none. Raises CaptureError."""
    if source.token_env and source.token_env not in os.environ:
        raise CaptureError(f"the environment variable {source.token_env} is not set")
    if source.token_env:
        return checked_token(os.environ.get(source.token_env, ""), f"the environment variable {source.token_env}")
    # The file is looked for again: a link may have been changed since it was allowed.
    return token_in(_token_path(source.token_file, folder), source.token_file) if source.token_file else ""


def _token_path(name: str, folder: str) -> str:
    """Return the real path of a file with a token. Raises CaptureError if it is in the workspace."""
    path = real(os.path.expanduser(name))
    if is_within(path, folder):
        raise CaptureError(f"tokenFile: {name} is in the workspace, whose files may be shared; move it elsewhere")
    return path
