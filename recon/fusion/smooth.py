"""The smooth part of a registration: Gauss-Newton on signed distances, with a velocity field that stays smooth.

Both images pull alike: places near the fixed surfaces look for theirs in the moving image, and the other way round
with the inverse deformation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.progress import Progress, Silent
from recon.fusion.points import SurfacePoints
from recon.fusion.rigid import Bands
from recon.fusion.velocity import Grid

if TYPE_CHECKING:
    import torch

MARGIN_MM = 32.0
STIFFNESS = 0.05
"""Share of the usual pull of a surface that holds a place where it is during one step."""
RETURN = 0.005
"""Share that pulls a place back to where it came from: what no surface tells of does not drift."""
LARGEST_STEP_MM = 2.5


@dataclass(frozen=True)
class Level:
    """One stage from coarse to fine: grid spacing, width of the smoothing, and how often a step is taken."""

    spacing_mm: float
    sigma_mm: float
    n_steps: int
    scale_mm: float


LEVELS = (Level(8.0, 18.0, 8, 6.0), Level(5.0, 7.0, 12, 4.0))
QUICK_LEVELS = (Level(8.0, 18.0, 6, 6.0), Level(8.0, 9.0, 6, 4.0))


@dataclass(frozen=True, eq=False)
class Flow:
    """A deformation of the fixed space.

    Attributes:
        forward_mm, backward_mm: shifts (3, slices, rows, columns) on the grid, one the inverse of the other.
    """

    grid: Grid
    forward_mm: torch.Tensor
    backward_mm: torch.Tensor

    def forth(self, points: torch.Tensor) -> torch.Tensor:
        """Where fixed points (n, 3) lie in the rigidly moved moving image."""
        return points + self.grid.read(self.forward_mm, points)

    def back(self, points: torch.Tensor) -> torch.Tensor:
        """Where points (n, 3) of the rigidly moved moving image lie in the fixed one."""
        return points + self.grid.read(self.backward_mm, points)


def smooth_flow(
    bands: Bands,
    fixed_from_moving: np.ndarray,
    levels: Sequence[Level] = LEVELS,
    progress: Progress | None = None,
) -> Flow:
    """The deformation that, after the rigid matrix (4, 4), brings the surfaces together.

    Raises Cancelled when told to stop.
    """
    import torch

    progress = progress or Silent()
    rigid = bands.of_fixed.points.new_tensor(fixed_from_moving)
    moved = bands.of_moving.points @ rigid[:3, :3].T + rigid[:3, 3]
    around = torch.cat([bands.of_fixed.points, moved]).double().cpu().numpy()
    low, high = around.min(axis=0) - MARGIN_MM, around.max(axis=0) + MARGIN_MM
    velocity: torch.Tensor | None = None
    grid = Grid(low, high, levels[0].spacing_mm)
    n_done, n_steps = 0, sum(level.n_steps for level in levels)
    for level in levels:
        coarse, grid = grid, Grid(low, high, level.spacing_mm)
        velocity = _onto(grid, coarse, velocity, rigid)
        window = grid.window(velocity)
        for _ in range(level.n_steps):
            progress.report("laying the surfaces over each other", n_done / n_steps)
            flow = Flow(grid, grid.flow(velocity), grid.flow(-velocity))
            velocity = (velocity + _step(bands, rigid, flow, moved, velocity, level)) * window
            n_done += 1
    assert velocity is not None
    return Flow(grid, grid.flow(velocity), grid.flow(-velocity))


def _onto(grid: Grid, coarse: Grid, velocity: torch.Tensor | None, like: torch.Tensor) -> torch.Tensor:
    """A velocity on a finer grid; nothing moves where there is none yet."""
    import torch

    if velocity is None:
        return torch.zeros((3, *grid.shape), dtype=like.dtype, device=like.device)
    matrix = like.new_tensor(grid.patient_from_index)
    ranges = [torch.arange(n, dtype=like.dtype, device=like.device) for n in grid.shape]
    index = torch.stack(torch.meshgrid(*ranges, indexing="ij"), dim=-1).reshape(-1, 3)
    places = index @ matrix[:3, :3].T + matrix[:3, 3]
    return coarse.read(velocity, places).T.reshape(3, *grid.shape)


def _step(
    bands: Bands, rigid: torch.Tensor, flow: Flow, moved: torch.Tensor, velocity: torch.Tensor, level: Level
) -> torch.Tensor:
    """What to add to the velocity: at every grid point the least squares of the pulls around it."""
    import torch

    back = torch.linalg.inv(rigid.double()).to(rigid.dtype)
    at = flow.forth(bands.of_fixed.points)
    there, gradient, seen = bands.of_fixed.read(bands.moving, at @ back[:3, :3].T + back[:3, 3])
    forth = _pulls(bands.of_fixed, there, gradient @ back[:3, :3], seen, level)
    here_at = flow.back(moved)
    here, slope, is_seen = bands.of_moving.read(bands.fixed, here_at)
    return_pulls = _pulls(bands.of_moving, here, slope, is_seen, level)
    return_pulls[:, 6:9] *= -1.0
    total = flow.grid.spread(torch.cat([forth, return_pulls]), torch.cat([at, here_at]))
    return _solved(flow.grid.smoothed(total, level.sigma_mm), velocity)


def _pulls(
    of: SurfacePoints, found: torch.Tensor, gradient: torch.Tensor, seen: torch.Tensor, level: Level
) -> torch.Tensor:
    """Per point the six different entries of g g^T, the three of g r, and the weight: (n, 10)."""
    import torch

    residual = of.distances - found
    weight = seen * (1.0 / (1.0 + (residual / level.scale_mm) ** 2)) ** 2
    x, y, z = gradient.T
    terms = torch.stack([x * x, y * y, z * z, x * y, x * z, y * z], dim=1)
    pull = gradient * residual[:, None]
    return torch.cat([terms, pull, torch.ones_like(residual)[:, None]], dim=1) * weight[:, None]


def _solved(total: torch.Tensor, velocity: torch.Tensor) -> torch.Tensor:
    """The vectors (3, ...) that solve the damped 3x3 systems of `_pulls`, no longer than one step may be."""
    import torch

    weight = total[9]
    usual = weight[weight > 0.1 * weight.max()].median() if float(weight.max()) > 0 else weight.new_ones(())
    damping = (STIFFNESS + RETURN) * usual
    xx, yy, zz, xy, xz, yz = total[:6]
    bx, by, bz = total[6:9] - RETURN * usual * velocity
    xx, yy, zz = xx + damping, yy + damping, zz + damping
    # The inverse of a symmetric 3x3 matrix by its cofactors: one formula for the whole grid.
    cxx, cyy, czz = yy * zz - yz * yz, xx * zz - xz * xz, xx * yy - xy * xy
    cxy, cxz, cyz = xz * yz - xy * zz, xy * yz - xz * yy, xy * xz - xx * yz
    determinant = (xx * cxx + xy * cxy + xz * cxz).clamp_min(1e-12 * float(usual) ** 3 + 1e-30)
    step = torch.stack(
        [cxx * bx + cxy * by + cxz * bz, cxy * bx + cyy * by + cyz * bz, cxz * bx + cyz * by + czz * bz]
    )
    step = step / determinant
    length = torch.linalg.vector_norm(step, dim=0).clamp_min(1e-9)
    return step * (LARGEST_STEP_MM / length).clamp(max=1.0)
