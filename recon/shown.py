"""What a set of images shows of a grid: the voxels seen, those between slices, and the field of view around all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

# Slices of a cine study lie 8 to 12 mm apart, and what lies between two of them counts as shown.
BRIDGED_MM = 14.0


def shown(observed: torch.Tensor, spacing_mm: float) -> np.ndarray:
    """Boolean (n, n, n): what the images show, gaps of up to `BRIDGED_MM` between slices included.

    The mask is closed by a ball: a stack stays as it is, parallel planes become the block that they were cut from, and
    nothing beyond the outermost planes is added.
    """
    from scipy.ndimage import distance_transform_edt

    seen = observed.cpu().numpy() > 0.5
    if seen.all() or not seen.any():
        return seen
    # Without the margin the edge of the grid would pull the closing outwards.
    margin = int(np.ceil(BRIDGED_MM / spacing_mm))
    padded = np.pad(seen, margin)
    reach = 0.5 * BRIDGED_MM / spacing_mm
    wide = distance_transform_edt(~padded) <= reach
    closed = distance_transform_edt(wide) > reach
    inner = (slice(margin, -margin),) * 3
    return (closed | padded)[inner]


def in_field_of_view(mask: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """The voxels of a mask (n, n, n) that lie between the outermost places seen: inside the convex hull of `observed`.

    What is not `shown` but in here lies between planes; what is not in here lies beyond the edge of the images.
    """
    from scipy.spatial import ConvexHull, QhullError

    if observed.all() or not mask.any() or not observed.any():
        return mask & observed
    try:
        hull = ConvexHull(_ends_of_rows(observed))
    except QhullError:  # one plane has no inside
        return mask & observed
    places = np.argwhere(mask)
    inside = np.ones(len(places), dtype=bool)
    for *normal, offset in hull.equations:
        inside &= places @ np.array(normal) + offset <= 0.5
    found = np.zeros_like(mask, dtype=bool)
    found[tuple(places[inside].T)] = True
    return found


def _ends_of_rows(mask: np.ndarray) -> np.ndarray:
    """First and last voxel (k, 3) of every row of a mask: its hull is theirs."""
    slices, rows = np.nonzero(mask.any(axis=2))
    lines = mask[slices, rows]
    first, last = lines.argmax(axis=1), mask.shape[2] - 1 - lines[:, ::-1].argmax(axis=1)
    return np.concatenate([np.stack([slices, rows, ends], axis=1) for ends in (first, last)])
