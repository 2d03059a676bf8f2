"""How a reconstruction lies in a file, still or moving: arrays without pickle, and its facts as JSON among them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from core.errors import Finding, PlannerError
from core.staging import replace_file
from core.volume import LabelMap

LARGEST_BYTES = 2_000_000_000
ContentT = TypeVar("ContentT")
Arrays = Mapping[str, np.ndarray]
Facts = Mapping[str, Any]


def write_arrays(arrays: Arrays, facts: Facts, path: Path, is_quick: bool = False) -> None:
    """Write arrays by name, and facts. Raises PlannerError when the place cannot be written.

    Args:
        is_quick: pack lightly, so that nobody waits; the file is larger.
    """
    with_facts = {**arrays, "facts": np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)}
    replace_file(path, _packed(with_facts, is_quick))


def read_arrays(path: Path, content_of: Callable[[Arrays, Facts], ContentT]) -> ContentT:
    """What `content_of` makes of the arrays and facts in a file.

    Raises:
        PlannerError: it is damaged or something else.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > LARGEST_BYTES:
                raise ValueError("it is larger than any reconstruction")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
            return content_of(arrays, json.loads(arrays["facts"].tobytes()))
    except (OSError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile, RecursionError) as error:
        raise PlannerError(
            f"cannot read {path.name}", "it is not a saved reconstruction or it is damaged", "reconstruct again"
        ) from error


def common_facts(
    frame_of_reference_uid: str,
    labels: LabelMap | None,
    findings: tuple[Finding, ...],
    report: Mapping[str, object],
) -> dict[str, object]:
    """The facts that still and moving hearts both have, ready for JSON."""
    return {
        "frame_of_reference_uid": frame_of_reference_uid,
        "names": {str(value): key for value, key in labels.names.items()} if labels is not None else {},
        "findings": [[f.code, f.what, f.why, f.fix] for f in findings],
        "report": dict(report),
    }


def findings_of(facts: Facts) -> tuple[Finding, ...]:
    """The findings among the facts of a file."""
    return tuple(Finding(*map(str, finding)) for finding in facts["findings"])


def label_maps_of(arrays: Arrays, facts: Facts) -> tuple[LabelMap, ...]:
    """The label maps of a file: one for each phase, one of a still heart, or none."""
    if "labels" not in arrays:
        return ()
    names = {int(value): str(key) for value, key in facts["names"].items()}
    labels, affine = arrays["labels"], arrays["labels_patient_from_index"]
    uid = str(facts["frame_of_reference_uid"])
    return tuple(LabelMap(one, affine, names, uid) for one in (labels if labels.ndim == 4 else labels[None]))


def surface_keys(arrays: Arrays) -> list[str]:
    """The structures whose surfaces are in a file, in their order."""
    return [name.split("/")[1] for name in arrays if name.endswith("/vertices_mm")]


def _packed(arrays: Arrays, is_quick: bool) -> bytes:
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
