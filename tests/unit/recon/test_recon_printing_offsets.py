"""A wall moved outward lies as far from the old one as asked for, whichever way it is slanted to the voxels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from core.volume import LabelMap
from recon.surfaces.offsets import offset
from recon.surfaces.printing import wall_surface

SIDE = 40
SLANTS = [(1.0, 0.0, 0.0), (1.0, 1.0, 0.0), (1.0, 0.6, 0.3), (1.0, 1.0, 1.0)]


def voxel_distance(inside: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """As printing makes it: from voxel to voxel, half a voxel off, smoothed by one."""
    within = ndimage.distance_transform_edt(inside, spacing)
    field = within - ndimage.distance_transform_edt(~inside, spacing)
    field -= np.sign(field) * 0.5 * spacing.min()
    return ndimage.gaussian_filter(field.astype(np.float32), 1.0)


@pytest.mark.parametrize("slant", SLANTS)
def test_a_slanted_plane_is_moved_by_the_distance_asked_for(slant: tuple[float, float, float]) -> None:
    spacing, normal = np.array([1.0, 1.0, 1.0]), np.array(slant) / np.linalg.norm(slant)
    height = np.moveaxis(np.indices((SIDE,) * 3), 0, -1) @ normal - 0.5 * SIDE * normal.sum()
    field = -height.astype(np.float32)  # exact; what is moved must be too
    moved = offset(field, spacing, 2.0)
    beside = np.abs(height - 2.0) < 1.0
    core = (slice(6, -6),) * 3
    assert moved[core][beside[core]] == pytest.approx((2.0 - height)[core][beside[core]], abs=1e-3)


@pytest.mark.parametrize("slant", SLANTS)
def test_a_plane_known_by_its_voxels_is_moved_without_bias(slant: tuple[float, float, float]) -> None:
    spacing, normal = np.array([1.0, 1.0, 1.0]), np.array(slant) / np.linalg.norm(slant)
    height = np.moveaxis(np.indices((SIDE,) * 3), 0, -1) @ normal - 0.5 * SIDE * normal.sum() + 0.17
    field = voxel_distance(height < 0, spacing)
    # Where the field itself has its wall; from it the new one is to be two millimetres away.
    wall = np.mean((height + field)[np.abs(field) < 0.9])
    moved = offset(field, spacing, 2.0)
    core = (slice(8, -8),) * 3
    near = np.abs(moved[core]) < 1.0
    assert np.mean((height[core] + moved[core])[near]) - wall == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(("spacing", "slack_mm"), [((1.0, 1.0, 1.0), 0.03), ((0.8, 0.8, 1.2), 0.03)])
@pytest.mark.parametrize("thickness_mm", [1.2, 2.0])
def test_the_shell_of_a_ball_is_as_thick_as_asked_for(
    spacing: tuple[float, float, float], slack_mm: float, thickness_mm: float
) -> None:
    sides = np.array(spacing)
    shape = tuple(int(np.ceil(30.0 / side)) for side in spacing)
    start = -sides * (np.array(shape) - 1) / 2.0 + (0.3, 0.1, 0.2)
    radius = np.linalg.norm(np.moveaxis(np.indices(shape), 0, -1) * sides + start, axis=-1)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = start
    mesh = wall_surface(LabelMap((radius < 10.0).astype(np.uint8), affine, {1: "lv"}, "1.2.3"), thickness_mm)
    away = np.linalg.norm(mesh.vertices, axis=1)
    is_outer = away > 10.0 + thickness_mm / 2.0
    assert away[is_outer].mean() - away[~is_outer].mean() == pytest.approx(thickness_mm, abs=slack_mm)


def test_a_field_without_a_wall_is_only_raised() -> None:
    field = np.full((4, 4, 4), -9.0, dtype=np.float32)
    assert offset(field, np.ones(3), 2.0) == pytest.approx(field + 2.0)
