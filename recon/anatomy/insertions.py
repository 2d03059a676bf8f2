"""Where the right ventricle's free wall meets the left ventricle, found on a short-axis ring of the epicardium."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_STEP_DEG = 2.0
_REACH_MM = 70.0


def rv_insertions(
    parts: Callable[..., dict], middle_mm: np.ndarray, ventricle_axes: np.ndarray
) -> dict[str, np.ndarray]:
    """Both RV insertion points (3,) at the level of `middle_mm`, in the frame of `parts`.

    Args:
        parts: distances of the heart's parts at points (n, 3); `lv_epicardium` and `rv` are used.
        ventricle_axes: rows towards apex, septum and diaphragm (3, 3).
    """
    import torch

    angles = np.radians(np.arange(-180.0, 180.0, _STEP_DEG))
    out = np.cos(angles)[:, None] * ventricle_axes[1] + np.sin(angles)[:, None] * ventricle_axes[2]
    radii = np.arange(5.0, _REACH_MM, 1.0)
    rays = middle_mm + radii[None, :, None] * out[:, None, :]
    found = parts(torch.from_numpy(rays.reshape(-1, 3).astype(np.float32)))
    wall = found["lv_epicardium"].numpy().reshape(len(angles), -1)
    crossed = np.maximum((wall > 0).argmax(axis=1), 1)
    row = np.arange(len(angles))
    before, after = wall[row, crossed - 1], wall[row, crossed]
    edge = radii[crossed - 1] + np.clip(before / np.minimum(before - after, -1e-6), 0.0, 1.0)
    ring = middle_mm + edge[:, None] * out
    # A little outside the epicardium the cavity is met all along the septum and nowhere else.
    beyond = parts(torch.from_numpy((ring + 1.0 * out).astype(np.float32)))["rv"].numpy()
    septal = len(angles) // 2
    is_rv = beyond < 0
    if not is_rv.any():
        nearest = ring[int(beyond.argmin())]
        return {"anterior_rv_insertion": nearest, "inferior_rv_insertion": nearest}
    touching = np.flatnonzero(is_rv)
    start = int(touching[np.abs(touching - septal).argmin()])
    low, high = start, start
    while low - 1 >= 0 and is_rv[low - 1]:
        low -= 1
    while high + 1 < len(angles) and is_rv[high + 1]:
        high += 1
    return {"anterior_rv_insertion": ring[low], "inferior_rv_insertion": ring[high]}
