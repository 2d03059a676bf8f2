from __future__ import annotations

import copy
import json
import os
import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PlannerError
from plan.items import (
    ROOT_POINTS,
    Angle,
    AorticRoot,
    Ball,
    Contour,
    CutBox,
    CutCurve,
    CutPlane,
    Distance,
    Gap,
    Landmark,
    PlaneAngle,
    Polyline,
    Resection,
    StructureVolume,
    SurfacePath,
)
from plan.plan import Plan
from plan.schema import parse_json, plan_from_json, plan_to_json, read_plan, write_plan

NUMBERS = st.floats(-1000, 1000, allow_nan=False)
POINTS = st.tuples(NUMBERS, NUMBERS, NUMBERS)
DIRECTIONS = POINTS.filter(lambda p: np.linalg.norm(p) > 1e-3)
NAMES = st.text(max_size=20)
SPARED = st.lists(st.sampled_from(["lv", "rv", "left ear"]), unique=True).map(tuple)
RING = st.lists(POINTS, min_size=3, max_size=5).map(tuple)
ITEMS = st.one_of(
    st.builds(CutPlane, NAMES, POINTS, DIRECTIONS, st.booleans(), st.booleans(), spared=SPARED),
    st.builds(CutBox, NAMES, POINTS, POINTS, spared=SPARED),
    st.builds(CutCurve, NAMES, RING, DIRECTIONS, st.booleans()),
    st.builds(SurfacePath, NAMES, st.just("lv"), POINTS, POINTS, RING),
    st.builds(Gap, NAMES, st.just("lv"), st.just("la"), POINTS, POINTS),
    st.builds(Ball, NAMES, POINTS, POINTS),
    st.builds(StructureVolume, NAMES, st.just("left ear"), st.floats(0, 900), POINTS),
    st.builds(
        Resection, NAMES, RING, st.floats(0, 20), st.floats(0, 90), st.floats(-5, 30), POINTS, st.just("s1")
    ),
    st.builds(Distance, NAMES, POINTS, POINTS),
    st.builds(Angle, NAMES, POINTS, POINTS, POINTS),
    st.builds(Landmark, NAMES, POINTS),
    st.builds(Polyline, NAMES, st.lists(POINTS, min_size=2, max_size=5).map(tuple)),
    st.builds(Contour, NAMES, st.lists(POINTS, min_size=3, max_size=5).map(tuple)),
    st.builds(PlaneAngle, NAMES, st.just("a1"), st.just("p1")),
    st.builds(
        AorticRoot,
        NAMES,
        **{name: st.none() | POINTS for name in ROOT_POINTS},
        annulus_mm=st.lists(POINTS, max_size=4).map(tuple),
        sinotubular_mm=st.lists(POINTS, max_size=4).map(tuple),
    ),
)
PLANS = st.builds(Plan, NAMES, st.lists(ITEMS, max_size=5).map(tuple))

EXAMPLE = Plan(
    "1.2.840.1",
    (
        CutPlane("Cut plane 1", (1.5, -2, 3), (0, 0.6, 0.8), True, True, "p1"),
        Distance("Annulus", (0, 0, 0), (10, 0, 0), "d1"),
        Angle("Root", (1, 0, 0), (0, 0, 0), (0, 1, 0), "a1"),
        Landmark("Apex", (4, 5, 6), "l1"),
    ),
)


@given(PLANS)
def test_a_plan_comes_back_from_its_text_bit_for_bit(plan: Plan) -> None:
    assert plan_from_json(parse_json(json.dumps(plan_to_json(plan)))) == plan


def test_the_file_says_its_schema_and_its_millimetres() -> None:
    content = plan_to_json(EXAMPLE)
    assert (content["format"], content["schema"]) == ("auricle-plan", 3)
    assert content["items"][0] == {
        "type": "cut_plane",
        "id": "p1",
        "name": "Cut plane 1",
        "origin_mm": [1.5, -2.0, 3.0],
        "normal": [0.0, 0.6, 0.8],
        "is_active": True,
        "is_locked": True,
    }
    assert [set(item) - {"type", "id", "name"} for item in content["items"][1:]] == [
        {"start_mm", "end_mm"},
        {"start_mm", "vertex_mm", "end_mm"},
        {"position_mm"},
    ]


