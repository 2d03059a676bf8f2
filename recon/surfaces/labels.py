"""From a label map to smooth scores: what stands in for a network's where labels are all there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage

from core.frames import apply_affine
from recon.surfaces.level import pieces_to_keep
from recon.surfaces.scores import winners

_REACH_VOXELS = 3.0
"""Distances are cut off at this many voxels, so that a thin wall and the bulk beside it smooth alike."""

_THICK = 1.5
"""A grid whose spacings differ by more than this factor has thick slices."""

_MARGIN = 5
"""Voxels kept around what is labelled."""

_KEPT_LEAD = 0.02
"""Lead of a label that smoothing had taken a voxel from, where walls have a jump of about 1 between voxels."""

_CORNER_NEIGHBOURS = ndimage.generate_binary_structure(3, 3)
Box = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class LabelScores:
    """Smoothed labels on their own grid, before they are meshed.

    Attributes:
        scores: float32 (1 + k, n0, n1, n2), the background first; changed in place.
        labels: uint8 (n0, n1, n2), 0 to k.
        keys: of the structures 1 to k.
        patient_from_index: (4, 4), LPS mm.
        lead_per_mm: how much a label leads another one millimetre from their wall.
    """

    scores: np.ndarray
    labels: np.ndarray
    keys: tuple[str, ...]
    patient_from_index: np.ndarray
    lead_per_mm: float

    @staticmethod
    def of(
        labels: np.ndarray,
        spacing_mm: np.ndarray,
        smoothing_mm: float | None,
        patient_from_index: np.ndarray,
        names: Mapping[int, str],
        values: Sequence[int],
    ) -> LabelScores:
        """Smooth labels that are numbered in the order of `values`; see `smooth_scores`."""
        sigma_mm = float(np.mean(_sigma_mm(spacing_mm, smoothing_mm)))
        lead_per_mm = 2.0 if _is_thick(spacing_mm) else np.sqrt(2.0 / np.pi) / max(sigma_mm, 0.1)
        scores = smooth_scores(labels, spacing_mm, smoothing_mm)
        keys = tuple(names[value] for value in values)
        return LabelScores(scores, labels, keys, patient_from_index, float(lead_per_mm))

    def beside_walls(self) -> np.ndarray:
        """Flat numbers (n,) of the voxels at most one step, in thick slices two steps, from one of another label."""
        size = 5 if _is_thick(np.linalg.norm(self.patient_from_index[:3, :3], axis=0)) else 3
        low, high = ndimage.minimum_filter(self.labels, size), ndimage.maximum_filter(self.labels, size)
        return np.flatnonzero(low != high)

    def places_mm(self, flat: np.ndarray) -> np.ndarray:
        """LPS mm (n, 3) of voxels by their flat numbers."""
        index = np.stack(np.unravel_index(flat, self.labels.shape), axis=1).astype(np.float64)
        return apply_affine(self.patient_from_index, index)

    def put_walls(
        self, flat: np.ndarray, structures: np.ndarray, inside_mm: np.ndarray, share: np.ndarray
    ) -> None:
        """Move the walls of structures, in place, to where they lie so many millimetres outward of voxels.

        Args:
            flat: (n,) voxels. structures: (n,) 1 to k. inside_mm: (n,) how deep in it the voxel is to lie.
            share: (n,) how much of the way is gone, 0 to 1.
        """
        flat_scores = self.scores.reshape(len(self.scores), -1)
        here = flat_scores[:, flat]
        row = np.arange(len(flat))
        own = here[structures, row].copy()
        here[structures, row] = -np.inf
        wanted = here.max(axis=0) + self.lead_per_mm * inside_mm
        flat_scores[structures, flat] = own + share * (wanted - own)

    def keep_labels(self) -> None:
        """Raise scores, in place, until each voxel's own label wins: smoothing takes specks away."""
        found, best = winners(torch.from_numpy(self.scores))
        lost = np.nonzero(found.numpy() != self.labels)
        self.scores[(self.labels[lost], *lost)] = best.numpy()[lost] + _KEPT_LEAD


def largest_pieces(mask: np.ndarray, smallest_part: float) -> np.ndarray:
    """The mask without pieces smaller than a share of the largest; pieces touch through corners too."""
    pieces, n_pieces = ndimage.label(mask, _CORNER_NEIGHBOURS)
    if n_pieces < 2:
        return mask
    return pieces_to_keep(pieces, smallest_part)[pieces]


