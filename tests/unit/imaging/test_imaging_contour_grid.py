"""Contours without their images are filled where they were drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from core.contours import GivenContours, GivenRegion
from core.errors import PlannerError
from core.frames import rotation_from_vector
from core.study import Series, SeriesKind
from imaging.given.contour_grid import grid_of_contours
from imaging.given.read import read_given

FRAME, RADIUS_MM, STEP_MM = "1.2.826.77.1", 20.0, 2.5
CENTRE_MM = np.array([-63.25, 40.5, 912.125])


def circles(turn: np.ndarray, heights: np.ndarray) -> list[np.ndarray]:
    """Contours (n, 3) of a ball cut at heights along its own third axis, turned."""
    angles = np.linspace(0.0, 2.0 * np.pi, 90, endpoint=False)
    radii = np.sqrt(RADIUS_MM**2 - heights**2)
    rings = [
        np.stack([r * np.cos(angles), r * np.sin(angles), np.full(90, h)], axis=1)
        for r, h in zip(radii, heights, strict=True)
    ]
    return [ring @ turn.T + CENTRE_MM for ring in rings]


def contours(polygons: list[np.ndarray]) -> GivenContours:
    return GivenContours("set", (GivenRegion("Left ventricle", (1, 0, 0), tuple(polygons), (), FRAME),))


def write_structure_set(path: Path, polygons: list[np.ndarray]) -> None:
    """A structure set with one region, as PS3.3 C.8.8.5 and C.8.8.6 say."""
    dataset, roi, drawn = pydicom.Dataset(), Dataset(), Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.481.3", "1.2.9"
    dataset.Modality, dataset.StructureSetLabel = "RTSTRUCT", "Heart"
    roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = 1, "Left ventricle", FRAME
    drawn.ReferencedROINumber = 1
    drawn.ContourSequence = []
    for polygon in polygons:
        contour = Dataset()
        contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(polygon)
        contour.ContourData = [f"{value:.4f}" for value in polygon.ravel()]
        drawn.ContourSequence.append(contour)
    dataset.StructureSetROISequence, dataset.ROIContourSequence = [roi], [drawn]
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)


@pytest.mark.parametrize("vector", [(0.0, 0.0, 0.0), (0.31, -0.22, 0.54), (1.4, 0.3, -0.2)])
def test_a_ball_drawn_in_any_direction_has_its_volume_and_its_middle(
    tmp_path: Path, vector: tuple[float, float, float]
) -> None:
    heights = np.arange(-17.5, 17.6, STEP_MM)
    write_structure_set(tmp_path / "rt.dcm", circles(rotation_from_vector(np.array(vector)), heights))
    series = Series(
        "1", "RTSTRUCT", "", ((tmp_path / "rt.dcm",),), (0, 0, 0), None, FRAME, (), SeriesKind.CONTOURS
    )
    anatomy = read_given(series)
    labels = anatomy.labels
    assert anatomy.frame_of_reference_uid == FRAME
    assert list(labels.names.values()) == ["lv"]
    drawn_ml = (np.pi * (RADIUS_MM**2 - heights**2) * STEP_MM).sum() / 1000.0
    assert labels.volumes_ml()["lv"] == pytest.approx(drawn_ml, rel=0.01)
    middle = labels.patient_from_indices(np.argwhere(labels.mask("lv"))).mean(axis=0)
    assert np.linalg.norm(middle - CENTRE_MM) < 0.1
    # As in every DICOM stack: slices ascend along row direction x column direction.
    np.testing.assert_allclose(np.cross(labels.axes[:, 2], labels.axes[:, 1]), labels.axes[:, 0], atol=1e-9)


def test_contours_that_are_no_stack_are_refused() -> None:
    rings = circles(np.eye(3), np.array([0.0, 2.5, 5.0, 8.2]))
    with pytest.raises(PlannerError, match="unevenly"):
        grid_of_contours(contours(rings))
    with pytest.raises(PlannerError, match="one plane"):
        grid_of_contours(contours(rings[:1]))
    with pytest.raises(PlannerError, match="parallel"):
        grid_of_contours(contours([rings[0], rings[1] @ rotation_from_vector(np.array([0.4, 0, 0])).T]))
