"""Follows the source maps of JavaScript: from a line and column of a generated file to its source."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

import numpy as np

from alloclens.disk import read_file, real, reason, stamp
from alloclens.paths import canonical, is_absolute, is_share, is_within, join, rest_within
from alloclens.source.own import DEPENDENCIES
from alloclens.symbols.minified import column_of
from alloclens.symbols.symbols import Kept
from alloclens.transform.symbolize import SymbolizedFrame, resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from alloclens.disk import Stamp
    from alloclens.profile.model import Frame, Profile
    from alloclens.source.roots import PrefixMapping
    from alloclens.symbols.symbols import Symbolized

NAME = re.compile(r"[A-Za-z_$][\w$]*$")
"""The name of a function of V8's, without what it belongs to: `size` of `get size`, `leak` of `exports.leak`."""
UNKNOWN = -1
"""The column of a frame that has none."""
HEAD = re.compile(r"(?<=.)\bfunction\b\s*\*?\s*[\w$]*\s*\($")
"""A function's head in a line, up to its parameters."""
SCRIPT = re.compile(r"\.[cm]?jsx?$")
COMMENT = b"//# sourceMappingURL="
INLINE = re.compile(r"data:application/json(?:;charset=[^;,]*)?(;base64)?,", re.IGNORECASE)
MAX_GENERATED_BYTES, MAX_MAP_BYTES = 32 << 20, 64 << 20
MAX_LINE = 2000
"""Bytes of a line in which the name of a function is looked for. In a longer one are many."""
SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)
INSTALL = "it is made from other files, and its source map needs the package symbolic: pip install 'symbolic<14'"
OUTSIDE = "it is outside the workspace"
REBUILT = "it was written after the profile, and its source map may be of another build; record the profile again"
MOVED = "it has other functions on these lines than the profile, so it is of another build; record the profile again"
NO_COLUMNS = (
    "its source map is not followed where a line is made from several and does not show where the function begins, because the "
    "profile has no columns; give heap.profile of @datadog/pprof a SourceMapper, or build it with one function a line"
)
NAMELESS = "<unknown>"


class _MapError(Exception):
    """A source map cannot be used."""


def in_sources(
    given: Symbolized,
    folders: Sequence[str],
    mappings: Sequence[PrefixMapping],
    recorded: Stamp | None,
    kept: Callable[[], Kept] = Kept,
) -> Symbolized:
    """Replace the frames in generated files of the workspace by those in their sources.

    Only files within `folders` are opened. `recorded`: the stamp of the profile. What is not mapped keeps its line in the
    generated file. `kept` returns what was found of this profile before, by location: the files may be built again.
    """
    profile = given.profile
    if len(profile.frames.line) != len(profile.locations.mapping) or not (rows := _generated(profile)):
        return given
    before = kept()
    maps, mapped = _Maps(tuple(folders), mappings, recorded.mtime_ns if recorded else 0), {}
    columns = (np.full(len(profile.frames.line), UNKNOWN) if profile.columns is None else profile.columns).tolist()
    if profile.by_function:
        maps.doubt(profile.frame(row) for row in rows if row not in before.frames)
    for row in rows:  # a location has one frame
        if row not in before.frames and (frame := maps.lookup(profile.frame(row), columns[row])):
            mapped[row] = [frame]
    known = {row: [SymbolizedFrame(*call) for call in before.frames[row]] for row in rows if row in before.frames}
    stacks = known | mapped
    return replace(
        given,
        profile=replace(resolved(profile, stacks) if stacks else profile, columns=None),
        messages=(*given.messages, *maps.messages),
        is_transient=bool(maps.messages or any(maps.known.values())),
        found=before._replace(frames={**before.frames, **mapped}),
        has_found_more=bool(mapped),
        texts=maps.texts,
    )


def _generated(profile: Profile) -> list[int]:
    """Return the frames with a line in a file that may be generated."""
    may_be = np.array([bool(SCRIPT.search(file)) for file in profile.text(profile.functions.file)] + [False], np.bool_)
    if profile.columns is not None:  # V8's, whatever the name of its file
        may_be[:-1] = True
    rows: list[int] = np.flatnonzero(may_be[profile.frames.function] & (profile.frames.line > 0)).tolist()
    return rows


