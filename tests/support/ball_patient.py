"""A small patient whose truth is a ball: a CT with a bright ball in it, and the ball's surface as its anatomy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import trimesh

from core.anatomy import HEART_NAMES, Anatomy
from core.errors import Finding
from core.mesh import SurfaceMesh
from core.study import Series
from core.volume import LabelMap, Volume

CENTRE_MM = np.array([10.0, -150.0, 300.0])
RADIUS_MM = 25.0
SHAPE = (20, 40, 40)
FRAME_UID = "1.2.3"


def grid_matrix() -> np.ndarray:
    """Slices up (4 mm), rows to the back, columns to the left (2 mm); the grid's middle is CENTRE_MM."""
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = [0, 0, 4.0], [0, 2.0, 0], [2.0, 0, 0]
    matrix[:3, 3] = CENTRE_MM - matrix[:3, :3] @ ((np.array(SHAPE) - 1) / 2.0)
    return matrix


def ball_mask() -> np.ndarray:
    """Voxels whose centre lies in the ball."""
    indices = np.indices(SHAPE).reshape(3, -1).T
    places = indices @ grid_matrix()[:3, :3].T + grid_matrix()[:3, 3]
    return (np.linalg.norm(places - CENTRE_MM, axis=1) < RADIUS_MM).reshape(SHAPE)


def make_volume(uid: str = FRAME_UID) -> Volume:
    """A CT of 300 HU in the ball and -50 HU around it."""
    voxels = np.where(ball_mask(), 300, -50).astype(np.int16)
    return Volume(voxels, grid_matrix(), uid, "HU", "CT")


def make_series(uid: str = "9.1", frame: str = FRAME_UID, n_phases: int = 1) -> Series:
    """The series that the volume would come from; its files do not exist."""
    phases = tuple((Path(f"{phase}.dcm"),) for phase in range(n_phases))
    return Series(uid, "CT", "Ball", phases, SHAPE, (4.0, 2.0, 2.0), frame)


def make_anatomy(uid: str = FRAME_UID) -> Anatomy:
    """The ball as myocardium and a ball of half its size as ventricle, with everything an anatomy can hold."""
    ball = trimesh.creation.icosphere(subdivisions=3, radius=RADIUS_MM)
    outer = SurfaceMesh(np.asarray(ball.vertices) + CENTRE_MM, np.asarray(ball.faces))
    inner_mm = (outer.vertices + CENTRE_MM) / 2.0
    inner = SurfaceMesh(inner_mm, outer.faces, {"error_mm": np.linspace(0.0, 1.0, len(inner_mm))})
    labels = LabelMap(ball_mask().astype(np.uint8), grid_matrix(), dict(HEART_NAMES), uid)
    finding = Finding("coarse", "the slices are thick", "they lie 4 mm apart", "use thinner ones")
    return Anatomy(
        {"lv": inner, "lv_myocardium": outer},
        uid,
        labels,
        {"apex": CENTRE_MM},
        (finding,),
        {"seconds": {"run": 1}},
    )