def _changed(path: list, value: object) -> dict:
    content = copy.deepcopy(plan_to_json(EXAMPLE))
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return content


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["format"], "other"),
        (["schema"], 0),
        (["schema"], 5),
        (["schema"], True),
        (["schema"], 1.0),
        (["frame_of_reference_uid"], 7),
        (["items"], {}),
        (["items", 0, "type"], "sphere"),
        (["items", 0, "type"], ["cut_plane"]),
        (["items", 0, "normal"], [0, 0, 0]),
        (["items", 0, "is_active"], 1),
        (["items", 0, "origin_mm"], [1, 2]),
        (["items", 0, "origin_mm"], [1, 2, "3"]),
        (["items", 0, "origin_mm"], [1, 2, True]),
        (["items", 0, "origin_mm"], [1, 2, float("nan")]),
        (["items", 0, "origin_mm"], [1, 2, 10**400]),
        (["items", 0, "id"], "../x"),
        (["items", 0, "id"], "d1"),
        (["items", 0, "name"], "n" * 500),
        (["items", 0, "colour"], "red"),
        (["unit"], "inch"),
        (["items", 3], None),
    ],
)
def test_a_plan_that_is_not_exactly_one_is_refused(path: list, value: object) -> None:
    with pytest.raises(PlannerError, match="cannot read the plan"):
        plan_from_json(_changed(path, value))


def test_a_plan_of_an_older_schema_opens_and_is_written_as_the_newest() -> None:
    old = plan_to_json(EXAMPLE) | {"schema": 1}
    assert plan_from_json(old) == EXAMPLE
    assert plan_to_json(plan_from_json(old))["schema"] == 3


def test_the_first_schema_knew_no_contours() -> None:
    contour = Contour("c", ((0, 0, 0), (1, 0, 0), (0, 1, 0)))
    content = plan_to_json(Plan("1.2", (contour,)))
    assert plan_from_json(content).items == (contour,)
    with pytest.raises(PlannerError, match="no known type"):
        plan_from_json(content | {"schema": 1})


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("contour", "points_mm", [[0, 0, 0], [1, 0, 0]]),
        ("contour", "points_mm", [[0, 0, 0]] * 501),
        ("contour", "points_mm", [[0, 0, 0], [1, 0, 0], None]),
        ("contour", "points_mm", {"0": [0, 0, 0]}),
        ("contour", "points_mm", None),
        ("plane_angle", "plane_id", "../p"),
        ("plane_angle", "plane_id", "o1"),
        ("plane_angle", "other_id", 7),
        ("aortic_root", "left_hinge_mm", [1, 2]),
        ("aortic_root", "annulus_mm", None),
    ],
)
def test_a_measure_that_is_unclear_is_refused(kind: str, field: str, value: object) -> None:
    items = {
        "contour": Contour("c", ((0, 0, 0), (1, 0, 0), (0, 1, 0))),
        "plane_angle": PlaneAngle("a", "p1", "o1"),
        "aortic_root": AorticRoot("r", (0, 0, 0)),
    }
    content = plan_to_json(Plan("1.2", (items[kind],)))
    content["items"][0][field] = value
    with pytest.raises(PlannerError, match="cannot read the plan"):
        plan_from_json(content)


def test_a_plan_that_lacks_a_field_is_refused_by_name() -> None:
    content = copy.deepcopy(plan_to_json(EXAMPLE))
    del content["items"][1]["end_mm"]
    with pytest.raises(PlannerError, match="item 2 lacks end_mm"):
        plan_from_json(content)


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, '{"a": NaN}', "\xff\xfe", '{"a": 1' + "0" * 9000 + "}"]
)
def test_text_that_is_no_plain_json_is_refused(text: str) -> None:
    with pytest.raises(PlannerError, match="cannot read the plan"):
        plan_from_json(parse_json(text))


def test_a_written_plan_reads_back_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "case" / "plan.json"
    write_plan(Plan(), path)
    write_plan(EXAMPLE, path)
    assert read_plan(path) == EXAMPLE
    assert [p.name for p in path.parent.iterdir()] == ["plan.json"]


def test_a_failed_write_leaves_the_old_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "plan.json"
    write_plan(EXAMPLE, path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PlannerError, match="No space left"):
        write_plan(Plan(), path)
    assert read_plan(path) == EXAMPLE
    assert [p.name for p in tmp_path.iterdir()] == ["plan.json"]


def test_a_missing_or_huge_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="No such file"):
        read_plan(tmp_path / "none.json")
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(PlannerError, match="larger than any plan"):
        read_plan(huge)


def test_a_written_plan_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    write_plan(EXAMPLE, tmp_path / "plan.json")
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o600


def test_a_cut_plane_of_before_it_could_spare_structures_still_opens_and_cuts_all() -> None:
    content = plan_to_json(EXAMPLE)
    assert "spared" not in content["items"][0]
    assert plan_from_json(content).items[0].spared == ()
