"""The expected error of a registration as a field on the heart's surfaces: where it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ar.registration.model import Registration
from core.anatomy import Anatomy
from core.mesh import SurfaceMesh

FIELD = "tre_mm"


@dataclass(frozen=True)
class TreSummary:
    """The expected error over an anatomy: smallest, median and largest in mm, and the largest that 95 % keep within."""

    least_mm: float
    median_mm: float
    most_mm: float
    most_95_mm: float


def with_tre(mesh: SurfaceMesh, registration: Registration) -> SurfaceMesh:
    """The surface (LPS mm) with the field `tre_mm`; as it is when nothing backs the registration."""
    tre_mm = registration.tre_mm(mesh.vertices)
    if tre_mm is None:
        return mesh
    return SurfaceMesh(mesh.vertices, mesh.faces, {**mesh.fields, FIELD: tre_mm})


def tre_summary(anatomy: Anatomy, registration: Registration) -> TreSummary | None:
    """The expected error over all vertices; None when nothing backs it, or there is no surface."""
    vertices = [mesh.vertices for mesh in anatomy.surfaces.values() if len(mesh.vertices)]
    if not vertices:
        return None
    points = np.concatenate(vertices)
    tre_mm, most_mm = registration.tre_mm(points), registration.tre_95_mm(points)
    if tre_mm is None or most_mm is None:
        return None
    return TreSummary(float(tre_mm.min()), float(np.median(tre_mm)), float(tre_mm.max()), float(most_mm.max()))
