"""From volumes to what the networks say of the heart: find it, look at it, or refuse where there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from core.errors import PlannerError
from core.frames import apply_affine
from core.progress import Progress
from core.volume import Volume
from recon.near import NearImage, near
from recon.networks.landmarks import FoundLandmark, decode_landmarks
from recon.sampling import grid_box, index_corners, patient_grid, place
from recon.weights import LoadedNetwork

if TYPE_CHECKING:
    import torch

    from recon.networks.output import NetworkOutput

# From the centroid of the chambers to the middle of the region (apex to arch), mean over synthetic hearts (mm).
REGION_FROM_CHAMBERS_MM = np.array((-7.6, 12.5, 24.0))
LEAST_HEART_ML, MOST_HEART_ML = 120.0, 2500.0
RECENTRE_MM = 8.0
MOST_LOOKS = 3
# Longer than any patient; a spacing in the wrong unit would have thousands of windows searched for hours.
MOST_SPAN_MM = 2500.0
# How far beyond the region images are kept, so that looks from elsewhere need not read the volumes again.
MARGIN_MM = 30.0
CHAMBERS = 5


@dataclass(frozen=True, eq=False)
class RegionLogits:
    """What the region network says on a patient grid around the heart.

    Attributes:
        logits: class logits float32 (n_classes, n, n, n), background first.
        observed: mask (n, n, n) of the voxels that any input image shows.
        patient_from_index: (4, 4) of the grid, LPS mm.
        certainty: mean probability of the winning class inside the predicted heart, 0 to 1.
        landmarks: by the keys of `core.anatomy.LANDMARKS`; empty for weights that find none.
        images: what was looked at, so that it can be looked at again from elsewhere.
    """

    logits: torch.Tensor
    observed: torch.Tensor
    patient_from_index: np.ndarray
    certainty: float
    landmarks: Mapping[str, FoundLandmark] = field(default_factory=dict)
    images: tuple[NearImage, ...] = ()


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
    windows = _windows(volumes, spec.n * spec.spacing_mm)
    images = near(volumes, spec.spacing_mm, device)
    best_ml, best = 0.0, np.zeros(3)
    for i, centre in enumerate(windows):
        progress.report("finding the heart", i / len(windows))
        affine = patient_grid(centre, spec.n, spec.spacing_mm)
        logits = network_output(localiser, *place(images, affine, spec.n, device)).logits[0]
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

    Raises PlannerError when no heart is seen there. One that is seen may still be made up: see `recon.refusal`.
    """
    spec = region.spec
    images: tuple[NearImage, ...] = ()
    kept_mm = np.full((2, 3), np.nan)
    for attempt in range(MOST_LOOKS):
        progress.report("reconstructing", attempt / MOST_LOOKS)
        affine = patient_grid(centre_mm, spec.n, spec.spacing_mm)
        if not _contains(kept_mm, grid_box(affine, spec.n)):
            kept_mm = grid_box(affine, spec.n, MARGIN_MM)
            images = near(volumes, spec.spacing_mm, device, kept_mm)
        intensity, observed = place(images, affine, spec.n, device)
        output = network_output(region, intensity, observed)
        labels = output.logits[0].argmax(dim=0)
        chambers = (labels > 0) & (labels <= CHAMBERS)
        seen_ml, middle = _largest_piece(chambers, affine, spec.spacing_mm**3 / 1000.0)
        if seen_ml < LEAST_HEART_ML:
            raise no_heart(f"only {seen_ml:.0f} ml of chambers and muscle were recognised")
        if np.linalg.norm(middle + REGION_FROM_CHAMBERS_MM - centre_mm) < RECENTRE_MM:
            break
        centre_mm = middle + REGION_FROM_CHAMBERS_MM
    certainty = float(output.logits[0].softmax(dim=0).amax(dim=0)[chambers].mean())
    return region_of(output, observed, affine, region.spec.landmarks, certainty, images)


def region_of(
    output: NetworkOutput,
    observed: torch.Tensor,
    patient_from_index: np.ndarray,
    landmarks: Sequence[str],
    certainty: float = 1.0,
    images: tuple[NearImage, ...] = (),
) -> RegionLogits:
    """What a network said of one image (a batch of one), on the grid that it was asked about.

    Its signed distances are left out: beside a surface they are off by 1 to 4 mm, and any share of them made the labels
    of unseen patients worse.

    `landmarks` are the keys of its heat maps, in their order.
    """
    found = decode_landmarks(output, patient_from_index, landmarks)
    return RegionLogits(output.logits[0], observed, patient_from_index, certainty, found, images)


def network_output(loaded: LoadedNetwork, intensity: torch.Tensor, observed: torch.Tensor) -> NetworkOutput:
    """What a network says, float32 and as a batch of one, of a rasterised input (n, n, n) and its mask."""
    import torch

    from recon.networks.output import NetworkOutput

    with torch.inference_mode():
        output = loaded.network(torch.stack([intensity, observed])[None])
        return NetworkOutput(*(None if part is None else part.float() for part in output))


def _contains(box_mm: np.ndarray, inner_mm: np.ndarray) -> bool:
    return bool((box_mm[0] <= inner_mm[0]).all() and (inner_mm[1] <= box_mm[1]).all())


def _windows(volumes: Sequence[Volume], size_mm: float) -> list[np.ndarray]:
    """Centres of overlapping windows that cover the volumes; one where the volumes fit into one.

    Raises PlannerError when they span more than a patient.
    """
    corners = np.concatenate([v.patient_from_indices(index_corners(v.shape)) for v in volumes])
    low, high = corners.min(axis=0), corners.max(axis=0)
    if (high - low).max() > MOST_SPAN_MM:
        raise PlannerError(
            "cannot reconstruct this image",
            f"it spans {(high - low).max():.0f} mm, which is longer than a patient",
            "check the unit of its voxel spacing, and write it again in millimetres",
        )
    along = []
    for a, b in zip(low, high, strict=True):
        spare = max(0.0, (b - a) - size_mm)
        n = 1 + int(np.ceil(spare / (0.5 * size_mm)))
        middle = 0.5 * (a + b)
        along.append(np.linspace(middle - spare / 2.0, middle + spare / 2.0, n))
    return [np.array((x, y, z)) for x in along[0] for y in along[1] for z in along[2]]


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
    return float(sizes[largest]) * voxel_ml, apply_affine(affine, middle[None])[0]
