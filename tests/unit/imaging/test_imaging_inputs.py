"""What a command-line INPUT stands for, and when the choice is the user's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom.dataset import Dataset

from core.errors import PlannerError
from core.frames import rigid
from core.volume import Volume
from imaging.find.inputs import choose_input
from imaging.formats.nifti import write_volume
from imaging.slices.load import load_path


def test_one_dicom_file_stands_for_its_series(oblique: Volume, write_dicom) -> None:
    paths = write_dicom(oblique)
    (volume,) = load_path(paths[2])
    assert np.array_equal(volume.voxels, oblique.voxels)


def test_a_nifti_file_stands_for_itself(oblique: Volume, tmp_path: Path) -> None:
    write_volume(oblique, tmp_path / "v.nii.gz")
    write_volume(oblique, tmp_path / "other.nii.gz")
    (volume,) = load_path(tmp_path / "v.nii.gz")
    assert np.array_equal(volume.voxels, oblique.voxels)


def test_two_volumes_in_a_folder_are_refused_until_one_is_named(
    oblique: Volume, write_dicom, tmp_path: Path
) -> None:
    write_dicom(oblique, "ct", series_uid="1.2.1")
    write_dicom(replace(oblique, modality="MR"), "mr", series_uid="1.2.2")
    with pytest.raises(PlannerError, match=r"1\.2\.1 \(CT 5x6x7\), 1\.2\.2 \(MR 5x6x7\)"):
        load_path(tmp_path)
    (volume,) = load_path(tmp_path, series_uid="1.2.2")
    assert volume.modality == "MR"
    with pytest.raises(PlannerError, match=r"1\.2\.1, 1\.2\.2"):
        load_path(tmp_path, series_uid="1.2.3")


def test_a_lone_localizer_slice_does_not_hide_the_volume(oblique: Volume, write_dicom, tmp_path: Path) -> None:
    write_dicom(oblique, "ct", series_uid="1.2.1")
    write_dicom(replace(oblique, voxels=oblique.voxels[:1]), "localizer", series_uid="1.2.2")
    (volume,) = load_path(tmp_path)
    assert volume.shape == (5, 6, 7)


def write_cine(oblique: Volume, write_dicom, uid: str, turn: float, frame_uid: str = "1.2.826.1") -> None:
    turned = rigid(np.array([0.0, turn, 0.0]), np.zeros(3)) @ oblique.patient_from_index
    for phase in range(3):
        voxels = oblique.voxels[:1] + np.int16(phase)
        plane = Volume(voxels, turned, frame_uid, modality="MR")
        facts = {"TriggerTime": 30 * phase, "SOPInstanceUID": f"{uid}.{phase}"}
        write_dicom(plane, f"{uid}-{phase}", lambda i, dataset, facts=facts: dataset.update(facts), uid)


def test_cine_series_of_one_patient_space_are_all_their_planes(
    oblique: Volume, write_dicom, tmp_path: Path
) -> None:
    for number in range(3):
        write_cine(oblique, write_dicom, f"1.3.{number}", 0.5 * number)
    planes = load_path(tmp_path, phase=2)
    assert [plane.shape for plane in planes] == [(1, 6, 7)] * 3
    assert all(np.array_equal(plane.voxels, oblique.voxels[:1] + 2) for plane in planes)
    assert np.linalg.norm(planes[0].axes - planes[2].axes) > 0.5
    with pytest.raises(PlannerError, match="3 phases"):
        load_path(tmp_path, phase=3)


def test_cine_series_of_two_patient_spaces_are_refused(oblique: Volume, write_dicom, tmp_path: Path) -> None:
    write_cine(oblique, write_dicom, "1.3.1", 0.0)
    write_cine(oblique, write_dicom, "1.3.2", 0.5, frame_uid="1.2.826.2")
    with pytest.raises(PlannerError, match="which series"):
        load_path(tmp_path)


def write_phases(volume: Volume, write_dicom, uid: str) -> None:
    for phase in range(2):
        facts = {"TriggerTime": 400 * phase}
        voxels = volume.voxels + np.int16(phase)

        def change(i: int, dataset: Dataset, facts: dict[str, int] = facts) -> None:
            dataset.update({**facts, "SOPInstanceUID": f"{uid}.{facts['TriggerTime']}.{i}"})

        write_dicom(replace(volume, voxels=voxels), f"{uid}-{phase}", change, uid)


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_a_volume_at_several_phases_is_a_volume_and_two_are_refused(
    oblique: Volume, write_dicom, tmp_path: Path, modality: str
) -> None:
    volume = replace(oblique, modality=modality, unit="HU" if modality == "CT" else "arbitrary")
    write_phases(volume, write_dicom, "1.4.1")
    write_dicom(replace(volume, voxels=volume.voxels[:1]), "localizer", series_uid="1.4.9")
    (loaded,) = load_path(tmp_path, phase=1)
    assert np.array_equal(loaded.voxels, volume.voxels + 1)
    write_phases(volume, write_dicom, "1.4.2")
    with pytest.raises(PlannerError, match=rf"1\.4\.1 \({modality} 5x6x7\), 1\.4\.2 \({modality} 5x6x7\)"):
        load_path(tmp_path)


def test_a_ct_at_several_phases_with_a_wide_gap_is_refused_not_cut_into_planes(
    oblique: Volume, write_dicom, tmp_path: Path
) -> None:
    write_phases(oblique, write_dicom, "1.4.1")
    for path in tmp_path.glob("*/ct-000[34].dcm"):
        path.unlink()
    with pytest.raises(PlannerError, match=r"slices are missing .* across 7\.5 mm"):
        load_path(tmp_path)


def test_a_short_axis_stack_goes_in_with_the_long_axis_plane(
    oblique: Volume, write_dicom, tmp_path: Path
) -> None:
    thick = oblique.patient_from_index.copy()
    thick[:3, 0] *= 10.0 / 2.5
    write_phases(Volume(oblique.voxels, thick, "1.2.826.1", modality="MR"), write_dicom, "1.4.1")
    write_cine(oblique, write_dicom, "1.4.2", 0.9)
    planes = load_path(tmp_path)
    assert [plane.shape for plane in planes] == [(1, 6, 7)] * 6


def test_an_empty_folder_and_a_missing_path_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="no images"):
        load_path(tmp_path)
    with pytest.raises(PlannerError, match="no such file"):
        load_path(tmp_path / "nowhere")


def test_a_picture_that_is_no_volume_is_refused_for_that_and_not_as_damaged(tmp_path: Path) -> None:
    flat = nibabel.Nifti1Image(np.zeros((4, 5), np.float32), np.eye(4))
    nibabel.save(flat, tmp_path / "flat.nii.gz")
    with pytest.raises(PlannerError, match="not a 3-D image"):
        choose_input(tmp_path / "flat.nii.gz")
