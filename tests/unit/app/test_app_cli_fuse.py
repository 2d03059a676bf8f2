"""`auricle fuse` joins what is one patient's and refuses the rest, with one line and the exit code of a refusal."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.cli import REFUSED, main
from app.fusion.registration_file import read_registration
from core.anatomy import HEART_NAMES
from core.volume import LabelMap, Volume
from imaging.formats.nifti import write_labels
from imaging.outputs.series import PatientModule, write_series
from tests.support import registered_balls as balls


def write_image(labels: LabelMap, folder: Path, patient: PatientModule, number: int, modality: str) -> None:
    """A DICOM series in which every ball is as bright as its label, and the labels beside it."""
    thinned = replace(labels, names=dict(HEART_NAMES))
    image = Volume(
        (labels.labels * 100).astype(np.int16), labels.patient_from_index, labels.frame_of_reference_uid
    )
    write_series(
        image,
        folder / "images",
        patient=patient,
        study_uid=f"2.25.{number}",
        series_uid=f"2.25.10{number}",
        modality=modality,
        description="Balls",
        series_number=number,
    )
    write_labels(thinned, folder / "labels.nii.gz")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CT, an MR of the same patient who lies differently, and a CT of somebody else."""
    root = tmp_path_factory.mktemp("balls")
    here = balls.labels(balls.still, balls.CENTRE_MM, "2.25.901", 4.0)
    there = balls.labels(balls.unmoved, balls.moving_centre(), "2.25.902", 4.0)
    write_image(here, root / "ct", PatientModule("Ball^Bea", "P-1"), 1, "CT")
    write_image(there, root / "mr", PatientModule("Ball^Bea", "P-1"), 2, "MR")
    write_image(there, root / "other", PatientModule("Ball^Ben", "P-2"), 3, "MR")
    return root


def fuse(images: Path, moving: str, out: Path, *more: str) -> int:
    fixed_labels, moving_labels = (str(images / name / "labels.nii.gz") for name in ("ct", moving))
    inputs = [str(images / name / "images") for name in ("ct", moving)]
    labels = ["--fixed-labels", fixed_labels, "--moving-labels", moving_labels]
    return main(["fuse", *inputs, *labels, "--out", str(out), "--rigid", "--quiet", *more])


def test_two_images_of_one_patient_are_registered_and_everything_is_written(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fuse(images, "mr", tmp_path) == 0
    found = read_registration(tmp_path / "registration.json")
    points = balls.surface_points()
    away = np.linalg.norm(found.fixed_points(balls.moved(points)) - points, axis=1)
    assert away.max() < 0.5, "labels of 4 mm, a tenth of which is the error"
    assert (found.fixed.frame_of_reference_uid, found.moving.frame_of_reference_uid) == ("2.25.901", "2.25.902")
    told = json.loads((tmp_path / "fusion.json").read_text())
    assert told["provenance"]["identity"].startswith("the files name one patient")
    assert told["turned_by_deg"] == pytest.approx(11.9, abs=0.3)
    for name in ("blended.png", "moved_surfaces/lv.stl", "fixed/report.json", "moving/report.json"):
        assert (tmp_path / name).stat().st_size > 0
    assert "estimated error" in capsys.readouterr().out


def test_images_of_two_patients_are_refused_without_naming_them(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fuse(images, "other", tmp_path / "out") == REFUSED
    told = capsys.readouterr().err
    assert "the files name different patients" in told
    assert "--same-patient" in told
    assert "Bea" not in told
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_user_s_word_is_kept_with_the_registration(images: Path, tmp_path: Path) -> None:
    assert fuse(images, "other", tmp_path, "--same-patient") == 0
    identity = read_registration(tmp_path / "registration.json").provenance["identity"]
    assert identity == "stated by the user; the files name different patients"


def test_reconstruct_fuses_two_inputs_only(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["reconstruct", "a", "--fuse", "--out", str(tmp_path)]) == REFUSED
    assert "--fuse takes two INPUTs" in capsys.readouterr().err
