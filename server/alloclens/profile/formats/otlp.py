"""OpenTelemetry's profiles (OTLP, v1development), binary and as JSON: of allocations, not of CPU. Experimental.

A file holds a profile for each sample type; their stacks are in one dictionary, by which the types are joined.
"""

from __future__ import annotations

import re
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from google.protobuf.message import DecodeError

from alloclens.arrays import offsets, spread
from alloclens.profile.errors import Malformed, Unrecognized
from alloclens.profile.formats.addresses import assemble_numbered
from alloclens.profile.formats.json_text import MAX_EXPANDED_FRAMES, column, decoded, ragged
from alloclens.profile.model import Frame, Profile, ValueType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from alloclens.arrays import Ints

FIRST_KEYS = rb'"(?:resourceProfiles|resource_profiles|dictionary)"\s*:'
JSON_START = re.compile(rb'\s*\{\s*(?:"schema_?[uU]rl"\s*:\s*"[^"\\]{0,200}"\s*,\s*)?' + FIRST_KEYS)
BETWEEN = re.compile(rb"(?<=\})[ \t\r]*\n\s*(?=\{)")
"""Between two messages in one file, as the OpenTelemetry Collector appends them: within one, objects have a comma between."""
MAX_MESSAGES = 100_000
SNAKE_KEY = re.compile(rb'"[a-z]{1,20}(?:_[a-z]{1,20}){1,4}"(?=\s*:)')
"""A key as protobuf's JSON may spell it. OTLP's own is in camelCase."""
FIRST_FIELDS = (b"\x0a", b"\x12")
OF_ALLOCATIONS = re.compile(r"alloc|in_?use|heap|live|space|objects|memory|retained", re.IGNORECASE)


class _Message(msgspec.Struct, gc=False, rename="camel"):
    """A message as JSON, with the fields of otlp.proto. 64-bit numbers may be texts."""


class _ValueType(_Message):
    type_strindex: int = 0
    unit_strindex: int = 0


class _Sample(_Message):
    stack_index: int = 0
    values: list[int] = []
    timestamps_unix_nano: list[int] = []


class _Profile(_Message):
    sample_type: _ValueType = msgspec.field(default_factory=_ValueType)
    samples: list[_Sample] = []
    time_unix_nano: int = 0
    period_type: _ValueType = msgspec.field(default_factory=_ValueType)
    period: int = 0


class _ScopeProfiles(_Message):
    profiles: list[_Profile] = []


class _ResourceProfiles(_Message):
    scope_profiles: list[_ScopeProfiles] = []


class _Stack(_Message):
    location_indices: list[int] = []


class _Line(_Message):
    function_index: int = 0
    line: int = 0


class _Location(_Message):
    lines: list[_Line] = []


class _Function(_Message):
    name_strindex: int = 0
    filename_strindex: int = 0


class _Dictionary(_Message):
    location_table: list[_Location] = []
    function_table: list[_Function] = []
    string_table: list[str] = []
    stack_table: list[_Stack] = []


class _ProfilesData(_Message):
    resource_profiles: list[_ResourceProfiles] = []
    dictionary: _Dictionary = msgspec.field(default_factory=_Dictionary)


DECODER = msgspec.json.Decoder(_ProfilesData, strict=False)


def parse(data: bytes) -> Profile:
    """Read the profiles of allocations: of several messages as JSON, those in the last that has any.

    Raises Unrecognized or Malformed.
    """
    others = set[str]()
    for message in _messages(data):
        strings, shown = list(message.dictionary.string_table), {}
        profiles = [p for r in message.resource_profiles for scope in r.scope_profiles for p in scope.profiles]
        for profile in sorted(profiles, key=lambda profile: profile.time_unix_nano):  # of one type, the last
            shown[_value_type(profile.sample_type, strings)] = profile
        if types := tuple(kind for kind in shown if OF_ALLOCATIONS.search(kind.type)):
            return _profile(message.dictionary, strings, {kind: shown[kind] for kind in types})
        others.update(kind.type for kind in shown)
    named = ", ".join(sorted(others)) or "none"
    raise Malformed("OTLP without a profile of allocations; the types of its samples: ", named)


