"""Frozen dataclasses as plain JSON values and back, each value checked against its type on the way in.

What comes from the child process, or from an index on the disk, is believed no more than the file itself: nothing
but JSON is parsed, and a value of another type than the field's raises ValueError. No code can be in it.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

LONGEST_TEXT = 1 << 16
Encode = Callable[[Any], Any]
Decode = Callable[[Any, Path], Any]


@cache
def encoder(hint: Any) -> Encode:
    """A function that turns a value of type `hint` into JSON values; a dataclass becomes a list of its fields.

    A Path is left out: it is always the file that was asked for, and the reader knows that.
    """
    if is_dataclass(hint):
        parts = [(name, encoder(part)) for name, part in _fields_of(hint)]
        return lambda value: [encode(getattr(value, name)) for name, encode in parts]
    if hint is Path:
        return lambda value: None
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lambda value: value.value
    if typing.get_origin(hint) is tuple:
        return _tuple_encoder(typing.get_args(hint))
    if _is_optional(hint):
        inner = encoder(_inner(hint))
        return lambda value: None if value is None else inner(value)
    return hint  # type: ignore[no-any-return]  # bool, int, float and str make plain values of numpy's too


@cache
def decoder(hint: Any) -> Decode:
    """A function that checks JSON values and builds a value of type `hint`.

    It takes the values and the path that stands for every Path. It raises ValueError for anything that is not
    exactly of the type: wrong lengths, NaN, texts beyond `LONGEST_TEXT`.
    """
    if is_dataclass(hint):
        return _dataclass_decoder(hint)
    if hint is Path:
        return lambda value, path: path
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lambda value, path: hint(value)
    if typing.get_origin(hint) is tuple:
        return _tuple_decoder(typing.get_args(hint))
    if _is_optional(hint):
        inner = decoder(_inner(hint))
        return lambda value, path: None if value is None else inner(value, path)
    return _PLAIN[hint]


def _fields_of(hint: Any) -> list[tuple[str, Any]]:
    hints = typing.get_type_hints(hint)
    return [(field.name, hints[field.name]) for field in fields(hint)]


def _is_optional(hint: Any) -> bool:
    return isinstance(hint, types.UnionType) and len(hint.__args__) == 2 and type(None) in hint.__args__


def _inner(hint: Any) -> Any:
    return next(part for part in hint.__args__ if part is not type(None))


def _dataclass_decoder(hint: Any) -> Decode:
    parts = [decoder(part) for _, part in _fields_of(hint)]

    def decode(value: Any, path: Path) -> Any:
        if not isinstance(value, list) or len(value) != len(parts):
            raise ValueError(f"not a {hint.__name__}")
        return hint(*[part(one, path) for part, one in zip(parts, value, strict=True)])

    return decode


def _tuple_encoder(hints: tuple[Any, ...]) -> Encode:
    if hints[-1] is Ellipsis:
        every = encoder(hints[0])
        return lambda value: [every(one) for one in value]
    parts = [encoder(hint) for hint in hints]
    return lambda value: [part(one) for part, one in zip(parts, value, strict=True)]


def _tuple_decoder(hints: tuple[Any, ...]) -> Decode:
    is_endless = hints[-1] is Ellipsis
    parts = [decoder(hint) for hint in hints if hint is not Ellipsis]
    every = parts[0]

    def decode(value: Any, path: Path) -> Any:
        if not isinstance(value, list):
            raise ValueError("not a list")
        if is_endless:
            return tuple([every(one, path) for one in value])
        if len(value) != len(parts):
            raise ValueError("a list of the wrong length")
        return tuple([part(one, path) for part, one in zip(parts, value, strict=True)])

    return decode


def _text(value: Any, path: Path) -> str:
    if type(value) is not str or len(value) > LONGEST_TEXT:
        raise ValueError("not a text")
    return value


def _whole(value: Any, path: Path) -> int:
    if type(value) is not int or abs(value) >= 1 << 63:
        raise ValueError("not a whole number")
    return value


def _real(value: Any, path: Path) -> float:
    if type(value) not in (int, float) or math.isnan(value):
        raise ValueError("not a number")
    return float(value)


def _truth(value: Any, path: Path) -> bool:
    if type(value) is not bool:
        raise ValueError("neither true nor false")
    return value


_PLAIN: dict[Any, Decode] = {str: _text, int: _whole, float: _real, bool: _truth}
