"""Real studies: every series loads in the right place or is refused by name."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
import pyvista
import SimpleITK as sitk

from core.errors import PlannerError
from core.study import ScanResult, Series
from imaging.find.scan import scan_folder
from imaging.pictures.thumbnail import thumbnail
from imaging.slices.cycle import suggest_cycle
from imaging.slices.load import load_path, load_sequence, load_series
from tests.support.dcm2niix import converted, sampled

pytestmark = pytest.mark.real

VARIETY = (
    "anatomical/001",
    "anatomical/001_implicit",
    "ge/anatomical/001",
    "ge/anatomical/001_implicit",
    "ge/dti/001",
    "ge/dti/001_implicit",
    "ge/dti/002",
    "ge/fmri/001",
    "ge/fmri/001_implicit",
    "generic/anatomical/001",
    "generic/anatomical/001_implicit",
    "generic/anatomical/002_non_isotropic",
    "generic/compressed/001",
    "generic/compressed_j2k/001",
    "generic/compressed_jpeg/001",
    "generic/compressed_jpegls/001",
    "generic/compressed_rle/001",
    "hitachi/anatomical/001",
    "hitachi/anatomical/001_implicit",
    "hyperfine/anatomical/001",
    "philips_enhanced/anatomical/001",
    "philips_enhanced/anatomical/001_implicit",
    "philips_enhanced/fmri/001",
    "philips_enhanced/fmri/001_implicit",
)


@pytest.fixture(scope="module")
def cine(real_data: Path) -> ScanResult:
    return scan_folder(real_data / "cine-mr" / "dicom")


def test_the_cine_study_is_eleven_series_of_twenty_five_phases(cine: ScanResult) -> None:
    assert len(cine.patients) == 1
    assert [(s.n_phases, s.n_images, s.shape[0]) for s in cine.series] == [(25, 25, 1)] * 11
    assert all(s.spacing_mm == pytest.approx((6.0, 1.40625, 1.40625)) for s in cine.series)
    assert cine.findings == ()


def test_the_cine_phases_follow_the_trigger_times(cine: ScanResult) -> None:
    for series in cine.series:
        times = [float(pydicom.dcmread(f[0], specific_tags=["TriggerTime"]).TriggerTime) for f in series.phases]
        assert times[0] == 0.0
        assert (np.diff(times) > 0).all()


def test_the_cine_planes_cut_the_supplied_surface_of_the_ventricle(real_data: Path) -> None:
    """The supplied surfaces are in DICOM patient coordinates: all planes but the outermost meet the heart."""
    planes = load_path(real_data / "cine-mr" / "dicom")
    assert len(planes) == 11
    assert len({plane.frame_of_reference_uid for plane in planes}) == 1
    heart = pyvista.read(real_data / "cine-mr" / "surfaces" / "patient1_EPICARDIAL_000.vtk").points
    n_cutting = 0
    for plane in planes:
        indices = plane.indices_from_patient(np.asarray(heart))
        on_plane = indices[np.abs(indices[:, 0]) < 0.5]
        assert ((on_plane[:, 1:] > 0) & (on_plane[:, 1:] < np.array(plane.shape[1:]))).all()
        n_cutting += len(on_plane) > 0
    assert n_cutting >= 9


@pytest.mark.parametrize("name", VARIETY)
def test_a_series_agrees_with_its_nifti_reference_in_place_and_value(real_data: Path, name: str) -> None:
    ours, theirs = ours_and_theirs(real_data / "dicom-variety" / name)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("name", ["philips_enhanced/dti/001", "philips_enhanced/dti/001_implicit"])
def test_what_the_reference_kept_of_a_diffusion_series_is_one_of_its_volumes(
    real_data: Path, name: str
) -> None:
    """The reference holds the unweighted volume first and zeros for the rest; in the file it comes last."""
    ours, theirs = ours_and_theirs(real_data / "dicom-variety" / name)
    assert [bool(volume.any()) for volume in theirs] == [True, False, False, False]
    agree = [bool(np.allclose(volume, theirs[0], rtol=1e-5, atol=1e-3)) for volume in ours]
    assert agree == [False, False, False, True]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "brick-phantom-ct",
        "cine-mr/dicom/Se3",
        "cine-mr/dicom/Se8",
        "dicom-variety/ge/anatomical/001",
        "dicom-variety/hitachi/anatomical/001",
        "dicom-variety/hyperfine/anatomical/001",
        "dicom-variety/generic/anatomical/002_non_isotropic",
        "dicom-variety/philips_enhanced/anatomical/001",
    ],
)
def test_dcm2niix_finds_the_same_values_in_the_same_places(real_data: Path, tmp_path: Path, name: str) -> None:
    series = scan_folder(real_data / name).series[0]
    theirs, places = converted(real_data / name, tmp_path / "out")
    ours = sampled(load_series(series), places)
    is_shown = np.isfinite(ours)
    assert is_shown.mean() > 0.5, "the rest is air, of which nothing is compared"
    np.testing.assert_allclose(ours[is_shown], theirs[is_shown], rtol=1e-4, atol=0.6)


def test_the_suggested_phases_of_the_cine_study_are_those_of_its_supplied_surfaces(
    real_data: Path, cine: ScanResult
) -> None:
    """All eleven planes go in; the parallel short-axis ones decide. The surfaces come from a model fit."""
    folder = real_data / "cine-mr" / "surfaces"
    volumes = [pyvista.read(path).volume for path in sorted(folder.glob("patient1_LV_ENDOCARDIAL_*.vtk"))]
    assert len(volumes) == 25
    suggestion = suggest_cycle([load_sequence(series) for series in cine.series])
    assert suggestion is not None
    away = np.array([suggestion.end_diastole - np.argmax(volumes), suggestion.end_systole - np.argmin(volumes)])
    assert np.minimum(np.abs(away), 25 - np.abs(away)).max() <= 2
    assert np.corrcoef(suggestion.blood, volumes)[0, 1] > 0.9


def test_no_long_axis_plane_alone_suggests_an_end_diastole_far_from_the_r_peak(cine: ScanResult) -> None:
    for series in cine.series:
        suggestion = suggest_cycle([load_sequence(series)])
        if suggestion is not None:
            assert min(suggestion.end_diastole, 25 - suggestion.end_diastole) <= 4


def ours_and_theirs(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Values (phases, voxels) of a series and of its reference at the reference's voxels, met in patient space.

    The references were written by another program and in another voxel order.
    """
    reference = nibabel.load(folder.with_name(folder.name + "_ground_truth.nii.gz"))
    values = np.asanyarray(reference.dataobj)
    values = values.reshape(*values.shape[:3], -1)
    ras = nibabel.affines.apply_affine(reference.affine, np.argwhere(np.ones(values.shape[:3])))
    (series,) = scan_folder(folder).series
    ours = []
    for phase in range(series.n_phases):
        volume = load_series(series, phase)
        indices = volume.indices_from_patient(ras * (-1, -1, 1))
        nearest = np.rint(indices).astype(int)
        assert np.abs((indices - nearest) * volume.spacing_mm).max() < 0.01
        assert volume.voxels.size == len(ras)
        ours.append(volume.voxels[tuple(nearest.T)])
    return np.stack(ours), values.reshape(-1, values.shape[3]).T