def largest_pieces_of(labels: np.ndarray, values: list[int], smallest_part: float) -> np.ndarray:
    """The labels, numbered 1 to k in the order of `values`, all else and small pieces 0; uint8."""
    table = np.zeros(256, dtype=np.uint8)
    table[values] = np.arange(1, len(values) + 1)
    numbered = table[labels]
    for number, box in enumerate(ndimage.find_objects(numbered), start=1):
        mask = numbered[box] == number
        numbered[box][mask & ~largest_pieces(mask, smallest_part)] = 0
    return numbered


def around(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The part of the labels around those above 0, and the voxel (3,) it starts at."""
    box = _widened(ndimage.find_objects((labels > 0).view(np.uint8))[0], np.full(3, _MARGIN), labels.shape)
    return labels[box], np.array([part.start for part in box])


def smooth_scores(labels: np.ndarray, spacing_mm: np.ndarray, smoothing_mm: float | None) -> np.ndarray:
    """Scores float32 (1 + k, n0, n1, n2) of labels 0 to k, smoothed by a Gaussian.

    Between thick slices an outline has to wander, so there each label's signed distance is smoothed; elsewhere its
    mask, which is faster.

    Args:
        smoothing_mm: deviation of the Gaussian; None: one voxel along each axis, at most 2 mm.
    """
    sigma = _sigma_mm(spacing_mm, smoothing_mm) / spacing_mm
    n = int(labels.max())
    if _is_thick(spacing_mm):
        return np.stack([_smooth_distance(labels == number, spacing_mm, sigma) for number in range(n + 1)])
    scores = np.zeros((n + 1, *labels.shape), dtype=np.float32)
    scores[0] = 1.0
    margin = np.ceil(3.0 * sigma).astype(int)
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        around = _widened(box, margin, labels.shape)
        mask = (labels[around] == number).astype(np.float32)
        scores[number][around] = _blurred(mask, sigma)
        scores[0][around] -= scores[number][around]
    return scores


def _sigma_mm(spacing_mm: np.ndarray, smoothing_mm: float | None) -> np.ndarray:
    return np.minimum(spacing_mm, 2.0) if smoothing_mm is None else np.full(3, smoothing_mm)


def _is_thick(spacing_mm: np.ndarray) -> bool:
    return bool(spacing_mm.max() > _THICK * spacing_mm.min())


def _smooth_distance(mask: np.ndarray, spacing_mm: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Signed distance in mm, positive inside, cut off and smoothed."""
    reach_mm = _REACH_VOXELS * float(spacing_mm.max())
    if mask.all():
        return np.full(mask.shape, reach_mm, dtype=np.float32)
    outside_mm = ndimage.distance_transform_edt(~mask, spacing_mm)
    inside_mm = ndimage.distance_transform_edt(mask, spacing_mm)
    distance = np.clip(inside_mm - outside_mm, -reach_mm, reach_mm).astype(np.float32)
    return ndimage.gaussian_filter(distance, sigma, mode="nearest")


def _blurred(mask: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Gaussian blur along each axis; the border's values go on beyond it."""
    values = torch.from_numpy(mask)
    for axis in range(3):
        reach = int(np.ceil(3.0 * sigma[axis]))
        weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma[axis], 1e-3)) ** 2)
        weights /= weights.sum()
        n = values.shape[axis]
        first, last = values.narrow(axis, 0, 1), values.narrow(axis, n - 1, 1)
        long = torch.cat([*[first] * reach, values, *[last] * reach], dim=axis)
        values = long.narrow(axis, reach, n) * float(weights[reach])
        for step in range(1, reach + 1):
            both = long.narrow(axis, reach - step, n) + long.narrow(axis, reach + step, n)
            values.add_(both, alpha=float(weights[reach + step]))
    return values.numpy()


def _widened(box: Box, margin: np.ndarray, shape: tuple[int, ...]) -> Box:
    first, second, third = (
        slice(max(part.start - m, 0), min(part.stop + m, n))
        for part, m, n in zip(box, margin, shape, strict=True)
    )
    return first, second, third