class _Map(NamedTuple):
    """A source map, and the generated file that it is of."""

    directory: str
    """The names of its sources are relative to it."""
    lines: list[bytes]
    tokens: Any
    texts: Mapping[str, str]
    """Of its sources, by their names, as they were built."""

    def token(self, line: int, column: int) -> Any:
        """Return where a line and column, from 0, comes from; without a column, where all of the line comes from."""
        if column != UNKNOWN:
            at = self.tokens.lookup(line, column + 1, 0)  # it counts from 1
            return at if at and not self._is_added(line, column) else self._within(line, column) or at
        first, last = self._ends(line)
        return last if _is_one(first, last) else None  # the first may be before the function

    def _is_added(self, line: int, column: int) -> bool:
        """Return whether nothing of a function's head up to its parameters comes from anywhere: it has what was before it."""
        text = self._text(line)
        head = HEAD.search(text[: column + 1]) if text[column : column + 1] == "(" else None
        before, at = (
            (self.tokens.lookup(line, place, 0) for place in (head.start(), column + 1)) if head else (None, None)
        )
        return bool(before and at and (before.src, before.line, before.col) == (at.src, at.line, at.col))

    def _text(self, line: int) -> str:
        return self.lines[line - 1].decode("utf-8", "replace") if line <= len(self.lines) else ""

    def _within(self, line: int, column: int) -> Any:
        """Return where the first of a function that begins here comes from: of its parameters, or of its body on the next line.

        What compilers write before it, such as `__awaiter(this, void 0, void 0, function* () {`, comes from nowhere.
        """
        text = self._text(line)[column:]
        if not text.startswith("("):
            return None
        head, brace, rest = text.partition("{")
        at = [(line, column + step) for step in range(1, 1 + min(len(head), MAX_LINE))]
        if brace and not rest.strip() and line < len(self.lines):
            body = self.lines[line]
            at.append((line + 1, len(body) - len(body.lstrip())))
        found = (self.tokens.lookup(number, place + 1, 0) for number, place in at)
        return next((token for token in found if token), None)

    def is_mixed(self, line: int) -> bool:
        """Return whether only a part of a line comes from one line, so that a column is needed."""
        first, last = self._ends(line)
        return bool(first or last) and not _is_one(first, last)

    def is_generated(self, line: int) -> bool:
        """Return whether a line is there, and neither its start nor its end comes from anywhere."""
        return line <= len(self.lines) and not any(self._ends(line))

    def _ends(self, line: int) -> tuple[Any, Any]:
        """Return where the start and the end of a line come from."""
        if line > len(self.lines):
            return None, None
        text = self.lines[line - 1].rstrip()
        return self.tokens.lookup(line, len(text) - len(text.lstrip()) + 1, 0), self.tokens.lookup(line, len(text), 0)

    def declares(self, frame: Frame) -> bool | None:
        """Return whether the line of a frame may declare its function; None if that has no name, or the line is minified."""
        name, line = NAME.search(frame.function), self.lines[frame.line - 1] if frame.line <= len(self.lines) else b""
        if not name or len(line) > MAX_LINE:
            return None
        words = rb"(?<![\w$])(?:constructor|%b)(?![\w$])" % re.escape(name[0].encode("utf-8", "replace"))
        return bool(re.search(words, line))

    def name(self, mapped: str, recorded: str) -> str:
        """Return the name of a function by its source, or as it was recorded if that is only a part of it and the rest is wrong.

        symbolic omits the dot after `exports.handlers` in `exports.handlers = { leak() {} }`. So the last name before it
        and `leak` become one, which is nowhere in the file; the names of properties are, even in a minified one.
        """
        if not recorded or not mapped.endswith(recorded):
            return mapped or recorded
        properties = [name.encode("utf-8", "surrogatepass") for name in mapped.split(".")[1:]]
        are_there = all(any(name in line for line in self.lines) for name in properties)
        return mapped if are_there else recorded


def _is_one(first: Any, last: Any) -> bool:
    return bool(first and last and (first.src, first.line) == (last.src, last.line))


