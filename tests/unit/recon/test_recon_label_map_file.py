"""Label maps that another library wrote are read voxel for voxel; what is none is refused with the reason."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel
import numpy as np
import pytest

from core.errors import PlannerError
from recon.anatomy.label_map_file import read_label_map
from recon.anatomy.label_map_prepare import FIELDS, PreparedHeart, load, save
from recon.anatomy.label_maps import LabelMapHearts

UPRIGHT = np.diag([-0.8, -0.8, 0.8, 1.0])


def written(
    folder: Path, affine: np.ndarray = UPRIGHT, kind: type = np.uint8, name: str = "a_label.nii.gz"
) -> tuple[Path, np.ndarray]:
    labels = np.random.default_rng(3).integers(0, 24, (5, 6, 7)).astype(kind)
    image = nibabel.Nifti1Image(labels, affine)
    image.set_sform(affine, code=1)
    path = folder / name
    nibabel.save(image, path)
    return path, labels


def test_labels_and_step_are_those_that_were_written(tmp_path: Path) -> None:
    path, labels = written(tmp_path)
    found, step_mm = read_label_map(path)
    np.testing.assert_array_equal(found, labels)
    assert (found.dtype, step_mm) == (np.uint8, pytest.approx(0.8))


@pytest.mark.parametrize(
    "affine",
    [np.diag([0.8, -0.8, 0.8, 1.0]), np.diag([-0.8, -0.8, 1.6, 1.0]), UPRIGHT[:, [1, 0, 2, 3]]],
    ids=["mirrored", "uneven", "axes swapped"],
)
def test_another_grid_is_refused(tmp_path: Path, affine: np.ndarray) -> None:
    path, _ = written(tmp_path, affine)
    with pytest.raises(PlannerError, match="do not run along"):
        read_label_map(path)


def test_values_of_two_bytes_are_refused(tmp_path: Path) -> None:
    path, _ = written(tmp_path, kind=np.int16)
    with pytest.raises(PlannerError, match="one byte"):
        read_label_map(path)


def test_a_file_cut_short_or_not_zipped_is_refused(tmp_path: Path) -> None:
    path, _ = written(tmp_path)
    content = gzip.decompress(path.read_bytes())
    for name, raw in (
        ("short", gzip.compress(content[:-1])),
        ("text", b"nothing"),
        ("torn", path.read_bytes()[:40]),
    ):
        damaged = tmp_path / f"{name}.nii.gz"
        damaged.write_bytes(raw)
        with pytest.raises(PlannerError, match="is not a label map"):
            read_label_map(damaged)


def test_a_prepared_heart_comes_back_from_its_file(tmp_path: Path) -> None:
    fields = np.random.default_rng(1).normal(size=(len(FIELDS), 3, 4, 5)).astype(np.float16)
    heart = PreparedHeart(
        fields, 1.6, np.array([1.0, 2.0, 3.0]), {"mitral": np.array([0.1, 0.2, 0.3])}, {"lv": 24.5}
    )
    save(heart, tmp_path / "a.npz")
    again = load(tmp_path / "a.npz")
    np.testing.assert_array_equal(again.fields, fields)
    assert (again.step_mm, again.radii) == (1.6, {"lv": 24.5})
    assert again.points["mitral"] == pytest.approx([0.1, 0.2, 0.3])
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"], "nothing half written is left"


def test_a_folder_without_label_maps_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="no label maps"):
        LabelMapHearts(tmp_path, tmp_path / "cache")


def test_an_open_heart_cannot_be_prepared(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises((PlannerError, ValueError)):
        LabelMapHearts(tmp_path, tmp_path / "cache")
