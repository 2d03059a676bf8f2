"""Balls and shells of balls as surfaces."""

from __future__ import annotations

import numpy as np
import trimesh

from core.mesh import SurfaceMesh


def ball(radius_mm: float, middle: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> SurfaceMesh:
    """A ball of 20,480 triangles."""
    found = trimesh.creation.icosphere(subdivisions=5, radius=radius_mm)
    return SurfaceMesh(found.vertices + middle, found.faces)


def shell(outer: SurfaceMesh, inner: SurfaceMesh) -> SurfaceMesh:
    """The wall between two surfaces: both in one, the inner one facing inwards."""
    faces = np.concatenate([outer.faces, inner.faces[:, ::-1] + len(outer.vertices)])
    return SurfaceMesh(np.concatenate([outer.vertices, inner.vertices]), faces)
