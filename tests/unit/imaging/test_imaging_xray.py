"""An X-ray file's header becomes the geometry of each frame, and no pixel of it is given a size by mistake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import XRayAngiographicImageStorage

from core.study import Series
from imaging.pictures.clips import clip_runs, open_clip, views_of
from imaging.pictures.xray import xray_views
from tests.support.pixel_files import picture_header, write_picture

GEOMETRY = {
    "Modality": "XA",
    "SOPClassUID": XRayAngiographicImageStorage,
    "PositionerPrimaryAngle": "30",
    "PositionerSecondaryAngle": "-20",
    "DistanceSourceToDetector": "1000",
    "DistanceSourceToPatient": "750",
    "ImagerPixelSpacing": ["0.2", "0.2"],
}


def run(path: Path, n_frames: int = 3, **changes) -> Series:
    header = picture_header((8, 10), NumberOfFrames=n_frames, **(GEOMETRY | changes))
    write_picture(path, header, bytes(80 * n_frames))
    return Series("1.2.3.4", "XA", "", ((path,),), (1, 8, 10), None)


def views(series: Series):
    return views_of(clip_runs(series)[0])


def test_a_still_positioner_gives_every_frame_the_same_view(tmp_path: Path) -> None:
    found = views(run(tmp_path / "a"))
    assert len(found) == 3
    assert len(set(found)) == 1
    assert found[0].title == "LAO 30 CAU 20"
    assert (found[0].source_detector_mm, found[0].source_isocentre_mm) == (1000.0, 750.0)
    assert found[0].detector_spacing_mm == (0.2, 0.2)


def test_a_rotational_run_adds_each_frame_s_increment_to_the_first_angle(tmp_path: Path) -> None:
    series = run(tmp_path / "a", PositionerPrimaryAngleIncrement=["0", "5", "10"])
    assert [view.primary_deg for view in views(series)] == [30.0, 35.0, 40.0]


@pytest.mark.parametrize("name", ["DistanceSourceToPatient", "PositionerPrimaryAngle", "ImagerPixelSpacing"])
def test_an_absent_fact_stays_unknown(tmp_path: Path, name: str) -> None:
    (view,) = set(views(run(tmp_path / "a", **{name: None})))
    assert None in (view.source_isocentre_mm, view.primary_deg, view.detector_spacing_mm)


def test_an_enhanced_file_gives_each_frame_its_own_geometry() -> None:
    header = picture_header((8, 10), NumberOfFrames=2, ImageType=["ORIGINAL", "PRIMARY", "BIPLANE B"])
    shared, geometry, pixels = Dataset(), Dataset(), Dataset()
    geometry.DistanceSourceToIsocenter, geometry.DistanceSourceToDetector = 765.0, 1100.0
    pixels.ImagerPixelSpacing = [0.154, 0.154]
    shared.XRayGeometrySequence, shared.FramePixelDataPropertiesSequence = [geometry], [pixels]
    header.SharedFunctionalGroupsSequence = [shared]
    header.PerFrameFunctionalGroupsSequence = []
    for angle in (-90.0, -88.5):
        group, position = Dataset(), Dataset()
        position.PositionerPrimaryAngle, position.PositionerSecondaryAngle = angle, 0.0
        group.PositionerPositionSequence = [position]
        header.PerFrameFunctionalGroupsSequence.append(group)
    found = xray_views(header, 2)
    assert [view.primary_deg for view in found] == [-90.0, -88.5]
    assert found[1].source_isocentre_mm == 765.0
    assert found[1].plane == "B"
    np.testing.assert_allclose(found[0].detector_mm, [-335.0, 0.0, 0.0], atol=1e-9)


@pytest.mark.parametrize(
    ("letters", "is_upright"), [(["L", "F"], True), (["R", "F"], False), (["L", "H"], False)]
)
def test_a_picture_that_runs_against_its_angles_is_known(tmp_path: Path, letters, is_upright: bool) -> None:
    assert views(run(tmp_path / "a", PatientOrientation=letters))[0].is_upright is is_upright


def test_the_spacing_at_the_detector_is_no_size_of_anything_in_the_patient(tmp_path: Path) -> None:
    clip = open_clip(run(tmp_path / "a"))
    assert clip.regions == ((), (), ())
    assert [finding.code for finding in clip.findings] == ["uncalibrated_pixels"]
    same = open_clip(run(tmp_path / "b", PixelSpacing=["0.2", "0.2"]))
    assert same.region_at(0, 4, 4) is None


@pytest.mark.parametrize("how", [{"PixelSpacingCalibrationType": "FIDUCIAL"}, {}])
def test_a_calibrated_spacing_is_one(tmp_path: Path, how: dict[str, str]) -> None:
    clip = open_clip(run(tmp_path / "a", PixelSpacing=["0.14", "0.15"], **how))
    region = clip.region_at(2, 9, 7)
    assert region is not None
    assert (region.row_mm, region.column_mm) == (0.14, 0.15)
    assert clip.findings == ()


def test_a_spacing_of_unknown_making_is_no_calibration(tmp_path: Path) -> None:
    clip = open_clip(run(tmp_path / "a", PixelSpacing=["0.14", "0.14"], ImagerPixelSpacing=None))
    assert clip.region_at(0, 4, 4) is None
