"""Reconstruction on real images: a cine study, a chest CT, and a phantom that holds no heart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.comparison import compare_with_references
from core.anatomy import Anatomy
from core.errors import PlannerError
from imaging.slices.load import load_path
from recon.run import reconstruct

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def cine_heart(real_data: Path) -> Anatomy:
    return reconstruct("heart", load_path(real_data / "cine-mr" / "dicom", 0), "cpu")


def test_cine_planes_become_ventricles_in_the_studys_own_patient_space(
    cine_heart: Anatomy, real_data: Path
) -> None:
    assert {"lv", "lv_myocardium", "rv"} <= set(cine_heart.surfaces)
    assert all(mesh.is_closed for mesh in cine_heart.surfaces.values())
    assert cine_heart.frame_of_reference_uid


def test_ventricles_of_the_cine_study_lie_on_the_supplied_surfaces(
    cine_heart: Anatomy, real_data: Path
) -> None:
    compared = compare_with_references(cine_heart, real_data / "cine-mr" / "surfaces" / "*_000.vtk")
    assert len(compared) == 3
    for name, row in compared.items():
        assert row["found_from_reference_mm"] < 8.0, name


def test_a_phantom_of_bricks_is_refused_as_no_heart(real_data: Path) -> None:
    with pytest.raises(PlannerError, match="no heart found"):
        reconstruct("heart", load_path(real_data / "brick-phantom-ct"), "cpu")


def test_a_coarse_chest_ct_is_refused_or_its_heart_lies_between_the_lungs(real_data: Path) -> None:
    from imaging.formats.nrrd import read_volume

    folder = real_data / "coarse-chest-ct"
    image = read_volume(folder / "ct-64.nrrd")
    try:
        found = reconstruct("heart", [image], "cpu")
    except PlannerError:
        return
    lungs = read_volume(folder / "lm-64.nrrd")
    where = lungs.patient_from_indices(np.argwhere(lungs.voxels > 0))
    middle = np.concatenate([found.surfaces[k].vertices for k in ("lv", "rv") if k in found.surfaces]).mean(
        axis=0
    )
    assert (where.min(axis=0) < middle).all()
    assert (middle < where.max(axis=0)).all()
