from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from core.frames import CAMERA, PATIENT, Transform, apply_affine, rigid, rotation_from_vector

ANGLES = st.floats(-6.0, 6.0, allow_nan=False)
VECTORS = st.tuples(ANGLES, ANGLES, ANGLES).map(np.array)


@given(VECTORS)
def test_rotation_vectors_mean_what_scipy_means(vector: np.ndarray) -> None:
    assert rotation_from_vector(vector) == pytest.approx(Rotation.from_rotvec(vector).as_matrix(), abs=1e-12)


def test_a_tiny_rotation_is_still_a_rotation() -> None:
    matrix = rotation_from_vector(np.array([1e-13, 0, 0]))
    assert matrix @ matrix.T == pytest.approx(np.eye(3), abs=1e-15)


def test_chaining_applies_the_inner_map_first() -> None:
    marker_from_patient = Transform("marker", PATIENT, rigid(np.zeros(3), np.array([10.0, 0, 0])))
    camera_from_marker = Transform(CAMERA, "marker", rigid(np.array([0, 0, np.pi / 2]), np.zeros(3)))
    chained = camera_from_marker @ marker_from_patient
    assert (chained.to_frame, chained.from_frame) == (CAMERA, PATIENT)
    assert chained.apply(np.array([[1.0, 2.0, 3.0]])) == pytest.approx(np.array([[-2.0, 11.0, 3.0]]))


def test_a_wrong_order_is_refused_with_the_names_of_the_frames() -> None:
    first = Transform("a", "b", np.eye(4))
    with pytest.raises(ValueError, match="cannot chain a_from_b with c_from_d"):
        first @ Transform("c", "d", np.eye(4))


@given(VECTORS, VECTORS)
def test_there_and_back_is_where_it_was(vector: np.ndarray, shift: np.ndarray) -> None:
    there = Transform("a", "b", rigid(vector, 50.0 * shift))
    points = np.array([[0.0, 0, 0], [10, -20, 30], [1e3, 1e3, -1e3]])
    assert there.inverse().apply(there.apply(points)) == pytest.approx(points, abs=1e-8)
    assert (there.inverse() @ there).matrix == pytest.approx(np.eye(4), abs=1e-9)


@pytest.mark.parametrize(
    "matrix", [np.eye(3), np.full((4, 4), np.nan), np.vstack([np.eye(4)[:3], [[0, 0, 0, 2.0]]])]
)
def test_what_is_no_affine_map_is_refused(matrix: np.ndarray) -> None:
    with pytest.raises(ValueError, match="transform"):
        Transform("a", "b", matrix)


def test_a_transform_cannot_be_changed_through_its_matrix_or_its_source() -> None:
    source = np.eye(4)
    transform = Transform("a", "b", source)
    source[0, 3] = 5.0
    assert transform.matrix[0, 3] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        transform.matrix[0, 3] = 1.0


def test_points_of_whole_numbers_are_mapped_in_full_precision() -> None:
    matrix = rigid(np.zeros(3), np.array([0.25, 0, 0]))
    assert apply_affine(matrix, np.array([[1, 2, 3]]))[0] == pytest.approx([1.25, 2, 3])
