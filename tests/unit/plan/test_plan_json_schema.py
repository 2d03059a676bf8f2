"""The published form of plan.json fits every plan that is written, and no other file; by a second library."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from plan import versions
from plan.items import AorticRoot, CutPlane, Distance
from plan.json_schema import json_schema
from plan.plan import Plan
from plan.schema import FIELDS_OF, MAY_LACK, plan_from_json, plan_to_json

jsonschema = pytest.importorskip("jsonschema")
PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "plan.schema.json"
EXAMPLES: dict[str, object] = {
    "bool": True,
    "id": "a1",
    "text": "lv",
    "texts": ["lv", "rv"],
    "number": 12.0,
    "point": [0.0, 0.6, 0.8],
    "points": [[0.0, 0.0, 0.0], [9.0, 0.0, 0.0], [0.0, 9.0, 1.0]],
    "place": [1.0, 2.0, 3.0],
}


def item_of(kind: str, leave_out: bool = False) -> dict[str, object]:
    """An item of a kind with something in every field, or without what it may lack."""
    fields = FIELDS_OF[kind]
    kept = {name: EXAMPLES[form] for name, form in fields.items()}
    if kind == "plane_angle":
        kept["other_id"] = "b2"
    if kind == "gap":
        kept["second"] = "rv"
    if leave_out:
        kept = {name: value for name, value in kept.items() if name not in MAY_LACK.get(kind, ())}
        kept |= {name: None for name, form in fields.items() if form == "place"}
    return {"type": kind, "id": f"i{kind}", "name": "Ä", **kept}


def is_valid(content: object) -> bool:
    return bool(jsonschema.Draft202012Validator(json_schema()).is_valid(content))


@pytest.mark.parametrize("leave_out", [False, True])
@pytest.mark.parametrize("kind", FIELDS_OF)
def test_a_plan_with_any_kind_of_item_fits_as_it_is_read_and_as_it_is_written(
    kind: str, leave_out: bool
) -> None:
    content = {
        "format": "auricle-plan",
        "schema": 3,
        "frame_of_reference_uid": "1.2",
        "items": [item_of(kind, leave_out)],
    }
    assert is_valid(content)
    assert is_valid(plan_to_json(plan_from_json(content)))
    broken = copy.deepcopy(content)
    broken["items"][0]["more"] = 1  # type: ignore[index]
    assert not is_valid(broken)
    lacking = copy.deepcopy(content)
    del lacking["items"][0][next(iter(FIELDS_OF[kind]))]  # type: ignore[attr-defined]
    assert not is_valid(lacking)


def test_a_plan_with_notes_and_versions_fits() -> None:
    plan = Plan(
        "1.2", (CutPlane("p", (0, 0, 0), (0, 0, 1)), AorticRoot("r"), Distance("d", (0, 0, 0), (1, 0, 0)))
    )
    plan = versions.write_notes(versions.duplicate(plan).plan, "well").plan
    content = json.loads(json.dumps(plan_to_json(plan)))
    assert content["schema"] == 4
    assert is_valid(content)
    assert plan_from_json(content) == plan
    for field, wrong in (
        ("schema", 3),
        ("schema", 5),
        ("notes", None),
        ("shelf", [{"name": "x"}]),
        ("version_id", "ä"),
    ):
        assert not is_valid(content | {field: wrong})


def test_the_published_file_is_the_form_of_now() -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == json_schema()
    jsonschema.Draft202012Validator.check_schema(json_schema())
