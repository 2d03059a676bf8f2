"""Rings of known windows between bodies, and surfaces for printing against analytic volumes."""

import numpy as np
import pytest
import trimesh

from core.errors import PlannerError
from core.frames import rigid
from core.volume import LabelMap
from recon.mesh_report import mesh_report
from recon.surface import multi_surface, multi_surface_of_labels
from recon.surfaces.printing import blood_pool_surface, wall_surface
from recon.surfaces.rings import ring_between, valve_rings

CENTRE = np.array([24.2, 23.6, 24.4])
POINTS = np.moveaxis(np.indices((49, 48, 50)), 0, -1) - CENTRE
AFFINE = rigid(np.array([0.3, 0.5, -0.2]), np.array([10.0, -70.0, 300.0])) @ np.diag([0.8, -0.8, 0.8, 1.0])


def _two_bodies_with_a_window(radius: float) -> np.ndarray:
    """Half balls of 18 voxels, parted by a wall of background 4 voxels thick that has a round window."""
    ball = 18.0 - np.linalg.norm(POINTS, axis=-1)
    x = POINTS[..., 0]
    off_axis = np.hypot(POINTS[..., 1], POINTS[..., 2])
    window = radius - off_axis
    upper = np.minimum(np.minimum(ball, x), np.maximum(x - 2.0, window))
    lower = np.minimum(np.minimum(ball, -x), np.maximum(-x - 2.0, window))
    return np.stack([-np.maximum(upper, lower), upper, lower]).astype(np.float32)


def test_the_ring_of_a_round_window_has_its_place_direction_and_size():
    surface = multi_surface(_two_bodies_with_a_window(9.0), AFFINE, {1: "la", 2: "lv"}, triangle_mm=0.8)
    ring = ring_between(surface, "la", "lv")
    assert ring is not None
    radius_mm = 9.0 * 0.8
    assert ring.centre_mm == pytest.approx((AFFINE @ [*CENTRE, 1.0])[:3], abs=0.1)
    assert ring.normal == pytest.approx(-AFFINE[:3, 0] / 0.8, abs=0.02)
    assert ring.off_plane_mm < 0.1
    # The sharp rim is rounded off between samples: it comes out up to a third of a voxel small.
    assert ring.area_mm2 == pytest.approx(np.pi * (radius_mm - 0.13) ** 2, rel=0.04)
    assert ring.perimeter_mm == pytest.approx(2 * np.pi * (radius_mm - 0.13), rel=0.02)
    assert (ring.min_diameter_mm, ring.max_diameter_mm) == pytest.approx((2 * radius_mm,) * 2, abs=0.6)
    assert list(valve_rings(surface)) == ["mitral_valve"]


def test_bodies_that_do_not_touch_have_no_ring():
    labels = np.zeros((20, 20, 20), dtype=np.uint8)
    labels[4:8, 4:16, 4:16], labels[11:16, 4:16, 4:16] = 1, 2
    surface = multi_surface_of_labels(LabelMap(labels, np.eye(4), {1: "la", 2: "lv"}))
    assert ring_between(surface, "la", "lv") is None
    assert valve_rings(surface) == {}
    with pytest.raises(KeyError):
        ring_between(surface, "la", "aorta")


def _heart_of_balls() -> LabelMap:
    """Two cavities side by side in one ball of 12 mm, in a thick myocardium on one side."""
    radius = np.linalg.norm(POINTS, axis=-1)
    labels = np.zeros(POINTS.shape[:3], dtype=np.uint8)
    labels[(radius < 18.0) & (POINTS[..., 0] > 0)] = 2
    labels[radius < 12.0] = 1
    labels[(radius < 12.0) & (POINTS[..., 1] > 2)] = 4
    labels[radius < 3.0] = 0
    return LabelMap(labels, np.diag([1.0, 1.0, -1.0, 1.0]), {1: "lv", 2: "lv_myocardium", 4: "la"})


def _is_printable(mesh) -> bool:
    body = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    report = mesh_report(mesh)
    return bool(
        body.is_watertight
        and body.is_winding_consistent
        and body.volume > 0
        and not report.n_self_intersections
    )


def test_the_blood_pool_is_one_body_without_inner_walls_or_hollows():
    mesh = blood_pool_surface(_heart_of_balls())
    assert _is_printable(mesh)
    assert mesh_report(mesh).n_components == 1
    assert mesh.volume_ml == pytest.approx(4 / 3 * np.pi * 12**3 / 1000.0, rel=0.01)


def test_the_wall_has_the_thickness_asked_for_and_keeps_the_myocardium():
    mesh = wall_surface(_heart_of_balls(), 2.0)
    radii = np.linalg.norm(mesh.vertices * [1, 1, -1] - CENTRE, axis=1)
    free = mesh.vertices[:, 0] - CENTRE[0] < -4.0
    assert _is_printable(mesh)
    # The hollow is that of the voxels.
    assert np.median(radii[free & (radii > 13.0)]) == pytest.approx(14.0, abs=0.15)
    assert np.median(radii[radii < 13.0]) == pytest.approx(12.0, abs=0.15)
    assert np.percentile(radii, 99) == pytest.approx(18.0, abs=0.4)


def test_walls_too_thin_to_print_and_maps_without_blood_are_refused():
    with pytest.raises(PlannerError, match="too thin"):
        wall_surface(_heart_of_balls(), 0.1)
    empty = LabelMap(np.zeros((4, 4, 4), dtype=np.uint8), np.eye(4), {1: "lv"})
    with pytest.raises(PlannerError, match="no cavity"):
        blood_pool_surface(empty)


def _ball_on_a_coarse_grid() -> LabelMap:
    places = np.moveaxis(np.indices((16, 16, 16)), 0, -1) * 2.0 - 15.0
    return LabelMap(
        (np.linalg.norm(places, axis=-1) < 9.0).astype(np.uint8), np.diag([2.0, 2.0, 2.0, 1.0]), {1: "lv"}
    )


@pytest.mark.parametrize("thickness_mm", [2.0, 1.0])
def test_a_wall_no_thicker_than_the_voxels_is_still_closed_and_as_thick_as_asked_for(thickness_mm):
    mesh = wall_surface(_ball_on_a_coarse_grid(), thickness_mm)
    body = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    assert body.is_watertight
    assert body.is_winding_consistent
    inner, outer = sorted((abs(part.volume) for part in body.split(only_watertight=True)), key=float)
    radii = np.cbrt(np.array([inner, outer]) * 3.0 / (4.0 * np.pi))
    assert radii[0] == pytest.approx(9.0, abs=0.35)
    assert radii[1] - radii[0] == pytest.approx(thickness_mm, abs=0.12)
    assert body.volume == pytest.approx(outer - inner, rel=1e-6)


def test_both_halves_of_the_heart_stay_hollow():
    labels = np.zeros((20, 20, 34), dtype=np.uint8)
    labels[5:15, 5:15, 4:14], labels[6:14, 6:14, 18:26] = 1, 3
    mesh = wall_surface(LabelMap(labels, np.eye(4), {1: "lv", 3: "rv"}), 2.0)
    assert mesh_report(mesh).n_components == 3
    assert mesh.is_closed


def test_a_wall_that_needs_too_fine_a_grid_is_refused():
    huge = np.zeros((130, 130, 130), dtype=np.uint8)
    huge[5:-5, 5:-5, 5:-5] = 1
    with pytest.raises(PlannerError, match="memory"):
        wall_surface(LabelMap(huge, np.eye(4), {1: "lv"}), 0.5)
