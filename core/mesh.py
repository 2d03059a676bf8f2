"""Triangle surfaces in the patient frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from core.frames import Transform


@dataclass(frozen=True, eq=False)
class SurfaceMesh:
    """A triangle surface: vertices (n, 3) float64 in LPS mm, faces (m, 3) int, normals outward.

    Attributes:
        fields: per-vertex values by name, each of length n; a length in mm ends in ``_mm``.
    """

    vertices: np.ndarray
    faces: np.ndarray
    fields: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        vertices = np.array(self.vertices, dtype=np.float64).reshape(-1, 3)
        faces = np.array(self.faces, dtype=np.int64).reshape(-1, 3)
        if not np.isfinite(vertices).all():
            raise ValueError("vertices must be finite")
        if faces.size and (faces.min() < 0 or faces.max() >= len(vertices)):
            raise ValueError("a face names a vertex that does not exist")
        vertices.setflags(write=False)
        faces.setflags(write=False)
        object.__setattr__(self, "vertices", vertices)
        object.__setattr__(self, "faces", faces)

    @cached_property
    def is_closed(self) -> bool:
        """True when every directed edge is met exactly once by its opposite: closed and oriented."""
        if not len(self.faces):
            return False
        start = self.faces.ravel()
        end = self.faces[:, [1, 2, 0]].ravel()
        n = len(self.vertices)
        forward = np.sort(start * n + end)
        backward = np.sort(end * n + start)
        return bool((forward[1:] != forward[:-1]).all() and (forward == backward).all())

    @cached_property
    def volume_ml(self) -> float:
        """Enclosed volume in millilitres, positive for outward normals; only meaningful when closed.

        Source: divergence theorem over the triangles.
        """
        if not len(self.faces):
            return 0.0
        corners = (self.vertices - self.vertices.mean(axis=0))[self.faces]
        return float(np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))) / 6000.0

    @cached_property
    def bounds_mm(self) -> np.ndarray:
        """Lowest and highest corner (2, 3) in LPS mm."""
        return np.stack([self.vertices.min(axis=0), self.vertices.max(axis=0)])

    def transformed(self, transform: Transform) -> SurfaceMesh:
        """The same surface in another frame; a mirroring map turns the faces so that normals stay outward."""
        faces = self.faces if np.linalg.det(transform.matrix[:3, :3]) > 0 else self.faces[:, ::-1]
        return SurfaceMesh(transform.apply(self.vertices), faces, self.fields)
