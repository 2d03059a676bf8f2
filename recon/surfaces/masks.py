"""From a mask to a smooth field: what stands in for a network's signed distance where labels are all."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from recon.surfaces.level import pieces_to_keep

_REACH_VOXELS = 3.0
"""Distances are cut off at this many voxels, so that a thin wall and the bulk beside it smooth alike."""

_CORNER_NEIGHBOURS = ndimage.generate_binary_structure(3, 3)


def largest_pieces(mask: np.ndarray, smallest_part: float) -> np.ndarray:
    """The mask without pieces smaller than a share of the largest; pieces touch through corners too."""
    pieces, n_pieces = ndimage.label(mask, _CORNER_NEIGHBOURS)
    if n_pieces < 2:
        return mask
    return pieces_to_keep(pieces, smallest_part)[pieces]


def smooth_distance(mask: np.ndarray, spacing_mm: np.ndarray, smoothing_mm: float | None) -> np.ndarray:
    """Smoothed signed distance in mm, float32, positive inside.

    Args:
        mask: boolean (slices, rows, columns), neither empty nor full.
        spacing_mm: (3,) voxel spacing along the axes.
        smoothing_mm: deviation of the Gaussian; None: one voxel along each axis, at most 2 mm.
    """
    outside_mm = ndimage.distance_transform_edt(~mask, spacing_mm)
    inside_mm = ndimage.distance_transform_edt(mask, spacing_mm)
    reach_mm = _REACH_VOXELS * float(spacing_mm.max())
    distance = np.clip(inside_mm - outside_mm, -reach_mm, reach_mm).astype(np.float32)
    sigma = np.minimum(spacing_mm, 2.0) if smoothing_mm is None else np.full(3, smoothing_mm)
    return ndimage.gaussian_filter(distance, sigma / spacing_mm, mode="nearest")
