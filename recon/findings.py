"""What a surgeon should check: volumes, connections and edges that no healthy heart, or no heart at all, has."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.anatomy import HEART_BY_KEY
from core.errors import Finding
from recon.topology import contact_mm2, gap_mm, shape_of, without_thin_parts

# Wider than published adult ranges (Kawel-Boehm et al., JCMR 2020), to question but not to deny disease.
CREDIBLE_ML: Mapping[str, tuple[float, float]] = {
    "lv": (20.0, 400.0),
    "lv_myocardium": (50.0, 450.0),
    "rv": (30.0, 450.0),
    "la": (15.0, 300.0),
    "ra": (15.0, 350.0),
}
CHAMBERS = ("lv", "rv", "la", "ra")
# An aorta may be cut into an ascending and a descending piece; these are whole or wrong.
WHOLE = (*CHAMBERS, "lv_myocardium", "pulmonary_artery")
MEETING = (("la", "lv"), ("aorta", "lv"), ("ra", "rv"), ("pulmonary_artery", "rv"))
# A valve's leaflets and ring may lie between two structures that meet.
MOST_GAP_MM = 8.0
# A membranous septum is thinner than a voxel: less than a square centimetre of contact says nothing.
LEAST_CONTACT_MM2 = 100.0
# Of true hearts at 3 mm at most 2 % of the cavity's surface has neither muscle nor valve beside it.
MOST_BARE = 0.10
CUT_MM2 = 60.0
MOST_UNSEEN = 0.15
_CHECK = "check its contour on the slices before using it"


def volume_findings(volumes_ml: Mapping[str, float], found: Mapping[str, object]) -> list[Finding]:
    """Structures that were not `found` as surfaces, and volumes that adults do not have."""
    told = []
    for key, volume_ml in volumes_ml.items():
        title = HEART_BY_KEY[key].title
        low, high = CREDIBLE_ML.get(key, (0.0, np.inf))
        if key not in found:
            told.append(
                Finding(
                    "missing", f"{title} was not found", "the image may not show it", "check the image there"
                )
            )
        elif not low <= volume_ml <= high:
            why = f"adults have {low:.0f} to {high:.0f} ml"
            told.append(Finding("implausible-volume", f"{title} measures {volume_ml:.0f} ml", why, _CHECK))
    return told


def topology_findings(labels: np.ndarray, spacing_mm: float) -> list[Finding]:
    """What is torn, pierced, hollow, or not where it belongs, in labels uint8 (n, n, n) of an even grid."""
    masks = {key: labels == kind.value for key, kind in HEART_BY_KEY.items()}
    present = {key: mask for key, mask in masks.items() if mask.any()}
    told = [finding for key, mask in present.items() for finding in _of_shape(key, mask)]
    told += _around_the_left_ventricle(labels, spacing_mm, present)
    for key, other in MEETING:
        if key in present and other in present:
            apart = gap_mm(present[key], present[other], spacing_mm)
            if apart > MOST_GAP_MM:
                told.append(
                    Finding(
                        "not-connected",
                        f"{_title(key)} does not reach {_title(other, inside=True)}",
                        f"they are {apart:.0f} mm apart",
                        _CHECK,
                    )
                )
    return told


def edge_findings(
    labels: np.ndarray, is_shown: np.ndarray, is_in_view: np.ndarray, spacing_mm: float
) -> list[Finding]:
    """Chambers and muscle that leave the field of view, and those that are to a good part guessed between planes.

    Only the first are a lower bound: of the second all is there, but what lies between two planes is the network's.

    Args:
        labels: uint8 (n, n, n) of an even grid, also where nothing was seen.
        is_shown: bool (n, n, n), see `recon.shown.shown`.
        is_in_view: bool (n, n, n), see `recon.shown.in_field_of_view`; counts where there are labels.
    """
    n = len(HEART_BY_KEY) + 1
    # Every label once more for what lies beyond: the faces between the two halves are where the images end.
    areas = contact_mm2(np.where(is_in_view, labels, labels + n), spacing_mm, 2 * n)
    told = []
    for key in (*CHAMBERS, "lv_myocardium"):
        value = HEART_BY_KEY[key].value
        mask = labels == value
        size = max(int(mask.sum()), 1)
        beyond = float((mask & ~is_in_view).sum()) / size
        between = float((mask & is_in_view & ~is_shown).sum()) / size
        if areas[value, value + n] >= CUT_MM2 or beyond >= MOST_UNSEEN:
            told.append(
                Finding(
                    "cut-by-the-edge",
                    f"{_title(key)} is not wholly in the images",
                    f"{beyond:.0%} of it is guessed beyond their edge",
                    "take its volume as a lower bound, and use images that show all of it",
                )
            )
        if between >= MOST_UNSEEN:
            told.append(
                Finding(
                    "between-planes",
                    f"{_title(key)} is partly guessed between the planes",
                    f"{between:.0%} of it lies where no plane passes",
                    "take its shape and volume as an estimate, or use planes that lie closer",
                )
            )
    return told


def _of_shape(key: str, mask: np.ndarray) -> list[Finding]:
    shape = shape_of(mask)
    told = []
    if key in WHOLE and shape.n_pieces > 1:
        told.append(
            Finding("pieces", f"{_title(key)} is in {shape.n_pieces} pieces", "it should be one", _CHECK)
        )
    if key in CHAMBERS and (shape.n_handles or shape.n_hollows):
        shape = without_thin_parts(shape, mask)
        if shape.n_handles:
            why = "something runs through it that is labelled otherwise"
            told.append(Finding("handles", f"{_title(key)} has {_count(shape.n_handles, 'hole')}", why, _CHECK))
        if shape.n_hollows:
            why = "something inside it is labelled otherwise"
            told.append(
                Finding("hollow", f"{_title(key)} has {_count(shape.n_hollows, 'hollow')}", why, _CHECK)
            )
    return told


def _around_the_left_ventricle(
    labels: np.ndarray, spacing_mm: float, present: Mapping[str, np.ndarray]
) -> list[Finding]:
    if "lv" not in present:
        return []
    areas = contact_mm2(labels, spacing_mm, len(HEART_BY_KEY) + 1)[HEART_BY_KEY["lv"].value]
    value = {key: kind.value for key, kind in HEART_BY_KEY.items()}
    areas[value["lv"]] = 0.0
    told = []
    if areas[value["rv"]] > LEAST_CONTACT_MM2:
        told.append(
            Finding(
                "septum-open",
                f"the ventricles touch over {areas[value['rv']]:.0f} mm2",
                "there is a septal defect, or the septum is labelled too thin",
                "check the septum on the slices",
            )
        )
    covered = sum(areas[value[key]] for key in ("lv_myocardium", "la", "aorta", "rv"))
    bare = 1.0 - covered / max(areas.sum(), 1e-9)
    if bare > MOST_BARE:
        told.append(
            Finding(
                "wall-open",
                "LV myocardium does not surround the left ventricle",
                f"{bare:.0%} of the cavity's surface has neither muscle nor valve beside it",
                "check the wall on the slices before measuring it",
            )
        )
    return told


def _title(key: str, inside: bool = False) -> str:
    title = HEART_BY_KEY[key].title
    return title[0].lower() + title[1:] if inside and not title.startswith("LV") else title


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
