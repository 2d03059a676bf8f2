"""A left atrium and ventricle as two stacked cylinders that share a round wall, triangle by triangle."""

from __future__ import annotations

import numpy as np

from core.anatomy import Anatomy
from core.mesh import SurfaceMesh

RING_MM, WIDE_MM, DEEP_MM, HIGH_MM = 16.0, 25.0, 80.0, 30.0
N = 64


def stacked_heart(uid: str = "") -> Anatomy:
    """The wall lies in z = 0, the ventricle below it at z > 0; the aortic valve is in front, at y < 0."""
    ring = _circle(RING_MM, 0.0)
    wall = _fan(ring, (0.0, 0.0, 0.0))
    edge, bottom = _circle(WIDE_MM, 0.0), _circle(WIDE_MM, DEEP_MM)
    ventricle = [wall[:, ::-1], _band(edge, ring), _band(bottom, edge), _fan(bottom, (0.0, 0.0, DEEP_MM))]
    top = _circle(RING_MM, -HIGH_MM)
    atrium = [wall, _band(ring, top), _fan(top, (0.0, 0.0, -HIGH_MM))[:, ::-1]]
    return Anatomy(
        {"lv": _mesh(ventricle), "la": _mesh(atrium)},
        frame_of_reference_uid=uid,
        landmarks={"aortic_valve": np.array([0.0, -30.0, 3.0]), "lv_apex": np.array([0.0, 0.0, DEEP_MM])},
    )


def _circle(radius: float, z: float) -> np.ndarray:
    turn = 2.0 * np.pi * np.arange(N) / N
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), np.full(N, z)], axis=1)


def _fan(ring: np.ndarray, middle: tuple[float, float, float]) -> np.ndarray:
    """Triangles (N, 3, 3) that look along +z."""
    return np.stack([ring, np.roll(ring, -1, axis=0), np.broadcast_to(middle, ring.shape)], axis=1)


def _band(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Triangles between two rings that look outwards where `upper` has the higher z."""
    next_up, next_low = np.roll(upper, -1, axis=0), np.roll(lower, -1, axis=0)
    return np.concatenate(
        [np.stack([lower, next_low, upper], axis=1), np.stack([next_low, next_up, upper], axis=1)]
    )


def _mesh(parts: list[np.ndarray]) -> SurfaceMesh:
    corners = np.concatenate(parts).reshape(-1, 3)
    vertices, number = np.unique(corners, axis=0, return_inverse=True)
    mesh = SurfaceMesh(vertices, number.reshape(-1, 3))
    assert mesh.is_closed
    assert mesh.volume_ml > 0.0
    return mesh
