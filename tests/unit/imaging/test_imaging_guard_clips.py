"""Clips through the guard are the clips that are read without it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from core.errors import PlannerError
from core.volume import Volume
from imaging.find.scan import scan_folder
from imaging.guard.clips import open_run
from imaging.pictures.clips import open_clip


@pytest.fixture
def run(oblique: Volume, write_dicom) -> Path:
    """An X-ray run of seven frames, one file."""

    def as_run(index: int, dataset: pydicom.Dataset) -> None:
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.12.1"
        dataset.Modality, dataset.NumberOfFrames, dataset.FrameTime = "XA", 7, 66.7
        pixels = np.arange(7 * 6 * 7, dtype=np.uint16)
        dataset.PixelData, dataset.PixelRepresentation = pixels.tobytes() + b"", 0
        dataset.DistanceSourceToDetector, dataset.PositionerPrimaryAngle = 1000, 30

    one = replace(oblique, voxels=oblique.voxels[:1])
    return write_dicom(one, change=as_run)[0]


def test_a_clip_through_the_guard_is_the_clip_without_it(run: Path) -> None:
    (series,) = scan_folder(run.parent).series
    plain = open_clip(series)
    guarded, views = open_run(series)
    assert guarded.n_frames == plain.n_frames == 7
    assert guarded.frame_times_s == plain.frame_times_s
    assert guarded.regions == plain.regions
    assert guarded.window == plain.window
    assert guarded.findings == plain.findings
    assert [view.source_detector_mm for view in views] == [1000.0] * 7
    for index in (6, 0, 3):
        assert np.array_equal(guarded.frame(index), plain.frame(index))
        assert guarded.frame(index).dtype == plain.frame(index).dtype


def test_a_run_that_is_not_there_is_refused(run: Path) -> None:
    (series,) = scan_folder(run.parent).series
    with pytest.raises(PlannerError, match="1 runs"):
        open_run(series, 1)


def test_a_frame_of_a_file_that_is_gone_is_refused(run: Path) -> None:
    (series,) = scan_folder(run.parent).series
    clip, _ = open_run(series)
    run.unlink()
    with pytest.raises(PlannerError):
        clip.frame(2)
