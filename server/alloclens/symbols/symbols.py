"""Symbolizes the addresses of a profile from the programs' debug information."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from alloclens.arrays import distinct, owners
from alloclens.disk import open_file, real_path
from alloclens.paths import canonical, is_share
from alloclens.symbols.binaries import Binary, first_line, is_split, plain, search
from alloclens.symbols.calls import are_calls
from alloclens.symbols.demangle import demangled
from alloclens.symbols.layout import NOWHERE, Layout, Mapped, layout
from alloclens.symbols.split_tables import program as split_program
from alloclens.symbols.symcache import symcache
from alloclens.transform.symbolize import SymbolizedFrame, resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from alloclens.arrays import Ints, Mask
    from alloclens.profile.model import Profile
    from alloclens.symbols.binaries import Binaries


Call = tuple[str, str, str, int]
"""A SymbolizedFrame, or one that a cache returns."""
INSTALL = "its addresses need the package symbolic to become lines: pip install 'symbolic<14'"
REBUILT = "profile the new build, or name a copy of the old one, with its date, in the setting binaries"
RUST_ALLOCATOR = re.compile(r"\b__(?:rust|rg|rdl)_(?:alloc|alloc_zeroed|dealloc|realloc)\b")
"""What rustc writes for the #[global_allocator], of which it says that it is on that line."""
FARTHEST = np.uint64(1 << 32)
"""Distance from a binary's start: the library stores addresses in 32 bits."""


class Kept(NamedTuple):
    """What is kept of a profile, because its binaries may be rebuilt."""

    built_at: float = math.inf
    """When the program was written, in seconds since 1970: that of the build id, else the one at the recorded path, if it
    ran as far as is known."""
    frames: Mapping[int, Sequence[Call]] = MappingProxyType({})
    """The frames of each address that was found in a binary, or of each location (by row) that was in a generated file."""


NOTHING_KEPT = Kept()