def test_every_other_series_loads_or_is_refused_in_words(real_data: Path) -> None:
    series = [
        *scan_folder(real_data / "dicom-variety").series,
        *scan_folder(real_data / "coronary-xa-phantom").series,
    ]
    refusals = [refusal for refusal in map(refusal_of, series) if refusal is not None]
    assert len(series) - len(refusals) >= 70
    for refusal in refusals:
        assert refusal.what
        assert refusal.why
        assert refusal.fix


def refusal_of(series: Series) -> PlannerError | None:
    try:
        volume = load_series(series)
    except PlannerError as refusal:
        return refusal
    assert volume.shape == series.shape
    assert volume.spacing_mm == pytest.approx(series.spacing_mm, rel=1e-5)
    return None


LOSSLESS = ("BigEndian", "Deflated", "LosslessOnly", "JPEGLSLossless", "Process14", "LittleEndian", "RLE")
RETIRED = ("Process6_8", "Process10_12")


def test_one_ct_has_the_same_values_in_every_lossless_transfer_syntax(real_data: Path, tmp_path: Path) -> None:
    plain = voxels_of(ct_in("LittleEndianExplicit", real_data), tmp_path)
    for syntax in LOSSLESS:
        for path in ct_in(syntax, real_data):
            assert np.array_equal(voxels_of([path], tmp_path), plain), path.name


@pytest.mark.parametrize("syntax", RETIRED)
def test_a_ct_in_a_retired_progressive_jpeg_has_the_values_of_the_sequential_one(
    real_data: Path, tmp_path: Path, syntax: str
) -> None:
    """The same twelve-bit coefficients in another order."""
    sequential = voxels_of(ct_in("Process2_4", real_data), tmp_path)
    assert np.array_equal(voxels_of(ct_in(syntax, real_data), tmp_path), sequential)


def test_a_ct_in_twelve_bit_jpeg_agrees_with_simpleitk_to_one_stored_step(
    real_data: Path, tmp_path: Path
) -> None:
    (path,) = ct_in("Process2_4", real_data)
    theirs = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    assert np.abs(voxels_of([path], tmp_path) - theirs).max() < 2.001, "the slope of its rescale is 2.0002"


def ct_in(syntax: str, real_data: Path) -> list[Path]:
    files = sorted((real_data / "dicom-variety" / "cornerstone").rglob(f"CTImage.dcm_*{syntax}*.dcm"))
    assert files, syntax
    return files


def voxels_of(files: list[Path], tmp_path: Path) -> np.ndarray:
    folder = tmp_path / files[0].stem
    folder.mkdir(exist_ok=True)
    link = folder / files[0].name
    if not link.exists():
        link.symlink_to(files[0].resolve())
    (volume,) = load_path(folder)
    return volume.voxels


def test_the_brick_phantom_has_its_true_spacing(real_data: Path) -> None:
    (volume,) = load_path(real_data / "brick-phantom-ct")
    assert volume.shape == (64, 512, 512)
    assert volume.spacing_mm == pytest.approx([1.875, 0.390625, 0.390625], abs=1e-4)
    assert (volume.unit, volume.modality) == ("HU", "CT")


def test_the_coarse_chest_has_its_true_spacing_and_lies_upright(real_data: Path) -> None:
    (volume,) = load_path(real_data / "coarse-chest-ct" / "ct-64.nrrd")
    assert volume.shape == (79, 64, 64)
    assert volume.spacing_mm == pytest.approx([3.9873, 4.1719, 4.1719], abs=1e-3)
    np.testing.assert_allclose(np.abs(volume.axes), [[0, 0, 1], [0, 1, 0], [1, 0, 0]], atol=1e-6)


def test_every_series_of_the_cine_study_has_a_picture_with_contrast(cine: ScanResult) -> None:
    for series in cine.series:
        picture = thumbnail(series)
        assert picture.shape == (96, 96)
        assert picture.std() > 20
