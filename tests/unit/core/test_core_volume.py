from __future__ import annotations

import nibabel
import numpy as np
import pytest

from core.frames import rotation_from_vector
from core.volume import LabelMap, Volume

SPACING = (3.0, 0.5, 0.75)


def oblique(origin: tuple[float, float, float] = (10.0, -20.0, 30.0)) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_from_vector(np.array([0.3, -0.2, 0.5])) @ np.diag(SPACING)
    matrix[:3, 3] = origin
    return matrix


def volume() -> Volume:
    return Volume(np.arange(4 * 6 * 8, dtype=np.int16).reshape(4, 6, 8), oblique(), "1.2.3", "HU", "CT")


def test_spacing_and_axes_are_those_of_the_matrix() -> None:
    assert volume().spacing_mm == pytest.approx(SPACING)
    assert volume().axes @ np.diag(SPACING) == pytest.approx(oblique()[:3, :3])
    assert nibabel.affines.voxel_sizes(oblique()) == pytest.approx(volume().spacing_mm)


def test_voxel_centres_lie_at_whole_indices() -> None:
    image = volume()
    assert image.patient_from_indices(np.array([[0, 0, 0]]))[0] == pytest.approx(image.origin_mm)
    step = image.patient_from_indices(np.array([[0, 0, 1]]))[0] - image.origin_mm
    assert np.linalg.norm(step) == pytest.approx(0.75)


def test_the_centre_is_as_far_from_the_first_voxel_as_from_the_last() -> None:
    image = volume()
    first, last = image.patient_from_indices(np.array([[0, 0, 0], [3, 5, 7]]))
    assert np.linalg.norm(image.centre_mm - first) == pytest.approx(np.linalg.norm(image.centre_mm - last))


def test_index_and_patient_are_each_others_inverse() -> None:
    image = volume()
    points = np.array([[1.0, 2.0, 3.0], [-40.0, 5.5, 0.0]])
    assert image.patient_from_indices(image.indices_from_patient(points)) == pytest.approx(points)


def test_voxels_are_read_only_without_copying_them() -> None:
    voxels = np.zeros((2, 2, 2), np.int16)
    image = Volume(voxels, np.eye(4))
    assert np.shares_memory(image.voxels, voxels)
    with pytest.raises(ValueError, match="read-only"):
        image.voxels[0, 0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        image.patient_from_index[0, 0] = 2


@pytest.mark.parametrize("matrix", [np.eye(3), np.diag([1.0, 0, 1, 1]), np.diag([1.0, np.inf, 1, 1])])
def test_a_grid_without_a_place_in_the_patient_is_refused(matrix: np.ndarray) -> None:
    with pytest.raises(ValueError, match="patient_from_index"):
        Volume(np.zeros((2, 2, 2)), matrix)


def test_only_three_dimensions_make_a_volume() -> None:
    with pytest.raises(ValueError, match="slices, rows, columns"):
        Volume(np.zeros((2, 2)), np.eye(4))
    with pytest.raises(ValueError, match="uint8"):
        LabelMap(np.zeros((2, 2, 2), np.int16), np.eye(4))


def test_volumes_count_each_voxel_once_with_its_true_size() -> None:
    labels = np.zeros((4, 6, 8), np.uint8)
    labels[1:3, 2:5, 1:7] = 2
    labels[0, 0, 0] = 9
    label_map = LabelMap(labels, oblique(), {2: "lv", 3: "rv"})
    voxel_ml = 3.0 * 0.5 * 0.75 / 1000.0
    assert label_map.volumes_ml() == pytest.approx({"lv": 36 * voxel_ml, "rv": 0.0})


def test_a_mask_is_found_by_name_and_a_stranger_is_not() -> None:
    labels = np.zeros((2, 2, 2), np.uint8)
    labels[0, 1, 1] = 5
    label_map = LabelMap(labels, np.eye(4), {5: "ra"})
    assert np.argwhere(label_map.mask("ra")).tolist() == [[0, 1, 1]]
    with pytest.raises(KeyError):
        label_map.mask("lv")
