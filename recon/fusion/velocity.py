"""Smooth, invertible deformations: a velocity field on a grid, followed for one unit of time, forth or back.

Source: scaling and squaring of a stationary velocity field, Arsigny et al., MICCAI 2006.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recon.simulate.image import blur

if TYPE_CHECKING:
    import torch

TAPER_LAYERS = 3
LARGEST_STEP_VOXELS = 0.4


class Grid:
    """A grid along the patient's axes (z, y, x) that carries vectors at its points.

    Attributes:
        patient_from_index: (4, 4); shape: (slices, rows, columns); spacing_mm: the same along all three.
    """

    def __init__(self, low_mm: np.ndarray, high_mm: np.ndarray, spacing_mm: float) -> None:
        extent = np.asarray(high_mm) - np.asarray(low_mm)
        slices, rows, columns = (np.ceil(extent[::-1] / spacing_mm).astype(int) + 1).tolist()
        self.shape: tuple[int, int, int] = (slices, rows, columns)
        self.spacing_mm = spacing_mm
        self.patient_from_index = np.eye(4)
        self.patient_from_index[:3, :3] = np.fliplr(np.eye(3)) * spacing_mm
        self.patient_from_index[:3, 3] = low_mm
        self._own_places: torch.Tensor | None = None

    def index_of(self, points: torch.Tensor) -> torch.Tensor:
        """Fractional (slice, row, column) (n, 3) of LPS points (n, 3)."""
        return ((points - points.new_tensor(self.patient_from_index[:3, 3])) / self.spacing_mm).flip(1)

    def read(self, field_mm: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
        """Vectors (n, 3) of a field (3, slices, rows, columns) at LPS points (n, 3); zero beyond the grid."""
        import torch.nn.functional as functional

        where = self._normalised(self.index_of(points))
        found = functional.grid_sample(field_mm[None], where[None, None, None], align_corners=True)
        return found[0, :, 0, 0].T

    def spread(self, values: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
        """Sums (k, slices, rows, columns) of values (n, k) at the grid points nearest to LPS points (n, 3)."""
        import torch

        size = torch.tensor(self.shape, device=points.device)
        index = self.index_of(points).round().long()
        is_inside = ((index >= 0) & (index < size)).all(dim=1)
        z, y, x = index[is_inside].T
        flat = (z * self.shape[1] + y) * self.shape[2] + x
        total = values.new_zeros(self.shape[0] * self.shape[1] * self.shape[2], values.shape[1])
        total.index_add_(0, flat, values[is_inside])
        return total.T.reshape(values.shape[1], *self.shape)

    def window(self, like: torch.Tensor) -> torch.Tensor:
        """Weights (slices, rows, columns) that fall to zero on the outermost layer."""
        import torch

        weights = torch.ones(self.shape, device=like.device)
        for axis, n in enumerate(self.shape):
            layer = torch.arange(n, device=like.device)
            rise = (torch.minimum(layer, n - 1 - layer) / TAPER_LAYERS).clamp(max=1.0)
            weights = weights * rise.reshape([-1 if a == axis else 1 for a in range(3)])
        return weights

    def flow(self, velocity_mm: torch.Tensor) -> torch.Tensor:
        """The shift (3, slices, rows, columns) in mm after following a velocity for one unit of time."""
        import torch

        fastest = float(torch.linalg.vector_norm(velocity_mm, dim=0).max()) / self.spacing_mm
        n_squarings = max(0, int(np.ceil(np.log2(max(fastest, 1e-9) / LARGEST_STEP_VOXELS))))
        shift = velocity_mm / 2.0**n_squarings
        for _ in range(n_squarings):
            shift = self.composed(shift, shift)
        return shift

    def composed(self, then_mm: torch.Tensor, first_mm: torch.Tensor) -> torch.Tensor:
        """The shift of `first_mm` followed by `then_mm`."""
        import torch.nn.functional as functional

        # Torch counts from -1 to 1 across the grid, x first, as the shift does.
        per_mm = 2.0 / (first_mm.new_tensor(self.shape[::-1]) - 1.0) / self.spacing_mm
        where = self._places(first_mm) + first_mm.movedim(0, -1) * per_mm
        return first_mm + functional.grid_sample(then_mm[None], where[None], align_corners=True)[0]

    def jacobian(self, shift_mm: torch.Tensor) -> tuple[float, float]:
        """Smallest and largest change of volume of a shift, at every corner of every cell of the grid."""
        import torch

        slopes = [torch.diff(shift_mm, dim=axis) / self.spacing_mm for axis in (1, 2, 3)]
        low, high = np.inf, -np.inf
        for corner in np.ndindex(2, 2, 2):
            # At one corner of a cell the slopes are those of the three edges that meet there.
            columns = [
                slope[
                    :,
                    *(
                        slice(None) if a == axis else slice(corner[a], corner[a] + n - 1)
                        for a, n in enumerate(self.shape)
                    ),
                ]
                for axis, slope in enumerate(slopes)
            ]
            dz, dy, dx = (column.clone() for column in columns)
            dx[0] += 1.0
            dy[1] += 1.0
            dz[2] += 1.0
            volume = (dx * torch.linalg.cross(dy, dz, dim=0)).sum(dim=0)
            low, high = min(low, float(volume.min())), max(high, float(volume.max()))
        return low, high

    def smoothed(self, field: torch.Tensor, sigma_mm: float) -> torch.Tensor:
        """Gaussian smoothing of every channel (k, slices, rows, columns)."""
        import torch

        sigma = sigma_mm / self.spacing_mm
        return torch.stack([blur(channel, (sigma, sigma, sigma)) for channel in field])

    def _places(self, like: torch.Tensor) -> torch.Tensor:
        """Torch's coordinates (slices, rows, columns, 3) of the grid's own points; made once."""
        import torch

        if self._own_places is None:
            ranges = [torch.linspace(-1.0, 1.0, n, dtype=like.dtype, device=like.device) for n in self.shape]
            z, y, x = torch.meshgrid(*ranges, indexing="ij")
            self._own_places = torch.stack([x, y, z], dim=-1)
        return self._own_places

    def _normalised(self, index: torch.Tensor) -> torch.Tensor:
        """Torch's coordinates (..., 3), x first, -1 to 1, of fractional (slice, row, column) indices."""
        size = index.new_tensor(self.shape)
        return (2.0 * index / (size - 1.0) - 1.0).flip(-1)
