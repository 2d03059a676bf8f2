"""The commands `scan` and `convert`: stable output, exit codes, and no patient's name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.cli import DONE, REFUSED, main
from core.volume import Volume
from imaging.formats.nifti import read_volume, write_volume


def test_scan_writes_the_stable_form_without_the_patients_name(
    oblique: Volume, write_dicom, tmp_path: Path, capsys
) -> None:
    folder = write_dicom(oblique)[0].parent
    assert main(["scan", str(folder), "--json", str(tmp_path / "scan.json")]) == DONE
    text = (tmp_path / "scan.json").read_text()
    (patient,) = json.loads(text)["patients"]
    (study,) = patient["studies"]
    (series,) = study["series"]
    assert (study["study_uid"], study["date"], patient["index"]) == ("1.2.3", "", 1)
    assert series["series_uid"] == "1.2.3.4"
    assert (series["modality"], series["description"]) == ("CT", "made for a test")
    assert (series["n_images"], series["n_phases"], series["shape"]) == (5, 1, [5, 6, 7])
    np.testing.assert_allclose(series["spacing_mm"], [2.5, 0.7, 0.9])
    assert series["findings"] == []
    printed = capsys.readouterr()
    assert "1.2.3.4 CT 'made for a test': 5 x 6 x 7, 2.5 x 0.7 x 0.9 mm" in printed.out
    for words in (text, printed.out, printed.err):
        assert "Doe" not in words
        assert "secret" not in words


def test_scan_refuses_what_is_no_folder_in_one_line(tmp_path: Path, capsys) -> None:
    assert main(["scan", str(tmp_path / "nowhere")]) == REFUSED
    assert capsys.readouterr().err.startswith("refused: cannot open nowhere: ")


def test_convert_writes_the_series_in_patient_coordinates(oblique: Volume, write_dicom, tmp_path: Path) -> None:
    folder = write_dicom(oblique)[0].parent
    assert main(["convert", str(folder), "--out", str(tmp_path / "v.nii.gz"), "--quiet"]) == DONE
    volume = read_volume(tmp_path / "v.nii.gz")
    np.testing.assert_allclose(volume.patient_from_index, oblique.patient_from_index, atol=1e-4)
    assert np.array_equal(volume.voxels, oblique.voxels)


def test_convert_takes_the_named_series_of_several(
    oblique: Volume, write_dicom, tmp_path: Path, capsys
) -> None:
    write_dicom(oblique, "ct", series_uid="1.5.1")
    write_dicom(replace(oblique, voxels=oblique.voxels[:3]), "short", series_uid="1.5.2")
    out = str(tmp_path / "v.nii.gz")
    assert main(["convert", str(tmp_path), "--out", out, "--quiet"]) == REFUSED
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["convert", str(tmp_path), "--out", out, "--series", "1.5.2", "--quiet"]) == DONE
    assert read_volume(tmp_path / "v.nii.gz").shape == (3, 6, 7)


def test_convert_takes_the_file_whose_uid_scan_has_printed(oblique: Volume, tmp_path: Path, capsys) -> None:
    write_volume(oblique, tmp_path / "study" / "a" / "v.nii.gz")
    write_volume(replace(oblique, voxels=oblique.voxels[:3]), tmp_path / "study" / "b" / "v.nii.gz")
    assert main(["scan", str(tmp_path / "study"), "--quiet"]) == DONE
    lines = [line for line in capsys.readouterr().out.splitlines() if "'b/v.nii.gz'" in line]
    uid, out = lines[0].split()[0], str(tmp_path / "out.nii.gz")
    assert main(["convert", str(tmp_path / "study"), "--out", out, "--series", uid, "--quiet"]) == DONE
    assert read_volume(tmp_path / "out.nii.gz").shape == (3, 6, 7)


def test_convert_refuses_another_format_and_a_frame_that_is_not_there(
    oblique: Volume, write_dicom, tmp_path: Path, capsys
) -> None:
    folder = str(write_dicom(oblique)[0].parent)
    assert main(["convert", folder, "--out", str(tmp_path / "v.jpg")]) == REFUSED
    assert main(["convert", folder, "--out", str(tmp_path / "v.nii"), "--frame", "4"]) == REFUSED
    assert "only NIfTI is written" in capsys.readouterr().err
    assert not (tmp_path / "v.nii").exists()
