"""Shapes with known volumes that the tests of this room draw and cut."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import trimesh

from core.anatomy import Anatomy
from core.mesh import SurfaceMesh

FRAME_UID = "1.2.826.0.1.1"
MakeBall = Callable[..., SurfaceMesh]


def _ball(
    radius_mm: float = 30.0, centre_mm: tuple[float, float, float] = (0.0, 0.0, 0.0), subdivisions: int = 4
) -> SurfaceMesh:
    shape = trimesh.creation.icosphere(subdivisions, radius_mm)
    return SurfaceMesh(np.asarray(shape.vertices) + centre_mm, np.asarray(shape.faces))


def _shell(outer_mm: float = 30.0, inner_mm: float = 20.0) -> SurfaceMesh:
    outer, inner = _ball(outer_mm), _ball(inner_mm)
    faces = np.concatenate([outer.faces, inner.faces[:, ::-1] + len(outer.vertices)])
    return SurfaceMesh(np.concatenate([outer.vertices, inner.vertices]), faces)


@pytest.fixture
def make_ball() -> MakeBall:
    return _ball


@pytest.fixture
def shell() -> SurfaceMesh:
    return _shell()


@pytest.fixture
def box() -> SurfaceMesh:
    shape = trimesh.creation.box((20.0, 30.0, 40.0))
    return SurfaceMesh(np.asarray(shape.vertices), np.asarray(shape.faces))


@pytest.fixture
def two_balls() -> Anatomy:
    """A large ball on the patient's left (`lv`) and a small one on the right (`rv`), in one patient space."""
    surfaces = {"lv": _ball(20.0, (30.0, 0.0, 0.0), 3), "rv": _ball(12.0, (-30.0, 0.0, 0.0), 3)}
    return Anatomy(surfaces, FRAME_UID)
