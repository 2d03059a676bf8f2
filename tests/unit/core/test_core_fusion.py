"""A registration leads both ways and says what it knows of its error."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from core.frames import Transform, apply_affine, rigid
from core.fusion import FIXED, MOVING, DisplacementField, ImageKey, ImageRegistration, RegistrationError, Warp

GRID = np.array([[0.0, 0, 5, -40], [0, 5, 0, -30], [5, 0, 0, 100], [0, 0, 0, 1]])
POSE = rigid(np.radians((5.0, -8.0, 12.0)), np.array((10.0, -4.0, 30.0)))
ERROR = RegistrationError({"lv": 0.5}, {"lv": 1.5}, {"lv": 1.0}, 1.7)


def a_field(shift: float = 1.0) -> DisplacementField:
    values = np.random.default_rng(1).normal(size=(9, 11, 13, 3)) * shift
    for axis in range(3):
        values = ndimage.gaussian_filter1d(values, 1.5, axis=axis)
    return DisplacementField(values, GRID)


def registration(warp: Warp | None = None, pose: np.ndarray = POSE) -> ImageRegistration:
    keys = ImageKey("9.1", 0, "1.1", "CT"), ImageKey("9.2", 3, "1.2", "MR")
    return ImageRegistration(*keys, Transform(FIXED, MOVING, pose), warp, ERROR, "test")


def test_a_displacement_is_trilinear_between_its_grid_points_and_zero_beyond() -> None:
    field = a_field()
    index = np.random.default_rng(2).uniform(0.0, (8.0, 10.0, 12.0), size=(500, 3))
    points = apply_affine(GRID, index)
    expected = [
        ndimage.map_coordinates(field.shift_mm[..., axis].astype(np.float64), index.T, order=1)
        for axis in range(3)
    ]
    assert np.allclose(field.at(points), np.stack(expected, axis=1), atol=1e-6)
    assert (field.at(apply_affine(GRID, np.array([[-0.2, 3, 3], [4, 4, 12.5]]))) == 0).all()


def test_a_rigid_registration_leads_forth_and_back() -> None:
    points = np.random.default_rng(3).normal(size=(50, 3)) * 80.0
    found = registration()
    assert np.allclose(found.fixed_points(points), apply_affine(POSE, points))
    assert np.allclose(found.moving_from_fixed(found.fixed_points(points)), points)


def test_the_deformation_lies_on_the_fixed_side_of_the_rigid_part() -> None:
    field = a_field(0.3)
    zero = DisplacementField(np.zeros_like(field.shift_mm), GRID)
    points = apply_affine(GRID, np.array([[4.2, 5.1, 6.7]]))
    found = registration(Warp(field, zero)).moving_from_fixed(points)
    assert np.allclose(found, apply_affine(np.linalg.inv(POSE), points + field.at(points)))


def test_a_registration_is_rigid_and_knows_its_frames() -> None:
    keys = ImageKey("9.1"), ImageKey("9.2")
    with pytest.raises(ValueError, match="leads to"):
        ImageRegistration(*keys, Transform(MOVING, FIXED, POSE), None, ERROR, "test")
    scaled, mirrored = np.diag([1.1, 1.1, 1.1, 1.0]), np.diag([-1.0, 1.0, 1.0, 1.0])
    for matrix in (scaled, mirrored):
        with pytest.raises(ValueError, match="turns and shifts"):
            registration(pose=matrix)
