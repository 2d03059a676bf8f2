"""Tilted, shifted and uneven slices lie where DICOM places them, within a tenth of a millimetre, or are refused."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom.dataset import Dataset
from scipy.ndimage import map_coordinates

from app.cli import DONE, main
from core.errors import PlannerError
from core.frames import rotation_from_vector
from core.study import Series
from core.volume import Volume
from imaging.find.scan import scan_folder
from imaging.slices.load import load_planes, load_series
from tests.support.slices import SHAPE, Slices, ramp, slices_along, write_slices

PER_MM = 30.0
TOLERANCE = 0.1 * PER_MM
"""Values of a ramp are off by this much where a place is off by a tenth of a millimetre."""
AXIAL = np.eye(3)
TURNED = rotation_from_vector(np.array([0.4, -0.9, 0.3]))
SAGITTAL = np.array([[0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
FEET_FIRST = np.diag([-1.0, 1.0, -1.0])
PRONE = np.diag([-1.0, -1.0, 1.0])
DECUBITUS = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
EVEN = np.arange(12) * 2.5
ONE_ABSENT = np.delete(EVEN, 5)
TWO_STEPS = np.concatenate([np.arange(6) * 3.0, 15.0 + np.arange(1, 6) * 5.0])
ODD = np.cumsum([0, 2.0, 2.3, 1.71, 2.13, 2.47, 1.9, 2.04, 2.61])


def tan(degrees: float) -> float:
    return float(np.tan(np.radians(degrees)))


def only_series(folder: Path) -> Series:
    (series,) = scan_folder(folder).series
    return series


def inside(volume: Volume, slices: Slices) -> np.ndarray:
    """True (voxels) within the slab that each slice's own rectangle sweeps from one slice to the next."""
    grid = np.stack(np.meshgrid(*map(np.arange, volume.shape), indexing="ij"), axis=-1).reshape(-1, 3)
    points = volume.patient_from_indices(grid.astype(np.float64))
    along = (slices.positions_mm - slices.positions_mm[0]) @ slices.normal
    where = (points - slices.positions_mm[0]) @ slices.normal
    is_inside, is_outside = np.zeros((2, len(points)), dtype=bool)
    for i in range(len(along) - 1):
        is_between = (where >= along[i] - 0.1) & (where <= along[i + 1] + 0.1)
        for k in (i, i + 1):
            local = (points - slices.positions_mm[k]) @ slices.rotation[:, [1, 0]] / np.array(slices.pixel_mm)
            fits = (local >= 0.0) & (local <= np.array(slices.shape) - 1.0)
            is_outside |= is_between & ~fits.all(axis=1)
        is_inside |= is_between
    return is_inside & ~is_outside


@pytest.mark.parametrize(
    ("rotation", "along", "lean"),
    [
        (AXIAL, EVEN, (0.0, tan(25))),
        (AXIAL, ODD, (0.0, tan(-25))),
        (TURNED, EVEN, (tan(12), tan(-7))),
        (TURNED, TWO_STEPS, (0.0, 0.0)),
        (TURNED, ODD, (0.0, 0.0)),
        (SAGITTAL, ONE_ABSENT, (0.0, tan(-25))),
        (FEET_FIRST, TWO_STEPS, (tan(-15), 0.0)),
        (FEET_FIRST, EVEN, (0.0, 0.0)),
    ],
)
def test_every_voxel_holds_the_value_of_its_own_place(
    tmp_path: Path, rotation: np.ndarray, along: np.ndarray, lean: tuple[float, float]
) -> None:
    slices = slices_along(rotation, along, lean)
    centre = slices.positions_mm.mean(axis=0)
    for axis in range(3):
        folder = tmp_path / str(axis)
        paint = ramp(rotation[:, axis], centre, PER_MM)
        write_slices(folder, slices, paint)
        series = only_series(folder)
        volume = load_series(series)
        assert volume.voxels.dtype == np.int16
        assert series.shape == volume.shape
        assert series.spacing_mm == pytest.approx(volume.spacing_mm)
        np.testing.assert_allclose(volume.axes.T @ volume.axes, np.eye(3), atol=1e-6)
        grid = np.argwhere(np.ones(volume.shape))
        shown = inside(volume, slices)
        assert shown.sum() > 0.4 * np.prod(SHAPE) * len(along)
        expected = paint(volume.patient_from_indices(grid.astype(np.float64)))
        assert np.abs(volume.voxels.ravel() - expected)[shown].max() < TOLERANCE


