"""Surfaces of labels that a person paints: every voxel counts, and walls can be put back to where they were before."""

from __future__ import annotations

import numpy as np
import pytest

from core.volume import LabelMap
from recon.mesh_report import mesh_report
from recon.surface import conformal_surfaces_of_labels
from recon.surfaces.labels import LabelScores

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
    mesh = conformal_surfaces_of_labels(label_map, smallest_part=0.0)["lv_myocardium"]
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
    mesh = conformal_surfaces_of_labels(label_map, smallest_part=0.0)["lv"]
    assert mesh.is_closed
    assert mesh.volume_ml == pytest.approx(label_map.volumes_ml()["lv"], rel=0.5)
    # A plate of single voxels swells where its rims were rounded off.
    assert (mesh.bounds_mm[0] > -1.6).all()
    assert (mesh.bounds_mm[1] < np.array(labels.shape) + 0.6).all()


def test_two_pieces_and_a_thin_wall_are_all_there() -> None:
    labels = np.zeros((30, 30, 30), np.uint8)
    labels[3:8, 3:8, 3:8] = 1
    labels[15, 3:27, 3:27] = 1
    mesh = conformal_surfaces_of_labels(LabelMap(labels, np.eye(4), NAMES, "1.2.3"), smallest_part=0.0)["lv"]
    assert mesh.is_closed
    assert mesh.bounds_mm[0, 0] < 4.0
    wall = mesh.vertices[mesh.vertices[:, 0] > 12.0]
    assert np.ptp(wall[:, 1:], axis=0).min() > 21.0


def test_walls_are_put_where_they_are_known_to_be() -> None:
    """A ball known to be 0.4 mm wider than its voxels say."""
    label_map = ball_map((1.0, 1.0, 1.0), 12.0)

    def wider(smooth: LabelScores) -> None:
        flat = smooth.beside_walls()
        inside_mm = 12.4 - np.linalg.norm(smooth.places_mm(flat), axis=1)
        smooth.put_walls(flat, np.ones(len(flat), dtype=int), inside_mm, np.ones(len(flat)))

    volumes_ml = {"lv_myocardium": 4.0 / 3.0 * np.pi * 12.4**3 / 1000.0}
    mesh = conformal_surfaces_of_labels(label_map, adjusted=wider, volumes_ml=volumes_ml)["lv_myocardium"]
    assert mesh.volume_ml == pytest.approx(volumes_ml["lv_myocardium"], rel=1e-3)
    assert np.abs(np.linalg.norm(mesh.vertices, axis=1) - 12.4).max() < 0.15
    assert mesh_report(mesh).n_self_intersections == 0


def test_half_of_the_way_moves_a_wall_by_half() -> None:
    scores = np.zeros((2, 1, 1, 3), np.float32)
    smooth = LabelScores(scores, np.zeros((1, 1, 3), np.uint8), ("lv",), np.eye(4), 0.8)
    smooth.put_walls(np.array([0, 1]), np.array([1, 1]), np.array([1.0, -2.0]), np.array([0.5, 1.0]))
    assert scores[1].ravel() == pytest.approx([0.4, -1.6, 0.0])
    assert (scores[0] == 0.0).all()
