"""The form of plan.json as a JSON Schema, for programs that read or write plans; made of what `plan.schema` reads."""

from __future__ import annotations

from collections.abc import Mapping

from plan.schema import (
    FIELDS_OF,
    FORMAT,
    LONGEST_NOTES,
    LONGEST_TEXT,
    MAY_LACK,
    MOST_VERSIONS,
    PLAIN_SCHEMA,
    SCHEMA,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ID = {"type": "string", "pattern": "^[0-9A-Za-z_-]{1,64}$"}
_TEXT = {"type": "string", "maxLength": LONGEST_TEXT}
_POINT = {
    "description": "x to the patient's left, y to the back, z to the head, in mm; a direction without unit",
    "type": "array",
    "prefixItems": [{"$ref": "#/$defs/number"}] * 3,
    "minItems": 3,
    "maxItems": 3,
}
_FORMS: dict[str, dict[str, object]] = {
    "bool": {"type": "boolean"},
    "id": {"$ref": "#/$defs/id"},
    "text": {"$ref": "#/$defs/text"},
    "texts": {"type": "array", "items": {"$ref": "#/$defs/text"}},
    "number": {"$ref": "#/$defs/number"},
    "point": {"$ref": "#/$defs/point"},
    "points": {"type": "array", "items": {"$ref": "#/$defs/point"}},
    "place": {"anyOf": [{"$ref": "#/$defs/point"}, {"type": "null"}]},
}


def json_schema() -> dict[str, object]:
    """The JSON Schema (2020-12) of the newest plan.json. Ranges of single numbers and unique ids are not in it."""
    items = {"type": "array", "items": {"oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in FIELDS_OF]}}
    version = _object({"name": _FORMS["text"], "version_id": _FORMS["id"], "items": {"$ref": "#/$defs/items"}})
    plain = {
        "format": {"const": FORMAT},
        "schema": {"type": "integer", "minimum": 1, "maximum": PLAIN_SCHEMA},
        "frame_of_reference_uid": {"$ref": "#/$defs/text"},
        "items": {"$ref": "#/$defs/items"},
    }
    newest = plain | {
        "schema": {"const": SCHEMA},
        "notes": {"type": "string", "maxLength": LONGEST_NOTES},
        "name": {"$ref": "#/$defs/text"},
        "version_id": {"anyOf": [{"$ref": "#/$defs/id"}, {"const": ""}]},
        "shelf": {"type": "array", "maxItems": MOST_VERSIONS, "items": version},
    }
    numbers = {"type": "number", "minimum": -1e9, "maximum": 1e9}
    kinds = {kind: _item(kind, fields) for kind, fields in FIELDS_OF.items()}
    return {
        "$schema": DIALECT,
        "title": "Auricle plan",
        "description": "Every position is in millimetres of the DICOM frame of reference, axes LPS.",
        "oneOf": [_object(plain), _object(newest)],
        "$defs": {"id": _ID, "text": _TEXT, "number": numbers, "point": _POINT, "items": items, **kinds},
    }


def _item(kind: str, fields: dict[str, str]) -> dict[str, object]:
    named = {"type": {"const": kind}, "id": _FORMS["id"], "name": _FORMS["text"]}
    return _object(
        named | {field: _FORMS[form] for field, form in fields.items()}, MAY_LACK.get(kind, frozenset())
    )


def _object(fields: Mapping[str, object], may_lack: frozenset[str] = frozenset()) -> dict[str, object]:
    required = [name for name in fields if name not in may_lack]
    return {"type": "object", "properties": fields, "required": required, "additionalProperties": False}
