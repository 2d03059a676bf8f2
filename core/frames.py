"""Rigid and affine maps that know which frame they lead from and to.

Positions are float64 arrays of shape (n, 3) in millimetres; the patient frame is LPS (x to the patient's
left, y to the back, z to the head). A transform is called ``b_from_a``; chaining checks the frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PATIENT = "patient"
CAMERA = "camera"


@dataclass(frozen=True, eq=False)
class Transform:
    """An affine map between two named frames: ``to_frame`` from ``from_frame``, matrix (4, 4), mm."""

    to_frame: str
    from_frame: str
    matrix: np.ndarray

    def __post_init__(self) -> None:
        matrix = np.array(self.matrix, dtype=np.float64)
        if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
            raise ValueError("a transform is a finite 4x4 matrix")
        if not np.allclose(matrix[3], (0.0, 0.0, 0.0, 1.0)):
            raise ValueError("the last row of a transform is 0 0 0 1")
        matrix.setflags(write=False)
        object.__setattr__(self, "matrix", matrix)

    def __matmul__(self, other: Transform) -> Transform:
        """Chain ``c_from_b @ b_from_a``. Raises ValueError when the inner frames differ."""
        if self.from_frame != other.to_frame:
            raise ValueError(
                f"cannot chain {self.to_frame}_from_{self.from_frame} with "
                f"{other.to_frame}_from_{other.from_frame}"
            )
        return Transform(self.to_frame, other.from_frame, self.matrix @ other.matrix)

    def inverse(self) -> Transform:
        """The map back, ``a_from_b``."""
        return Transform(self.from_frame, self.to_frame, np.linalg.inv(self.matrix))

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Map points (n, 3) of `from_frame` to `to_frame`."""
        return apply_affine(self.matrix, points)


def apply_affine(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points (n, 3) by a (4, 4) matrix; returns float64 (n, 3)."""
    points = np.asarray(points, dtype=np.float64)
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def rotation_from_vector(vector: np.ndarray) -> np.ndarray:
    """Rotation matrix (3, 3) of a rotation vector (3,) in radians. Source: Rodrigues' formula."""
    vector = np.asarray(vector, dtype=np.float64)
    angle = float(np.linalg.norm(vector))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross)


def rigid(rotation_vector: np.ndarray, translation_mm: np.ndarray) -> np.ndarray:
    """The (4, 4) matrix that rotates by a rotation vector (radians), then shifts by `translation_mm`."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_from_vector(rotation_vector)
    matrix[:3, 3] = translation_mm
    return matrix
