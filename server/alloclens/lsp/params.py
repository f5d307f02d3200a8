"""Checks the params of a method against LSP's types."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, get_args, get_origin

from cattrs import transform_error
from lsprotocol import converters, types
from pygls.exceptions import JsonRpcInvalidParams

if TYPE_CHECKING:
    from collections.abc import Callable

    from cattrs import Converter

MAX_NAMED_FAULTS = 3


def strict_converter() -> Converter:
    """Return lsprotocol's converter, made to reject a number for a string and a string for a list.

    Values of type LSPAny stay JSON; pygls's converter turns them into named tuples.
    """
    converter = converters.get_converter()
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, partial(_exactly, kind))
    converter.register_structure_hook_factory(_is_sequence, partial(_list_hook, converter))
    return converter


def params_of(method: str, given: Any, converter: Converter) -> Any:
    """Return the params of a method as lsprotocol's types. Raises JsonRpcInvalidParams."""
    kind: Any = types.METHOD_TO_TYPES[method][2] if method in types.METHOD_TO_TYPES else None
    if kind is None:
        return given
    try:
        return converter.structure({} if given is None else given, kind)
    except Exception as error:  # a hook may raise anything for a value that it does not expect
        faults = transform_error(error, "params", _reason)
        raise JsonRpcInvalidParams("; ".join(map(_worded, faults[:MAX_NAMED_FAULTS]))) from error


def _exactly(kind: type, value: Any, _: Any) -> Any:
    if type(value) is kind:
        return value
    if kind is int and isinstance(value, float) and value.is_integer():  # some editors write every number as 1.0
        return int(value)
    if kind is bool and value in (0, 1):  # as Vim script writes them
        return bool(value)
    raise TypeError


def _is_sequence(kind: Any) -> bool:
    return get_origin(kind) is Sequence


def _list_hook(converter: Converter, kind: Any) -> Callable[[Any, Any], Any]:
    item: Any = get_args(kind)[0]

    def structure(value: Any, _: Any) -> Any:
        if not isinstance(value, list) and value != {}:  # as Lua writes an empty list
            raise TypeError
        return tuple(converter.structure(element, item) for element in value)

    return structure


def _reason(error: BaseException, _kind: Any) -> str:
    if isinstance(error, KeyError):
        return "is missing"
    return "is out of range" if isinstance(error, ValueError) and "range" in str(error) else "has the wrong type"


def _worded(fault: str) -> str:
    """Turn cattrs's `is missing @ params.text_document` into `params.textDocument is missing`."""
    reason, _, where = fault.partition(" @ ")
    return f"{re.sub(r'_([a-z])', lambda match: match[1].upper(), where)} {reason}"
