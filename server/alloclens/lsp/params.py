"""What an editor sends with a method, checked against LSP's types."""

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

FAULTS = 3
"""So many are named in one answer."""


def strict_converter() -> Converter:
    """Return lsprotocol's converter, but one that takes a number for no text, and a text for no list.

    What LSP leaves open (LSPAny) stays as JSON has it; pygls's converter makes named tuples of it.
    """
    converter = converters.get_converter()
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, partial(_exactly, kind))
    converter.register_structure_hook_factory(_is_sequence, partial(_list_hook, converter))
    return converter


def params_of(method: str, given: Any, converter: Converter) -> Any:
    """Return the params of a method as lsprotocol has them. Raises JsonRpcInvalidParams."""
    kind: Any = types.METHOD_TO_TYPES[method][2] if method in types.METHOD_TO_TYPES else None
    if kind is None:
        return given
    try:
        return converter.structure({} if given is None else given, kind)
    except Exception as error:  # whatever a hook makes of what it does not expect
        faults = transform_error(error, "params", _said)
        raise JsonRpcInvalidParams("; ".join(map(_worded, faults[:FAULTS]))) from error


def _exactly(kind: type, value: Any, _: Any) -> Any:
    if type(value) is kind:
        return value
    if kind is int and isinstance(value, float) and value.is_integer():  # some editors write every number as 1.0
        return int(value)
    if kind is bool and value in (0, 1):  # so Vim script writes them
        return bool(value)
    raise TypeError


def _is_sequence(kind: Any) -> bool:
    return get_origin(kind) is Sequence


def _list_hook(converter: Converter, kind: Any) -> Callable[[Any, Any], Any]:
    item: Any = get_args(kind)[0]

    def structure(value: Any, _: Any) -> Any:
        if not isinstance(value, list) and value != {}:  # so Lua writes an empty list
            raise TypeError
        return tuple(converter.structure(one, item) for one in value)

    return structure


def _said(error: BaseException, _kind: Any) -> str:
    if isinstance(error, KeyError):
        return "is missing"
    return "is out of range" if isinstance(error, ValueError) and "range" in str(error) else "has the wrong type"


def _worded(fault: str) -> str:
    """Turn cattrs's `is missing @ params.text_document` into `params.textDocument is missing`."""
    said, _, where = fault.partition(" @ ")
    return f"{re.sub(r'_([a-z])', lambda found: found[1].upper(), where)} {said}"