@dataclass(frozen=True, eq=False)
class Symbolized:
    """A symbolized profile."""

    profile: Profile
    messages: tuple[str, ...] = ()
    """Distinct problems, and what to do about them."""
    missing: tuple[str, ...] = ()
    """Recorded names of the missing binaries of addresses without lines."""
    refused: tuple[str, ...] = ()
    """Recorded names of those that may be here, but cannot be used: a message says why."""
    is_transient: bool = False
    """Whether lines follow from files that may be replaced, such as source maps."""
    found: Kept = NOTHING_KEPT
    """What was kept before, and what was found in binaries."""
    has_found_more: bool = False
    """Whether anything was found that was not kept before."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """The texts of files as they were built, by recorded file, if a source map has them."""


class _BinaryError(Exception):
    """The binary cannot be symbolized."""


def symbolized(
    profile: Profile,
    folders: Sequence[str],
    chosen: Sequence[str],
    taken_at: float = math.inf,
    kept: Callable[[], Kept] = Kept,
) -> Symbolized:
    """Add frames, inlined ones innermost first, for addresses without any.

    If a location needs one, binaries are searched in the setting's paths (`chosen`) and the workspace's folders and
    matched by build id. A mapping without a build id, as in text formats, is matched by name, see `_of_name`; a binary
    written after `taken_at`, in seconds since 1970, is another build. `kept` returns what was found of this profile
    before; the mappings of its addresses are settled. Never raises because of a binary's contents.
    """
    rows = np.flatnonzero(_lacks_lines(profile))
    if not len(rows):
        return Symbolized(profile)
    before = kept()
    if known := _known(profile, rows, before.frames):
        with_file = [row for row, calls in known.items() if any(call.file for call in calls)]
        # Names alone are asked for again, because what is refused has to say so each time.
        settled = distinct(profile.locations.mapping[with_file])
        rows = rows[~np.isin(profile.locations.mapping[rows], settled)]
        profile = resolved(profile, known)
    if not len(rows):
        return Symbolized(profile, found=before)
    try:
        binaries = search(folders, chosen)
    except ImportError:
        refused = _names(profile, distinct(profile.locations.mapping[rows]))
        return Symbolized(profile, (INSTALL,), refused=refused, found=before)
    return _Symbolizer(profile, binaries, taken_at, before).run(rows)


def with_lines(profile: Profile) -> tuple[str, ...]:
    """Return the recorded names of the binaries of which an address has a line."""
    where = profile.locations
    in_binary = (where.mapping >= 0) & (where.address != 0) & ~_lacks_lines(profile)
    return _names(profile, distinct(where.mapping[in_binary]))


def _lacks_lines(profile: Profile) -> Mask:
    """Return which locations have an address in a binary and no frame with a file."""
    where = profile.locations
    has_file = _has_file(profile)[profile.frames.function]
    owner = owners(np.diff(where.frame_at))
    named = np.bincount(owner[has_file], minlength=len(where.mapping)) > 0
    out: Mask = (where.mapping >= 0) & (where.address != 0) & ~named
    return out


def _has_file(profile: Profile) -> Mask:
    """Return which functions have a known file, with a last row for function -1."""
    return np.append([bool(profile.strings[i]) for i in profile.functions.file.tolist()], False).astype(np.bool_)


def _known(profile: Profile, rows: Ints, kept: Mapping[int, Sequence[Call]]) -> dict[int, list[SymbolizedFrame]]:
    """Return the kept frames of the locations that have any."""
    addresses = profile.locations.address[rows].tolist()
    stacks_by_row = ((row, kept[at]) for row, at in zip(rows.tolist(), addresses, strict=True) if at in kept)
    return {row: [SymbolizedFrame(*call) for call in calls] for row, calls in stacks_by_row}


def _names(profile: Profile, mappings: Ints) -> tuple[str, ...]:
    return tuple(dict.fromkeys(profile.text(profile.mappings.file[mappings])))


class _Symbolizer:
    """Symbolizes one profile with the binaries found."""

    def __init__(self, profile: Profile, binaries: Binaries, taken_at: float, kept: Kept) -> None:
        self.profile = profile
        self.binaries = binaries
        self.taken_at = taken_at
        self.kept = kept
        self.built_at = kept.built_at
        self.messages = list(binaries.messages)
        self.missing: list[str] = []
        self.refused: list[str] = []

    def run(self, rows: Ints) -> Symbolized:
        stacks: dict[int, list[SymbolizedFrame]] = {}
        mapping = self.profile.locations.mapping[rows]
        for number in distinct(mapping).tolist():
            stacks |= self._of_mapping(number, rows[mapping == number])
        profile = resolved(self.profile, stacks) if stacks else self.profile
        address = self.profile.locations.address
        frames = {**self.kept.frames, **{int(address[row]): of for row, of in stacks.items()}}
        messages, missing, refused = (
            tuple(dict.fromkeys(each)) for each in (self.messages, self.missing, self.refused)
        )
        kept_now = Kept(self.built_at, frames)
        return Symbolized(profile, messages, missing, refused, found=kept_now, has_found_more=bool(stacks))

    def _of_mapping(self, number: int, rows: Ints) -> dict[int, list[SymbolizedFrame]]:
        """Return the frames of the locations of a mapping that can be symbolized."""
        file, build_id = self.profile.text(np.array([c[number] for c in self._columns()]))
        before = len(self.messages)
        candidates = self._of_build(file, build_id) if build_id else self._of_name(file)
        if not candidates:
            (self.refused if len(self.messages) > before else self.missing).append(file)
            return {}
        try:
            symbols, where, program = _image(candidates)
            addresses = where.lookup_addresses(self._addresses(rows), self._mapped(number))
            if not build_id and not _has_calls(program, where, addresses):
                self.built_at = self.kept.built_at
                why = "has no calls where the profile has them, so it is another build"
                raise _BinaryError(f"{program.path}: {why}; {REBUILT}")  # noqa: TRY301 - as _image does
        except _BinaryError as error:
            self.messages.append(str(error))
            self.refused.append(file)
            return {}
        stacks = _looked_up(lambda _: symbols, addresses, rows)
        stacks |= self._of_split(candidates, program, where, addresses, rows, stacks)
        if not any(call.file for calls in stacks.values() for call in calls):
            self.messages += _split(candidates)
            self.refused.append(file)
        return stacks

    def _of_split(
        self,
        candidates: Iterable[Binary],
        program: Binary,
        where: Layout,
        addresses: NDArray[np.uint64],
        rows: Ints,
        stacks: Mapping[int, Sequence[SymbolizedFrame]],
    ) -> dict[int, list[SymbolizedFrame]]:
        """Return the frames of the rows without a file whose debug information is in a .dwo or .dwp file."""
        inside = (addresses != NOWHERE) & (addresses < FARTHEST)
        lineless = inside & np.array([not any(call.file for call in stacks.get(row, ())) for row in rows.tolist()])
        whole = next((one for one in candidates if one.has_lines), program)
        if not lineless.any() or not _is_split(whole):
            return {}
        try:
            units = split_program(whole.path, whole.stamp, where, self.binaries.split)
            tables = units.tables(distinct(addresses[lineless]).tolist())
        except ValueError as error:
            self.messages.append(f"{whole.path}: its .dwo files cannot be read ({error}); build them again")
            return {}
        return _looked_up(tables.get, addresses[lineless], rows[lineless])

    def _columns(self) -> tuple[Ints, Ints]:
        return self.profile.mappings.file, self.profile.mappings.build_id

    def _addresses(self, rows: Ints) -> NDArray[np.uint64]:
        return self.profile.locations.address[rows].astype(np.int64).view(np.uint64)

    def _mapped(self, number: int) -> Mapped:
        table = self.profile.mappings
        return Mapped(*(int(c[number]) % (1 << 64) for c in (table.start, table.limit, table.offset)))

    def _of_build(self, file: str, build_id: str) -> tuple[Binary, ...]:
        binaries = self.binaries.with_build_id(build_id)
        if not binaries:
            self.messages += [_refused(b, build_id) for b in self.binaries.named(_base_name(file))]
        elif self._is_program(file):  # which was built before the oldest of its copies was written
            self.built_at = min(self.built_at, *(binary.stamp.mtime_ns / 1e9 for binary in binaries))
        return binaries

    def _is_program(self, file: str) -> bool:
        """Return whether a mapping is of the program: it comes first."""
        return file == next(iter(_names(self.profile, np.arange(1))))

    def _of_name(self, file: str) -> tuple[Binary, ...]:
        """Return the files of the build that a mapping without a build id is of, as far as that can be told.

        That is the binary of its name in the setting's paths; else the one at the recorded path, or the only one of its
        name in the workspace, unless Linux says that the program's was replaced while it ran.
        """
        named = self.binaries.named(_base_name(file))
        chosen = [binary for binary in named if binary.is_chosen]
        if named and not chosen and file in self.profile.replaced:
            self.messages.append(f"{file}: was rebuilt while the program ran, so the build that ran is gone; {REBUILT}")
            return ()
        recorded = file if is_share(canonical(file)) else real_path(file)
        there = [binary for binary in named if binary.path == recorded]
        binaries = [*filter(self._may_have_run, chosen)] or chosen or there or list(named)
        if fresh := [binary for binary in binaries if not self._may_have_run(binary)]:
            why = f"was written after the profile, so it is another build; {REBUILT}"
            self.messages += [f"{binary.path}: {why}" for binary in fresh]
            return ()
        if len(paths := sorted({binary.path for binary in binaries})) > 1:
            which = f"which of these is the {_base_name(file)} that ran? Name one in the setting binaries"
            self.messages.append(f"{which}: {', '.join(paths)}")
            return ()
        same = (other for binary in binaries for other in self.binaries.with_build_id(binary.build_id))
        if there and self._is_program(file):
            self.built_at = min(there[0].stamp.mtime_ns / 1e9, self.built_at)
        return tuple(dict.fromkeys([*binaries, *same]))

    def _may_have_run(self, binary: Binary) -> bool:
        return binary.stamp.mtime_ns / 1e9 <= self.taken_at


def _base_name(file: str) -> str:
    """Return the base name of a path of any system."""
    return file.replace("\\", "/").rpartition("/")[2]


def _refused(binary: Binary, build_id: str) -> str:
    if binary.fault:
        return _faulty(binary)
    has = f"build id {binary.build_id}" if binary.build_id else "no build id"
    return f"{binary.path}: has {has}, the profile's has {plain(build_id)}; the very build that ran is needed"


def _image(candidates: tuple[Binary, ...]) -> tuple[Any, Layout, Binary]:
    """Return the symbols, the layout and the program of one build, which may be in two files. Raises _BinaryError.

    A file without debug information is not used: its symbols give the nearest exported function, perhaps a wrong one.
    """
    best = max(candidates, key=lambda b: b.has_lines)
    if best.fault:
        raise _BinaryError(_faulty(best))
    image = next(((w, b) for w, b in [(_layout(b), b) for b in candidates] if w.code), None)
    if not best.has_lines:
        raise _BinaryError(
            f"{best.path}: has no debug information; the same build made with -g and not stripped is needed"
        )
    if image is None:
        raise _BinaryError(f"{best.path}: has only debug information; the program that ran is needed beside it")
    return _symbols(best), *image


def _has_calls(program: Binary, where: Layout, addresses: NDArray[np.uint64]) -> bool:
    """Return whether the stacks of a profile may be of this build. Raises _BinaryError."""
    try:
        with open_file(program.path) as file:
            return are_calls(file, where, addresses)
    except OSError as error:
        raise _BinaryError(f"{program.path}: cannot be read ({first_line(error)}); copy it again") from error


def _split(candidates: Iterable[Binary]) -> list[str]:
    """Say which files of a build have their debug information elsewhere, where it was not found."""
    why = (
        "has its debug information in .dwo files (-gsplit-dwarf), and no such file of DWARF 5 with its ID was found; keep them in "
        "the workspace, name their directory in the setting binaries, or build it without that option"
    )
    return [f"{b.path}: {why}" for b in candidates if b.has_lines and _is_split(b)]


def _is_split(binary: Binary) -> bool:
    try:
        return is_split(binary.path, binary.stamp)
    except (OSError, ValueError):  # it has just been deleted or emptied
        return False


def _faulty(binary: Binary) -> str:
    return f"{binary.path}: {binary.fault}; a whole copy of the program that ran is needed"


def _layout(binary: Binary) -> Layout:
    try:
        with open_file(binary.path) as file:
            return layout(file, binary.stamp.size)
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise _BinaryError(f"{binary.path}: cannot be read ({first_line(error)}); copy it again") from error


def _symbols(binary: Binary) -> Any:
    try:
        return symcache(binary.path, binary.stamp, binary.build_id)
    except Exception as error:
        message = f"{binary.path}: its debug information cannot be read ({first_line(error)}); build or copy it again"
        raise _BinaryError(message) from error


def _looked_up(
    symbols: Callable[[int], Any], addresses: NDArray[np.uint64], rows: Ints
) -> dict[int, list[SymbolizedFrame]]:
    """Return the frames of each row whose address is in the code and has a name. `symbols` returns the table of an address."""
    inside = (addresses != NOWHERE) & (addresses < FARTHEST)
    unlike, which = np.unique(addresses[inside], return_inverse=True)
    stacks = [_calls(table, address) if (table := symbols(address)) else [] for address in unlike.tolist()]
    pairs = zip(rows[inside].tolist(), which.tolist(), strict=True)
    return {row: stacks[number] for row, number in pairs if stacks[number]}


def _calls(symbols: Any, address: int) -> list[SymbolizedFrame]:
    try:
        calls = symbols.lookup(address)
    except Exception:  # noqa: BLE001 - the library's errors are not documented
        return []
    named = [(demangled(f.symbol), f) for f in calls if f.symbol or f.full_path]
    return [
        SymbolizedFrame(name, f.symbol, "", 0)
        if RUST_ALLOCATOR.search(name)
        else SymbolizedFrame(name, f.symbol, f.full_path or "", f.line)
        for name, f in named
    ]
