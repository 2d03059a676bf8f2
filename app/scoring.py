"""A reconstruction against the truth: overlap, distances in mm and volumes, per structure and for their unions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.anatomy import HEART_BY_KEY
from core.errors import PlannerError
from core.mesh import SurfaceMesh
from core.volume import LabelMap

LABEL_SETS: Mapping[str, Mapping[int, str]] = {
    "auricle": {kind.value: kind.key for kind in HEART_BY_KEY.values()},
    "mm-whs": {
        500: "lv",
        205: "lv_myocardium",
        600: "rv",
        420: "la",
        550: "ra",
        820: "aorta",
        850: "pulmonary_artery",
    },
    "acdc": {1: "rv", 2: "lv_myocardium", 3: "lv"},
    "m-and-ms": {1: "lv", 2: "lv_myocardium", 3: "rv"},
    "totalsegmentator": {
        1: "lv_myocardium",
        2: "la",
        3: "lv",
        4: "ra",
        5: "rv",
        6: "aorta",
        7: "pulmonary_artery",
    },
}
"""What the values of public sets of expert labels mean."""
UNIONS: Mapping[str, tuple[str, ...]] = {
    "whole_heart": tuple(HEART_BY_KEY),
    "blood_pool": tuple(key for key in HEART_BY_KEY if key != "lv_myocardium"),
}


@dataclass(frozen=True)
class StructureError:
    """One structure against its truth; distances in mm between the surfaces, volume error in percent.

    Attributes:
        assd_mm, hd95_mm: None where nothing was found.
    """

    dice: float
    assd_mm: float | None
    hd95_mm: float | None
    volume_error_percent: float


def read_labels(path: Path, label_set: str | None = None) -> LabelMap:
    """The label map of an image file, of a DICOM segmentation, or of a folder that `auricle reconstruct` wrote.

    Args:
        path: where it lies.
        label_set: a key of `LABEL_SETS`: what its values mean. None: the JSON beside it says so, or DICOM does, or
            the values occur in MM-WHS only.

    Raises:
        PlannerError: unreadable, no label map, or nobody says what its values mean.
    """
    from imaging.find.inputs import choose_input
    from imaging.given.read import read_given
    from imaging.slices.load import load_path

    if path.is_dir() and (path / "labels.nii.gz").is_file():
        path = path / "labels.nii.gz"
    if path.name.lower().endswith((".nii", ".nii.gz", ".nrrd", ".mha", ".mhd")):
        volume = load_path(path)[0]
        names = (
            LABEL_SETS[label_set] if label_set else _names_beside(path) or _told_by_values(volume.voxels, path)
        )
        return _coded(volume.voxels, names, volume.patient_from_index, path)
    labels = read_given(choose_input(path).series[0]).labels
    if labels is None:
        raise PlannerError(f"cannot score {path.name}", "it holds no label map", "give labels, not surfaces")
    return labels


def score(
    found: LabelMap, truth: LabelMap, surfaces: Mapping[str, SurfaceMesh] | None = None
) -> dict[str, StructureError]:
    """Every structure of the truth that the other names too; overlap is counted on the truth's grid.

    Args:
        found: labels on any grid of the same patient space.
        truth: what is taken for true; a structure without a voxel is not scored.
        surfaces: those that belong to `found`; None: its labels are meshed as those of the truth are.

    Raises:
        PlannerError: they share no structure, or do not lie in one place.
    """
    from recon.surface import conformal_surfaces_of_labels

    wanted = _shared(found, truth)
    here = labels_on_grid_of(found, truth)
    found_surfaces = conformal_surfaces_of_labels(found) if surfaces is None else surfaces
    true_surfaces = conformal_surfaces_of_labels(truth)
    return {
        key: _error(
            here.mask(key), truth.mask(key), truth.voxel_ml, found_surfaces.get(key), true_surfaces[key]
        )
        for key in wanted
    }


def score_unions(found: LabelMap, truth: LabelMap) -> dict[str, StructureError]:
    """Whole heart and blood pool, each where the truth holds all its structures; errors as in `score`."""
    wanted = set(_shared(found, truth))
    unions = {name: keys for name, keys in UNIONS.items() if set(keys) <= wanted}
    result: dict[str, StructureError] = {}
    for name, keys in unions.items():
        result |= score(_union(found, keys, name), _union(truth, keys, name))
    return result


def _shared(found: LabelMap, truth: LabelMap) -> list[str]:
    names = set(found.names.values())
    wanted = [key for key in truth.names.values() if key in names and truth.mask(key).any()]
    if not wanted:
        raise PlannerError(
            "nothing to score",
            f"one names {_listed(found)}, the other has {_listed(truth)}",
            "say what the values mean (--pred-labels, --truth-labels)",
        )
    return wanted


def labels_on_grid_of(found: LabelMap, truth: LabelMap) -> LabelMap:
    """Labels carried to another grid of the same patient space by nearest neighbour; background beyond their own.

    Raises:
        PlannerError: the grids lie in different patient spaces, or do not overlap.
    """
    uids = {found.frame_of_reference_uid, truth.frame_of_reference_uid} - {""}
    if len(uids) > 1:
        raise PlannerError(
            "cannot score", "the two lie in different patient spaces", "give labels of one and the same image"
        )
    same_shape = found.shape == truth.shape
    if same_shape and np.allclose(found.patient_from_index, truth.patient_from_index, atol=1e-3):
        return found
    found_from_truth = found.index_from_patient @ truth.patient_from_index
    carried = np.zeros(truth.shape, dtype=np.uint8)
    rows, columns = np.indices(truth.shape[1:])
    n_inside = 0
    for number in range(truth.shape[0]):
        index = np.stack([np.full(rows.size, number), rows.ravel(), columns.ravel()], axis=1)
        nearest = np.rint(index @ found_from_truth[:3, :3].T + found_from_truth[:3, 3]).astype(np.int64)
        inside = ((nearest >= 0) & (nearest < found.shape)).all(axis=1)
        n_inside += int(inside.sum())
        carried[number].ravel()[inside] = found.labels[tuple(nearest[inside].T)]
    if n_inside == 0:
        raise PlannerError(
            "cannot score",
            "the two label maps do not overlap in space",
            "give labels of one and the same image",
        )
    return LabelMap(carried, truth.patient_from_index, found.names, truth.frame_of_reference_uid)


def _error(
    found: np.ndarray,
    true: np.ndarray,
    voxel_ml: float,
    found_surface: SurfaceMesh | None,
    true_surface: SurfaceMesh,
) -> StructureError:
    from recon.quality import dice, surface_distances_mm, volume_error_percent

    distances = None
    if found_surface is not None:
        distances = surface_distances_mm(found_surface, true_surface)
    return StructureError(
        dice(found, true),
        distances.assd_mm if distances else None,
        distances.hd95_mm if distances else None,
        volume_error_percent(float(found.sum()) * voxel_ml, float(true.sum()) * voxel_ml),
    )


def _union(labels: LabelMap, keys: tuple[str, ...], name: str) -> LabelMap:
    values = [value for value, name in labels.names.items() if name in keys]
    union = np.isin(labels.labels, values).astype(np.uint8)
    return LabelMap(union, labels.patient_from_index, {1: name}, labels.frame_of_reference_uid)


def _coded(
    voxels: np.ndarray, names: Mapping[int, str], patient_from_index: np.ndarray, path: Path
) -> LabelMap:
    """Values of any width as a label map; a value that nobody names counts as background."""
    if not np.array_equal(voxels, np.rint(voxels)):
        raise PlannerError(
            f"cannot score {path.name}",
            "its values are not whole numbers",
            "choose a label map, not an image",
        )
    labels = np.zeros(voxels.shape, dtype=np.uint8)
    for code, value in enumerate(names, start=1):
        labels[voxels == value] = code
    return LabelMap(labels, patient_from_index, dict(enumerate(names.values(), start=1)))


def _names_beside(path: Path) -> Mapping[int, str] | None:
    from imaging.formats.nifti import names_path

    beside = names_path(path)
    if not beside.is_file():
        return None
    try:
        return {int(value): str(name) for value, name in json.loads(beside.read_text("utf-8")).items()}
    except (ValueError, AttributeError) as error:
        raise PlannerError(
            f"cannot read {beside.name}",
            "it is not a table of values and names",
            "write it again, or remove it",
        ) from error


def _told_by_values(voxels: np.ndarray, path: Path) -> Mapping[int, str]:
    values = set(np.unique(voxels).tolist()) - {0}
    if values and values <= set(LABEL_SETS["mm-whs"]):
        return LABEL_SETS["mm-whs"]
    raise PlannerError(
        f"cannot score {path.name}",
        "nobody says what its values mean, and the public sets number the structures differently",
        f"choose one of {', '.join(LABEL_SETS)} (--pred-labels, --truth-labels)",
    )


def _listed(labels: LabelMap) -> str:
    return ", ".join(labels.names.values()) or "nothing"
