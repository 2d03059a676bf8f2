"""How far each vertex of a surface may move, in millimetres: the spread of the surface between looks.

It is the network's steadiness, not its distance from the truth, which can be larger. Where the images show nothing it
is unknown, and that is said as NaN, which no average swallows and every picture shows as a hole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.anatomy import HEART_BY_KEY
from core.frames import apply_affine
from core.mesh import SurfaceMesh
from recon.inference import RegionLogits
from recon.scores import lead_of, scored
from recon.shown import shown

if TYPE_CHECKING:
    import torch

FIELD = "uncertainty_mm"
LEAST_LOOKS = 2
# A surface that is further away in a look than this is simply not there in it.
MOST_MM = 10.0


def with_uncertainty(
    surfaces: Mapping[str, SurfaceMesh], region: RegionLogits, looks: Sequence[RegionLogits]
) -> dict[str, SurfaceMesh]:
    """The surfaces with the field `uncertainty_mm` at every vertex.

    It is the standard deviation, over the region and its looks, of the signed distance along the surface's normal at
    which each has its own surface (to first order: a field's value over its slope). NaN where the images do not show
    the place, or fewer than two looks reach it.
    """
    spacing_mm = float(np.linalg.norm(region.patient_from_index[:3, 0]))
    known = shown(region.observed, spacing_mm)
    every = [scored(one).scores for one in (region, *looks)]
    result = {}
    for key, mesh in surfaces.items():
        fields = [lead_of(each, HEART_BY_KEY[key].value) for each in every]
        spread = _spread_mm(fields, mesh.vertices, region.patient_from_index, spacing_mm)
        spread[~_at_nearest(known, mesh.vertices, region.patient_from_index)] = np.nan
        result[key] = replace(mesh, fields={**mesh.fields, FIELD: spread})
    return result


def summary(surfaces: Mapping[str, SurfaceMesh]) -> dict[str, object]:
    """Ready for JSON, per structure: the mean over the vertices where it is known, and the share where it is not."""
    means: dict[str, float | None] = {}
    unknown: dict[str, float] = {}
    for key, mesh in surfaces.items():
        values = mesh.fields[FIELD]
        known = values[np.isfinite(values)]
        means[key] = round(float(known.mean()), 2) if len(known) else None
        unknown[key] = round(100.0 * (1.0 - len(known) / max(len(values), 1)), 1)
    return {FIELD: means, "uncertainty_unknown_percent": unknown}


def _spread_mm(
    fields: Sequence[torch.Tensor], vertices: np.ndarray, patient_from_index: np.ndarray, spacing_mm: float
) -> np.ndarray:
    import torch

    middle = torch.stack(list(fields)).nanmean(dim=0)
    slope = torch.stack(torch.gradient(middle, spacing=spacing_mm)).norm(dim=0)
    at = _trilinear(torch.stack([slope, *fields]), vertices, patient_from_index)
    moved = np.clip(at[1:] / np.maximum(at[0], 1e-6), -MOST_MM, MOST_MM)
    n = np.isfinite(moved).sum(axis=0)
    about = np.nansum(moved, axis=0) / np.maximum(n, 1)
    variance = np.nansum((moved - about) ** 2, axis=0) / np.maximum(n - 1, 1)
    return np.where(n >= LEAST_LOOKS, np.sqrt(variance), np.nan)


def _trilinear(fields: torch.Tensor, points: np.ndarray, patient_from_index: np.ndarray) -> np.ndarray:
    """Values (c, k) of fields (c, n, n, n) at LPS points (k, 3); the edge is continued."""
    import torch
    import torch.nn.functional as functional

    n = fields.shape[1]
    index = _indices(points, patient_from_index)
    where = (
        torch.as_tensor(index[:, ::-1].copy(), dtype=torch.float32, device=fields.device) / (n - 1) * 2.0 - 1.0
    )
    found = functional.grid_sample(
        fields[None], where[None, None, None], padding_mode="border", align_corners=True
    )
    return found[0, :, 0, 0].cpu().numpy().astype(np.float64)


def _at_nearest(mask: np.ndarray, points: np.ndarray, patient_from_index: np.ndarray) -> np.ndarray:
    nearest = np.rint(_indices(points, patient_from_index)).astype(np.int64)
    return mask[tuple(np.clip(nearest, 0, np.array(mask.shape) - 1).T)]


def _indices(points: np.ndarray, patient_from_index: np.ndarray) -> np.ndarray:
    return apply_affine(np.linalg.inv(patient_from_index), points)
