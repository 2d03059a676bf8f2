"""Pieces of structures that come and go between phases are taken out: anatomy stays for the whole cycle.

A motion can carry what is always there. A stretch of a vessel that is named at some phases only would have it tear
surfaces open, and its volume would beat with no heart.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.anatomy import HEART
from recon.cine.periodic import PeriodicFit
from recon.scores import RegionScores, without_islands
from recon.surface import SMALLEST_PART


class LastingScores:
    """The smooth scores of every phase, with the background first where a piece does not last."""

    def __init__(self, fit: PeriodicFit, region: RegionScores, n_phases: int) -> None:
        from recon.surfaces.scores import winners

        self._fit, self._region = fit, region
        labels = np.stack(
            [winners(fit.at(phase))[0].cpu().numpy().astype(np.uint8) for phase in range(n_phases)]
        )
        self._dropped = passing_pieces(labels)

    def at(self, phase: int) -> RegionScores:
        """The scores of a phase, free of pieces that do not last and of islands."""
        import torch

        scores = self._fit.at(phase)
        where = torch.as_tensor(self._dropped[phase], device=scores.device)
        scores[0] = scores[0].where(~where, scores.amax(dim=0) + 2.0)
        return without_islands(replace(self._region, scores=scores))


def passing_pieces(labels: np.ndarray) -> np.ndarray:
    """Where (phases, n, n, n) labels of that shape belong to a piece that is gone at some phase, or is small.

    A piece is what hangs together in space and from one phase to the next, the last one followed by the first. The
    largest of a structure is always kept.
    """
    passing = np.zeros(labels.shape, dtype=bool)
    for kind in HEART:
        mask = labels == kind.value
        if mask.any():
            passing |= mask & ~_lasting(mask)
    return passing


def _lasting(mask: np.ndarray) -> np.ndarray:
    box = tuple(
        slice(int(held[0]), int(held[-1]) + 1)
        for held in (
            np.flatnonzero(mask.any(axis=tuple(other for other in range(4) if other != axis)))
            for axis in range(1, 4)
        )
    )
    part = mask[(slice(None), *box)]
    pieces, n_pieces = _pieces_of_cycle(part)
    by_phase = np.stack([np.bincount(one.ravel(), minlength=n_pieces + 1) for one in pieces])
    by_phase[:, 0] = 0
    sizes = by_phase.sum(axis=0)
    stays = (by_phase > 0).all(axis=0) & (sizes >= SMALLEST_PART * sizes.max())
    stays[int(np.argmax(sizes))] = True
    lasting = np.zeros_like(mask)
    lasting[(slice(None), *box)] = stays[pieces]
    return lasting


def _pieces_of_cycle(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Numbers (phases, a, b, c) of pieces, 0 outside, and how many numbers there are."""
    from scipy import ndimage
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    pieces, n = ndimage.label(mask)
    both = mask[-1] & mask[0]
    links = np.unique(np.stack([pieces[-1][both], pieces[0][both]]), axis=1)
    graph = coo_matrix((np.ones(links.shape[1]), (links[0], links[1])), shape=(n + 1, n + 1))
    n_joined, joined = connected_components(graph, directed=False)
    # The outside, piece 0, is joined to nothing and keeps the first number.
    return joined[pieces], n_joined
