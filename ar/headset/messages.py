"""What a viewer may say, read strictly: a message is one of these exactly, or it is malformed and does nothing."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from plan.items import Point

VERSION = 1
# Ten metres around the scanner's origin: no patient is larger.
FARTHEST_MM = 10_000.0
_NAME = re.compile(r"[0-9A-Za-z_-]{1,64}")


class Malformed(ValueError):
    """The message is none of those that exist; `str` says what is wrong with it, without repeating it."""


@dataclass(frozen=True)
class PreviewPlane:
    """A plane is being dragged; it is shown there, and the plan stays."""

    item_id: str
    origin_mm: Point
    normal: Point
    base: int


@dataclass(frozen=True)
class Release:
    """Nothing is being dragged any more; what was previewed is dropped."""


@dataclass(frozen=True)
class MovePlane:
    """A plane was let go: one edit."""

    ref: str
    item_id: str
    origin_mm: Point
    normal: Point
    base: int


@dataclass(frozen=True)
class SwitchPlane:
    """A plane shall cut, or not cut."""

    ref: str
    item_id: str
    is_active: bool
    base: int


@dataclass(frozen=True)
class AddPlane:
    """A new cut plane."""

    ref: str
    origin_mm: Point
    normal: Point


@dataclass(frozen=True)
class AddDistance:
    """A new distance, measured with controllers or fingertips."""

    ref: str
    start_mm: Point
    end_mm: Point


@dataclass(frozen=True)
class RemoveItem:
    """An item shall leave the plan."""

    ref: str
    item_id: str
    base: int


@dataclass(frozen=True)
class Undo:
    """The last step shall be taken back; only when the viewer knows what that is."""

    ref: str
    base: int


@dataclass(frozen=True)
class Look:
    """A structure shall be shown in this way. A view, no edit."""

    key: str
    is_visible: bool
    opacity: float


@dataclass(frozen=True)
class Beat:
    """The viewer is there; `sent_ms` by its own clock comes back to it."""

    sent_ms: float


@dataclass(frozen=True)
class QuizAnswer:
    """One answer of a quiz: what was asked for, how far from it the viewer pointed, how long it took."""

    asked: str
    is_right: bool
    distance_mm: float
    seconds: float


Message = (
    PreviewPlane
    | Release
    | MovePlane
    | SwitchPlane
    | AddPlane
    | AddDistance
    | RemoveItem
    | Undo
    | Look
    | Beat
    | QuizAnswer
)


def parse(text: str) -> Message:
    """Read one message. Raises Malformed on anything that is not exactly one, and nothing else."""
    try:
        content = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed("it is no JSON") from error
    if not isinstance(content, Mapping):
        raise Malformed("it is no object")
    if type(content.get("v")) is not int or content["v"] != VERSION:
        raise Malformed(f"its version is not {VERSION}")
    kind = content.get("type")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise Malformed("its type is unknown")
    made, fields = _KINDS[kind]
    if set(content) != {"v", "type", *fields}:
        raise Malformed(f"a {kind} message has exactly the fields {', '.join(fields) or 'type and v'}")
    read: Message = made(**{name: _READERS[name](content[name]) for name in fields})
    return read


def _name(value: object) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise Malformed("a name is 1 to 64 letters and digits")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Malformed("a switch is true or false")
    return value


def _revision(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise Malformed("a revision is a whole number from 0")
    return value


def _number(low: float, high: float) -> Callable[[object], float]:
    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise Malformed(f"a number lies between {low:g} and {high:g}")
        return float(value)

    return read


def _place(value: object) -> Point:
    if not isinstance(value, list) or len(value) != 3:
        raise Malformed("a place is three numbers")
    x, y, z = (_number(-FARTHEST_MM, FARTHEST_MM)(part) for part in value)
    return x, y, z


def _direction(value: object) -> Point:
    x, y, z = _place(value)
    length = math.sqrt(x * x + y * y + z * z)
    if not 0.9 < length < 1.1:
        raise Malformed("a normal has the length 1")
    return x / length, y / length, z / length


def _no_constant(name: str) -> float:
    raise Malformed("it holds no number")


_READERS: Mapping[str, Callable[[object], Any]] = {
    "ref": _name,
    "item_id": _name,
    "key": _name,
    "asked": _name,
    "base": _revision,
    "is_active": _flag,
    "is_visible": _flag,
    "is_right": _flag,
    "opacity": _number(0.0, 1.0),
    "sent_ms": _number(0.0, 1e15),
    "distance_mm": _number(0.0, FARTHEST_MM),
    "seconds": _number(0.0, 86_400.0),
    "origin_mm": _place,
    "start_mm": _place,
    "end_mm": _place,
    "normal": _direction,
}
_KINDS: Mapping[str, tuple[Callable[..., Message], tuple[str, ...]]] = {
    "preview_plane": (PreviewPlane, ("item_id", "origin_mm", "normal", "base")),
    "release": (Release, ()),
    "move_plane": (MovePlane, ("ref", "item_id", "origin_mm", "normal", "base")),
    "switch_plane": (SwitchPlane, ("ref", "item_id", "is_active", "base")),
    "add_plane": (AddPlane, ("ref", "origin_mm", "normal")),
    "add_distance": (AddDistance, ("ref", "start_mm", "end_mm")),
    "remove_item": (RemoveItem, ("ref", "item_id", "base")),
    "undo": (Undo, ("ref", "base")),
    "look": (Look, ("key", "is_visible", "opacity")),
    "beat": (Beat, ("sent_ms",)),
    "quiz_answer": (QuizAnswer, ("asked", "is_right", "distance_mm", "seconds")),
}
