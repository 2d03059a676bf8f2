"""Real studies: every series loads in the right place or is refused by name."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from core.errors import PlannerError
from core.study import Series
from imaging.load import load_path, load_series
from imaging.scan import scan_folder
from imaging.thumbnail import thumbnail

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
    "philips_enhanced/dti/001",
    "philips_enhanced/dti/001_implicit",
    "philips_enhanced/fmri/001",
    "philips_enhanced/fmri/001_implicit",
)


def test_the_cine_study_is_eleven_series_of_twenty_five_phases(real_data: Path) -> None:
    result = scan_folder(real_data / "cine-mr" / "dicom")
    assert len(result.patients) == 1
    assert [(s.n_phases, s.n_images, s.shape[0]) for s in result.series] == [(25, 25, 1)] * 11
    assert all(s.spacing_mm == pytest.approx((6.0, 1.40625, 1.40625)) for s in result.series)
    assert result.findings == ()


def test_the_cine_phases_follow_the_trigger_times(real_data: Path) -> None:
    import pydicom

    for series in scan_folder(real_data / "cine-mr" / "dicom").series:
        times = [float(pydicom.dcmread(f[0], stop_before_pixels=True).TriggerTime) for f in series.phases]
        assert times[0] == 0.0
        assert (np.diff(times) > 0).all()


def test_the_cine_planes_cut_the_supplied_surface_of_the_ventricle(real_data: Path) -> None:
    """The supplied surfaces are in DICOM patient coordinates: every plane but the outermost passes the heart."""
    import pyvista

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
    """The references were written by another program, in another voxel order: compared in patient space."""
    folder = real_data / "dicom-variety" / name
    reference = nibabel.load(folder.with_name(folder.name + "_ground_truth.nii.gz"))
    (series,) = scan_folder(folder).series
    values = np.asanyarray(reference.dataobj)
    values = values.reshape(*values.shape[:3], -1)
    assert series.n_phases == values.shape[3]
    for phase in range(series.n_phases):
        volume = load_series(series, phase)
        ras = nibabel.affines.apply_affine(reference.affine, np.argwhere(np.ones(values.shape[:3])))
        indices = volume.indices_from_patient(ras * (-1, -1, 1))
        nearest = np.rint(indices).astype(int)
        assert np.abs((indices - nearest) * volume.spacing_mm).max() < 0.01
        np.testing.assert_allclose(
            volume.voxels[tuple(nearest.T)], values[..., phase].ravel(), rtol=1e-5, atol=1e-3
        )


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


def test_one_ct_in_many_transfer_syntaxes_has_one_set_of_values(real_data: Path, tmp_path: Path) -> None:
    """Lossless syntaxes give the same values; what no decoder opens is refused by the name of its syntax."""
    files = sorted((real_data / "dicom-variety/cornerstone").rglob("CTImage.dcm_*.dcm"))
    assert len(files) >= 12
    decoded: dict[str, np.ndarray] = {}
    for path in files:
        folder = tmp_path / path.stem
        folder.mkdir()
        (folder / path.name).symlink_to(path)
        try:
            decoded[path.name] = load_path(folder)[0].voxels
        except PlannerError as refusal:
            assert "JPEG Extended" in refusal.why, path.name
    (plain,) = (v for name, v in decoded.items() if "LittleEndianExplicit" in name)
    lossy = ("Process1Transfer", "Process2_4", "JPEGLSLossy", "JPEG2000Transfer", "Process10_12", "Process6_8")
    lossless = {name: values for name, values in decoded.items() if not any(word in name for word in lossy)}
    assert len(lossless) >= 8
    for name, values in lossless.items():
        assert np.array_equal(values, plain), name


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


def test_every_series_of_the_cine_study_has_a_picture_with_contrast(real_data: Path) -> None:
    for series in scan_folder(real_data / "cine-mr" / "dicom").series:
        picture = thumbnail(series)
        assert picture.shape == (96, 96)
        assert picture.std() > 20
