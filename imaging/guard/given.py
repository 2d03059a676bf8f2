"""What others drew, meshed or measured, through the guard: structures, surfaces and reports come from anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from core.anatomy import Anatomy
from core.errors import Finding
from core.mesh import SurfaceMesh
from core.progress import Progress, Silent
from core.study import Series, SeriesKind
from core.volume import LabelMap
from imaging.formats import surfaces
from imaging.given import read, report
from imaging.given.report import GivenMeasurements
from imaging.guard import wire
from imaging.guard.alive import Alive
from imaging.guard.child import Unreadable
from imaging.guard.codec import decoder, encoder
from imaging.guard.crew import Item
from imaging.guard.doors import CREW
from imaging.guard.facts import Rows, as_text, parsed, rows_of
from imaging.guard.trouble import Trouble, refusal_of
from plan.schema import parse_json, plan_from_json, plan_to_json

MOST_VOXELS = 1 << 29
WHAT = "cannot read the structures"
Named = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class MeshFacts:
    """A surface without its arrays: its key, and the names of its fields."""

    key: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class LabelFacts:
    """A label map without its labels."""

    patient_from_index: Rows
    names: tuple[tuple[int, str], ...]
    frame_of_reference_uid: str


@dataclass(frozen=True)
class AnatomyFacts:
    """All of an anatomy but its arrays, which follow: labels, then vertices, faces and fields of each surface."""

    frame_of_reference_uid: str
    labels: LabelFacts | None
    surfaces: tuple[MeshFacts, ...]
    landmarks_mm: tuple[tuple[str, tuple[float, float, float]], ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class ReportFacts:
    """All of a report but its plan, which follows as JSON."""

    volumes_ml: Named
    findings: tuple[Finding, ...]


def read_given(series: Series, progress: Progress | None = None) -> Anatomy:
    """The anatomy that a series gives, as `imaging.given.read.read_given` reads it.

    Raises PlannerError as that does, and when a file takes too long or too much; Cancelled when told to stop. So do
    the other doors of this file.
    """
    paths = list(dict.fromkeys(chain.from_iterable(series.phases)))
    argument = [[wire.text_of_path(path) for path in paths], series.kind.value]
    return _anatomy("given", paths[0], argument, progress, WHAT)


def read_surface(path: Path, unit: str, space: str = "LPS", progress: Progress | None = None) -> SurfaceMesh:
    """A STL, PLY, OBJ or OFF surface in LPS mm, as `imaging.formats.surfaces.read_surface` reads it."""
    found = _anatomy("surface", path, [unit, space], progress, f"cannot read {path.name}")
    return next(iter(found.surfaces.values()))


def read_glb(path: Path, progress: Progress | None = None) -> Anatomy:
    """A GLB as an anatomy in LPS mm, as `imaging.formats.glb.read_glb` reads it."""
    return _anatomy("glb", path, None, progress, f"cannot read {path.name}")


def read_report(path: Path, progress: Progress | None = None) -> GivenMeasurements:
    """The measurements of a report, as `imaging.given.report.read_report` reads them."""
    progress = progress or Silent()
    try:
        with closing(
            CREW.stream("report", path, None, lambda: progress.report("Reading report", 0.0))
        ) as items:
            text, plan = items
        facts: ReportFacts = decoder(ReportFacts)(parsed(text), path)
        if not isinstance(plan, bytes):
            raise ValueError("no plan")
        return GivenMeasurements(plan_from_json(parse_json(plan)), dict(facts.volumes_ml), facts.findings)
    except Unreadable as error:
        raise refusal_of(error.trouble, report.WHAT) from error
    except ValueError as error:
        raise refusal_of(Trouble.DAMAGED, report.WHAT) from error


def _anatomy(operation: str, path: Path, argument: Any, progress: Progress | None, what: str) -> Anatomy:
    progress = progress or Silent()
    stream = CREW.stream(operation, path, argument, lambda: progress.report("Reading structures", 0.0))
    try:
        with closing(stream) as items:
            found = _joined(items, path)
            if next(items, None) is not None:
                raise ValueError("more than was told of")
            return found
    except Unreadable as error:
        raise refusal_of(error.trouble, what) from error
    except ValueError as error:
        raise refusal_of(Trouble.DAMAGED, what) from error


def _joined(items: Iterator[Item], path: Path) -> Anatomy:
    facts: AnatomyFacts = decoder(AnatomyFacts)(parsed(next(items, None)), path)
    labels = None
    if facts.labels is not None:
        matrix = np.array(facts.labels.patient_from_index)
        uid = facts.labels.frame_of_reference_uid
        labels = LabelMap(_array(items), matrix, dict(facts.labels.names), uid)
    return Anatomy(
        {mesh.key: _mesh(mesh, items) for mesh in facts.surfaces},
        facts.frame_of_reference_uid,
        labels,
        {name: np.array(place) for name, place in facts.landmarks_mm},
        facts.findings,
    )


def _mesh(facts: MeshFacts, items: Iterator[Item]) -> SurfaceMesh:
    vertices, faces = _array(items), _array(items)
    fields = {name: _array(items) for name in facts.fields}
    if any(values.shape != (len(vertices),) for values in fields.values()):
        raise ValueError("a field of another length than its surface")
    return SurfaceMesh(vertices, faces, fields)


def _array(items: Iterator[Item]) -> np.ndarray:
    item = next(items, None)
    if not isinstance(item, np.ndarray):
        raise ValueError("no array")
    return item


def given_items(path: Path, argument: Any) -> Iterator[str | np.ndarray]:
    """In the child: the anatomy of the files of a series, given as their paths and the series' kind."""
    names, kind = argument
    paths = tuple(wire.path_of_text(name) for name in names)
    series = Series("", "", "", (paths,), (0, 0, 0), None, kind=SeriesKind(kind))
    return _parts(read.read_given(series, Alive()))


def surface_items(path: Path, argument: Any) -> Iterator[str | np.ndarray]:
    """In the child: a surface file as an anatomy of one."""
    unit, space = argument
    return _parts(Anatomy({"surface": surfaces.read_surface(path, unit, space)}))


def glb_items(path: Path, argument: Any) -> Iterator[str | np.ndarray]:
    """In the child: the anatomy of a GLB."""
    return _parts(surfaces.read_glb(path))


def report_items(path: Path, argument: Any) -> Iterator[str | bytes]:
    """In the child: what a report measures, then the plan of it as JSON."""
    found = report.read_report(path)
    facts = ReportFacts(tuple(found.volumes_ml.items()), found.findings)
    yield as_text(encoder(ReportFacts)(facts))
    yield json.dumps(plan_to_json(found.plan), allow_nan=False).encode()


def _parts(anatomy: Anatomy) -> Iterator[str | np.ndarray]:
    labels = anatomy.labels
    if labels is not None and labels.labels.size > MOST_VOXELS:
        raise MemoryError("more voxels than any study has")
    facts = AnatomyFacts(
        anatomy.frame_of_reference_uid,
        None if labels is None else LabelFacts(
            rows_of(labels.patient_from_index), tuple(labels.names.items()), labels.frame_of_reference_uid
        ),
        tuple(MeshFacts(key, tuple(mesh.fields)) for key, mesh in anatomy.surfaces.items()),
        tuple((name, tuple(place)) for name, place in anatomy.landmarks.items()),
        anatomy.findings,
    )  # fmt: skip
    yield as_text(encoder(AnatomyFacts)(facts))
    if labels is not None:
        yield labels.labels
    for mesh in anatomy.surfaces.values():
        yield mesh.vertices
        yield mesh.faces
        yield from mesh.fields.values()
