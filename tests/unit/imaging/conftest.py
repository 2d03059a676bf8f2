"""Small oblique volumes and DICOM series with single facts changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest

from core.frames import rotation_from_vector
from core.volume import Volume
from imaging.outputs.series import PatientModule, write_series

PATIENT = PatientModule(name="Doe^Jane", patient_id="secret-17")


def oblique_affine(spacing_mm: tuple[float, float, float] = (2.5, 0.7, 0.9)) -> np.ndarray:
    """An affine (slice, row, column) -> LPS with unlike spacings, no axis along another's."""
    matrix = np.eye(4)
    axial = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    matrix[:3, :3] = rotation_from_vector(np.array([0.31, -0.22, 0.54])) @ axial * np.array(spacing_mm)
    matrix[:3, 3] = (-31.7, 12.25, 140.125)
    return matrix


@pytest.fixture
def oblique() -> Volume:
    """An oblique CT whose every voxel has its own value."""
    voxels = np.arange(5 * 6 * 7, dtype=np.int16).reshape(5, 6, 7) - 100
    return Volume(voxels, oblique_affine(), "1.2.826.1", "HU", "CT")


Writer = Callable[..., list[Path]]


@pytest.fixture
def write_dicom(tmp_path: Path) -> Writer:
    """Write a volume as DICOM; `change(index, dataset)` edits each file afterwards."""

    def write(
        volume: Volume,
        folder: str = "series",
        change: Callable[[int, pydicom.Dataset], None] | None = None,
        series_uid: str = "1.2.3.4",
    ) -> list[Path]:
        paths = write_series(
            volume,
            tmp_path / folder,
            patient=PATIENT,
            study_uid="1.2.3",
            series_uid=series_uid,
            modality=volume.modality,
            description="made for a test",
            series_number=1,
        )
        for index, path in enumerate(paths):
            if change is not None:
                dataset = pydicom.dcmread(path)
                change(index, dataset)
                dataset.save_as(path)
        return paths

    return write
