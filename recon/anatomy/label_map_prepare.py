"""Turns a closed label map into what a heart is painted from: smooth signed distances on a grid, and its landmarks.

All positions are in the heart's frame: parallel to LPS, the mitral valve's centre as origin, mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recon.anatomy.label_map_closing import (
    AORTA_WALL,
    AORTIC,
    LV_WALL,
    MITRAL,
    OPENINGS,
    PULMONARY,
    PULMONARY_WALL,
    RV_WALL,
    TRICUSPID,
    close_cavities,
)
from recon.anatomy.shapes import frame_along

FIELDS = ("lv", "lv_epicardium", "rv", "rv_outer", "la", "ra", "aorta", "pulmonary_artery")
FIELD_LIMIT_MM = 14.0
_EVERY = 2  # grid steps of the map per step of the fields: signed distances are smooth
_MARGIN = 12
_SMOOTH = 0.9  # in voxels; takes the staircase off the distances without moving the border


@dataclass(frozen=True, eq=False)
class PreparedHeart:
    """One heart of the label maps.

    Attributes:
        fields: (8, x, y, z) float16, signed distances in mm in the order of `FIELDS`.
        step_mm: between grid points; corner_mm: position (3,) of the first one.
        points: name -> position or unit direction (3,); for an opening `<name>` and `<name>_out`.
        radii: name of an opening or a vessel's end -> radius in mm.
    """

    fields: np.ndarray
    step_mm: float
    corner_mm: np.ndarray
    points: dict[str, np.ndarray]
    radii: dict[str, float]


def prepare(labels: np.ndarray, step_mm: float) -> PreparedHeart:
    """Close, fill and measure one label map (x, y, z along LPS). Takes some ten seconds.

    Raises PlannerError when a cavity cannot be closed.
    """
    labels = np.pad(labels, _MARGIN)
    solids = close_cavities(labels)
    solids["lv_epicardium"] = solids["lv"] | (labels == LV_WALL)
    solids["rv_outer"] = solids["rv"] | (labels == RV_WALL)
    origin = np.argwhere(labels == MITRAL).mean(axis=0) * step_mm
    points, radii = _measure(labels, solids, step_mm, origin)
    fields = np.stack([_signed_distance(solids[key], step_mm) for key in FIELDS])
    return PreparedHeart(fields, step_mm * _EVERY, -origin, points, radii)


def save(heart: PreparedHeart, path: Path) -> None:
    """Write a prepared heart as one .npz of arrays."""
    arrays: dict[str, Any] = {f"point_{k}": v for k, v in heart.points.items()} | {
        f"radius_{k}": v for k, v in heart.radii.items()
    }
    partial = path.with_suffix(".partial.npz")
    np.savez_compressed(
        partial, fields=heart.fields, step_mm=heart.step_mm, corner_mm=heart.corner_mm, **arrays
    )
    partial.replace(path)


def load(path: Path) -> PreparedHeart:
    """Read what `save` wrote."""
    with np.load(path, allow_pickle=False) as file:
        points = {k.removeprefix("point_"): file[k] for k in file.files if k.startswith("point_")}
        radii = {k.removeprefix("radius_"): float(file[k]) for k in file.files if k.startswith("radius_")}
        return PreparedHeart(file["fields"], float(file["step_mm"]), file["corner_mm"], points, radii)


def _signed_distance(mask: np.ndarray, step_mm: float) -> np.ndarray:
    from scipy import ndimage

    limit = round(FIELD_LIMIT_MM / step_mm)
    where = np.argwhere(mask)
    low, high = np.maximum(where.min(axis=0) - limit, 0), where.max(axis=0) + limit + 1
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    inner = mask[box]
    outside, inside = ndimage.distance_transform_edt(~inner), ndimage.distance_transform_edt(inner)
    signed = np.full(mask.shape, limit, dtype=np.float32)
    signed[box] = ndimage.gaussian_filter(np.where(inner, 0.5 - inside, outside - 0.5), _SMOOTH)
    signed = signed[::_EVERY, ::_EVERY, ::_EVERY] * step_mm
    return np.clip(signed, -FIELD_LIMIT_MM, FIELD_LIMIT_MM).astype(np.float16)


def _measure(
    labels: np.ndarray, solids: dict[str, np.ndarray], step_mm: float, origin: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    def where(mask: np.ndarray) -> np.ndarray:
        return np.argwhere(mask) * step_mm - origin

    middle = {key: where(solids[key][...]).mean(axis=0) for key in ("lv", "rv", "la", "ra")}
    points: dict[str, np.ndarray] = {}
    radii: dict[str, float] = {}
    blood = (
        ("mitral", MITRAL, middle["la"], middle["lv"]),
        ("tricuspid", TRICUSPID, middle["ra"], middle["rv"]),
        ("aortic", AORTIC, middle["lv"], where(labels == AORTA_WALL).mean(axis=0)),
        ("pulmonary", PULMONARY, middle["rv"], where(labels == PULMONARY_WALL).mean(axis=0)),
    )
    for name, value, start, end in blood:
        sheet = where(labels == value)
        points[name], points[f"{name}_normal"], radii[name] = _disc(sheet, end - start)
    for name, values in OPENINGS.items():
        chamber = middle["ra"] if name in ("svc", "ivc") else middle["la"]
        sheet = where(np.isin(labels, values))
        centre = sheet.mean(axis=0)
        points[name], points[f"{name}_out"], radii[name] = _disc(sheet, centre - chamber)
    for name, valve in (("aorta", "aortic"), ("pulmonary_artery", "pulmonary")):
        lumen = where(solids[name])
        along = lumen.mean(axis=0) - points[valve]
        along = along / np.linalg.norm(along)
        height = (lumen - points[valve]) @ along
        top = lumen[height > height.max() - 7.0]
        points[f"{name}_end"], points[f"{name}_out"] = top.mean(axis=0), along
        radii[f"{name}_end"] = float(np.sqrt(len(top) * step_mm**3 / 7.0 / np.pi))
    cavity = where(solids["lv"])
    long_axis = cavity.mean(axis=0)
    for _ in range(3):
        long_axis = long_axis / np.linalg.norm(long_axis)
        along = cavity @ long_axis
        long_axis = cavity[along > along.max() - 2.0].mean(axis=0)
    points["lv_apex"] = long_axis
    axes = frame_along(long_axis, points["tricuspid"])
    points["long_axis"], points["septal"] = axes[0], axes[1]
    level = np.abs(cavity @ axes[0] - 0.35 * np.linalg.norm(long_axis)) < 2.0
    points["lv_middle"] = cavity[level].mean(axis=0)
    radii["lv"] = float(np.sqrt(level.sum() * step_mm**3 / 4.0 / np.pi))
    return points, radii


def _disc(sheet: np.ndarray, towards: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Centre, unit normal on the side of `towards`, and radius of a flat sheet of positions (n, 3), mm."""
    centre = sheet.mean(axis=0)
    normal = np.linalg.svd(sheet - centre, full_matrices=False)[2][2]
    normal = normal * (1.0 if normal @ towards > 0 else -1.0)
    across = (sheet - centre) - np.outer((sheet - centre) @ normal, normal)
    return centre, normal, float(np.percentile(np.linalg.norm(across, axis=1), 95))
