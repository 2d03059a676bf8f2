"""Slices as a scanner takes them: thick, of any orientation, each where breath and heartbeat had moved the heart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Stack:
    """Where parallel slices lie and how thick they are; one slice is a plane.

    Attributes:
        patient_from_index: (4, 4), index (slice, row, column) to LPS mm; its first column is the slice step.
        shape: slices, rows, columns.
        thickness_mm: what one slice averages over, which may be less or more than the step.
    """

    patient_from_index: np.ndarray
    shape: tuple[int, int, int]
    thickness_mm: float


def stack_around(
    centre_mm: np.ndarray,
    axes: np.ndarray,
    spacing_mm: np.ndarray,
    shape: tuple[int, int, int],
    thickness_mm: float,
) -> Stack:
    """A stack whose middle lies at `centre_mm`; `axes` (3, 3) holds slice, row and column directions as rows."""
    affine = np.eye(4)
    affine[:3, :3] = np.asarray(axes).T * np.asarray(spacing_mm)
    affine[:3, 3] = centre_mm - affine[:3, :3] @ ((np.array(shape) - 1.0) / 2.0)
    return Stack(affine, shape, thickness_mm)


def acquire(
    image: torch.Tensor,
    patient_from_index: np.ndarray,
    stack: Stack,
    moves: np.ndarray | None = None,
    n_layers: int = 3,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sample an image on a patient grid as the slices of a stack.

    Args:
        image: float32 (n, n, n) on the grid `patient_from_index`.
        moves: (slices, 4, 4) in mm; a slice is taken where its move carries it, though it lies where the stack
            says. None moves nothing.
        n_layers: how many thin layers make up the thickness of a slice.

    Returns:
        voxels float32 (slices, rows, columns), and where the image reaches: bool of the same shape.
    """
    import torch.nn.functional as functional

    points = _points(image, patient_from_index, stack, moves, n_layers)
    values = functional.grid_sample(image[None, None], points[None], padding_mode="border", align_corners=True)
    slices, rows, columns = stack.shape
    voxels = values[0, 0].reshape(slices, n_layers, rows, columns).mean(dim=1)
    middle = points.reshape(slices, n_layers, rows, columns, 3)[:, n_layers // 2]
    return voxels, (middle.abs() <= 1.0).all(dim=-1)


def _points(
    image: torch.Tensor,
    patient_from_index: np.ndarray,
    stack: Stack,
    moves: np.ndarray | None,
    n_layers: int,
) -> torch.Tensor:
    """Torch's normalised coordinates (slices * layers, rows, columns, 3) of every layer's pixels."""
    import torch

    slices, rows, columns = stack.shape
    moves = np.broadcast_to(np.eye(4), (slices, 4, 4)) if moves is None else moves
    half = (np.array(image.shape) - 1.0) / 2.0
    unit_from_index = np.diag((*(1.0 / half), 1.0))
    unit_from_index[:3, 3] = -1.0
    turned = np.eye(4)[[2, 1, 0, 3]] @ unit_from_index @ np.linalg.inv(patient_from_index)
    unit_from_stack = turned @ moves @ stack.patient_from_index
    step_mm = float(np.linalg.norm(stack.patient_from_index[:3, 0]))
    layers = ((np.arange(n_layers) + 0.5) / n_layers - 0.5) * stack.thickness_mm / step_mm
    depth = np.arange(slices)[:, None] + layers
    starts = unit_from_stack[:, None, :3, 3] + unit_from_stack[:, None, :3, 0] * depth[..., None]

    def to(values: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(values, dtype=torch.float32, device=image.device)

    down = to(unit_from_stack[:, None, :3, 1] * np.arange(rows)[:, None])
    along = to(unit_from_stack[:, None, :3, 2] * np.arange(columns)[:, None])
    lines = to(starts)[:, :, None] + down[:, None]
    return (lines[:, :, :, None] + along[:, None, None]).reshape(slices * n_layers, rows, columns, 3)
