from __future__ import annotations

import numpy as np
import pytest

from core.frames import rotation_from_vector
from core.volume import LabelMap
from plan.items import as_point
from render.label_contours import label_contours
from render.slice_plane import SlicePlane, patient_from_pixels

RADIUS_MM = 18.0
SIZE_PX, SPACING_MM = (160, 120), 0.5
# Off the middle and of different lengths along each axis, so that a mirrored or shifted contour shows.
CENTRE_MM = np.array([3.0, -2.0, 1.0])


def ball(turn: tuple[float, float, float]) -> LabelMap:
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_from_vector(np.array(turn)) @ np.diag([1.5, 1.0, 0.8])
    shape = (50, 70, 90)
    matrix[:3, 3] = -matrix[:3, :3] @ ((np.array(shape) - 1) / 2.0)
    places = np.indices(shape).reshape(3, -1).T @ matrix[:3, :3].T + matrix[:3, 3]
    inside = np.linalg.norm(places - CENTRE_MM, axis=1) < RADIUS_MM
    return LabelMap(inside.reshape(shape).astype(np.uint8) * 3, matrix, {3: "rv"}, "1.2.3")


@pytest.mark.parametrize("turn", [(0.0, 0.0, 0.0), (0.3, -0.5, 0.2)])
def test_a_balls_outline_is_a_closed_circle_where_the_plane_cuts_it(turn: tuple[float, float, float]) -> None:
    plane = SlicePlane(as_point([0.0, 0.0, 5.0]), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    (line,) = label_contours(ball(turn), 3, plane, SIZE_PX, SPACING_MM)
    np.testing.assert_allclose(line[0], line[-1])
    places = patient_from_pixels(plane, SIZE_PX, SPACING_MM, line)
    expected = np.sqrt(RADIUS_MM**2 - (5.0 - CENTRE_MM[2]) ** 2)
    away = np.linalg.norm((places - CENTRE_MM)[:, :2], axis=1)
    assert np.abs(away - expected).max() < 0.9
    np.testing.assert_allclose((places.max(axis=0) + places.min(axis=0))[:2] / 2.0, CENTRE_MM[:2], atol=0.4)


def test_the_outline_closes_half_a_voxel_beyond_the_grid() -> None:
    label_map = LabelMap(np.ones((10, 10, 10), np.uint8), np.eye(4), {1: "lv"}, "1.2.3")
    plane = SlicePlane((4.5, 4.5, 4.5), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    (line,) = label_contours(label_map, 1, plane, SIZE_PX, SPACING_MM / 4)
    places = patient_from_pixels(plane, SIZE_PX, SPACING_MM / 4, line)
    np.testing.assert_allclose(
        [places.min(axis=0)[:2], places.max(axis=0)[:2]], [[-0.5] * 2, [9.5] * 2], atol=0.05
    )
    assert len(line) < 60, "points along straight sides say nothing"


def test_a_plane_that_misses_the_structure_has_no_outline() -> None:
    plane = SlicePlane((0.0, 0.0, 30.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    assert label_contours(ball((0, 0, 0)), 3, plane, SIZE_PX, SPACING_MM) == []
    plane = SlicePlane((0.0, 0.0, 900.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    assert label_contours(ball((0, 0, 0)), 3, plane, SIZE_PX, SPACING_MM) == []
