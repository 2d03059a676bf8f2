"""`auricle export --for-printing`: what reaches the printer is closed and holds the volume it should on any grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh

from app.cli import REFUSED, main
from app.results import write_results
from core.anatomy import Anatomy
from core.volume import LabelMap
from recon.surface import conformal_surfaces_of_labels

STEP_MM, RADIUS_MM, FRAME = 2.0, 14.0, "1.2.826.77.5"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ball whose halves are a ventricle and an atrium, on a grid of 2 mm with a mirrored axis, as files."""
    places = np.moveaxis(np.indices((24, 24, 24)), 0, -1) * STEP_MM - 23.0
    labels = (np.linalg.norm(places, axis=-1) < RADIUS_MM).astype(np.uint8)
    labels[(labels > 0) & (places[..., 0] > 0.0)] = 4
    grid = np.diag([STEP_MM, -STEP_MM, STEP_MM, 1.0])
    label_map = LabelMap(labels, grid, {1: "lv", 4: "la"}, FRAME)
    folder = tmp_path_factory.mktemp("results") / "ball"
    write_results(Anatomy(conformal_surfaces_of_labels(label_map), FRAME, label_map), folder, [], {})
    return folder


def printed(results: Path, out: Path, *options: str) -> trimesh.Trimesh:
    code = main(["export", str(results), "--format", "stl", "--out", str(out), "--quiet", *options])
    assert code == 0
    (path,) = out.rglob("*.stl")
    return trimesh.load_mesh(path)


def label_ml(results: Path) -> float:
    import nibabel

    image = nibabel.load(results / "labels.nii.gz")
    return float((np.asarray(image.dataobj) > 0).sum()) * STEP_MM**3 / 1000.0


def test_the_blood_pool_is_one_closed_body_of_all_its_voxels(results: Path, tmp_path: Path) -> None:
    body = printed(results, tmp_path, "--for-printing", "blood-pool")
    assert body.is_watertight
    assert body.is_winding_consistent
    assert len(body.split()) == 1
    assert body.volume / 1000.0 == pytest.approx(label_ml(results), rel=0.005)


@pytest.mark.parametrize("wall_mm", [2.0, 1.2])
def test_the_wall_is_a_closed_shell_of_the_thickness_asked_for(
    results: Path, tmp_path: Path, wall_mm: float
) -> None:
    body = printed(results, tmp_path, "--for-printing", "wall", "--wall-mm", str(wall_mm))
    assert body.is_watertight
    assert body.is_winding_consistent
    assert len(body.split(only_watertight=True)) == 2, "outside and hollow"
    radius_mm = np.cbrt(label_ml(results) * 1000.0 * 3.0 / (4.0 * np.pi))
    shell_mm3 = 4.0 / 3.0 * np.pi * ((radius_mm + wall_mm) ** 3 - radius_mm**3)
    assert body.volume == pytest.approx(shell_mm3, rel=0.10), "thickness to a tenth of a voxel"


def test_a_wall_too_thin_for_any_printer_is_refused_with_the_reason(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--format", "stl", "--out", str(tmp_path), "--for-printing", "wall", "--wall-mm", "0.2"]
    assert main(["export", str(results), *options, "--quiet"]) == REFUSED
    assert "too thin to print" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.stl"))
