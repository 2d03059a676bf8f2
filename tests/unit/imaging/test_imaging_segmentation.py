"""Segmentations as other programs write them: gaps, overlaps, fractions, label maps, any orientation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from highdicom.seg import SegmentationTypeValues, SegmentDescription
from pydicom.sr.coding import Code
from pydicom.uid import JPEGLSLossless, RLELossless

from core.errors import PlannerError
from core.volume import LabelMap, Volume
from imaging.given.segmentation import read_segmentation
from imaging.outputs.segmentation import _stand_in
from imaging.outputs.source import anonymous_source

FRAME = "1.2.826.77.1"
LEFT_VENTRICLE = Code("T-32600", "SRT", "Left Ventricle")
"""The code that older programs write; it means SNOMED CT 87878005."""
ORGAN = Code("123037004", "SCT", "Anatomical Structure")
Write = Callable[..., Path]


@pytest.fixture
def write(oblique: Volume, tmp_path: Path) -> Write:
    """Write masks (slices, rows, columns, segments) on the oblique grid with another library."""

    def write(
        masks: np.ndarray,
        kind: SegmentationTypeValues = SegmentationTypeValues.BINARY,
        labels: tuple[str, ...] = ("LV cavity", "Scar"),
        types: tuple[Code, ...] = (LEFT_VENTRICLE, Code("1", "99VENDOR", "Scar")),
        **options: object,
    ) -> Path:
        described = [
            SegmentDescription(n, label, ORGAN, code, highdicom.seg.SegmentAlgorithmTypeValues.MANUAL)
            for n, (label, code) in enumerate(zip(labels, types, strict=True), start=1)
        ]
        volume = highdicom.Volume(
            masks,
            oblique.patient_from_index,
            coordinate_system="PATIENT",
            frame_of_reference_uid=FRAME,
            channels={"SegmentNumber": range(1, masks.shape[3] + 1)} if masks.ndim == 4 else None,
        )
        header = _stand_in(anonymous_source(FRAME), oblique.patient_from_index, FRAME)
        made = highdicom.seg.Segmentation(
            [header], volume, kind, described, "1.2.1", 1, "1.2.2", 1, "Vendor", "Model", "1", "7", **options
        )
        path = tmp_path / "seg.dcm"
        made.save_as(path)
        return path

    return write


def masks_of(oblique: Volume) -> np.ndarray:
    """A block in slices 0, 1 and 4 (2 and 3 empty), and a scar of two voxels inside it."""
    masks = np.zeros((*oblique.shape, 2), dtype=np.uint8)
    masks[[0, 1, 4], 1:5, 2:6, 0] = 1
    masks[1, 2, 3:5, 1] = 1
    return masks


def places(labels: LabelMap, key: str) -> np.ndarray:
    return labels.patient_from_indices(np.argwhere(labels.mask(key)))


def expected_places(oblique: Volume, mask: np.ndarray) -> np.ndarray:
    return oblique.patient_from_indices(np.argwhere(mask))


def test_empty_frames_may_be_missing_and_the_smaller_of_two_overlapping_segments_wins(
    oblique: Volume, write: Write
) -> None:
    masks = masks_of(oblique)
    labels, findings = read_segmentation([write(masks)])
    assert labels.shape == oblique.shape
    assert labels.names[1] == "lv"
    np.testing.assert_allclose(places(labels, "scar"), expected_places(oblique, masks[..., 1]), atol=0.01)
    whole = masks[..., 0] & ~masks[..., 1] & 1
    np.testing.assert_allclose(places(labels, "lv"), expected_places(oblique, whole), atol=0.01)
    assert [finding.code for finding in findings] == ["overlapping_segments"]
    assert "2 voxels" in findings[0].why


@pytest.mark.parametrize("syntax", [None, RLELossless, JPEGLSLossless])
def test_a_fractional_segment_counts_from_one_half(oblique: Volume, write: Write, syntax: str | None) -> None:
    fractions = np.zeros((*oblique.shape, 2))
    fractions[:, 2, 2, 0], fractions[:, 2, 3, 0], fractions[:, 4, 4, 1] = 0.45, 0.55, 1.0
    options = {} if syntax is None else {"transfer_syntax_uid": syntax}
    labels, _ = read_segmentation([write(fractions, SegmentationTypeValues.FRACTIONAL, **options)])
    np.testing.assert_allclose(
        places(labels, "lv"), expected_places(oblique, fractions[..., 0] > 0.5), atol=0.01
    )


def test_a_label_map_segmentation_is_read_by_its_pixel_values(oblique: Volume, write: Write) -> None:
    values = np.zeros(oblique.shape, dtype=np.uint8)
    values[1:3, 1:3, 1:3], values[3, 5, 5] = 1, 2
    labels, findings = read_segmentation([write(values, SegmentationTypeValues.LABELMAP)])
    assert not findings
    np.testing.assert_allclose(places(labels, "lv"), expected_places(oblique, values == 1), atol=0.01)
    np.testing.assert_allclose(places(labels, "scar"), expected_places(oblique, values == 2), atol=0.01)


def test_a_myocardium_that_is_called_right_is_not_the_left_one(oblique: Volume, write: Write) -> None:
    myocardium = Code("74281007", "SCT", "Myocardium")
    path = write(masks_of(oblique), labels=("RV wall", "LV wall"), types=(myocardium, myocardium))
    labels, _ = read_segmentation([path])
    assert sorted(labels.names.values()) == ["lv_myocardium", "rv_wall"]


def test_two_segments_of_one_code_stay_two(oblique: Volume, write: Write) -> None:
    path = write(masks_of(oblique), labels=("LV 1", "LV 2"), types=(LEFT_VENTRICLE, LEFT_VENTRICLE))
    labels, _ = read_segmentation([path])
    assert sorted(labels.names.values()) == ["lv", "lv_2"]


def test_a_single_slice_is_as_thick_as_it_says(oblique: Volume, write: Write) -> None:
    masks = masks_of(oblique)
    masks[[0, 4]] = 0
    labels, _ = read_segmentation([write(masks)])
    assert labels.shape[0] == 1
    np.testing.assert_allclose(labels.spacing_mm, oblique.spacing_mm, atol=1e-4)


def change_position(path: Path, frame: int, shift_mm: tuple[float, float, float]) -> None:
    made = pydicom.dcmread(path)
    place = made.PerFrameFunctionalGroupsSequence[frame].PlanePositionSequence[0]
    place.ImagePositionPatient = [
        f"{a + b:.4f}" for a, b in zip(place.ImagePositionPatient, shift_mm, strict=True)
    ]
    made.save_as(path)


def test_frames_off_the_grid_are_refused_and_not_moved(oblique: Volume, write: Write) -> None:
    path = write(masks_of(oblique))
    normal = oblique.axes[:, 0]
    change_position(path, 1, tuple(0.9 * normal))
    with pytest.raises(PlannerError, match="unevenly"):
        read_segmentation([path])
    path = write(masks_of(oblique))
    change_position(path, 1, tuple(0.9 * oblique.axes[:, 1]))
    with pytest.raises(PlannerError, match="sideways"):
        read_segmentation([path])


def test_pixels_that_are_cut_short_are_refused(oblique: Volume, write: Write) -> None:
    path = write(masks_of(oblique))
    made = pydicom.dcmread(path)
    made.PixelData = made.PixelData[:6]
    made.save_as(path)
    with pytest.raises(PlannerError, match="cut short"):
        read_segmentation([path])
