"""The ball patient with a wall: a cavity of 15 mm in a ball of 25 mm, off the middle, with labels to match."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import trimesh

from core.anatomy import Anatomy
from core.mesh import SurfaceMesh
from core.volume import LabelMap
from tests.support.ball_patient import CENTRE_MM, RADIUS_MM, make_anatomy

CAVITY_MM = 15.0
OFFSET_MM = np.array([3.0, 0.0, 0.0])
THINNEST_MM = RADIUS_MM - CAVITY_MM - 3.0
GRID_MM = 1.5


def make_shell(uid: str) -> Anatomy:
    """Wall and cavity as closed surfaces and as labels of 1.5 mm; the wall is 7 mm thick on the patient's left."""
    ball = trimesh.creation.icosphere(subdivisions=4, radius=1.0)
    outer = ball.vertices * RADIUS_MM + CENTRE_MM
    inner = ball.vertices * CAVITY_MM + CENTRE_MM + OFFSET_MM
    faces = np.asarray(ball.faces)
    wall = SurfaceMesh(np.concatenate([outer, inner]), np.concatenate([faces, faces[:, ::-1] + len(outer)]))
    return replace(
        make_anatomy(uid),
        surfaces={"lv": SurfaceMesh(inner, faces), "lv_myocardium": wall},
        labels=_labels(uid),
        landmarks={},
        findings=(),
        report={},
    )


def _labels(uid: str) -> LabelMap:
    n = int(2 * RADIUS_MM / GRID_MM) + 9
    matrix = np.diag([GRID_MM, GRID_MM, GRID_MM, 1.0])
    matrix[:3, :3] = matrix[:3, :3][:, ::-1]
    matrix[:3, 3] = CENTRE_MM - GRID_MM * (n - 1) / 2.0
    labels = LabelMap(
        np.zeros((n, n, n), dtype=np.uint8), matrix, {0: "background", 1: "lv", 2: "lv_myocardium"}, uid
    )
    places = labels.patient_from_indices(np.indices((n, n, n)).reshape(3, -1).T)
    values = np.where(np.linalg.norm(places - CENTRE_MM, axis=1) < RADIUS_MM, 2, 0)
    values[np.linalg.norm(places - CENTRE_MM - OFFSET_MM, axis=1) < CAVITY_MM] = 1
    return replace(labels, labels=values.astype(np.uint8).reshape(n, n, n))
