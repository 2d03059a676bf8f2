"""Which pieces of a structure belong to it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

_FACE_NEIGHBOURS = ndimage.generate_binary_structure(3, 1)


def without_small_pieces(field: np.ndarray, smallest_part: float) -> np.ndarray:
    """Sink pieces of the positive region that are smaller than a share of the largest piece.

    A piece sinks to the field's lowest value together with all that lies nearer to it than to any piece
    that stays, so that it does not come back when the level is lowered afterwards. Pieces touch through
    voxel faces. With `smallest_part` 1 only the largest stays (the first of equals).
    """
    pieces, n_pieces = ndimage.label(field > 0, _FACE_NEIGHBOURS)
    if n_pieces < 2:
        return field
    dropped = ~pieces_to_keep(pieces, smallest_part)
    dropped[0] = False
    if not dropped.any():
        return field
    nearest = ndimage.distance_transform_edt(pieces == 0, return_distances=False, return_indices=True)
    return np.where(dropped[pieces[tuple(nearest)]], min(float(field.min()), -1e-6), field).astype(np.float32)


def pieces_to_keep(pieces: np.ndarray, smallest_part: float) -> np.ndarray:
    """For each piece number whether it stays (boolean, entry 0, the background, is False).

    Args:
        pieces: the number of the piece of each voxel, 0 outside.
        smallest_part: share of the largest piece that a piece needs; 1 for the largest alone.
    """
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    if smallest_part >= 1.0:
        return np.arange(len(sizes)) == sizes.argmax()
    kept: np.ndarray = sizes >= max(smallest_part * sizes.max(), 1)
    return kept
