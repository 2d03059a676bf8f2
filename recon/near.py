"""Stacks and planes brought near the resolution of a network's grid, once, to be placed on many grids.

It is done along the image's own axes and slab by slab, so that no volume is ever whole in memory as floating point;
what remains is small.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from core.frames import apply_affine
from core.volume import Volume

if TYPE_CHECKING:
    import torch

AIR_HU = -1024.0
DARKEST, BRIGHTEST = -0.2, 1.2
SLAB_VOXELS = 4_000_000
# Kernels end here, in standard deviations.
REACH_DEVIATIONS = 2.5


@dataclass(frozen=True, eq=False)
class Scaled:
    """One stack or plane with its brightness already brought to 0..1, on the device.

    Attributes:
        voxels: float32 tensor (slices, rows, columns).
        patient_from_index: (4, 4), LPS mm.
    """

    voxels: torch.Tensor
    patient_from_index: np.ndarray


@dataclass(frozen=True, eq=False)
class NearImage:
    """A stack or plane near the resolution of a network's grid, free of what that grid cannot carry.

    Attributes:
        part: the wanted part of it, along its own axes.
        shape, patient_from_index: of the whole of it, as it was given.
    """

    part: Scaled
    shape: tuple[int, int, int]
    patient_from_index: np.ndarray


@dataclass(frozen=True, eq=False)
class _AxisCut:
    """One axis: the voxels first..last that are read, and the weights (m, voxels) that make m steps of them.

    The first of the steps lies at index `start`, `step` voxels from the next.
    """

    first: int
    last: int
    start: int
    step: int
    weights: np.ndarray

    @property
    def voxels(self) -> slice:
        return slice(self.first, self.last + 1)

    @property
    def n_voxels(self) -> int:
        return self.last + 1 - self.first


def normalise(values: torch.Tensor) -> torch.Tensor:
    """Scale so that the 1st and 99th percentiles become 0 and 1, clipped a little beyond."""
    sample = values.flatten()
    low, high = _percentiles(sample[:: max(1, sample.numel() // 100_000)].float())
    return _scaled(values, low, high)


def near(
    volumes: Sequence[Volume], spacing_mm: float, device: str = "cpu", box_mm: np.ndarray | None = None
) -> tuple[NearImage, ...]:
    """Bring volumes near a grid's spacing, within a box (2, 3) of LPS mm; those that miss the box are left out."""
    found = [_near_volume(volume, spacing_mm, device, box_mm) for volume in volumes]
    return tuple(image for image in found if image is not None)


def _near_volume(volume: Volume, spacing_mm: float, device: str, box_mm: np.ndarray | None) -> NearImage | None:
    import torch

    low, high = _brightness(volume)

    def slab(part: tuple[slice, slice, slice]) -> torch.Tensor:
        values = torch.from_numpy(volume.voxels[part].astype(np.float32)).to(device)
        return _scaled(_above_air(values, volume), low, high)

    return _near(slab, volume.shape, volume.patient_from_index, spacing_mm, box_mm)


def near_scaled(image: Scaled, spacing_mm: float, box_mm: np.ndarray) -> NearImage | None:
    """As `near`, of one image whose brightness is scaled already; None when it misses the box."""
    slices, rows, columns = image.voxels.shape
    return _near(
        lambda part: image.voxels[part], (slices, rows, columns), image.patient_from_index, spacing_mm, box_mm
    )


