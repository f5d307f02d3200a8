"""The arguments of a command, checked against the signature of the function that runs it."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import msgspec
from msgspec.inspect import BoolType, IntType, ListType, LiteralType, StrType, StructType, TupleType, Type, type_info
from pygls.exceptions import JsonRpcInvalidParams

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Data = TypeVar("Data")
Uinteger = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
"""LSP's: a line of a document, from 0 on."""
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A line as a profile records it, from 1 on."""
BAD = (msgspec.ValidationError, UnicodeEncodeError)
"""What msgspec raises of a value of another type; and of half a surrogate pair where it looks for one of several texts."""


def arguments(command: str, handler: Callable[..., Any], given: Sequence[Any]) -> list[Any]:
    """Return the arguments that a command's function takes after the server; null counts as left out.

    Raises JsonRpcInvalidParams, which says what the command takes.
    """
    parameters = list(inspect.signature(handler).parameters.values())[1:]
    types = get_type_hints(handler, include_extras=True)
    taken, fault = [], f"there are {len(given)} arguments" if len(given) > len(parameters) else ""
    for number, parameter in enumerate(parameters):
        value = _without_nulls(given[number]) if number < len(given) else None
        if value is None and parameter.default is not parameter.empty:
            taken.append(parameter.default)
            continue
        try:
            taken.append(msgspec.convert(value, types[parameter.name]))
        except BAD as error:
            fault = fault or (_said(error, parameter.name) if number < len(given) else f"{parameter.name} is missing")
    if fault:
        named = [
            f"{p.name}{'' if p.default is p.empty else '?'}: {_word(type_info(types[p.name]))}" for p in parameters
        ]
        raise JsonRpcInvalidParams(f"{command}: {fault}; it takes ({', '.join(named)})")
    return taken


def given_back(data: Any, kind: type[Data]) -> Data | None:
    """Return the `data` that an editor gives back with an item; None if the item is another server's."""
    try:
        return msgspec.convert(data, kind)
    except BAD:
        return None


def _said(error: Exception, name: str) -> str:
    said, _, path = ("This is not valid Unicode" if isinstance(error, UnicodeError) else str(error)).partition(
        " - at `$"
    )
    return f"{name}{path.rstrip('`')}: {said}"


def _without_nulls(value: Any) -> Any:
    return {name: one for name, one in value.items() if one is not None} if isinstance(value, dict) else value


def _word(kind: Type) -> str:
    """Write a type as LSP's specification does."""
    match kind:
        case LiteralType(values):
            return " | ".join(map(json.dumps, values))
        case ListType(item_type=item):
            return f"{_word(item)}[]"
        case TupleType(items):
            return f"[{', '.join(map(_word, items))}]"
        case StructType(fields=fields):
            named = [f"{f.encode_name}{'' if f.required else '?'}: {_word(f.type)}" for f in fields]
            return f"{{ {', '.join(named)} }}"
    return WORDS[type(kind)]


WORDS = {StrType: "string", IntType: "integer", BoolType: "boolean"}
