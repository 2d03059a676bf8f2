"""A reconstruction against reference surfaces that came with the images, in mm."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np

from core.anatomy import Anatomy
from core.errors import PlannerError
from core.mesh import SurfaceMesh
from core.volume import LabelMap

# What a reference file shows, told by a word in its name, and the labels whose union it encloses.
REFERENCES: dict[str, tuple[str, ...]] = {
    "LV_ENDOCARDIAL": ("lv",),
    "RV_ENDOCARDIAL": ("rv",),
    "EPICARDIAL": ("lv", "lv_myocardium", "rv"),
}


def compare_with_references(anatomy: Anatomy, pattern: Path) -> dict[str, dict[str, float]]:
    """Distances to the reference surfaces that match a path with wildcards, per reference.

    ``found_from_reference_mm`` is the mean distance from the reference to the reconstruction, the fair one where a
    reference is an open sheet; ``assd_mm`` and ``hd95_mm`` count both ways.

    Raises PlannerError when no reference of a known name is there.
    """
    from imaging.formats.legacy_vtk import read_legacy_vtk
    from recon.quality import surface_distances_mm

    results = {}
    for path in sorted(pattern.parent.glob(pattern.name)):
        name = next((key for key in REFERENCES if key in path.stem.upper()), None)
        if name is None or path.suffix.lower() != ".vtk":
            continue
        found = _surface_of_union(anatomy, REFERENCES[name])
        distances = surface_distances_mm(found, read_legacy_vtk(path))
        results[path.stem] = {
            "found_from_reference_mm": distances.mean_b_to_a_mm,
            **{k: v for k, v in asdict(distances).items() if k in ("assd_mm", "hd95_mm")},
        }
    if not results:
        raise PlannerError(
            "nothing to compare with",
            f"no file matches {pattern.name} with one of {', '.join(REFERENCES)} in its name",
            "give a path like surfaces/*_000.vtk",
        )
    return results


def _surface_of_union(anatomy: Anatomy, keys: tuple[str, ...]) -> SurfaceMesh:
    """The surface around several labels taken as one; one label's own surface as it is."""
    from recon.surface import conformal_surfaces_of_labels

    if len(keys) == 1 and keys[0] in anatomy.surfaces:
        return anatomy.surfaces[keys[0]]
    labels = anatomy.labels
    if labels is None:
        raise PlannerError("cannot compare", "the reconstruction has no label map", "reconstruct again")
    union = np.any([labels.mask(key) for key in keys], axis=0).astype(np.uint8)
    merged = LabelMap(union, labels.patient_from_index, {1: "union"}, labels.frame_of_reference_uid)
    surfaces = conformal_surfaces_of_labels(merged)
    if not surfaces:
        raise PlannerError("cannot compare", f"none of {', '.join(keys)} was found", "choose other images")
    return surfaces["union"]
