"""What a set of images shows of a grid: the voxels seen, and those between slices that belong to the picture."""

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
