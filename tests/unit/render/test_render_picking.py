"""A line of sight meets a closed surface wherever it is aimed, at corners and edges too."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from render.dragging import Ray
from render.picking import first_hit

CENTRE_MM = np.array((10.0, -150.0, 300.0))


@pytest.mark.parametrize("direction", [(0.0, 1.0, 0.0), (0.3, 0.9, -0.2)])
def test_a_line_through_a_corner_or_an_edge_meets_the_near_side(direction: tuple[float, float, float]) -> None:
    ball = trimesh.creation.uv_sphere(25.0, count=(24, 24))
    vertices, faces = np.array(ball.vertices) + CENTRE_MM, np.array(ball.faces)
    toward = np.array(direction) / np.linalg.norm(direction)
    edges = vertices[ball.edges_unique].mean(axis=1)
    for place in np.concatenate([vertices, edges]):
        if (place - CENTRE_MM) @ toward > -5.0:  # on the far side, or too near to the outline
            continue
        hit = first_hit(vertices, faces, Ray(place - 100.0 * toward, toward))
        assert hit is not None
        assert hit.distance_mm == pytest.approx(100.0, abs=1e-6)


def test_a_line_beside_a_surface_meets_nothing() -> None:
    ball = trimesh.creation.icosphere(3, 25.0)
    assert (
        first_hit(ball.vertices, ball.faces, Ray(np.array((25.1, 0.0, -100.0)), np.array((0.0, 0.0, 1.0))))
        is None
    )
