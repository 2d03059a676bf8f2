from __future__ import annotations

import numpy as np
import pytest

from core.volume import LabelMap
from recon.label_surface import surface_of_label

NAMES = {1: "lv", 2: "lv_myocardium"}


def ball_map(spacing: tuple[float, float, float], radius_mm: float = 20.0, mirrored: bool = False) -> LabelMap:
    """A ball of label 2 around the origin; the grid's axes are those of the patient, one turned on a wish."""
    matrix = np.diag([*spacing, 1.0])
    matrix[0, 0] *= -1.0 if mirrored else 1.0
    shape = tuple(int(np.ceil(2 * (radius_mm + 6.0) / side)) for side in spacing)
    matrix[:3, 3] = -matrix[:3, :3] @ ((np.array(shape) - 1) / 2.0)
    places = np.indices(shape).reshape(3, -1).T @ matrix[:3, :3].T + matrix[:3, 3]
    inside = (np.linalg.norm(places, axis=1) < radius_mm).reshape(shape)
    return LabelMap(inside.astype(np.uint8) * 2, matrix, NAMES, "1.2.3")


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (8.0, 1.4, 1.4), (1.2, 1.2, 3.0)])
def test_a_ball_is_closed_faces_outward_and_holds_the_volume_of_its_voxels(
    spacing: tuple[float, float, float], mirrored: bool
) -> None:
    label_map = ball_map(spacing, mirrored=mirrored)
    mesh = surface_of_label(label_map, 2)
    assert mesh.is_closed
    assert mesh.volume_ml == pytest.approx(label_map.volumes_ml()["lv_myocardium"], rel=1e-3)
    away = np.linalg.norm(mesh.vertices, axis=1)
    # Labels know the rim to half a voxel; what is cut off between thick slices is theirs, not the mesher's.
    assert np.abs(away - 20.0).mean() < 0.25 * max(spacing)
    corners = mesh.vertices[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert (np.einsum("ij,ij->i", normals, corners.mean(axis=1)) > 0).mean() > 0.98


@pytest.mark.parametrize(
    "labels", [np.full((1, 1, 1), 1), np.ones((4, 5, 6)), np.eye(5)[None] * np.ones((3, 1, 1))]
)
def test_specks_and_labels_that_fill_their_grid_are_closed_too(labels: np.ndarray) -> None:
    label_map = LabelMap(labels.astype(np.uint8), np.eye(4), NAMES, "1.2.3")
    mesh = surface_of_label(label_map, 1)
    assert mesh.is_closed
    assert mesh.volume_ml == pytest.approx(label_map.volumes_ml()["lv"], rel=0.3)
    assert (mesh.bounds_mm[0] > -1.5).all()
    assert (mesh.bounds_mm[1] < np.array(labels.shape) + 0.5).all()


def test_a_label_that_does_not_occur_has_no_surface() -> None:
    assert surface_of_label(ball_map((1.0, 1.0, 1.0)), 1) is None


def test_two_pieces_and_a_thin_wall_are_all_there() -> None:
    labels = np.zeros((30, 30, 30), np.uint8)
    labels[3:8, 3:8, 3:8] = 1
    labels[15, 3:27, 3:27] = 1
    mesh = surface_of_label(LabelMap(labels, np.eye(4), NAMES, "1.2.3"), 1)
    assert mesh.is_closed
    assert mesh.bounds_mm[0, 0] < 4.0
    wall = mesh.vertices[mesh.vertices[:, 0] > 12.0]
    assert np.ptp(wall[:, 1:], axis=0).min() > 21.0
