"""A vessel laid straight: places, values and outlines against geometry and SimpleITK."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from app.viewing.axes import patient_axes
from app.viewing.curve import CurvedView, untwisted
from app.viewing.curved_picture import curved_frame
from core.mesh import SurfaceMesh
from core.volume import LabelMap, Volume
from render.curved_slice import straightened, straightened_contours

BEND_MM, RADIUS_MM = 40.0, 8.0
STEP_MM = 0.5


def bend() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A quarter of a circle in the x-z plane: places, directions, lengths."""
    angle = np.arange(0.0, BEND_MM * np.pi / 2.0, STEP_MM) / BEND_MM
    nothing = np.zeros_like(angle)
    places = BEND_MM * np.stack([np.cos(angle), nothing, np.sin(angle)], axis=1)
    ways = np.stack([-np.sin(angle), nothing, np.cos(angle)], axis=1)
    return places, ways, angle * BEND_MM


def grid() -> np.ndarray:
    matrix = np.array([[0, 0, 0.9, -8.0], [0, 1.1, 0, -22.0], [0.8, 0, 0, -8.0], [0, 0, 0, 1.0]])
    return matrix


def torus_labels() -> LabelMap:
    """The vessel itself: within 8 mm of the circle."""
    shape = (80, 40, 75)
    places = np.indices(shape).reshape(3, -1).T @ grid()[:3, :3].T + grid()[:3, 3]
    ring = np.hypot(places[:, 0], places[:, 2]) - BEND_MM
    inside = np.hypot(ring, places[:, 1]) < RADIUS_MM
    return LabelMap(inside.reshape(shape).astype(np.uint8), grid(), {1: "aorta"}, "1.2.3")


def a_view(roll_deg: float = 0.0) -> CurvedView:
    places, ways, along = bend()
    mesh = SurfaceMesh(np.zeros((3, 3)), np.array([[0, 1, 2]]))
    return CurvedView("aorta", mesh, places, ways, along, untwisted(places, ways), roll_deg)


def test_directions_across_a_bend_stay_at_right_angles_and_do_not_twist() -> None:
    places, ways, _ = bend()
    across = untwisted(places, ways)
    assert (across * ways).sum(axis=1) == pytest.approx(np.zeros(len(ways)), abs=1e-9)
    assert np.linalg.norm(across, axis=1) == pytest.approx(np.ones(len(ways)))
    # In a flat bend what points out of its plane stays so: the part along y does not change.
    assert np.ptp(across[:, 1]) < 1e-9


def test_a_line_in_space_comes_back_with_the_twist_of_its_own_shape_only() -> None:
    # Along a helix it turns against the curve's own normal by the torsion, c / (r^2 + c^2).
    radius, rise = 20.0, 6.0
    speed = np.hypot(radius, rise)
    at = np.linspace(0.0, 60.0, 1201) / speed
    places = np.stack([radius * np.cos(at), radius * np.sin(at), rise * at], axis=1)
    ways = np.stack([-radius * np.sin(at), radius * np.cos(at), np.full_like(at, rise)], axis=1) / speed
    across = untwisted(places, ways)
    normal = np.stack([-np.cos(at), -np.sin(at), np.zeros_like(at)], axis=1)
    binormal = np.cross(ways, normal)
    turned = np.unwrap(np.arctan2((across * binormal).sum(axis=1), (across * normal).sum(axis=1)))
    torsion = rise / speed**2
    assert turned[-1] - turned[0] == pytest.approx(-torsion * 60.0, abs=1e-3)


def test_every_pixel_of_the_straight_picture_has_the_value_of_its_place_in_the_patient() -> None:
    shape = (80, 40, 75)
    places = np.indices(shape).reshape(3, -1).T @ grid()[:3, :3].T + grid()[:3, 3]
    volume = Volume((places @ [1.0, 2.0, 3.0]).reshape(shape).astype(np.float32), grid(), "1.2.3")
    view = a_view(roll_deg=30.0)
    middle, _, across = view.sampled(view.along_mm)
    picture = straightened(volume, middle, across, 41, 0.5)
    for row, column in ((0, 10), (20, 60), (40, 110)):
        place = view.position_mm(float(view.along_mm[column]), (row - 20) * 0.5)
        assert picture[row, column] == pytest.approx(place @ [1.0, 2.0, 3.0], abs=0.01)


def test_the_straight_picture_is_what_simpleitk_reads_at_the_same_places() -> None:
    rng = np.random.default_rng(0)
    volume = Volume(rng.normal(0, 100, (80, 40, 75)).astype(np.float32), grid(), "1.2.3")
    image = sitk.GetImageFromArray(volume.voxels)
    image.SetSpacing([0.9, 1.1, 0.8])
    image.SetOrigin(grid()[:3, 3].tolist())
    view = a_view(roll_deg=70.0)
    middle, _, across = view.sampled(view.along_mm)
    picture = straightened(volume, middle, across, 21, 0.7)
    theirs = np.array(
        [
            [
                image.EvaluateAtPhysicalPoint(
                    view.position_mm(float(along), (row - 10) * 0.7).tolist(), sitk.sitkLinear
                )
                for along in view.along_mm[5:-5:7]
            ]
            for row in range(21)
        ]
    )
    assert picture[:, 5:-5:7] == pytest.approx(theirs, abs=0.02)


def test_a_bent_vessel_of_one_width_is_a_straight_band_of_that_width() -> None:
    labels, view = torus_labels(), a_view(roll_deg=90.0)
    inner = view.along_mm[10:-10]
    middle, _, across = view.sampled(inner)
    lines = straightened_contours(labels, 1, middle, across, 121, 0.25)
    rows = np.concatenate(lines)[:, 1]
    beside_mm = (rows - 60.0) * 0.25
    assert np.abs(beside_mm[beside_mm > 0]).mean() == pytest.approx(RADIUS_MM, abs=0.3)
    assert np.abs(beside_mm[beside_mm < 0]).mean() == pytest.approx(RADIUS_MM, abs=0.3)


def test_pixel_and_place_lead_back_to_each_other_and_the_nearest_place_is_found() -> None:
    view = a_view(roll_deg=20.0)
    frame = curved_frame(view, (300, 200))
    assert frame.to_place(*frame.to_px(21.3, -6.5)) == pytest.approx((21.3, -6.5))
    assert frame.along_mm[-1] <= view.length_mm
    assert view.nearest(view.position_mm(21.3, -6.5)) == pytest.approx((21.3, -6.5), abs=0.05)


def test_the_slices_across_the_vessel_face_along_it_and_go_down_as_its_picture_does() -> None:
    view = a_view(roll_deg=40.0)
    axes = view.axes(30.0)
    _, ways, across = view.sampled(np.array([30.0]))
    assert axes.normal("axial") == pytest.approx(ways[0])
    assert np.array(axes.axial[1]) == pytest.approx(across[0])


def test_the_first_section_of_a_vessel_that_begins_upwards_is_read_as_an_axial_slice() -> None:
    places = np.stack([np.zeros(40), np.zeros(40), np.arange(40.0)], axis=1)
    ways = np.tile([0.0, 0.0, 1.0], (40, 1))
    mesh = SurfaceMesh(np.zeros((3, 3)), np.array([[0, 1, 2]]))
    view = CurvedView("aorta", mesh, places, ways, np.arange(40.0), untwisted(places, ways))
    axes, patient = view.axes(0.0), patient_axes()
    for name in ("axial", "coronal", "sagittal"):
        assert np.array(axes.of(name)) == pytest.approx(np.array(patient.of(name)))
