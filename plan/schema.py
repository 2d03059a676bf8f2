"""plan.json: the plan as other programs and later versions read it. Strict: an unclear file is refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from core.errors import PlannerError
from core.staging import replace_file
from plan.items import (
    ROOT_POINTS,
    Angle,
    AorticRoot,
    Contour,
    CutPlane,
    Distance,
    Item,
    Landmark,
    PlaneAngle,
    Point,
    Polyline,
)
from plan.plan import Plan, PlanVersion
from plan.sheet_items import SHEET_TITLES, forms_of
from plan.surface_items import SURFACE_TITLES, surface_forms_of

FORMAT = "auricle-plan"
SCHEMA = 4
"""Newest schema; a plan without what is new in it is written as `PLAIN_SCHEMA`, which older versions read."""
PLAIN_SCHEMA = 3
# What a plan of each schema may hold. Nothing of an older one has changed its form, so that reading is migrating.
_TYPES_OF_SCHEMA_1 = frozenset({"cut_plane", "distance", "angle", "landmark"})
_TYPES_OF_OLDER: dict[int, frozenset[str]] = {
    1: _TYPES_OF_SCHEMA_1,
    2: _TYPES_OF_SCHEMA_1 | {"polyline", "contour", "plane_angle", "aortic_root"},
}
LARGEST_FILE_BYTES = 16_000_000
LONGEST_TEXT = 200
LONGEST_NOTES = 20_000
MOST_VERSIONS = 50
_PLAIN = {"format", "schema", "frame_of_reference_uid", "items"}
_OF_VERSIONS = {"notes", "name", "version_id", "shelf"}

_TYPES: dict[str, type] = {
    "cut_plane": CutPlane,
    "distance": Distance,
    "angle": Angle,
    "landmark": Landmark,
    "polyline": Polyline,
    "contour": Contour,
    "plane_angle": PlaneAngle,
    "aortic_root": AorticRoot,
    **{title.replace(" ", "_"): kind for kind, title in {**SHEET_TITLES, **SURFACE_TITLES}.items()},
}
# Type of an item -> its own fields and how each is written; `_value` reads the forms.
FIELDS_OF: dict[str, dict[str, str]] = {
    "cut_plane": {
        "origin_mm": "point",
        "normal": "point",
        "is_active": "bool",
        "is_locked": "bool",
        "spared": "texts",
    },
    "distance": {"start_mm": "point", "end_mm": "point"},
    "angle": {"start_mm": "point", "vertex_mm": "point", "end_mm": "point"},
    "landmark": {"position_mm": "point"},
    "polyline": {"points_mm": "points"},
    "contour": {"points_mm": "points"},
    "plane_angle": {"plane_id": "id", "other_id": "id"},
    "aortic_root": dict.fromkeys(ROOT_POINTS, "place") | {"annulus_mm": "points", "sinotubular_mm": "points"},
    **{title.replace(" ", "_"): forms_of(kind) for kind, title in SHEET_TITLES.items()},
    **{title.replace(" ", "_"): surface_forms_of(kind) for kind, title in SURFACE_TITLES.items()},
}
# Left out where it has nothing to say, as in files of before it was known.
MAY_LACK = {
    "cut_plane": frozenset({"spared"}),
    "mitral_annulus": frozenset({"guessed"}),
    "resection": frozenset({"voxels_ml"}),
    **dict.fromkeys(("distance_on_surface", "gap", "volume"), frozenset({"measured_on"})),
}
_NAME_OF = {kind: name for name, kind in _TYPES.items()}


def plan_to_json(plan: Plan) -> dict[str, object]:
    """The plan as plain JSON values; every position in LPS mm."""
    content: dict[str, object] = {
        "format": FORMAT,
        "schema": PLAIN_SCHEMA,
        "frame_of_reference_uid": plan.frame_of_reference_uid,
        "items": [_item_to_json(item) for item in plan.items],
    }
    if not (plan.notes or plan.name or plan.version_id or plan.shelf):
        return content
    return content | {
        "schema": SCHEMA,
        "notes": plan.notes,
        "name": plan.name,
        "version_id": plan.version_id,
        "shelf": [_version_to_json(version) for version in plan.shelf],
    }


def plan_from_json(content: object) -> Plan:
    """The plan of plain JSON values. Raises PlannerError on anything that is not exactly a plan."""
    is_newest = isinstance(content, Mapping) and content.get("schema") == SCHEMA
    plan = _mapping(content, "the plan", _PLAIN | (_OF_VERSIONS if is_newest else set()))
    if plan["format"] != FORMAT:
        _refuse("it is not an Auricle plan")
    schema = plan["schema"]
    if type(schema) is not int or not 1 <= schema <= SCHEMA:
        _refuse(f"its schema is {schema!r:.40}, this version reads 1 to {SCHEMA}")
    types = _TYPES_OF_OLDER.get(schema, frozenset(_TYPES))
    made = Plan(
        _text(plan["frame_of_reference_uid"], "the frame of reference"),
        _items(plan["items"], types, "its items"),
    )
    return _with_versions(made, plan, types) if is_newest else made


def _items(content: object, types: frozenset[str], where: str) -> tuple[Item, ...]:
    if not isinstance(content, list):
        _refuse(f"{where} are not a list")
    items = tuple(_item_from_json(item, types, f"item {n}") for n, item in enumerate(content, start=1))
    if len({item.item_id for item in items}) != len(items):
        _refuse(f"two of {where} have the same id")
    return items


def _version_to_json(version: PlanVersion) -> dict[str, object]:
    items = [_item_to_json(item) for item in version.items]
    return {"name": version.name, "version_id": version.version_id, "items": items}


def _with_versions(plan: Plan, content: Mapping[str, object], types: frozenset[str]) -> Plan:
    notes, shelf = content["notes"], content["shelf"]
    if not isinstance(notes, str) or len(notes) > LONGEST_NOTES:
        _refuse(f"its notes are no text of up to {LONGEST_NOTES} letters")
    if not isinstance(shelf, list) or len(shelf) > MOST_VERSIONS:
        _refuse(f"its versions are no list of up to {MOST_VERSIONS}")
    version_id = content["version_id"] and _id(content["version_id"], "its version")
    versions = tuple(_version_from_json(one, types, f"version {n}") for n, one in enumerate(shelf, start=1))
    ids = [version.version_id for version in versions]
    if len({*ids, version_id}) != len(ids) + 1:
        _refuse("two of its versions have the same id")
    name = _text(content["name"], "its name")
    return replace(plan, notes=notes, name=name, version_id=str(version_id), shelf=versions)


def _version_from_json(content: object, types: frozenset[str], where: str) -> PlanVersion:
    version = _mapping(content, where, {"name", "version_id", "items"})
    items = _items(version["items"], types, f"the items of {where}")
    return PlanVersion(
        _text(version["name"], f"the name of {where}"), items, _id(version["version_id"], f"the id of {where}")
    )


def read_plan(path: Path) -> Plan:
    """Read plan.json. Raises PlannerError when it cannot be read or is not exactly a plan."""
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            _refuse("it is larger than any plan")
        return plan_from_json(parse_json(path.read_bytes()))
    except OSError as error:
        raise PlannerError(
            f"cannot read {path.name}", str(error.strerror or error), "choose another file"
        ) from error


def write_plan(plan: Plan, path: Path) -> None:
    """Write plan.json so that a crash leaves the old file or the new one. Raises PlannerError."""
    replace_file(path, (json.dumps(plan_to_json(plan), indent=2, allow_nan=False) + "\n").encode())


def parse_json(content: bytes | str) -> object:
    """JSON without NaN, infinities or bottomless nesting. Raises PlannerError otherwise."""
    try:
        return json.loads(content, parse_constant=lambda name: _refuse(f"it contains {name}"))
    except (ValueError, RecursionError) as error:
        raise PlannerError("cannot read the plan", "it is not valid JSON", "choose another file") from error


def _item_to_json(item: Item) -> dict[str, object]:
    kind = _NAME_OF[type(item)]
    content: dict[str, object] = {"type": kind, "id": item.item_id, "name": item.name}
    for name, form in FIELDS_OF[kind].items():
        value = getattr(item, name)
        if value or name not in MAY_LACK.get(kind, ()):
            content[name] = _plain(value, form)
    return content


def _plain(value: Any, form: str) -> object:
    if form == "points":
        return [list(point) for point in value]
    return list(value) if isinstance(value, tuple) else value


def _item_from_json(content: object, types: frozenset[str], where: str) -> Item:
    kind = content.get("type") if isinstance(content, Mapping) else None
    if not isinstance(kind, str) or kind not in types:
        _refuse(f"{where} is of no known type")
    fields = FIELDS_OF[kind]
    assert isinstance(content, Mapping)
    fields = {
        name: form for name, form in fields.items() if name in content or name not in MAY_LACK.get(kind, ())
    }
    item = _mapping(content, where, {"type", "id", "name", *fields})
    values: dict[str, Any] = {
        name: _value(item[name], form, f"{name} of {where}") for name, form in fields.items()
    }
    item_id = _id(item["id"], f"the id of {where}")
    try:
        made: Item = _TYPES[kind](name=_text(item["name"], f"the name of {where}"), item_id=item_id, **values)
    except ValueError as error:
        raise PlannerError("cannot read the plan", f"{where}: {error}", "correct the file") from error
    return made


def _value(value: object, form: str, where: str) -> object:
    if form == "bool":
        if not isinstance(value, bool):
            _refuse(f"{where} is neither true nor false")
        return value
    if form == "id":
        return _id(value, where)
    if form == "text":
        return _text(value, where)
    if form == "texts":
        if not isinstance(value, list):
            _refuse(f"{where} is not a list of names")
        return tuple(_text(one, where) for one in value)
    if form == "number":
        return _number(value, where)
    if form == "points":
        if not isinstance(value, list):
            _refuse(f"{where} is not a list of positions")
        return tuple(_point(point, where) for point in value)
    return None if form == "place" and value is None else _point(value, where)


def _id(value: object, where: str) -> str:
    text = _text(value, where)
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,64}", text):
        _refuse(f"{where} is not letters and digits")
    return text


def _point(value: object, where: str) -> Point:
    if not isinstance(value, list) or len(value) != 3:
        _refuse(f"{where} is not three numbers")
    x, y, z = (_number(number, where) for number in value)
    return x, y, z


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e9 or math.isnan(value):
        _refuse(f"{where} holds something that is not a number in range")
    return float(value)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        _refuse(f"{where} is not a short text")
    return value


def _mapping(content: object, where: str, names: set[str]) -> Mapping[str, object]:
    if not isinstance(content, Mapping):
        _refuse(f"{where} is not a set of named fields")
    if missing := names - set(content):
        _refuse(f"{where} lacks {', '.join(sorted(missing))}")
    if unknown := set(content) - names:
        _refuse(f"{where} has the unknown field {sorted(map(str, unknown))[0]!r:.60}")
    return content


def _refuse(why: str) -> NoReturn:
    raise PlannerError("cannot read the plan", why, "choose another file or correct this one")
