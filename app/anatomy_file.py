"""The reconstruction inside a case, exact to the bit: arrays without pickle, and its facts as JSON."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.anatomy import Anatomy
from core.errors import Finding, PlannerError
from core.mesh import SurfaceMesh
from core.staging import replace_file
from core.volume import LabelMap

LARGEST_BYTES = 2_000_000_000


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
    arrays["facts"] = np.frombuffer(json.dumps(_facts(anatomy)).encode(), dtype=np.uint8)
    replace_file(path, _packed(arrays, is_quick))


def read_anatomy(path: Path) -> Anatomy:
    """Read what `write_anatomy` wrote. Raises PlannerError when it is damaged or something else."""
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > LARGEST_BYTES:
                raise ValueError("it is larger than any reconstruction")
        with np.load(path, allow_pickle=False) as file:
            return _anatomy({name: file[name] for name in file.files})
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, RecursionError) as error:
        raise PlannerError(
            f"cannot read {path.name}", "it is not a saved reconstruction or it is damaged", "reconstruct again"
        ) from error


def _packed(arrays: Mapping[str, np.ndarray], is_quick: bool) -> bytes:
    """The arrays as `np.load` reads them; a quick pack leaves the numbers that hardly shrink as they are."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, values in arrays.items():
            is_left = is_quick and values.dtype != np.uint8
            kind = zipfile.ZIP_STORED if is_left else zipfile.ZIP_DEFLATED
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.asanyarray(values), allow_pickle=False)
            file.writestr(f"{name}.npy", entry.getbuffer(), kind, 1 if is_quick else 6)
    return content.getvalue()


def _facts(anatomy: Anatomy) -> dict[str, object]:
    return {
        "frame_of_reference_uid": anatomy.frame_of_reference_uid,
        "names": {str(value): key for value, key in anatomy.labels.names.items()} if anatomy.labels else {},
        "findings": [[f.code, f.what, f.why, f.fix] for f in anatomy.findings],
        "report": dict(anatomy.report),
    }


def _anatomy(arrays: Mapping[str, np.ndarray]) -> Anatomy:
    facts = json.loads(arrays["facts"].tobytes())
    uid = str(facts["frame_of_reference_uid"])
    keys = [name.split("/")[1] for name in arrays if name.endswith("/vertices_mm")]
    labels = None
    if "labels" in arrays:
        names = {int(value): str(key) for value, key in facts["names"].items()}
        labels = LabelMap(arrays["labels"], arrays["labels_patient_from_index"], names, uid)
    return Anatomy(
        surfaces={key: _mesh(arrays, f"surface/{key}/") for key in keys},
        frame_of_reference_uid=uid,
        labels=labels,
        landmarks={name[9:]: values for name, values in arrays.items() if name.startswith("landmark/")},
        directions={name[10:]: values for name, values in arrays.items() if name.startswith("direction/")},
        findings=tuple(Finding(*map(str, finding)) for finding in facts["findings"]),
        report=facts["report"],
    )


def _mesh(arrays: Mapping[str, np.ndarray], prefix: str) -> SurfaceMesh:
    start = f"{prefix}field/"
    fields = {name[len(start) :]: values for name, values in arrays.items() if name.startswith(start)}
    return SurfaceMesh(arrays[f"{prefix}vertices_mm"], arrays[f"{prefix}faces"], fields)