def _messages(data: bytes) -> Iterator[Any]:
    """Yield the messages, the last one first. Raises Unrecognized or Malformed."""
    if data.startswith(FIRST_FIELDS):
        yield _binary(data)
        return
    if not JSON_START.match(data):
        raise Unrecognized("not profiles of OTLP")
    begin = [0, *(between.end() for between in islice(BETWEEN.finditer(data), MAX_MESSAGES))]
    if len(begin) > MAX_MESSAGES:
        raise Malformed(f"it has more than {MAX_MESSAGES:,} messages")
    for start, end in reversed([*zip(begin, [*begin[1:], len(data)], strict=True)]):
        if JSON_START.match(text := data[start:end]):  # the Collector may append logs and metrics to the same file
            yield decoded(DECODER, JSON_START, SNAKE_KEY.sub(_camel, text))


def _camel(key: re.Match[bytes]) -> bytes:
    first, *others = key[0].split(b"_")
    return b"".join([first, *map(bytes.capitalize, others)])


def _profile(tables: Any, strings: list[str], shown: Mapping[ValueType, Any]) -> Profile:
    """Join profiles of several types by their stacks."""
    types, chosen = tuple(shown), list(shown.values())
    stack, rows = np.unique(
        np.concatenate([column(s.stack_index for s in p.samples) for p in chosen]), return_inverse=True
    )
    if len(stack) * len(types) > MAX_EXPANDED_FRAMES:
        raise Malformed(f"{len(types)} sample types of {len(stack)} stacks are more than {MAX_EXPANDED_FRAMES} numbers")
    values = np.zeros((len(stack), len(types)), np.int64)
    number = np.repeat(np.arange(len(types)), [len(p.samples) for p in chosen])
    np.add.at(values, (rows.reshape(-1), number), column(_value(s) for p in chosen for s in p.samples))
    depth, frame, frames = _stacks(tables, strings, stack)
    sampled = next((p for p in chosen if p.period > 0), chosen[0])
    period, time = column([sampled.period, max(p.time_unix_nano for p in chosen)]).tolist()
    return assemble_numbered(
        types, values, depth, frame, frames, time_nanos=time,
        period=period, period_type=_value_type(sampled.period_type, strings),
    )  # fmt: skip


def _binary(data: bytes) -> Any:
    from alloclens.profile.formats import otlp_pb2  # noqa: PLC0415 - few files need it

    try:
        message = otlp_pb2.ProfilesData.FromString(data)
    except DecodeError as error:
        raise Unrecognized(str(error)) from error
    if not (message.dictionary.string_table and any(r.scope_profiles for r in message.resource_profiles)):
        raise Unrecognized("not profiles of OTLP")
    return message


def _value_type(given: Any, strings: list[str]) -> ValueType:
    kind, unit = _rows([given.type_strindex, given.unit_strindex], strings).tolist()
    return ValueType(strings[kind], strings[unit])


def _value(sample: Any) -> int:
    """Return what a sample stands for: its values are one, or one for each of its times; without any, it counts its times."""
    return sum(sample.values) if len(sample.values) else len(sample.timestamps_unix_nano)


def _stacks(tables: Any, strings: list[str], stacks: Ints) -> tuple[Ints, Ints, list[Frame]]:
    """Return the depth of some stacks, their frames concatenated, leaf first, and the table of all frames."""
    functions = tables.function_table
    names = _rows((f.name_strindex for f in functions), strings).tolist()
    files = _rows((f.filename_strindex for f in functions), strings).tolist()
    lines = list(chain.from_iterable(location.lines for location in tables.location_table))
    of_lines = _rows((line.function_index for line in lines), functions).tolist()
    numbers = column(line.line for line in lines).tolist()
    frames = [Frame(strings[names[f]], strings[files[f]], n) for f, n in zip(of_lines, numbers, strict=True)]
    width = column(len(location.lines) for location in tables.location_table)
    _rows(stacks, tables.stack_table)
    locations, location = ragged([tables.stack_table[i].location_indices for i in stacks.tolist()])
    location = _rows(location, tables.location_table)
    begun, inside = offsets(width)[location], offsets(locations)
    if width[location].sum() > MAX_EXPANDED_FRAMES:
        raise Malformed(f"the stacks have more than {MAX_EXPANDED_FRAMES} frames")
    depth = np.diff(offsets(width[location])[inside])
    return depth, spread(begun, width[location]), frames


def _rows(numbers: Iterable[int] | Ints, table: Any) -> Ints:
    """Return references to a table as a column. Raises Malformed if one leads to nothing."""
    out = numbers if isinstance(numbers, np.ndarray) else column(numbers)
    if out.min(initial=0) < 0 or out.max(initial=-1) >= len(table):
        raise Malformed("a reference leads to no row of its table")
    return out
