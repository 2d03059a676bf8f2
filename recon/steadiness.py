"""How far a surface moves when its image is changed a little: the spread that a report states per structure.

It measures the network's own steadiness, not its distance from the truth, which can be larger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.anatomy import HEART_BY_KEY
from core.mesh import SurfaceMesh
from core.volume import Volume
from recon.inference import RegionLogits, class_logits
from recon.sampling import rasterise
from recon.weights import LoadedNetwork

if TYPE_CHECKING:
    import torch

GAMMAS = (0.8, 1.25)


def spread_mm(
    volumes: Sequence[Volume],
    region: RegionLogits,
    network: LoadedNetwork,
    surfaces: Mapping[str, SurfaceMesh],
    device: str,
) -> dict[str, float]:
    """Mean shift of each surface in mm over three changes of the input: two tone curves and a grid moved by a voxel.

    The mean shift between two versions of a structure is the volume they do not share over the surface's area.
    """
    reference = region.logits.argmax(dim=0)
    versions = _versions(volumes, region, network, device)
    inner = (slice(1, None),) * 3
    voxel_mm3 = float(abs(np.linalg.det(region.patient_from_index[:3, :3])))
    result = {}
    for key, mesh in surfaces.items():
        value = HEART_BY_KEY[key].value
        changed = [
            float(((version == value) != (reference == value))[inner].sum()) * voxel_mm3 for version in versions
        ]
        result[key] = round(float(np.mean(changed)) / _area_mm2(mesh), 2)
    return result


def _versions(
    volumes: Sequence[Volume], region: RegionLogits, network: LoadedNetwork, device: str
) -> list[torch.Tensor]:
    """Labels (n, n, n) on the region's grid, seen through each change; the moved grid lacks its first layers."""
    import torch

    n = network.spec.n
    affine = region.patient_from_index
    intensity, observed = rasterise(volumes, affine, n, device)
    versions = [
        class_logits(network, intensity.clamp_min(0.0) ** gamma, observed).argmax(dim=0) for gamma in GAMMAS
    ]
    moved = np.array(affine)
    moved[:3, 3] += affine[:3, :3].sum(axis=1)
    labels = class_logits(network, *rasterise(volumes, moved, n, device)).argmax(dim=0)
    return [*versions, torch.roll(labels, (1, 1, 1), dims=(0, 1, 2))]


def _area_mm2(mesh: SurfaceMesh) -> float:
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    return 0.5 * float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())