@pytest.mark.parametrize("seed", range(4))
def test_each_slice_is_found_at_its_dicom_place_whatever_order_and_direction(tmp_path: Path, seed: int) -> None:
    """Each slice carries a spot of its own; the spot's middle in the volume is where DICOM's equation has it."""
    rng = np.random.default_rng(seed)
    rotation = rotation_from_vector(rng.uniform(-2.5, 2.5, 3))
    along = np.cumsum(rng.choice([2.0, 3.0], 9))
    lean = (tan(rng.uniform(-25, 25)), tan(rng.uniform(-25, 25)))
    slices = slices_along(rotation, along, lean)
    spots_px = rng.uniform((5.5, 5.5), np.array(SHAPE) - 6.5, (len(along), 2))
    rows, columns = np.indices(SHAPE)
    images = [1500.0 * np.exp(-((rows - r) ** 2 + (columns - c) ** 2) / (2 * 1.6**2)) for r, c in spots_px]
    order = rng.permutation(len(along))
    shuffled = Slices(rotation, slices.positions_mm[order])
    write_slices(tmp_path / "s", shuffled, [images[i] for i in order])
    volume = load_series(only_series(tmp_path / "s"))
    for index, (row, column) in enumerate(spots_px):
        truth = slices.positions_mm[index] + rotation @ (column * 0.7, row * 0.9, 0.0)
        offsets = np.stack(np.meshgrid(*[np.linspace(-3, 3, 31)] * 2, indexing="ij"), -1).reshape(-1, 2)
        points = truth + offsets @ rotation[:, :2].T
        found = map_coordinates(
            volume.voxels.astype(np.float64), volume.indices_from_patient(points).T, order=1, mode="nearest"
        )
        middle = (found[:, None] * offsets).sum(axis=0) / found.sum()
        assert np.linalg.norm(middle) < 0.1
        through = np.linspace(-0.9, 0.9, 37)
        profile = map_coordinates(
            volume.voxels.astype(np.float64),
            volume.indices_from_patient(truth + np.outer(through, rotation[:, 2])).T,
            order=1,
            mode="nearest",
        )
        # Straight between planes: highest at its own, up to a grid plane within 0.1 mm of it.
        assert profile[len(profile) // 2] > profile.max() - 0.1 / 2.0 * 1500.0


@pytest.mark.parametrize(
    ("along", "lean", "codes"),
    [
        (EVEN, (0.0, 0.3), {"gantry_tilt"}),
        (ONE_ABSENT, (0.0, 0.0), {"missing_slices"}),
        (TWO_STEPS, (0.0, 0.0), {"uneven_spacing"}),
        (ODD, (0.2, 0.0), {"uneven_spacing", "gantry_tilt"}),
    ],
)
def test_what_was_resampled_is_told(
    tmp_path: Path, along: np.ndarray, lean: tuple[float, float], codes: set[str]
) -> None:
    slices = slices_along(AXIAL, along, lean)
    write_slices(tmp_path / "s", slices, ramp(AXIAL[:, 0], slices.positions_mm[0]))
    findings = only_series(tmp_path / "s").findings
    assert {finding.code for finding in findings} >= codes
    assert all("resampled" in finding.what and finding.why and finding.fix for finding in findings)


def test_a_slice_beside_the_line_is_put_where_it_says(tmp_path: Path) -> None:
    slices = slices_along(TURNED, EVEN)
    slices.positions_mm[4] += 3.3 * TURNED[:, 0] - 1.15 * TURNED[:, 1]
    paint = ramp(TURNED[:, 0], slices.positions_mm[0], PER_MM)
    write_slices(tmp_path / "s", slices, paint)
    series = only_series(tmp_path / "s")
    assert [finding.code for finding in series.findings] == ["shifted_slices"]
    volume = load_series(series)
    shown = volume.voxels[4] != -1024
    points = volume.patient_from_indices(np.argwhere(np.ones(volume.shape)).astype(np.float64))
    expected = paint(points).reshape(volume.shape)[4]
    assert np.abs(volume.voxels[4] - expected)[shown].max() < TOLERANCE
    assert shown.sum() >= (SHAPE[0] - 1) * (SHAPE[1] - 1)


def test_what_no_slice_shows_is_air_in_a_ct_and_the_lowest_value_elsewhere(tmp_path: Path) -> None:
    slices = slices_along(AXIAL, EVEN, (0.0, 0.4))
    images = [np.full(SHAPE, 40.0 + index) for index in range(len(EVEN))]
    for modality, around in (("CT", -1024), ("MR", 40)):
        write_slices(tmp_path / modality, slices, images, modality=modality)
        volume = load_series(only_series(tmp_path / modality))
        assert set(np.unique(volume.voxels)) == {around, *range(40, 52)}
        assert all(set(np.unique(plane)) <= {around, 40 + i} for i, plane in enumerate(volume.voxels))


def test_slices_on_whole_planes_of_the_grid_keep_their_pixels(tmp_path: Path) -> None:
    slices = slices_along(TURNED, TWO_STEPS)
    rng = np.random.default_rng(3)
    images = [rng.integers(-900, 900, SHAPE).astype(float) for _ in TWO_STEPS]
    write_slices(tmp_path / "s", slices, images)
    volume = load_series(only_series(tmp_path / "s"))
    assert volume.shape == (41, *SHAPE)
    assert volume.spacing_mm[0] == pytest.approx(1.0)
    for along, image in zip(TWO_STEPS, images, strict=True):
        assert np.array_equal(volume.voxels[round(along)], image)


@pytest.mark.parametrize(
    ("along", "why"),
    [
        (np.concatenate([np.arange(5) * 3.0, 40.0 + np.arange(5) * 3.0]), "across 28.0 mm"),
        (np.array([0.0, 1.0, 2.0, 3.0, 11.0, 12.0]), "across 8.0 mm"),
        (np.array([0.0, 8.0, 16.0, 32.0, 40.0]), "across 16.0 mm"),
    ],
)
def test_a_gap_in_which_nothing_is_known_is_refused_but_its_planes_are_given(
    tmp_path: Path, along: np.ndarray, why: str
) -> None:
    slices = slices_along(TURNED, along)
    write_slices(tmp_path / "s", slices, ramp(TURNED[:, 2], slices.positions_mm[0], 10.0))
    series = only_series(tmp_path / "s")
    assert series.spacing_mm is None
    with pytest.raises(PlannerError, match=why):
        load_series(series)
    planes = load_planes(series)
    np.testing.assert_allclose([plane.origin_mm for plane in planes], slices.positions_mm, atol=1e-6)


def test_planes_of_an_uneven_stack_are_given_as_they_are(tmp_path: Path) -> None:
    slices = slices_along(TURNED, TWO_STEPS, (0.1, 0.2))
    rng = np.random.default_rng(4)
    images = [rng.integers(0, 900, SHAPE).astype(float) for _ in TWO_STEPS]
    write_slices(tmp_path / "s", slices, images, modality="MR")
    planes = load_planes(only_series(tmp_path / "s"))
    np.testing.assert_allclose([plane.origin_mm for plane in planes], slices.positions_mm, atol=1e-6)
    assert all(np.array_equal(p.voxels[0], image) for p, image in zip(planes, images, strict=True))


@pytest.mark.parametrize("rotation", [FEET_FIRST, PRONE, DECUBITUS], ids=["FFS", "HFP", "HFDL"])
@pytest.mark.parametrize("position", ["HFS", "FFS", "HFP", "FFDR", "HFDL", ""])
def test_only_position_and_orientation_count_never_how_the_patient_is_said_to_lie(
    tmp_path: Path, rotation: np.ndarray, position: str
) -> None:
    slices = slices_along(rotation, EVEN[:4])
    paint = ramp(np.array([0.6, 0.0, 0.8]), slices.positions_mm[0], PER_MM)
    write_slices(tmp_path / "s", slices, paint, lambda i, d: setattr(d, "PatientPosition", position))
    volume = load_series(only_series(tmp_path / "s"))
    points = volume.patient_from_indices(np.argwhere(np.ones(volume.shape)).astype(np.float64))
    assert np.abs(volume.voxels.ravel() - paint(points)).max() <= 0.51


def test_nibabel_finds_the_converted_tilted_series_in_its_place(tmp_path: Path) -> None:
    slices = slices_along(TURNED, ONE_ABSENT, (0.0, tan(-18)))
    paint = ramp(TURNED[:, 1], slices.positions_mm.mean(axis=0), PER_MM)
    write_slices(tmp_path / "s", slices, paint)
    out = tmp_path / "v.nii.gz"
    assert main(["convert", str(tmp_path / "s"), "--out", str(out), "--quiet"]) == DONE
    image = nibabel.load(out)
    values = np.asanyarray(image.dataobj)
    for index in (0, 3, -1):
        middle = slices.pixels_mm(index)[SHAPE[0] // 2, SHAPE[1] // 2]
        at = np.linalg.inv(image.affine) @ (*(middle * (-1, -1, 1)), 1.0)
        found = map_coordinates(values.astype(np.float64), at[:3, None], order=1, mode="nearest")[0]
        assert abs(found - paint(middle)) < TOLERANCE


def test_a_stack_that_leans_out_of_all_bounds_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    slices = slices_along(AXIAL, EVEN)
    slices.positions_mm[3] += (60000.0, 60000.0, 0.0)
    write_slices(tmp_path / "s", slices, ramp(AXIAL[:, 2], slices.positions_mm[0]))
    series = only_series(tmp_path / "s")
    assert series.spacing_mm is None
    with pytest.raises(PlannerError, match="too far"):
        load_series(series)


@pytest.mark.parametrize(("lean", "is_placed"), [(4e-4, True), (-4e-4, True), (1.5e-3, False)])
def test_cosines_off_a_right_angle_place_every_corner_or_are_refused(
    tmp_path: Path, lean: float, is_placed: bool
) -> None:
    slices = slices_along(TURNED, EVEN)
    across, down = TURNED[:, 0] + lean * TURNED[:, 1], TURNED[:, 1]

    def change(index: int, dataset: Dataset) -> None:
        dataset.ImageOrientationPatient = [f"{value:.12f}" for value in (*across, *down)]
        dataset.PixelSpacing = [20.0, 20.0]

    write_slices(tmp_path, slices, [np.zeros(SHAPE, np.int16)] * len(EVEN), change)
    series = only_series(tmp_path)
    if not is_placed:
        assert [finding.code for finding in series.findings] == ["skewed_orientation"]
        with pytest.raises(PlannerError, match="not at right angles"):
            load_series(series)
        return
    corners = np.array([(0, row, column) for row in (0, SHAPE[0] - 1) for column in (0, SHAPE[1] - 1)], float)
    expected = slices.positions_mm[0] + 20.0 * (corners[:, 1:2] * down + corners[:, 2:] * across)
    placed = load_series(series).patient_from_indices(corners)
    assert np.linalg.norm(placed - expected, axis=1).max() < 0.1