def _near(
    slab_of: Callable[[tuple[slice, slice, slice]], torch.Tensor],
    shape: tuple[int, int, int],
    patient_from_index: np.ndarray,
    spacing_mm: float,
    box_mm: np.ndarray | None,
) -> NearImage | None:
    """Blurred where the grid is coarser, every so many voxels: sums over slabs, never the whole at once."""
    import torch

    cuts = _cuts(shape, patient_from_index, spacing_mm, box_mm)
    if cuts is None:
        return None
    along, down, across = cuts
    step = max(1, SLAB_VOXELS // (down.n_voxels * across.n_voxels))
    values: torch.Tensor | None = None
    for first in range(along.first, along.last + 1, step):
        last = min(first + step, along.last + 1)
        slab = slab_of((slice(first, last), down.voxels, across.voxels))
        weights = [torch.as_tensor(cut.weights, device=slab.device) for cut in cuts]
        flat = weights[1] @ (slab @ weights[2].T)
        share = torch.tensordot(weights[0][:, first - along.first : last - along.first], flat, dims=1)
        values = share if values is None else values + share
    assert values is not None
    affine = np.array(patient_from_index)
    affine[:3, 3] += affine[:3, :3] @ np.array([cut.start for cut in cuts], dtype=np.float64)
    affine[:3, :3] *= [cut.step for cut in cuts]
    return NearImage(Scaled(values, affine), shape, patient_from_index)


def _cuts(
    shape: tuple[int, int, int], patient_from_index: np.ndarray, spacing_mm: float, box_mm: np.ndarray | None
) -> list[_AxisCut] | None:
    """Per axis what is wanted of it; None when the image lies outside the box."""
    own_mm = np.linalg.norm(patient_from_index[:3, :3], axis=0)
    low, high = np.zeros(3), np.array(shape) - 1.0
    if box_mm is not None:
        corners = apply_affine(np.linalg.inv(patient_from_index), np.array(list(product(*box_mm.T))))
        # Half a voxel belongs to the outermost centres; a plane reaches half a step of the grid to either side.
        reach = np.maximum(1.0, spacing_mm / own_mm)
        low = np.maximum(low, np.floor(corners.min(axis=0) - reach))
        high = np.minimum(high, np.ceil(corners.max(axis=0) + reach))
        if (low > high).any():
            return None
    return [
        _axis_cut(n, int(a), int(b), spacing_mm / mm)
        for n, a, b, mm in zip(shape, low, high, own_mm, strict=True)
    ]


def _axis_cut(size: int, first: int, last: int, ratio: float) -> _AxisCut:
    """Steps of half the grid's; a Gaussian takes off what the grid cannot carry; edges are repeated.

    Source of the deviation: Cardoso et al., MICCAI 2015. The straight lines drawn between the steps later blur as well,
    by a sixth of the squared step, which is taken off before.
    """
    if size == 1 or ratio <= 1.0:
        return _AxisCut(first, last, first, 1, np.eye(last - first + 1, dtype=np.float32))
    step = max(1, int(0.5 * ratio))
    deviation = np.sqrt(0.42**2 * (ratio**2 - 1.0) - (step**2 - 1.0) / 6.0)
    reach = max(1, int(np.ceil(REACH_DEVIATIONS * deviation)))
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (offsets / max(deviation, 1e-3)) ** 2)
    places = first + step * np.arange(1 + -(-(last - first) // step))
    begin, end = max(0, first - reach), min(size - 1, int(places[-1]) + reach)
    voxels = np.clip(places[:, None] + offsets, 0, size - 1) - begin
    weights = np.zeros((len(places), end - begin + 1), dtype=np.float32)
    np.add.at(weights, (np.arange(len(places))[:, None], voxels), kernel / kernel.sum())
    return _AxisCut(begin, end, first, step, weights)


def _brightness(volume: Volume) -> tuple[torch.Tensor, torch.Tensor]:
    """The 1st and 99th percentile of the whole volume, from every so many voxels."""
    import torch

    sample = volume.voxels.flat[:: max(1, volume.voxels.size // 100_000)].astype(np.float32)
    return _percentiles(_above_air(torch.from_numpy(sample), volume))


def _above_air(values: torch.Tensor, volume: Volume) -> torch.Tensor:
    """Scanners pad what lies outside the scan circle with values far below air; nothing is darker than air."""
    return values.clamp_min(AIR_HU) if volume.unit == "HU" else values


def _percentiles(sample: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    low, high = torch.quantile(sample, torch.tensor((0.01, 0.99), device=sample.device))
    return low, high


def _scaled(values: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    low, high = low.to(values.device), high.to(values.device)
    return ((values - low) / (high - low).clamp_min(1e-6)).clamp(DARKEST, BRIGHTEST)
