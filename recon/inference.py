"""From volumes to class logits around the heart: find the heart, look at it once, or refuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import PlannerError
from core.progress import Progress
from core.volume import Volume
from recon.sampling import patient_grid, rasterise
from recon.weights import LoadedNetwork

if TYPE_CHECKING:
    import torch

# From the centroid of the chambers to the middle of the region (apex to arch), mean over synthetic hearts (mm).
REGION_FROM_CHAMBERS_MM = np.array((-7.6, 12.5, 24.0))
LEAST_HEART_ML, MOST_HEART_ML = 120.0, 2500.0
LEAST_CERTAINTY = 0.60
RECENTRE_MM = 8.0
MOST_LOOKS = 3
CHAMBERS = 5


@dataclass(frozen=True, eq=False)
class RegionLogits:
    """Class logits float32 (n_classes, n, n, n) on a patient grid around the heart.

    Attributes:
        observed: mask (n, n, n) of the voxels that any input image shows.
        certainty: mean probability of the winning class inside the predicted heart, 0 to 1.
    """

    logits: torch.Tensor
    observed: torch.Tensor
    patient_from_index: np.ndarray
    certainty: float


def no_heart(why: str) -> PlannerError:
    """The refusal for an image without a recognisable heart."""
    return PlannerError("no heart found", why, "choose a series that shows the whole heart")


def locate_heart(
    volumes: Sequence[Volume], localiser: LoadedNetwork, device: str, progress: Progress
) -> np.ndarray:
    """LPS position (3,) in mm of the middle of the region to reconstruct.

    Windows of the localiser's size are laid over all that the volumes show; the one that sees most of a heart
    says where it is.
    Raises PlannerError when there is none.
    """
    spec = localiser.spec
    best_ml, best = 0.0, np.zeros(3)
    windows = _windows(volumes, spec.n * spec.spacing_mm)
    for i, centre in enumerate(windows):
        progress.report("finding the heart", i / len(windows))
        affine = patient_grid(centre, spec.n, spec.spacing_mm)
        logits, _ = _forward(volumes, localiser, affine, device)
        found_ml, middle = _largest_piece(logits[1] > logits[0], affine, spec.spacing_mm**3 / 1000.0)
        if found_ml > best_ml:
            best_ml, best = found_ml, middle
    if not LEAST_HEART_ML <= best_ml <= MOST_HEART_ML:
        raise no_heart(f"what looks like one fills {best_ml:.0f} ml, a heart at least {LEAST_HEART_ML:.0f} ml")
    return best + REGION_FROM_CHAMBERS_MM


def look_at_region(
    volumes: Sequence[Volume], centre_mm: np.ndarray, region: LoadedNetwork, device: str, progress: Progress
) -> RegionLogits:
    """Run the region network around `centre_mm`, again where the heart turns out to lie off the middle.

    Raises PlannerError when what is seen there is no heart.
    """
    spec = region.spec
    for attempt in range(MOST_LOOKS):
        progress.report("reconstructing", attempt / MOST_LOOKS)
        affine = patient_grid(centre_mm, spec.n, spec.spacing_mm)
        logits, observed = _forward(volumes, region, affine, device)
        labels = logits.argmax(dim=0)
        chambers = (labels > 0) & (labels <= CHAMBERS)
        seen_ml, middle = _largest_piece(chambers, affine, spec.spacing_mm**3 / 1000.0)
        if seen_ml < LEAST_HEART_ML:
            raise no_heart(f"only {seen_ml:.0f} ml of chambers and muscle were recognised")
        if np.linalg.norm(middle + REGION_FROM_CHAMBERS_MM - centre_mm) < RECENTRE_MM:
            break
        centre_mm = middle + REGION_FROM_CHAMBERS_MM
    certainty = float(logits.softmax(dim=0).amax(dim=0)[chambers].mean())
    if certainty < LEAST_CERTAINTY:
        raise no_heart(f"the network is only {certainty:.0%} sure of what it sees")
    return RegionLogits(logits, observed, affine, certainty)


def class_logits(loaded: LoadedNetwork, intensity: torch.Tensor, observed: torch.Tensor) -> torch.Tensor:
    """Logits float32 (n_classes, n, n, n) of a rasterised input (n, n, n) and its mask."""
    import torch

    with torch.inference_mode():
        inputs = torch.stack([intensity, observed])[None].contiguous(memory_format=torch.channels_last_3d)
        return loaded.network(inputs).logits[0].float()


def _forward(
    volumes: Sequence[Volume], loaded: LoadedNetwork, affine: np.ndarray, device: str
) -> tuple[torch.Tensor, torch.Tensor]:
    intensity, observed = rasterise(volumes, affine, loaded.spec.n, device)
    return class_logits(loaded, intensity, observed), observed


def _windows(volumes: Sequence[Volume], size_mm: float) -> list[np.ndarray]:
    """Centres of overlapping windows that cover the volumes; one where the volumes fit into one."""
    corners = np.concatenate([_corners(volume) for volume in volumes])
    low, high = corners.min(axis=0), corners.max(axis=0)
    along = []
    for a, b in zip(low, high, strict=True):
        spare = max(0.0, (b - a) - size_mm)
        n = 1 + int(np.ceil(spare / (0.5 * size_mm)))
        middle = 0.5 * (a + b)
        along.append(np.linspace(middle - spare / 2.0, middle + spare / 2.0, n))
    return [np.array((x, y, z)) for x in along[0] for y in along[1] for z in along[2]]


def _corners(volume: Volume) -> np.ndarray:
    ends = np.array(volume.shape, dtype=np.float64) - 1.0
    indices = np.stack(np.meshgrid(*[(0.0, end) for end in ends], indexing="ij"), axis=-1).reshape(-1, 3)
    return volume.patient_from_indices(indices)


def _largest_piece(mask: torch.Tensor, affine: np.ndarray, voxel_ml: float) -> tuple[float, np.ndarray]:
    """Volume in ml and LPS centroid (3,) of the largest connected piece of a mask."""
    from scipy import ndimage

    pieces, n = ndimage.label(mask.cpu().numpy())
    if n == 0:
        return 0.0, np.zeros(3)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    largest = int(sizes.argmax())
    middle = np.array(ndimage.center_of_mass(pieces == largest))
    return float(sizes[largest]) * voxel_ml, affine[:3, :3] @ middle + affine[:3, 3]
