"""The reconstruction inside a case, exact to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.array_file import (
    Arrays,
    Facts,
    common_facts,
    findings_of,
    label_maps_of,
    read_arrays,
    surface_keys,
    write_arrays,
)
from core.anatomy import Anatomy
from core.mesh import SurfaceMesh


def write_anatomy(anatomy: Anatomy, path: Path, is_quick: bool = False) -> None:
    """Write surfaces, label map, landmarks and report. Raises PlannerError when the place cannot be written.

    Args:
        is_quick: pack lightly, so that nobody waits; the file is larger.
    """
    arrays: dict[str, np.ndarray] = {}
    for key, mesh in anatomy.surfaces.items():
        arrays[f"surface/{key}/vertices_mm"] = mesh.vertices
        arrays[f"surface/{key}/faces"] = mesh.faces
        arrays |= {f"surface/{key}/field/{name}": values for name, values in mesh.fields.items()}
    arrays |= {f"landmark/{name}": np.asarray(place) for name, place in anatomy.landmarks.items()}
    arrays |= {f"direction/{name}": np.asarray(unit) for name, unit in anatomy.directions.items()}
    if anatomy.labels is not None:
        arrays["labels"] = anatomy.labels.labels
        arrays["labels_patient_from_index"] = anatomy.labels.patient_from_index
    facts = common_facts(anatomy.frame_of_reference_uid, anatomy.labels, anatomy.findings, anatomy.report)
    write_arrays(arrays, facts, path, is_quick)


def read_anatomy(path: Path) -> Anatomy:
    """Read what `write_anatomy` wrote. Raises PlannerError when it is damaged or something else."""
    return read_arrays(path, _anatomy)


def _anatomy(arrays: Arrays, facts: Facts) -> Anatomy:
    return Anatomy(
        surfaces={key: _mesh(arrays, f"surface/{key}/") for key in surface_keys(arrays)},
        frame_of_reference_uid=str(facts["frame_of_reference_uid"]),
        labels=next(iter(label_maps_of(arrays, facts)), None),
        landmarks={name[9:]: values for name, values in arrays.items() if name.startswith("landmark/")},
        directions={name[10:]: values for name, values in arrays.items() if name.startswith("direction/")},
        findings=findings_of(facts),
        report=facts["report"],
    )


def _mesh(arrays: Arrays, prefix: str) -> SurfaceMesh:
    start = f"{prefix}field/"
    fields = {name[len(start) :]: values for name, values in arrays.items() if name.startswith(start)}
    return SurfaceMesh(arrays[f"{prefix}vertices_mm"], arrays[f"{prefix}faces"], fields)