@dataclass
class _Maps:
    """The source maps of one profile."""

    folders: tuple[str, ...]
    mappings: Sequence[PrefixMapping]
    recorded_ns: int
    messages: list[str] = field(default_factory=list)
    known: dict[str, _Map | None] = field(default_factory=dict)
    """By recorded file."""
    mixed: set[str] = field(default_factory=set)
    """The recorded files of which a line comes from several, and nothing tells which."""
    rebuilt: set[str] = field(default_factory=set)
    """The recorded files that declare functions elsewhere than the profile says."""
    columns: dict[tuple[str, int, str], int] = field(default_factory=dict)
    """By recorded file, line and function."""
    texts: dict[str, str] = field(default_factory=dict)
    """Of the sources of frames, by their files, as the source maps have them."""

    def doubt(self, frames: Iterable[Frame]) -> None:
        """Note the files that declare functions of these frames elsewhere: they were built again before the profile was written."""
        for frame in frames:
            source_map = self._of(frame.file)
            if source_map and source_map.declares(frame) is False and frame.file not in self.rebuilt:
                self.rebuilt.add(frame.file)
                self._say(frame.file, MOVED)

    def lookup(self, frame: Frame, at: int) -> SymbolizedFrame | None:
        """Return the source of a frame in a generated file."""
        source_map = self._of(frame.file)
        if source_map and frame.file in self.rebuilt and not source_map.declares(frame):
            return None
        if source_map and at == UNKNOWN:
            if source_map.is_mixed(frame.line):
                at = self._column(source_map, frame)
            elif source_map.is_generated(frame.line):
                at = _column(source_map, frame)
        token = source_map.token(frame.line, at) if source_map else None
        if source_map is None or token is None or not token.src or token.function_name == NAMELESS:
            return None
        name = source_map.name(token.function_name or "", frame.function)
        file = token.src if is_absolute(token.src) or SCHEME.match(token.src) else join(source_map.directory, token.src)
        if text := source_map.texts.get(token.src):
            self.texts[file] = text
        return SymbolizedFrame(name, name, file, token.line)

    def _of(self, recorded: str) -> _Map | None:
        if recorded not in self.known:
            self.known[recorded] = self._map(recorded)
        return self.known[recorded]

    def _column(self, source_map: _Map, frame: Frame) -> int:
        """Return where the function of a frame begins in its line; UNKNOWN if that cannot be told, which is said once."""
        key = frame.file, frame.line, frame.function
        if key not in self.columns:
            self.columns[key] = _column(source_map, frame)
        if self.columns[key] == UNKNOWN and frame.file not in self.mixed:
            self.mixed.add(frame.file)
            self._say(frame.file, NO_COLUMNS)
        return self.columns[key]

    def _map(self, recorded: str) -> _Map | None:
        path = self._here(canonical(recorded))
        if not path or not (now := stamp(path)):
            return None
        try:
            source_map = _read(path, now, self.folders)
        except _MapError as error:
            fault = str(error)
        except ImportError:
            fault = INSTALL
        else:
            if source_map is None or now.mtime_ns <= self.recorded_ns:
                return source_map
            fault = REBUILT
        self._say(path, fault)
        return None

    def _say(self, path: str, fault: str) -> None:
        """Report a fault, except of a dependency: its sources are seldom here, and nobody asks for them."""
        if DEPENDENCIES.isdisjoint(path.split("/")):
            self.messages.append(f"{path}: {fault}")

    def _here(self, path: str) -> str:
        """Return where a generated file is, if it is in the workspace; "" for any other."""
        for mapping in self.mappings:
            if (rest := rest_within(path, mapping.recorded)) is not None:
                path = join(mapping.here, rest)
                break
        inside = is_absolute(path) and not is_share(path) and _is_inside(path, self.folders)
        return path if inside else ""


def _is_inside(path: str, folders: tuple[str, ...]) -> bool:
    return any(is_within(real(path), folder) for folder in folders)


def _column(source_map: _Map, frame: Frame) -> int:
    column = column_of(frame.function, source_map.lines[frame.line - 1])
    return UNKNOWN if column is None else column


@lru_cache(16)
def _read(path: str, _now: Stamp, folders: tuple[str, ...]) -> _Map | None:
    """Return a generated file's source map; None if it has none.

    Raises _MapError or ImportError.
    """
    try:
        generated = read_file(path, MAX_GENERATED_BYTES)
    except OSError as error:
        raise _MapError(reason(error)) from error
    at = generated.rfind(COMMENT)
    if at < 0:
        return None
    from symbolic.sourcemapcache import SourceMapCache  # noqa: PLC0415 - an extra, and takes 50 ms

    from alloclens.symbols.source_map_texts import texts_in  # noqa: PLC0415 - few profiles need it

    url = generated[at + len(COMMENT) :].split(b"\n", 1)[0].decode("utf-8", "replace").strip()
    directory, content = _content(path, url, folders)
    try:
        tokens = SourceMapCache.from_bytes(generated, content)
        return _Map(directory, generated.split(b"\n"), tokens, texts_in(content))
    except Exception as error:
        raise _MapError(f"its source map cannot be read ({reason(error)}); build it again") from error


def _content(path: str, url: str, folders: tuple[str, ...]) -> tuple[str, bytes]:
    """Return the directory of a source map, and its text. Raises _MapError."""
    directory = path.rpartition("/")[0]
    if inline := INLINE.match(url):
        text = unquote(url[inline.end() :])
        try:
            return directory, base64.b64decode(text, validate=True) if inline[1] else text.encode()
        except binascii.Error as error:
            raise _MapError("its inline source map is damaged; build it again") from error
    at = canonical(url) if is_absolute(canonical(url)) else join(directory, unquote(url))
    if SCHEME.match(canonical(url)) or is_share(at) or not _is_inside(at, folders):
        raise _MapError(f"its source map is not read: {OUTSIDE}")
    try:
        return at.rpartition("/")[0], read_file(at, MAX_MAP_BYTES)
    except OSError as error:
        raise _MapError(
            f"its source map {at} cannot be read: {reason(error)}; copy it there, or build again with source maps"
        ) from error
