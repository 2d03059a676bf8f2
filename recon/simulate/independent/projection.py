"""Parallel-beam projection and filtered back-projection, as sparse matrices that serve every slice.

Source: Kak and Slaney, Principles of Computerized Tomographic Imaging (1988), chapter 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

_ANGLES_AT_ONCE = 16


@dataclass(frozen=True)
class ParallelBeam:
    """Angles over half a turn and a straight detector whose middle sees the middle of the slice.

    Attributes:
        n_angles: evenly spaced over 180 degrees.
        n_bins: detector elements, `bin_mm` apart.
    """

    n_angles: int
    n_bins: int
    bin_mm: float

    @property
    def angles(self) -> np.ndarray:
        """Radians (n_angles,)."""
        return np.arange(self.n_angles) * np.pi / self.n_angles

    def spread(self, angles: np.ndarray, n: int, pixel_mm: float) -> sparse.csr_matrix:
        """Matrix (pixels, angles * bins) float32 that shares each pixel between the two bins it falls between.

        Pixels beyond the detector's ends have no share.
        """
        axis = (np.arange(n) - (n - 1) / 2.0) * pixel_mm
        y, x = (a.ravel() for a in np.meshgrid(axis, axis, indexing="ij"))
        rows, columns, shares = [], [], []
        for k, angle in enumerate(angles):
            at = (x * np.cos(angle) + y * np.sin(angle)) / self.bin_mm + (self.n_bins - 1) / 2.0
            left = np.floor(at).astype(np.int64)
            for bins, share in ((left, left + 1.0 - at), (left + 1, at - left)):
                kept = np.flatnonzero((bins >= 0) & (bins < self.n_bins))
                rows.append(kept.astype(np.int32))
                columns.append((k * self.n_bins + bins[kept]).astype(np.int32))
                shares.append(share[kept].astype(np.float32))
        shape = (n * n, len(angles) * self.n_bins)
        found = (np.concatenate(shares), (np.concatenate(rows), np.concatenate(columns)))
        return sparse.csr_matrix(found, shape=shape)

    def project(self, slices: np.ndarray, pixel_mm: float) -> np.ndarray:
        """Line integrals (slices, angles, bins), in the slices' unit times mm, of slices (slices, n, n)."""
        count, n, _ = slices.shape
        flat = np.ascontiguousarray(slices.reshape(count, -1).T, dtype=np.float32)
        lines = np.empty((count, self.n_angles, self.n_bins), dtype=np.float32)
        for block in self._blocks():
            sums = self.spread(self.angles[block], n, pixel_mm).T @ flat
            lines[:, block] = sums.T.reshape(count, -1, self.n_bins)
        lines *= pixel_mm**2 / self.bin_mm
        return lines

    def back_project(self, filtered: np.ndarray, n: int, pixel_mm: float) -> np.ndarray:
        """Slices (slices, n, n) of filtered line integrals (slices, angles, bins)."""
        count = len(filtered)
        image = np.zeros((n * n, count), dtype=np.float32)
        for block in self._blocks():
            flat = np.ascontiguousarray(filtered[:, block].reshape(count, -1).T, dtype=np.float32)
            image += self.spread(self.angles[block], n, pixel_mm) @ flat
        return np.asarray(image.T.reshape(count, n, n) * np.float32(np.pi / self.n_angles))

    def _blocks(self) -> Iterator[slice]:
        """Angles are taken a few at a time: the matrix of all of them would fill the memory."""
        for first in range(0, self.n_angles, _ANGLES_AT_ONCE):
            yield slice(first, min(first + _ANGLES_AT_ONCE, self.n_angles))

    def filtered(self, lines: np.ndarray) -> np.ndarray:
        """Line integrals (..., bins) convolved with the ramp filter, band-limited, rolled off as a soft kernel does."""
        n = 2 * self.n_bins
        size = 1 << int(np.ceil(np.log2(n)))
        offset = np.fft.fftfreq(size, 1.0 / size).astype(int)
        ramp = np.zeros(size)
        ramp[offset == 0] = 0.25
        odd = offset % 2 != 0
        ramp[odd] = -1.0 / (np.pi * offset[odd]) ** 2
        frequency = np.fft.rfftfreq(size)
        response = np.fft.rfft(ramp).real * (0.5 + 0.5 * np.cos(2.0 * np.pi * frequency))
        spectrum = np.fft.rfft(lines, size, axis=-1) * response
        kept = np.fft.irfft(spectrum, size, axis=-1)[..., : self.n_bins]
        return np.asarray(kept / self.bin_mm, dtype=np.float32)
