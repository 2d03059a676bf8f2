from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ar.registration import (
    Method,
    nudge,
    place_on_table,
    read_registration,
    register_by_points,
    write_registration,
)
from ar.registration.pivot import PivotFit
from ar.registration.steps import Registering
from ar.registration.touching import TouchedPoint
from core.errors import PlannerError
from core.frames import apply_affine, rigid

PLACES = {"a": (0.0, 0, 0), "b": (80.0, 5, 0), "c": (10.0, 90, 10), "d": (30.0, 20, 70)}
TRUTH = rigid(np.array([0.4, -0.9, 1.7]), np.array([120.0, -40.0, 15.0]))


def _touched(name: str, off_mm: float = 0.0) -> TouchedPoint:
    place = apply_affine(TRUTH, np.array([PLACES[name]]))[0] + off_mm
    return TouchedPoint(place, 0.3, 0.4, 30, 0.0, 1.0)


def _registering(names: str = "abcd") -> Registering:
    registering = Registering({n: np.array(p) for n, p in PLACES.items()}, "reference", "1.2.3")
    for name in names:
        registering.touch(name, _touched(name))
    return registering


def test_the_way_to_a_registration_is_undone_and_redone_step_by_step() -> None:
    registering = _registering()
    registering.fit()
    assert [s.name for s in registering.steps][1:] == [
        "touch a", "touch b", "touch c", "touch d", "register by landmarks",
    ]  # fmt: skip
    assert registering.draft.registration is not None
    registering.undo()
    assert registering.redo_name == "register by landmarks"
    assert registering.draft.registration is None
    registering.undo()
    assert set(registering.draft.touched) == set("abc")
    registering.redo()
    assert set(registering.draft.touched) == set("abcd")
    registering.forget("b")
    assert registering.redo_name == ""
    assert registering.undo_name == "leave out b"
    for _ in range(20):
        registering.undo()
    assert not registering.draft.touched


def test_a_refused_fit_leaves_everything_as_it_was() -> None:
    registering = _registering("ab")
    steps = registering.steps
    with pytest.raises(PlannerError, match="at least three"):
        registering.fit()
    assert registering.steps == steps


def test_touching_again_drops_the_fit_that_rested_on_the_old_touch() -> None:
    registering = _registering()
    first = registering.fit()
    registering.touch("a", _touched("a", 1.0))
    assert registering.draft.registration is None
    assert registering.fit().fre_mm > first.fre_mm + 0.3


def test_another_pointer_drops_what_the_old_one_touched() -> None:
    registering = _registering()
    registering.set_pointer(PivotFit("pointer", np.array([0.0, 0.0, 140.0]), 0.1, 0.2, 60.0, 100, 0))
    assert not registering.draft.touched
    registering.undo()
    assert len(registering.draft.touched) == 4


def test_the_error_of_touch_and_landmark_are_added() -> None:
    fiducial = _registering().fiducials()[0]
    assert fiducial.sigma_mm == pytest.approx(np.hypot(0.3, 1.0))


def test_a_push_by_hand_moves_along_the_patients_axes_and_loses_the_stated_error() -> None:
    registering = _registering()
    registering.fit()
    about = np.array([10.0, 20.0, 30.0])
    moved = registering.nudge(np.array([0.0, -4.0, 0.0]), np.array([0.0, 0.0, 90.0]), about)
    # Left (x) turns to the back (y) about the head's axis; then all goes 4 mm to the front.
    place = moved.body_from_patient.apply(about[None] + (10.0, 0.0, 0.0))
    np.testing.assert_allclose(place, apply_affine(TRUTH, about[None] + (0.0, 6.0, 0.0)), atol=1e-6)
    assert moved.method is Method.BY_HAND
    assert moved.tre_mm(about[None]) is None
    assert moved.fre_mm is not None
    assert moved.fre_mm > 20.0
    assert "error not known" in moved.note
    assert registering.undo_name == "move by hand"


def test_a_push_never_makes_a_placement_a_registration() -> None:
    placed = place_on_table(np.zeros(3), "reference", np.zeros(3))
    moved = nudge(placed, np.array([5.0, 0.0, 0.0]), np.zeros(3), np.zeros(3))
    assert not moved.is_registered
    assert moved.note == placed.note
    assert moved.fre_mm is None


def test_a_registration_survives_its_file(tmp_path: Path) -> None:
    found = _registering().fit()
    write_registration(found, tmp_path / "registration.json")
    again = read_registration(tmp_path / "registration.json")
    np.testing.assert_array_equal(again.body_from_patient.matrix, found.body_from_patient.matrix)
    heart = np.array([[30.0, 30, 120]])
    np.testing.assert_array_equal(again.tre_mm(heart), found.tre_mm(heart))
    assert again.fiducials == found.fiducials
    assert (again.method, again.note, again.frame_of_reference_uid) == (Method.POINTS, found.note, "1.2.3")
    placed = place_on_table(np.zeros(3), "reference", np.zeros(3))
    write_registration(placed, tmp_path / "placed.json")
    assert not read_registration(tmp_path / "placed.json").is_registered
    assert (tmp_path / "placed.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": "something"}, "another kind"),
        ({"unit": "m"}, "another kind"),
        ({"body_from_patient": (np.diag([1.0, 1, -1, 1])).tolist()}, "not a rotation"),
        ({"body_from_patient": (np.diag([1.1, 1.1, 1.1, 1])).tolist()}, "not a rotation"),
        ({"body_from_patient": [[float("nan")] * 4] * 4}, "finite"),
        ({"is_registered": False}, "a placement is not a registration"),
        ({"fiducials": [{"name": "x"}]}, "no field"),
    ],
)
def test_a_damaged_patient_registration_is_refused(
    change: dict[str, object], reason: str, tmp_path: Path
) -> None:
    points = np.array(list(PLACES.values()))
    path = tmp_path / "registration.json"
    write_registration(register_by_points(points, points, "reference"), path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(PlannerError, match=reason):
        read_registration(path)
