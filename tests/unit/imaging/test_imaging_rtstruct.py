"""Drawn contours are read as they are and fill what they enclose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage, generate_uid

from core.contours import GivenContours, GivenRegion
from core.errors import PlannerError
from core.frames import rotation_from_vector
from core.volume import Volume
from imaging.given.contour_filling import even_odd, labels_of, region_mask
from imaging.given.rtstruct import read_contours

FRAME = "1.2.826.7"
RADIUS_MM = 22.0


@pytest.fixture
def volume() -> Volume:
    """An oblique grid of 30 slices 2 mm apart, pixels 1.1 x 0.9 mm."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_from_vector(np.array([0.2, -0.4, 0.3])) @ np.diag([2.0, 1.1, 0.9])
    matrix[:3, 3] = (-20, 35, 100)
    return Volume(np.zeros((30, 60, 70), dtype=np.int16), matrix, FRAME)


def circle(volume: Volume, place: float, radius_mm: float) -> np.ndarray:
    """A circle (200, 3), LPS mm, in the plane of a fractional slice around the middle of the grid."""
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    _, row_mm, column_mm = volume.spacing_mm
    middle = (np.array(volume.shape) - 1) / 2
    rows = middle[1] + radius_mm * np.sin(angle) / row_mm
    columns = middle[2] + radius_mm * np.cos(angle) / column_mm
    return volume.patient_from_indices(np.stack([np.full(200, place), rows, columns], axis=1))


def ball(volume: Volume, radius_mm: float = RADIUS_MM, every: int = 1, offset: float = 0.0) -> list[np.ndarray]:
    found = []
    for place in np.arange(0, volume.shape[0], every) + offset:
        height_mm = (place - (volume.shape[0] - 1) / 2) * 2.0
        if abs(height_mm) < radius_mm:
            found.append(circle(volume, place, float(np.sqrt(radius_mm**2 - height_mm**2))))
    return found


def region(polygons: list[np.ndarray], name: str = "Ball", frame: str = FRAME) -> GivenRegion:
    return GivenRegion(name, (1.0, 0.0, 0.0), tuple(polygons), (), frame)


def write_set(path: Path, regions: list[GivenRegion], kind: str = "CLOSED_PLANAR") -> Path:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = RTStructureSetStorage, generate_uid()
    dataset.Modality, dataset.StructureSetLabel = "RTSTRUCT", "Drawn"
    dataset.PatientName = "Doe^Jane"
    series, study, frame = Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID = "1.2.3.4"
    study.RTReferencedSeriesSequence = [series]
    frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = FRAME, [study]
    dataset.ReferencedFrameOfReferenceSequence = [frame]
    dataset.StructureSetROISequence, dataset.ROIContourSequence = [], []
    for value, given in enumerate(regions, start=1):
        roi, drawn = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = value, given.name, FRAME
        drawn.ReferencedROINumber = value
        drawn.ROIDisplayColor = [round(255 * c) for c in given.colour]
        drawn.ContourSequence = []
        for polygon in given.polygons:
            contour = Dataset()
            contour.ContourGeometricType, contour.NumberOfContourPoints = kind, len(polygon)
            contour.ContourData = [f"{v:.4f}" for v in polygon.ravel()]
            drawn.ContourSequence.append(contour)
        dataset.StructureSetROISequence.append(roi)
        dataset.ROIContourSequence.append(drawn)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    return path


