"""How the structures of a label map hang together: pieces, handles, hollows, and who touches whom.

A surface may be closed and smooth and still show an atrium in two pieces or a ventricle with a tunnel through it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage


@dataclass(frozen=True)
class Shape:
    """What a mask is, up to bending: a ball is one piece, a ring has a handle, a shell a hollow."""

    n_pieces: int
    n_handles: int
    n_hollows: int


def shape_of(mask: np.ndarray) -> Shape:
    """Pieces, handles and hollows of a mask (n, n, n) of voxels that hang together by faces, edges and corners.

    Source: Kong and Rosenfeld, Digital topology, CVGIP 48 (1989) 357; the Euler characteristic is pieces less handles
    plus hollows.
    """
    n_pieces = ndimage.label(mask, structure=np.ones((3, 3, 3)))[1]
    # What is not the mask hangs together by faces only; all but the outermost piece of it is hollow.
    n_hollows = ndimage.label(~np.pad(mask, 1))[1] - 1
    return Shape(n_pieces, n_pieces + n_hollows - euler_characteristic(mask), n_hollows)


def euler_characteristic(mask: np.ndarray) -> int:
    """Corners less edges plus faces less cubes of the voxels of a mask (n, n, n), each counted once."""
    voxels = np.pad(mask, 1)
    total = -int(voxels.sum())
    for axes, sign in (
        ((0,), 1), ((1,), 1), ((2,), 1), ((0, 1), -1), ((0, 2), -1), ((1, 2), -1), ((0, 1, 2), 1),
    ):  # fmt: skip
        part = voxels
        for axis in axes:
            first = [slice(None)] * 3
            second = [slice(None)] * 3
            first[axis], second[axis] = slice(None, -1), slice(1, None)
            part = part[tuple(first)] | part[tuple(second)]
        total += sign * int(part.sum())
    return total


def without_thin_parts(shape: Shape, mask: np.ndarray) -> Shape:
    """The shape less handles and hollows that closing by one voxel takes away: noise of a border, not anatomy."""
    closed = shape_of(ndimage.binary_closing(np.pad(mask, 2), np.ones((3, 3, 3))))
    return Shape(shape.n_pieces, min(shape.n_handles, closed.n_handles), min(shape.n_hollows, closed.n_hollows))


def contact_mm2(labels: np.ndarray, spacing_mm: float, n_labels: int) -> np.ndarray:
    """Area (n_labels, n_labels), symmetric, of the voxel faces between each two labels of an even grid."""
    counts = np.zeros(n_labels * n_labels, dtype=np.int64)
    for axis in range(3):
        along = np.moveaxis(labels, axis, 0).astype(np.int64)
        pairs = along[:-1] * n_labels + along[1:]
        counts += np.bincount(pairs.ravel(), minlength=n_labels * n_labels)
    faces = counts.reshape(n_labels, n_labels)
    return (faces + faces.T) * spacing_mm**2


def gap_mm(a: np.ndarray, b: np.ndarray, spacing_mm: float) -> float:
    """Shortest distance between the voxel centres of two masks; infinite where one of them is empty."""
    if not a.any() or not b.any():
        return float("inf")
    return float(ndimage.distance_transform_edt(~a)[b].min()) * spacing_mm
