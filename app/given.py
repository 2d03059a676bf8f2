"""Structures that come as a file, not from a reconstruction: a segmentation, contours, a surface, a report; marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from core.anatomy import HEART_BY_KEY, Anatomy
from core.errors import Finding, PlannerError
from core.mesh import SurfaceMesh
from core.progress import Progress
from core.study import Series
from core.volume import Volume
from plan.plan import Plan

GIVEN = "given"


@dataclass(frozen=True)
class SurfaceFacts:
    """What a surface file does not say of itself and a person has to: its unit (mm, cm, m), its space (LPS, RAS)."""

    unit: str
    space: str


@dataclass(frozen=True)
class Measurements:
    """What a report of another program measured, as items of a plan, and what the user should know about it."""

    plan: Plan
    findings: tuple[Finding, ...] = ()


def given_keys(anatomy: Anatomy) -> frozenset[str]:
    """The structures of an anatomy that came as a file."""
    keys = anatomy.report.get(GIVEN, ())
    return frozenset(map(str, keys)) if isinstance(keys, list | tuple) else frozenset()


def joined(present: Anatomy | None, given: Anatomy) -> Anatomy:
    """Given structures beside those that are there; one of the same name that was given before is replaced.

    Raises:
        PlannerError: they lie in different patient spaces.
    """
    if present is None:
        return _marked(given)
    if present.frame_of_reference_uid != given.frame_of_reference_uid:
        raise other_space()
    before = given_keys(present)
    renamed = {
        (f"{key} (given)" if key in present.surfaces and key not in before else key): mesh
        for key, mesh in given.surfaces.items()
    }
    return replace(
        present,
        surfaces={**present.surfaces, **renamed},
        landmarks={**given.landmarks, **present.landmarks},
        findings=given.findings,
        report={**present.report, GIVEN: sorted(before | set(renamed))},
    )


def work_of(series: Series) -> Callable[[Progress], Anatomy]:
    """The work that reads a given segmentation, contours or surface, for a job; label maps become surfaces."""

    def work(progress: Progress) -> Anatomy:
        from imaging.guard.given import read_given

        progress.report("Reading structures", 0.0)
        given = read_given(series, progress)
        if not given.frame_of_reference_uid:
            raise other_space()
        if given.surfaces or given.labels is None:
            return given
        from recon.surface import conformal_surfaces_of_labels

        return replace(given, surfaces=conformal_surfaces_of_labels(given.labels, progress=progress))

    return work


def work_of_surface(path: Path, facts: SurfaceFacts, images: Volume) -> Callable[[Progress], Anatomy]:
    """The work that reads a surface file as lying in the patient space of the images that are open."""

    def work(progress: Progress) -> Anatomy:
        from imaging.guard.given import read_surface

        progress.report("Reading surface", 0.0)
        mesh = read_surface(path, facts.unit, facts.space, progress)
        name = "".join(c for c in path.stem if c.isprintable())[:40] or "surface"
        return Anatomy({name: mesh}, images.frame_of_reference_uid, findings=_far_away(mesh, images))

    return work


def work_of_glb(path: Path) -> Callable[[Progress], Anatomy]:
    """The work that reads a GLB, whose standard fixes unit and axes; it has to name its patient space.

    Only Auricle's own do. For any other one nothing tells how it lies in the patient.
    """

    def work(progress: Progress) -> Anatomy:
        from imaging.guard.given import read_glb

        progress.report("Reading surfaces", 0.0)
        given = read_glb(path, progress)
        if not given.frame_of_reference_uid:
            raise PlannerError(
                "the surfaces are not shown",
                "the file does not say in which patient space they lie",
                "export them as STL or PLY and import these",
            )
        return given

    return work


def work_of_report(series: Series) -> Callable[[Progress], Measurements]:
    """The work that reads the measurements of a report; each file of the series is one."""

    def work(progress: Progress) -> Measurements:
        from imaging.guard.given import read_report

        found = [read_report(path, progress) for path in dict.fromkeys(chain.from_iterable(series.phases))]
        spaces = {report.plan.frame_of_reference_uid for report in found if report.plan.items}
        if len(spaces) > 1:
            raise PlannerError(
                "the reports are not opened", "they lie in different patient spaces", "open them one at a time"
            )
        items = tuple(item for report in found for item in report.plan.items)
        findings = [finding for report in found for finding in (*report.findings, *_volumes(report.volumes_ml))]
        return Measurements(Plan(spaces.pop() if spaces else "", items), tuple(dict.fromkeys(findings)))

    return work


def other_space() -> PlannerError:
    """The refusal to lay structures over images of another patient space."""
    return PlannerError(
        "the structures are not shown",
        "they lie in another patient space (frame of reference) than the images that are open",
        "open the series they were drawn on first",
    )


def other_space_of_report() -> PlannerError:
    """The refusal to add measurements of another patient space to the plan."""
    return PlannerError(
        "the measurements are not added",
        "they lie in another patient space (frame of reference) than the images that are open",
        "open the series they were measured on first",
    )


def no_images_for_report() -> PlannerError:
    """The refusal to add measurements to no plan."""
    return PlannerError(
        "the measurements are not added", "no images are open", "open the series they were measured on first"
    )


def shown_with_phase(phase: int) -> Finding:
    """The finding that given structures stand beside one phase of several, which their file does not name."""
    return Finding(
        "given_phase",
        f"the structures are shown with phase {phase + 1} only",
        "their file does not say to which phase of these images they belong",
        "compare them with the images; open them again at the phase they fit",
    )


def _volumes(volumes_ml: Mapping[str, float]) -> tuple[Finding, ...]:
    """The volumes of a report, which no plan holds, in words."""
    if not volumes_ml:
        return ()
    titles = {key: HEART_BY_KEY[key].title if key in HEART_BY_KEY else key for key in volumes_ml}
    stated = ", ".join(f"{titles[key]} {volume_ml:.1f} ml" for key, volume_ml in volumes_ml.items())
    why = "a plan holds what can be measured in it; a volume is a property of a structure"
    return (Finding("report_volumes", f"the report states volumes: {stated}", why, "compare them with yours"),)


def _marked(given: Anatomy) -> Anatomy:
    report: Mapping[str, object] = {**given.report, GIVEN: sorted(given.surfaces)}
    return replace(given, report=report)


def _far_away(mesh: SurfaceMesh, images: Volume) -> tuple[Finding, ...]:
    """A finding when no point of a surface lies in the images: wrong unit, space or patient."""
    index = images.indices_from_patient(mesh.vertices)
    if ((index > -0.5) & (index < np.array(images.shape) - 0.5)).all(axis=1).any():
        return ()
    away_mm = float(np.linalg.norm(mesh.bounds_mm.mean(axis=0) - images.centre_mm))
    return (
        Finding(
            "outside_images",
            "the surface lies outside the images",
            f"its middle is {away_mm:.0f} mm away from theirs",
            "check its unit, its space and that it belongs to this patient",
        ),
    )