def test_a_written_set_is_read_with_its_names_colours_and_places(volume: Volume, tmp_path: Path) -> None:
    given = [region(ball(volume), "Ball"), replace(region(ball(volume, 9.0), "Core"), colour=(0.0, 0.2, 1.0))]
    contours = read_contours(write_set(tmp_path / "a", given))
    assert (contours.label, contours.series_uids) == ("Drawn", ("1.2.3.4",))
    assert [found.name for found in contours.regions] == ["Ball", "Core"]
    assert contours.regions[1].colour == pytest.approx((0.0, 0.2, 1.0))
    assert contours.regions[0].frame_of_reference_uid == FRAME
    for found, expected in zip(contours.regions[0].polygons, given[0].polygons, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_points_and_open_lines_bound_nothing(volume: Volume, tmp_path: Path) -> None:
    contours = read_contours(write_set(tmp_path / "a", [region(ball(volume))], "OPEN_PLANAR"))
    assert contours.regions[0].polygons == ()
    with pytest.raises(PlannerError, match="no closed contour"):
        region_mask(contours.regions[0], volume)


def test_a_ball_has_its_volume_and_lies_where_it_was_drawn(volume: Volume) -> None:
    labels, findings = labels_of_one(region(ball(volume)), volume)
    assert labels.volumes_ml()["Ball"] == pytest.approx(4 / 3 * np.pi * RADIUS_MM**3 / 1000, rel=0.01)
    centre = labels.patient_from_indices(np.argwhere(labels.mask("Ball")).astype(float)).mean(axis=0)
    np.testing.assert_allclose(centre, volume.centre_mm, atol=0.05)
    assert findings == ()


def labels_of_one(given: GivenRegion, volume: Volume):
    return labels_of(GivenContours("", (given,)), volume)


@pytest.mark.parametrize(("every", "offset"), [(2, 0.0), (1, 0.5), (3, 1.25)])
def test_contours_of_other_slices_than_the_volume_s_fill_what_is_nearer_to_them(
    volume: Volume, every: int, offset: float
) -> None:
    labels, _ = labels_of_one(region(ball(volume, every=every, offset=offset)), volume)
    assert labels.volumes_ml()["Ball"] == pytest.approx(4 / 3 * np.pi * RADIUS_MM**3 / 1000, rel=0.03)


def test_a_contour_inside_another_is_a_hole(volume: Volume) -> None:
    hollow, _ = labels_of_one(region(ball(volume) + ball(volume, 12.0)), volume)
    expected = 4 / 3 * np.pi * (RADIUS_MM**3 - 12.0**3) / 1000
    assert hollow.volumes_ml()["Ball"] == pytest.approx(expected, rel=0.02)


def test_a_pixel_centre_is_inside_when_the_outline_turns_around_it() -> None:
    """The sum of the angles from corner to corner is a whole turn seen from inside and nothing from outside."""
    rng = np.random.default_rng(5)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 40))
    spokes = rng.uniform(3, 14, 40)[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    star = np.array([15.2, 17.1]) + spokes
    found = even_odd([star], (32, 36))
    assert 0.1 < found.mean() < 0.5
    for row, column in np.ndindex(32, 36):
        to_corner = star - (row, column)
        bearing = np.arctan2(to_corner[:, 0], to_corner[:, 1])
        turns = np.angle(np.exp(1j * (np.roll(bearing, -1) - bearing))).sum()
        assert found[row, column] == (abs(turns) > np.pi), (row, column)


def test_another_patient_space_is_refused(volume: Volume) -> None:
    for frame in ("1.2.826.8", ""):
        with pytest.raises(PlannerError, match="another patient space"):
            region_mask(region(ball(volume), frame=frame), volume)


def test_contours_across_the_slices_are_refused(volume: Volume) -> None:
    turned = [polygon @ rotation_from_vector(np.array([0.5, 0, 0])).T for polygon in ball(volume)]
    with pytest.raises(PlannerError, match="do not lie in the slices"):
        region_mask(region(turned), volume)


def test_uneven_contours_are_refused_and_gaps_are_told(volume: Volume) -> None:
    polygons = [circle(volume, place, 10.0) for place in (3.0, 4.0, 5.4)]
    with pytest.raises(PlannerError, match="unevenly"):
        region_mask(region(polygons), volume)
    parts = [circle(volume, place, 10.0) for place in (3.0, 4.0, 8.0)]
    mask, findings = region_mask(region(parts), volume)
    assert np.flatnonzero(mask.any(axis=(1, 2))).tolist() == [3, 4, 8]
    assert [finding.code for finding in findings] == ["contour_gaps"]


def test_overlapping_regions_are_told(volume: Volume) -> None:
    given = GivenContours("", (region(ball(volume), "A"), region(ball(volume, 9.0), "A")))
    labels, findings = labels_of(given, volume)
    assert labels.names == {1: "A", 2: "A (2)"}
    assert [finding.code for finding in findings] == ["overlapping_regions"]


def test_a_contour_that_is_not_flat_or_not_whole_is_refused(volume: Volume, tmp_path: Path) -> None:
    bent = ball(volume)[5].copy()
    bent[0] += volume.axes[:, 0] * 1.5
    with pytest.raises(PlannerError, match="leaves its plane by"):
        read_contours(write_set(tmp_path / "a", [region([bent])]))
    path = write_set(tmp_path / "b", [region(ball(volume)[:1])])
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(PlannerError):
        read_contours(path)
    with pytest.raises(PlannerError, match="damaged"):
        read_contours(tmp_path / "nothing")
