"""The arguments of commands: read from an editor and checked, or written for an editor to send."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from lsprotocol import types
from msgspec.inspect import (
    BoolType,
    FloatType,
    IntType,
    ListType,
    LiteralType,
    Metadata,
    NoneType,
    StrType,
    StructType,
    TupleType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)
from pygls.exceptions import JsonRpcInvalidParams

from alloclens.settings.settings import Source
from alloclens.typed import located

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.lsp.protocol import Command

AnyCommand = TypeVar("AnyCommand", bound="Command[Any]")
Data = TypeVar("Data")
BAD = (msgspec.ValidationError, UnicodeEncodeError)
"""msgspec's errors for a value of a wrong type, and for a lone surrogate where one of several strings is expected."""


def read(command: type[AnyCommand], given: Sequence[Any]) -> AnyCommand:
    """Return a command with these arguments; null counts as missing.

    Raises JsonRpcInvalidParams, which lists the command's arguments.
    """
    fields = msgspec.structs.fields(command)
    taken, fault = {}, f"there are {len(given)} arguments" if len(given) > len(fields) else ""
    for number, field in enumerate(fields):
        value = _without_nulls(given[number]) if number < len(given) else None
        if value is None and not field.required:
            continue
        try:
            taken[field.name] = msgspec.convert(value, field.type)
        except BAD as error:
            fault = fault or (_fault(error, field.name) if number < len(given) else f"{field.name} is missing")
    if fault:
        raise JsonRpcInvalidParams(f"{command.name}: {fault}; it takes ({takes(command)})")
    return command(**taken)


def takes(command: type[Command[Any]]) -> str:
    """Return the arguments of a command in the notation of LSP's specification."""
    fields = msgspec.structs.fields(command)
    return ", ".join(f"{f.encode_name}{'' if f.required else '?'}: {_word(type_info(f.type))}" for f in fields)


def as_command(title: str, command: Command[Any]) -> types.Command:
    """Return a command with its arguments, which an editor sends when the user chooses `title`."""
    return types.Command(
        title, command.name, arguments=[msgspec.to_builtins(value) for value in msgspec.structs.astuple(command)]
    )


def given_back(data: Any, kind: type[Data]) -> Data | None:
    """Return the `data` of an item that an editor sends back; None if the item is another server's."""
    try:
        return msgspec.convert(data, kind)
    except BAD:
        return None


def _fault(error: Exception, name: str) -> str:
    if not isinstance(error, msgspec.ValidationError):
        return f"{name}: This is not valid Unicode"
    message, steps = located(error)
    return f"{name}{''.join(f'[{step}]' if isinstance(step, int) else f'.{step}' for step in steps)}: {message}"


def _without_nulls(value: Any) -> Any:
    return {name: item for name, item in value.items() if item is not None} if isinstance(value, dict) else value


def _word(kind: Type) -> str:
    if isinstance(kind, Metadata):  # described, as settings are
        kind = kind.type
    match kind:
        case LiteralType(values):
            return " | ".join(map(json.dumps, values))
        case ListType(item_type=item) | VarTupleType(item_type=item):
            return f"{_word(item)}[]"
        case TupleType(items):
            return f"[{', '.join(map(_word, items))}]"
        case StructType(cls=cls, fields=fields):
            named = [f"{f.encode_name}{'' if f.required else '?'}: {_word(f.type)}" for f in fields]
            return "Source" if cls is Source else f"{{ {', '.join(named)} }}"  # docs/sources.md has its fields
        case UnionType(types=parts):  # null is as good as nothing
            return " | ".join(_word(part) for part in parts if not isinstance(part, NoneType))
    return WORDS[type(kind)]


WORDS = {StrType: "string", IntType: "integer", FloatType: "number", BoolType: "boolean"}
