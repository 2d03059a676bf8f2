"""The combinatorics of the walls between labels: one vertex per cell that a wall passes, one quad per crossed edge.

Source: Gibson, Constrained elastic surface nets, MICCAI 1998; for many labels at once as in Frisken, SurfaceNets for
multi-label segmentations, 2022. With labels that `wellcomposed` has seen, the walls of every label are a 2-manifold.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from recon.surfaces.cases import CORNERS, FACES

FACE_CORNERS = tuple(
    tuple(i for i, corner in enumerate(CORNERS.tolist()) if corner[axis] == side) for axis, side in FACES
)
"""The four corners (numbers of `CORNERS`) of each face of a cell, faces as in `FACES`."""

NO_CELL = -1


@dataclass(frozen=True, eq=False)
class Nets:
    """The walls of a label grid; a cell lies between eight voxels and has the number of its lowest one.

    Attributes:
        shape: of the label grid.
        cells: (n,) flat voxel number of each vertex's cell; those between two labels first.
        n_pairs: how many cells lie between two labels; more meet in the others.
        corners: (n, 8) uint8 labels around it, in the order of `cases.CORNERS`.
        neighbours: (n, 6) vertex beyond each face of the cell, in the order of `cases.FACES`; `NO_CELL` where that
            cell has no vertex.
        is_joined: (n, 6) whether a wall runs through that face, so that the two vertices share an edge.
        quads: (4, m) vertices around each crossed grid edge, turning about the direction of the edge.
        low, high: (m,) flat voxel numbers of the edge's ends.
        sides: (m, 2) uint8 labels of the low and the high end.
    """

    shape: tuple[int, int, int]
    cells: torch.Tensor
    n_pairs: int
    corners: torch.Tensor
    neighbours: torch.Tensor
    is_joined: torch.Tensor
    quads: torch.Tensor
    low: torch.Tensor
    high: torch.Tensor
    sides: torch.Tensor

    @property
    def origins(self) -> torch.Tensor:
        """Index (n, 3), float32, of the lowest voxel of each vertex's cell."""
        return unravelled(self.cells, self.shape).float()

    def around(self, points: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The four vertices (m, 3) around each crossed edge, of the places (n, 3) of all."""
        return tuple(points.index_select(0, corner) for corner in self.quads)


def strides_of(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """Steps of the flat voxel number along the three axes."""
    return shape[1] * shape[2], shape[2], 1


def unravelled(flat: torch.Tensor, shape: tuple[int, int, int]) -> torch.Tensor:
    """Indices (n, 3) of flat voxel numbers (n,)."""
    plane, row, _ = strides_of(shape)
    return torch.stack([flat // plane, flat // row % shape[1], flat % shape[2]], dim=1)


def corner_steps(shape: tuple[int, int, int], device: torch.device) -> torch.Tensor:
    """What to add (8,) to a cell's number for the flat voxel numbers of its corners."""
    return torch.as_tensor(CORNERS @ strides_of(shape), device=device)


def mixed_cells(labels: torch.Tensor) -> torch.Tensor:
    """Flat numbers (n,) of the cells whose eight voxels do not all have the same label."""
    low = high = labels
    for axis in range(3):
        n = labels.shape[axis] - 1
        low = torch.minimum(low.narrow(axis, 0, n), low.narrow(axis, 1, n))
        high = torch.maximum(high.narrow(axis, 0, n), high.narrow(axis, 1, n))
    where = (low != high).nonzero()
    plane, row, _ = strides_of(tuple(labels.shape))
    return where[:, 0] * plane + where[:, 1] * row + where[:, 2]


def nets_of(labels: torch.Tensor) -> Nets:
    """The walls of a label grid, uint8 (n0, n1, n2), whose outermost voxels are all background (0)."""
    shape = (labels.shape[0], labels.shape[1], labels.shape[2])
    flat = labels.reshape(-1)
    cells, corners, n_pairs = _pairs_first(flat, mixed_cells(labels), corner_steps(shape, labels.device))
    number = torch.full((flat.numel(),), NO_CELL, dtype=torch.int32, device=labels.device)
    number[cells] = torch.arange(len(cells), dtype=torch.int32, device=labels.device)
    steps = [(1 if side else -1) * strides_of(shape)[axis] for axis, side in FACES]
    # Below the first voxel the count goes on from the last one, which has no cell.
    neighbours = torch.stack([number[cells + step] for step in steps], dim=1).long()
    of_corner = corners.T.contiguous()
    a, b, c, d = (of_corner[list(places)] for places in zip(*FACE_CORNERS, strict=True))
    is_joined = ((a != b) | (a != c) | (a != d)).T.contiguous()
    crossed = zip(*(_crossed(labels, number, axis) for axis in range(3)), strict=True)
    quads, low, high = (torch.cat(parts, dim=-1) for parts in crossed)
    sides = torch.stack([flat[low], flat[high]], dim=1)
    return Nets(shape, cells, n_pairs, corners, neighbours, is_joined, quads.long(), low, high, sides)


def _pairs_first(
    flat: torch.Tensor, cells: torch.Tensor, steps: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Cells (n,) with the labels (n, 8) around them, those between two labels first, and how many these are."""
    corners = flat.index_select(0, (cells[:, None] + steps).reshape(-1)).reshape(-1, 8)
    low, high = corners.amin(dim=1, keepdim=True), corners.amax(dim=1, keepdim=True)
    is_pair = ((corners == low) | (corners == high)).all(dim=1)
    pairs, others = is_pair.nonzero()[:, 0], (~is_pair).nonzero()[:, 0]
    order = torch.cat([pairs, others])
    return cells.index_select(0, order), corners.index_select(0, order), len(pairs)


def _crossed(
    labels: torch.Tensor, number: torch.Tensor, axis: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Quads around the crossed grid edges along one axis, and the voxels at the low and high ends of the edges."""
    n = labels.shape[axis] - 1
    strides = strides_of((labels.shape[0], labels.shape[1], labels.shape[2]))
    where = (labels.narrow(axis, 0, n) != labels.narrow(axis, 1, n)).nonzero()
    low = where[:, 0] * strides[0] + where[:, 1] * strides[1] + where[:, 2]
    second, third = strides[(axis + 1) % 3], strides[(axis + 2) % 3]
    around = (second + third, third, 0, second)
    return torch.stack([number.index_select(0, low - step) for step in around]), low, low + strides[axis]
