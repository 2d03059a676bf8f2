"""Which of the landmarks found are told: those the images show, that are sure enough and lie where they belong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt

from core.anatomy import HEART_BY_KEY, LANDMARKS
from core.errors import Finding
from core.frames import apply_affine
from recon.landmark_choice import NETWORK
from recon.networks.landmarks import FoundLandmark

# A valve's ring is 20 to 40 mm wide: a centre less sure than this names no valve.
MOST_SD_MM = 8.0
# A landmark lies on the border of each structure that it belongs to; leaflets and rings lie between.
MOST_OFF_MM = 10.0
BELONGS_TO: Mapping[str, tuple[str, ...]] = {
    "mitral_valve": ("la", "lv"),
    "aortic_valve": ("lv", "aorta"),
    "tricuspid_valve": ("ra", "rv"),
    "pulmonary_valve": ("rv", "pulmonary_artery"),
    "appendage_ostium": ("la",),
    "lv_apex": ("lv_myocardium",),
    "left_coronary_ostium": ("aorta",),
    "right_coronary_ostium": ("aorta",),
    "anterior_rv_insertion": ("lv_myocardium", "rv"),
    "inferior_rv_insertion": ("lv_myocardium", "rv"),
    "left_hinge": ("lv", "aorta"),
    "right_hinge": ("lv", "aorta"),
    "non_coronary_hinge": ("lv", "aorta"),
}
_TITLES = {kind.key: kind.title for kind in LANDMARKS}


@dataclass(frozen=True, eq=False)
class ToldLandmarks:
    """Landmarks that may be shown.

    Attributes:
        positions: key -> LPS mm (3,); directions: key -> unit vector (3,), LPS.
        report: ready for JSON: {"landmarks": {key: {"sd_mm", "source"}}, "landmarks_left_out": {key: why}}.
        findings: where they come from, and those that contradict the labels.
    """

    positions: Mapping[str, np.ndarray]
    directions: Mapping[str, np.ndarray]
    report: Mapping[str, object]
    findings: tuple[Finding, ...]


def told_landmarks(
    found: Mapping[str, FoundLandmark], labels: np.ndarray, is_shown: np.ndarray, patient_from_index: np.ndarray
) -> ToldLandmarks:
    """Sort out what is unseen, unsure or out of place.

    Args:
        labels: uint8 (n, n, n) of an even grid around the heart; is_shown: bool, see `recon.shown`.
        patient_from_index: (4, 4) of that grid, LPS mm.
    """
    place = _Place(labels, patient_from_index)
    left_out: dict[str, str] = {}
    findings = []
    for key, one in found.items():
        index = place.nearest(one.position_mm)
        if index is None or not is_shown[index]:
            left_out[key] = "not in the images"
        elif one.sd_mm > MOST_SD_MM:
            left_out[key] = f"unsure by {one.sd_mm:.0f} mm"
        elif wrong := place.contradiction(key, index):
            left_out[key] = wrong
            findings.append(
                Finding(
                    "landmark-out-of-place",
                    f"{_TITLES[key]} is left out",
                    f"{wrong}, on whose border it should lie",
                    "place it by hand if you need it",
                )
            )
    kept = {key: one for key, one in found.items() if key not in left_out}
    report: dict[str, object] = {
        "landmarks": {key: {"sd_mm": round(one.sd_mm, 2), "source": one.source} for key, one in kept.items()}
    }
    if left_out:
        report["landmarks_left_out"] = left_out
    return ToldLandmarks(
        {key: one.position_mm for key, one in kept.items()},
        {k: one.direction for k, one in kept.items() if one.direction is not None and place.is_along(k, one)},
        report,
        (*_from_shape(kept), *findings),
    )


def _from_shape(kept: Mapping[str, FoundLandmark]) -> list[Finding]:
    """What is to be said of landmarks that were read, wholly or in part, from the borders of the labels."""
    shaped = {key: one for key, one in kept.items() if one.source != NETWORK}
    if not shaped:
        return []
    titles = ", ".join(f"{_TITLES[key]} ({one.sd_mm:.0f} mm)" for key, one in shaped.items())
    return [
        Finding(
            "landmarks-from-shape",
            f"{len(shaped)} landmark{'s' if len(shaped) > 1 else ''} lie where the borders of the labels put them",
            f"with how far off they were on synthetic patients: {titles}",
            "check them on the slices before relying on a measure",
        )
    ]


class _Place:
    """Distances from structures on the labels' grid, each worked out when it is first asked for."""

    def __init__(self, labels: np.ndarray, patient_from_index: np.ndarray) -> None:
        self._labels, self._affine = labels, patient_from_index
        self._spacing_mm = float(np.linalg.norm(patient_from_index[:3, 0]))
        self._away_mm: dict[str, np.ndarray] = {}

    def nearest(self, position_mm: np.ndarray) -> tuple[int, int, int] | None:
        """The voxel (3,) of a place; None beyond the grid."""
        index = np.rint(apply_affine(np.linalg.inv(self._affine), position_mm[None])[0]).astype(int)
        if (index < 0).any() or (index >= self._labels.shape).any():
            return None
        return int(index[0]), int(index[1]), int(index[2])

    def contradiction(self, key: str, index: tuple[int, int, int]) -> str:
        """Why the labels say that a landmark cannot lie here; empty where they do not."""
        for structure in BELONGS_TO[key]:
            away = float(self._away(structure)[index])
            if away > MOST_OFF_MM:
                title = HEART_BY_KEY[structure].title
                inside = title if title.startswith("LV") else title[0].lower() + title[1:]
                return f"it lies {away:.0f} mm from the {inside}"
        return ""

    def is_along(self, key: str, one: FoundLandmark) -> bool:
        """Whether a valve's direction leads from the structure that it drains to the one that it fills."""
        if len(BELONGS_TO[key]) < 2 or one.direction is None:
            return True
        first, second = (self._middle_near(structure, one.position_mm) for structure in BELONGS_TO[key])
        return bool(np.dot(one.direction, second - first) > 0.0)

    def _middle_near(self, structure: str, position_mm: np.ndarray) -> np.ndarray:
        """Centroid (3,) of the part of a structure within 40 mm: of an aorta not the arch."""
        indices = np.argwhere(self._labels == HEART_BY_KEY[structure].value)
        points = apply_affine(self._affine, indices)
        near = points[np.linalg.norm(points - position_mm, axis=1) < 40.0]
        return near.mean(axis=0) if len(near) else position_mm

    def _away(self, structure: str) -> np.ndarray:
        if structure not in self._away_mm:
            mask = self._labels == HEART_BY_KEY[structure].value
            away = (
                distance_transform_edt(~mask) * self._spacing_mm if mask.any() else np.full(mask.shape, np.inf)
            )
            self._away_mm[structure] = away
        return self._away_mm[structure]
