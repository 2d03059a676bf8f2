"""Points carried along velocities: exactly where a formula says, and never folded, however steep these are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import trimesh

from core.mesh import SurfaceMesh
from recon.cine.flow import FEWEST_STEPS, MARGIN_MM, NODE_MM, STEEPEST_STEP, Motion, steps_without_folds

N_PHASES = 7


@pytest.fixture(scope="module")
def ball() -> SurfaceMesh:
    sphere = trimesh.creation.icosphere(subdivisions=2, radius=21.0)
    return SurfaceMesh(np.asarray(sphere.vertices), np.asarray(sphere.faces))


@pytest.fixture(scope="module")
def motion(ball: SurfaceMesh) -> Motion:
    return Motion([ball], 0, np.arange(N_PHASES) / N_PHASES, "cpu")


def steep(motion: Motion, size_mm: float, seed: int) -> torch.Tensor:
    """Velocities that change wildly from node to node."""
    weights = motion.unknowns().detach()
    noise = torch.randn(weights.shape, generator=torch.Generator().manual_seed(seed))
    return motion.velocities(size_mm * noise)


def test_velocities_that_grow_with_the_distance_scale_a_ball_exponentially(
    motion: Motion, ball: SurfaceMesh
) -> None:
    shape = motion.unknowns().shape[2:]
    low = ball.bounds_mm[0] - MARGIN_MM
    places = [torch.tensor(low[2 - axis] + NODE_MM * np.arange(n)) for axis, n in enumerate(shape)]
    z, y, x = torch.meshgrid(*places, indexing="ij")
    velocities = (-0.3 * torch.stack([x, y, z]))[None].float()
    points = torch.tensor(ball.vertices, dtype=torch.float32)
    moved = motion.apply(points, velocities, 64)[0]
    assert moved.numpy() == pytest.approx(np.exp(-0.3) * ball.vertices, rel=2e-3, abs=1e-4)
    assert motion.least_jacobian(points, velocities, 64) == pytest.approx(np.exp(-0.9), rel=5e-3)


@pytest.mark.parametrize("size_mm", [4.0, 40.0])
def test_however_steep_the_velocities_are_no_little_tetrahedron_turns_inside_out(
    motion: Motion, size_mm: float
) -> None:
    velocities = steep(motion, size_mm, seed=4)
    n_steps = steps_without_folds(velocities)
    rng = np.random.default_rng(7)
    corner = rng.uniform(-30.0, 30.0, (400, 1, 3))
    tips = corner + 1e-6 * np.concatenate([np.zeros((1, 3)), np.eye(3)])
    points = torch.tensor(tips.reshape(-1, 3))
    moved = motion.apply(points, velocities.double(), n_steps).reshape(N_PHASES, -1, 4, 3)
    arms = moved[:, :, 1:] - moved[:, :, :1]
    assert float(torch.linalg.det(arms).min()) > 0.0


def test_too_few_steps_along_steep_velocities_do_fold(motion: Motion) -> None:
    velocities = steep(motion, 40.0, seed=4)
    points = torch.tensor(np.random.default_rng(7).uniform(-30.0, 30.0, (400, 3)), dtype=torch.float32)
    assert steps_without_folds(velocities) > FEWEST_STEPS
    assert motion.least_jacobian(points, velocities, 1) < 0.0


def test_steps_are_short_enough_for_the_steepest_slope_between_nodes(motion: Motion) -> None:
    velocities = torch.zeros_like(motion.velocities(motion.unknowns().detach()))
    velocities[2, 0, 3, 3, 3] = 100.0
    n_steps = steps_without_folds(velocities)
    # One node that rushes differs from its neighbours along all three axes.
    assert 3.0 * 100.0 / NODE_MM / n_steps <= STEEPEST_STEP


def test_the_phase_that_surfaces_come_from_stays(motion: Motion, ball: SurfaceMesh) -> None:
    points = torch.tensor(ball.vertices, dtype=torch.float32)
    moved = motion.apply(points, steep(motion, 4.0, seed=1))
    assert torch.equal(moved[0], points)
    assert float((moved[3] - points).norm(dim=1).max()) > 1.0
