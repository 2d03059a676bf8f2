"""What leaves the program by Export, in every format; for the window and the command line, knows no Qt."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.labels.edited import edited_keys, stale_keys
from core.anatomy import Anatomy
from core.errors import Finding, PlannerError
from core.mesh import SurfaceMesh
from core.motion import MovingAnatomy
from core.progress import Progress
from core.staging import replace_file
from plan.items import Angle, CutPlane, Distance, Item, Landmark
from plan.plan import Plan

if TYPE_CHECKING:
    from imaging.outputs.deidentify import Deidentifier
    from imaging.outputs.source import Source

FORMATS: Mapping[str, str] = {
    "seg": "DICOM segmentation",
    "stl-dicom": "DICOM surfaces (Encapsulated STL)",
    "obj-dicom": "DICOM surfaces (Encapsulated OBJ)",
    "sr": "DICOM measurement report",
    "sc": "DICOM picture of the view",
    "dicom": "DICOM source images",
    "stl": "STL surfaces",
    "ply": "PLY surfaces",
    "obj": "OBJ surfaces",
    "glb": "GLB, all surfaces",
    "3mf": "3MF for printing, all surfaces",
    "motion": "Moving heart, STL of every phase",
}
DICOM_FORMATS = ("seg", "stl-dicom", "obj-dicom", "sr", "sc")
"""Those that are made here and name a patient."""
NUMBERS = {"seg": 9001, "stl-dicom": 9002, "obj-dicom": 9003, "sr": 9004, "sc": 9005}
TITLES = {
    "seg": "Segmentation",
    "stl-dicom": "Surfaces",
    "obj-dicom": "Surfaces",
    "sr": "Measurements",
    "sc": "View",
}
REPORT = "deidentification.json"
REPORTED = (Distance, Angle, Landmark)
"""Items that a measurement report holds."""


@dataclass(frozen=True, eq=False)
class Content:
    """What can be exported.

    Attributes:
        source_files: the DICOM files of the images that anatomy and plan belong to; empty when unknown.
        picture: uint8 (rows, columns, 3) of the view; None when there is none.
        moving: the heart at all phases; None when only one was reconstructed.
    """

    anatomy: Anatomy | None = None
    plan: Plan = field(default_factory=Plan)
    source_files: tuple[Path, ...] = ()
    picture: np.ndarray | None = None
    moving: MovingAnatomy | None = None


@dataclass(frozen=True)
class ExportChoice:
    """What a user wants to be written: formats, folder, and without the patient or not."""

    formats: tuple[str, ...]
    folder: Path
    deidentify: bool


@dataclass(frozen=True)
class Exported:
    """The files that were written, and what the user should know."""

    files: tuple[Path, ...]
    findings: tuple[Finding, ...]


def offered(content: Content) -> tuple[str, ...]:
    """The formats that this content can be written as."""
    has_surfaces = content.anatomy is not None and bool(content.anatomy.surfaces)
    has_labels = content.anatomy is not None and content.anatomy.labels is not None
    has_measures = any(isinstance(item, REPORTED) for item in content.plan.items)
    possible = {
        "seg": has_labels,
        "sr": has_measures or content.anatomy is not None,
        "sc": content.picture is not None,
        "dicom": bool(content.source_files),
        "motion": content.moving is not None,
    }
    return tuple(key for key in FORMATS if possible.get(key, has_surfaces))


def export(
    content: Content, formats: Sequence[str], folder: Path, deidentify: bool, progress: Progress
) -> Exported:
    """Write the content in each of the formats into a folder.

    Raises PlannerError when a format is not possible, the parts belong to different patient spaces, or the
    folder cannot be written; Cancelled when told to stop. Files that were finished before stay.
    """
    if stale_keys(content.anatomy):
        raise PlannerError(
            "cannot export yet", "surfaces are older than their edited labels", "wait until they are updated"
        )
    for key in formats:
        if key not in offered(content):
            raise PlannerError(f"cannot export {key}", _lacking(key), "choose another format")
    return _Export(content, folder, deidentify, progress).run(tuple(dict.fromkeys(formats)))


def _lacking(key: str) -> str:
    if key not in FORMATS:
        return f"it is none of {', '.join(FORMATS)}"
    return {
        "seg": "there is no label map",
        "sr": "there is no measurement and no reconstruction",
        "sc": "there is no view",
        "dicom": "the source images are no DICOM series, or they are gone",
        "motion": "not all phases were reconstructed",
    }.get(key, "there is no surface")


class _Export:
    """One export: its files, findings and, where asked for, the one key of its pseudonyms."""

    def __init__(self, content: Content, folder: Path, deidentify: bool, progress: Progress) -> None:
        self.folder = folder
        self.progress = progress
        self.files: list[Path] = []
        self.findings: list[Finding] = []
        self.space = ""
        self.deidentifier: Deidentifier | None = None
        if deidentify:
            from imaging.outputs.deidentify import Deidentifier

            self.deidentifier = Deidentifier()
            content = replace(content, plan=_without_names(content.plan))
        self.content = content

    def run(self, formats: tuple[str, ...]) -> Exported:
        source = self._source() if set(formats) & set(DICOM_FORMATS) else None
        for done, key in enumerate(formats):
            self.progress.report(f"Writing {FORMATS[key]}", done / len(formats))
            if key in DICOM_FORMATS and source is not None:
                self._write_objects(key, source)
            elif key == "dicom":
                from imaging.outputs.copies import copy_series

                self.files += copy_series(
                    self.content.source_files, self.folder / "images", self.deidentifier, self.progress
                )
            elif key == "motion":
                from app.moving import write_motion_files

                assert self.content.moving is not None
                self.files += write_motion_files(self.content.moving, self.folder / "motion", self.progress)
            else:
                self._write_surfaces(key)
        self._write_report()
        self.progress.report("Export ready", 1.0)
        return Exported(tuple(self.files), tuple(self.findings))

    def _source(self) -> Source:
        """The patient that the objects name; from here on `self.space` is where all of them lie."""
        from imaging.outputs.source import NO_PATIENT, anonymous_source, read_source, space_of

        space = _space_of(self.content)
        if not self.content.source_files:
            self.findings.append(NO_PATIENT)
            self.space, findings = space_of(anonymous_source(space), space)
            self.findings += findings
            return anonymous_source(self.space)
        source = read_source(self.content.source_files, self.progress)
        if space and source.frame_of_reference_uid != space:
            raise PlannerError(
                "cannot export to this source",
                "it lies in another patient space than the reconstruction or plan",
                "give the series it was made from",
            )
        self.space, findings = space_of(source, space)
        self.findings += findings
        return source

    def _write_objects(self, key: str, source: Source) -> None:
        from imaging.outputs.made import save_object

        for name, dataset in self._objects(key, source):
            made = self.deidentifier.apply(dataset, is_own=True) if self.deidentifier else dataset
            self.files.append(save_object(made, self.folder / f"{_file_name(name)}.dcm"))

    def _objects(self, key: str, source: Source) -> list[tuple[str, Any]]:
        """File names and DICOM datasets of one format."""
        from imaging.outputs.capture import make_capture
        from imaging.outputs.encapsulated import make_encapsulated
        from imaging.outputs.made import MadeSeries
        from imaging.outputs.report import make_report
        from imaging.outputs.segmentation import make_segmentation

        series = MadeSeries.new(TITLES[key], NUMBERS[key])
        anatomy = self.content.anatomy
        if key == "sr":
            if any(isinstance(item, CutPlane) for item in self.content.plan.items):
                self.findings.append(_CUT_PLANES)
            if any(not isinstance(item, REPORTED + (CutPlane,)) for item in self.content.plan.items):
                self.findings.append(_OTHER_MEASURES)
            plan = replace(self.content.plan, frame_of_reference_uid=self.space)
            return [("measurements", make_report(plan, volumes_ml(anatomy), source, series))]
        if key == "sc":
            assert self.content.picture is not None
            return [("view", make_capture(self.content.picture, source, series))]
        assert anatomy is not None
        if key == "seg":
            assert anatomy.labels is not None
            labels = replace(anatomy.labels, frame_of_reference_uid=self.space)
            return [
                (
                    "segmentation",
                    make_segmentation(labels, source, series, _weights(anatomy), edited_keys(anatomy)),
                )
            ]
        form = key.split("-")[0]
        surfaces = [(name, mesh) for name, mesh in anatomy.surfaces.items() if len(mesh.faces)]
        return [
            (f"{name}-{form}", make_encapsulated(name, mesh, form, source, series, number, self.space))
            for number, (name, mesh) in enumerate(surfaces, start=1)
        ]

    def _write_surfaces(self, key: str) -> None:
        from imaging.formats.surfaces import write_glb, write_obj, write_ply, write_stl
        from imaging.formats.threemf import write_3mf

        anatomy = self.content.anatomy
        assert anatomy is not None
        if self.deidentifier:
            anatomy = replace(
                anatomy, frame_of_reference_uid=self.deidentifier.uid(anatomy.frame_of_reference_uid)
            )
        if key in ("glb", "3mf"):
            path = self.folder / f"anatomy.{key}"
            (write_glb if key == "glb" else write_3mf)(anatomy, path)
            self.files.append(path)
            return
        writers: dict[str, Callable[[SurfaceMesh, Path], None]] = {"stl": write_stl, "ply": write_ply}
        for name, mesh in anatomy.surfaces.items():
            path = self.folder / f"{_file_name(name)}.{key}"
            if key == "obj":
                write_obj(mesh, path, name)
            else:
                writers[key](mesh, path)
            self.files.append(path)

    def _write_report(self) -> None:
        if self.deidentifier is None or not self.deidentifier.report.n_objects:
            return
        report = self.deidentifier.report
        path = self.folder / REPORT
        replace_file(path, (json.dumps(report.as_json(), indent=2) + "\n").encode())
        self.files.append(path)
        self.findings += report.findings


_CUT_PLANES = Finding(
    "cut_planes_left_out",
    "cut planes are not in the report",
    "they measure nothing, and reports have no place for them",
    "keep the plan itself (plan.json) for them",
)

_OTHER_MEASURES = Finding(
    "measures_left_out",
    "lines, contours, angles between planes and aortic roots are not in the report",
    "it holds distances, angles, landmarks and volumes",
    "keep the plan itself (plan.json), or `auricle measure --json`, for them",
)


def volumes_ml(anatomy: Anatomy | None) -> dict[str, float]:
    """Volume of each structure: as the reconstruction reported it, else by its voxels, else by its closed surface."""
    if anatomy is None:
        return {}
    reported = anatomy.report.get("volumes_ml")
    if isinstance(reported, Mapping) and reported:
        return {str(key): float(value) for key, value in reported.items() if value > 0}
    if anatomy.labels is not None:
        return {key: value for key, value in anatomy.labels.volumes_ml().items() if value > 0}
    return {key: mesh.volume_ml for key, mesh in anatomy.surfaces.items() if mesh.is_closed}


def _space_of(content: Content) -> str:
    """The one patient space of anatomy and plan; empty when neither names one. Raises PlannerError for two."""
    spaces = {content.plan.frame_of_reference_uid} if content.plan.items else set()
    if content.anatomy is not None:
        spaces.add(content.anatomy.frame_of_reference_uid)
    spaces.discard("")
    if len(spaces) > 1:
        raise PlannerError(
            "cannot export them together",
            "the plan and the reconstruction lie in different patient spaces",
            "export them one at a time",
        )
    return spaces.pop() if spaces else ""


def _weights(anatomy: Anatomy) -> dict[str, str]:
    weights = anatomy.report.get("weights")
    return {str(name): str(digest) for name, digest in weights.items()} if isinstance(weights, Mapping) else {}


def _file_name(key: str) -> str:
    """A structure's key as a file name: keys may come from other programs' files, and lead out of the folder."""
    return re.sub(r"[^0-9A-Za-z_()+-]+", "_", key)[:80]


def _without_names(plan: Plan) -> Plan:
    """The plan with numbered names: what a user typed may name the patient."""
    from plan.edits import kind_title

    counts: dict[str, int] = {}

    def renamed(item: Item) -> Item:
        title = kind_title(item)
        counts[title] = counts.get(title, 0) + 1
        return replace(item, name=f"{title.capitalize()} {counts[title]}")

    return replace(plan, items=tuple(renamed(item) for item in plan.items), notes="", name="", shelf=())
