"""Ultrasound: only planar regions in centimetres have a pixel size; a 3-D volume keeps to its own space."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedUSVolumeStorage

from app.cli import main
from core.clip import CalibratedRegion, Clip
from core.errors import PlannerError
from core.study import Series
from imaging.find.scan import scan_folder
from imaging.pictures.clips import open_clip
from imaging.pictures.ultrasound import ultrasound_regions
from imaging.slices.load import load_series
from tests.support.pixel_files import picture_header, write_picture

CM, SECONDS, CM_PER_S = 3, 4, 7


def region(box: tuple[int, int, int, int], **changes) -> Dataset:
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = 1, 1, 0
    item.RegionLocationMinX0, item.RegionLocationMinY0 = box[:2]
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = box[2:]
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = CM
    item.PhysicalDeltaX, item.PhysicalDeltaY = 0.02, 0.03
    for name, value in changes.items():
        setattr(item, name, value)
    return item


def regions_of(*found: Dataset) -> tuple[CalibratedRegion, ...]:
    header = Dataset()
    header.SequenceOfUltrasoundRegions = list(found)
    return ultrasound_regions(header, 100, 120)


def test_a_planar_region_in_centimetres_has_its_size_in_millimetres() -> None:
    (found,) = regions_of(region((10, 20, 59, 79)))
    assert (found.left, found.top, found.right, found.bottom) == (10, 20, 59, 79)
    assert (found.row_mm, found.column_mm, found.kind) == (pytest.approx(0.3), pytest.approx(0.2), "tissue")


def test_the_sign_of_a_step_is_a_direction_and_no_size() -> None:
    (found,) = regions_of(region((10, 20, 59, 79), PhysicalDeltaX=-0.02))
    assert found.column_mm == pytest.approx(0.2)


@pytest.mark.parametrize(
    "changes",
    [
        {"RegionSpatialFormat": 3, "PhysicalUnitsXDirection": SECONDS, "PhysicalUnitsYDirection": CM_PER_S},
        {"RegionSpatialFormat": 2, "PhysicalUnitsXDirection": SECONDS},
        {"RegionSpatialFormat": 2},
        {"PhysicalUnitsXDirection": 0, "PhysicalUnitsYDirection": 0},
        {"PhysicalDeltaX": 0.0},
    ],
)
def test_what_is_no_length_is_never_one(changes: dict[str, float]) -> None:
    (found,) = regions_of(region((10, 20, 59, 79), **changes))
    assert (found.row_mm, found.column_mm) == (None, None)


def test_regions_beside_the_picture_are_dropped_and_those_that_reach_out_are_cut() -> None:
    (found,) = regions_of(region((200, 20, 300, 79)), region((100, 20, 300, 79)), region((50, 60, 40, 30)))
    assert (found.left, found.right) == (100, 119)


def test_the_region_on_top_has_the_pixels_where_two_overlap() -> None:
    found = regions_of(
        region((0, 0, 99, 99)),
        region((20, 20, 89, 89), RegionFlags=1, PhysicalDeltaX=0.9),
        region((30, 30, 49, 49), PhysicalDeltaX=0.1),
    )
    clip = Clip(1, 100, 120, False, "US", lambda index: np.zeros((100, 120)), regions=(found,))
    assert clip.region_at(0, 25, 25) is found[0]
    assert clip.region_at(0, 40, 40) is found[2]
    assert clip.region_at(0, 110, 40) is None


def test_a_loop_without_calibration_has_pixels_and_says_so(tmp_path: Path) -> None:
    header = picture_header((8, 10), PixelSpacing=["0.5", "0.5"])
    path = write_picture(tmp_path / "a", header, bytes(80))
    clip = open_clip(Series("1.2", "US", "", ((path,),), (1, 8, 10), None))
    assert clip.region_at(0, 4, 4) is None
    assert [finding.code for finding in clip.findings] == ["uncalibrated_pixels"]


OWN_SPACE = "1.2.826.99"
ORIGIN_MM, STEP_MM = (-12.5, 3.0, 40.0), 0.7


def write_volume(folder: Path, voxels: np.ndarray, in_patient: bool = False) -> Path:
    """A Cartesian volume of (phases, slices, rows, columns): x along a row, y down, slices along z."""
    phases, slices, rows, columns = voxels.shape
    header = picture_header(
        (rows, columns), NumberOfFrames=phases * slices, SOPClassUID=EnhancedUSVolumeStorage
    )
    header.VolumeFrameOfReferenceUID, header.FrameOfReferenceUID = OWN_SPACE, "1.2.826.1"
    header.SharedFunctionalGroupsSequence = [shared := Dataset()]
    measures, orientation = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.5, 0.4], STEP_MM
    orientation.ImageOrientationVolume = [1, 0, 0, 0, 1, 0]
    shared.PixelMeasuresSequence, shared.PlaneOrientationVolumeSequence = [measures], [orientation]
    if in_patient:
        shared.PlaneOrientationSequence = [turned := Dataset()]
        turned.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    header.PerFrameFunctionalGroupsSequence = []
    for phase, index in np.ndindex(phases, slices):
        group, place, content, time = Dataset(), Dataset(), Dataset(), Dataset()
        place.ImagePositionVolume = [*ORIGIN_MM[:2], ORIGIN_MM[2] + index * STEP_MM]
        time.TemporalPositionTimeOffset = 0.05 * phase
        content.DimensionIndexValues = [phase + 1, index + 1]
        group.PlanePositionVolumeSequence, group.FrameContentSequence = [place], [content]
        group.TemporalPositionSequence = [time]
        if in_patient:
            group.PlanePositionSequence = [there := Dataset()]
            there.ImagePositionPatient = [5.0 + index * STEP_MM, 1.0, 2.0]
        header.PerFrameFunctionalGroupsSequence.append(group)
    return write_picture(folder / "volume", header, voxels.tobytes())


def test_a_cartesian_volume_lies_in_its_own_space_and_says_that_the_patient_s_is_unknown(
    tmp_path: Path,
) -> None:
    voxels = np.random.default_rng(2).integers(0, 256, (1, 4, 6, 8), dtype=np.uint8)
    (series,) = scan_folder(write_volume(tmp_path, voxels).parent).series
    assert [finding.code for finding in series.findings] == ["own_space"]
    assert series.frame_of_reference_uid == OWN_SPACE
    volume = load_series(series)
    assert np.array_equal(volume.voxels, voxels[0])
    assert volume.frame_of_reference_uid == OWN_SPACE
    np.testing.assert_allclose(volume.origin_mm, ORIGIN_MM)
    np.testing.assert_allclose(volume.spacing_mm, [STEP_MM, 0.5, 0.4])
    np.testing.assert_allclose(volume.axes, np.eye(3)[:, ::-1], atol=1e-9)


def test_nothing_is_reconstructed_from_a_volume_in_a_space_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_volume(tmp_path / "us", np.zeros((1, 4, 6, 8), dtype=np.uint8))
    assert main(["reconstruct", str(path), "--out", str(tmp_path / "out")]) == 3
    assert "left, right, head and feet are not told" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_volume_that_says_where_it_lies_in_the_patient_lies_there(tmp_path: Path) -> None:
    voxels = np.zeros((1, 3, 6, 8), dtype=np.uint8)
    (series,) = scan_folder(write_volume(tmp_path, voxels, in_patient=True).parent).series
    assert series.findings == ()
    volume = load_series(series)
    assert volume.frame_of_reference_uid == "1.2.826.1"
    np.testing.assert_allclose(volume.axes, [[-1, 0, 0], [0, 0, 1], [0, -1, 0]], atol=1e-9)
    np.testing.assert_allclose(volume.origin_mm, [5.0 + 2 * STEP_MM, 1.0, 2.0])


def test_a_beating_volume_has_one_volume_per_moment(tmp_path: Path) -> None:
    voxels = np.random.default_rng(3).integers(0, 256, (3, 4, 6, 8), dtype=np.uint8)
    (series,) = scan_folder(write_volume(tmp_path, voxels).parent).series
    assert series.n_phases == 3
    for phase in range(3):
        assert np.array_equal(load_series(series, phase).voxels, voxels[phase])


def test_a_volume_in_no_named_space_is_refused_or_placed_nowhere_else(tmp_path: Path) -> None:
    header = picture_header((6, 8), NumberOfFrames=2, SOPClassUID=EnhancedUSVolumeStorage)
    path = write_picture(tmp_path / "volume", header, bytes(96))
    (series,) = scan_folder(path.parent).series
    assert series.spacing_mm is None
    with pytest.raises(PlannerError, match="where they lie"):
        load_series(series)


def test_a_private_volume_is_refused_by_its_maker_s_name(tmp_path: Path) -> None:
    header = picture_header((8, 10), NumberOfFrames=2, SOPClassUID="1.2.840.113543.6.6.1.3.10002")
    path = write_picture(tmp_path / "a", header, bytes(160))
    with pytest.raises(PlannerError, match="Philips 3-D"):
        open_clip(Series("1.2", "US", "", ((path,),), (1, 8, 10), None))
    raw = picture_header((8, 10), Manufacturer="GE Vingmed")
    block = raw.private_block(0x7FE1, "GEMS_Ultrasound_MovieGroup_001", create=True)
    block.add_new(0x01, "OB", bytes(8))
    raw.PixelData = bytes(80)
    path = write_picture(tmp_path / "b", raw, bytes(80))
    content = path.read_bytes()
    start = content.index(b"\xe0\x7f\x10\x00")
    path.write_bytes(content[:start] + content[content.index(b"\xe1\x7f\x10\x00") :])
    with pytest.raises(PlannerError, match="private format of GE Vingmed"):
        open_clip(Series("1.2", "US", "", ((path,),), (1, 8, 10), None))
