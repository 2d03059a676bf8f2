"""Landmarks read from walls, on a heart of ellipsoids and balls whose landmarks are known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from recon.landmark_choice import BOTH, MEASURED_DEG, MEASURED_MM, NETWORK, SHAPE, SURE_MM, chosen_landmarks
from recon.networks.landmarks import FoundLandmark
from recon.shape_landmarks import LEVEL, ShapeLandmark, farthest_end, shape_landmarks
from recon.surface import multi_surface
from recon.surfaces.multi import MultiSurface

STEP_MM, N = 2.0, 72
MIDDLE = np.array((12.0, -40.0, 300.0))
AXIS, TO_RV = np.array((0.6, -0.8, 0.0)), np.array((-0.8, -0.6, 0.0))
HALF_LONG, RADIUS, WALL = 60.0, 20.0, 8.0
BASE = MIDDLE - 20.0 * AXIS
APEX = MIDDLE + HALF_LONG * AXIS
RV_AWAY, RV_RADIUS = 30.0, 25.0
LEVEL_MM = LEVEL * (20.0 + HALF_LONG) - 20.0
"""Of the insertions' slice beyond the ellipsoids' middle."""

GRID = np.diag((STEP_MM, -STEP_MM, STEP_MM, 1.0))
GRID[:3, 3] = MIDDLE - GRID[:3, :3] @ np.full(3, (N - 1) / 2.0) + 10.0 * AXIS
NAMES = {1: "lv", 2: "lv_myocardium", 3: "rv", 4: "la"}


def _egg(points: np.ndarray, along_mm: float, across_mm: float) -> np.ndarray:
    """Near signed distance to an ellipsoid of revolution about the long axis, positive inside."""
    way = points - MIDDLE
    along = way @ AXIS
    across = np.linalg.norm(way - along[..., None] * AXIS, axis=-1)
    size = np.sqrt((along / along_mm) ** 2 + (across / across_mm) ** 2)
    return (1.0 - size) * across_mm


def _ball(points: np.ndarray, centre: np.ndarray, radius_mm: float) -> np.ndarray:
    return radius_mm - np.linalg.norm(points - centre, axis=-1)


@pytest.fixture(scope="module")
def heart() -> MultiSurface:
    index = np.moveaxis(np.indices((N, N, N)), 0, -1).astype(np.float64)
    points = index @ GRID[:3, :3].T + GRID[:3, 3]
    below = (points - BASE) @ AXIS
    lv = np.minimum(_egg(points, HALF_LONG, RADIUS), below)
    outer = np.minimum(_egg(points, HALF_LONG + WALL, RADIUS + WALL), below)
    muscle = np.minimum(outer, -lv)
    rv = np.minimum(_ball(points, MIDDLE + LEVEL_MM * AXIS + RV_AWAY * TO_RV, RV_RADIUS), -outer)
    la = np.minimum(_ball(points, BASE - 15.0 * AXIS, 24.0), -below)
    solids = np.stack([lv, muscle, rv, la])
    scores = np.concatenate([-solids.max(axis=0, keepdims=True), solids]).astype(np.float32)
    return multi_surface(scores, GRID, NAMES)


def test_a_valve_is_the_middle_of_the_wall_and_faces_with_the_blood(heart: MultiSurface) -> None:
    valve = shape_landmarks(heart)["mitral_valve"]
    assert valve.position_mm == pytest.approx(BASE, abs=0.2)
    assert valve.direction is not None
    assert float(valve.direction @ AXIS) > 0.9995


def test_the_apex_is_the_cavitys_end_farthest_from_the_valve(heart: MultiSurface) -> None:
    apex = shape_landmarks(heart)["lv_apex"].position_mm
    assert abs(float((apex - APEX) @ AXIS)) < 0.5
    assert np.linalg.norm(apex - APEX) < 1.0


def test_insertions_are_where_the_circles_of_both_ventricles_cross(heart: MultiSurface) -> None:
    found = shape_landmarks(heart)
    radius = (RADIUS + WALL) * np.sqrt(1.0 - (LEVEL_MM / (HALF_LONG + WALL)) ** 2)
    toward = (RV_AWAY**2 + radius**2 - RV_RADIUS**2) / (2.0 * RV_AWAY)
    up = np.sqrt(radius**2 - toward**2)
    level = MIDDLE + LEVEL_MM * AXIS + toward * TO_RV
    head = np.array((0.0, 0.0, 1.0))
    assert found["anterior_rv_insertion"].position_mm == pytest.approx(level + up * head, abs=1.0)
    assert found["inferior_rv_insertion"].position_mm == pytest.approx(level - up * head, abs=1.0)


def test_what_structures_are_missing_for_is_left_out() -> None:
    index = np.moveaxis(np.indices((24, 24, 24)), 0, -1)
    ball = 8.0 - np.linalg.norm(index - 11.5, axis=-1)
    alone = multi_surface(np.stack([-ball, ball]).astype(np.float32), np.eye(4), {1: "lv"})
    assert shape_landmarks(alone) == {}


def test_a_wall_too_small_for_a_valve_is_none() -> None:
    """Two balls that touch in a disc of 6 mm."""
    index = np.moveaxis(np.indices((44, 24, 24)), 0, -1).astype(np.float64)
    first, second = (10.0 - np.linalg.norm(index - (x, 11.5, 11.5), axis=-1) for x in (12.0, 31.0))
    scores = np.stack([-np.maximum(first, second), first, second]).astype(np.float32)
    assert shape_landmarks(multi_surface(scores, np.eye(4), {1: "la", 2: "lv"})) == {}


def test_the_end_of_a_body_does_not_follow_one_vertex() -> None:
    rng = np.random.default_rng(0)
    way = rng.normal(size=(20000, 3))
    points = way / np.linalg.norm(way, axis=1, keepdims=True) * (15.0, 15.0, 40.0)
    points[0] = (4.0, 0.0, 40.5)
    assert farthest_end(points, np.zeros(3)) == pytest.approx((0.0, 0.0, 40.0), abs=1.0)


Z = np.array((0.0, 0.0, 1.0))


def _seen(place: tuple[float, float, float], sd_mm: float, way: np.ndarray = Z) -> FoundLandmark:
    return FoundLandmark(np.array(place), sd_mm, way)


@pytest.mark.parametrize("key", sorted(MEASURED_MM))
def test_of_two_sources_the_one_that_was_nearest_on_other_patients_is_taken(key: str) -> None:
    best = min(MEASURED_MM[key], key=lambda source: MEASURED_MM[key][source])
    places = {NETWORK: (0.0, 0.0, 0.0), SHAPE: (2.0, 0.0, 0.0), BOTH: (1.0, 0.0, 0.0)}
    way = Z if key in MEASURED_DEG else None
    seen, shaped = FoundLandmark(np.zeros(3), 3.0, way), ShapeLandmark(np.array((2.0, 0.0, 0.0)), way)
    chosen = chosen_landmarks({key: seen}, {key: shaped})[key]
    assert (chosen.source, chosen.sd_mm) == (best, MEASURED_MM[key][best])
    assert chosen.position_mm == pytest.approx(places[best])
    assert chosen.direction is None if way is None else chosen.direction == pytest.approx(Z)


def test_heat_spread_wide_and_away_from_the_shape_is_not_heard() -> None:
    shaped = {"tricuspid_valve": ShapeLandmark(np.zeros(3), Z)}
    away = chosen_landmarks({"tricuspid_valve": _seen((30.0, 0, 0), SURE_MM + 1.0)}, shaped)["tricuspid_valve"]
    assert (away.source, away.sd_mm) == (SHAPE, MEASURED_MM["tricuspid_valve"][SHAPE])
    assert away.position_mm == pytest.approx(np.zeros(3))


def test_two_sure_sources_far_apart_make_a_landmark_unsure() -> None:
    shaped = {"lv_apex": ShapeLandmark(np.zeros(3))}
    assert chosen_landmarks({"lv_apex": _seen((30.0, 0, 0), 2.0)}, shaped)["lv_apex"].sd_mm == 15.0


def test_what_only_one_source_knows_is_that_sources() -> None:
    chosen = chosen_landmarks(
        {"left_hinge": _seen((1, 2, 3), 3.3)}, {"lv_apex": ShapeLandmark(np.array((4.0, 5.0, 6.0)))}
    )
    assert (chosen["left_hinge"].source, chosen["left_hinge"].sd_mm) == (NETWORK, 3.3)
    assert (chosen["lv_apex"].source, chosen["lv_apex"].sd_mm) == (SHAPE, MEASURED_MM["lv_apex"][SHAPE])


def test_directions_against_each_other_leave_the_shapes_own() -> None:
    shaped = {"mitral_valve": ShapeLandmark(np.zeros(3), Z)}
    chosen = chosen_landmarks({"mitral_valve": _seen((1.0, 0, 0), 2.0, -Z)}, shaped)["mitral_valve"]
    assert chosen.direction == pytest.approx(Z)
    assert set(MEASURED_DEG) == {"mitral_valve", "aortic_valve", "tricuspid_valve", "pulmonary_valve"}
