"""From planes on one cycle, and something that names what they show, to a moving anatomy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core.anatomy import HEART, HEART_BY_KEY
from core.errors import Finding, PlannerError
from core.mesh import SurfaceMesh
from core.motion import MovingAnatomy, SliceShift
from core.progress import Progress
from core.volume import LabelMap, Volume
from recon.cine.alignment import Field, estimate_shifts
from recon.cine.carry import carry
from recon.cine.curve import curve_findings, ends_of_cycle, function_report, motion_findings, shift_findings
from recon.cine.distances import BoxedDistances, boxed_distances
from recon.cine.periodic import PeriodicFit
from recon.cine.planes import CinePlane, Cycle
from recon.labelling import labels_of
from recon.scores import RegionScores, lead_of, refined, smoothed, without_islands
from recon.surface import conformal_surfaces

if TYPE_CHECKING:
    import torch

Look = Callable[[Sequence[Volume]], RegionScores]
"""The planes of one phase to scores on a grid that is the same at every call."""

N_PROBES, ROUNDS = 3, 2
LEAST_STRUCTURE_ML = 1.0
FINE_ENOUGH_MM = 1.6
# Beyond this a lead says no more than that a voxel is far from the border; it would drown the border in the fit.
MOST_SURE = 6.0


@dataclass(frozen=True, eq=False)
class Realigned:
    """The planes where they belong, and how each was moved."""

    planes: tuple[CinePlane, ...]
    shifts: tuple[SliceShift, ...]


def realign(cycle: Cycle, look: Look, progress: Progress) -> Realigned:
    """Estimate what breathing did to each slice and undo it: reconstruct some phases, compare, and again.

    A breath is held through the cycle, so each slice has one shift, the same at every phase.

    Raises:
        Cancelled: from `progress`.
    """
    import torch

    probes = [round(i * cycle.n_phases / N_PROBES) for i in range(N_PROBES)]
    planes, estimate = cycle.planes, None
    for turn in range(ROUNDS):
        seen = []
        for i, phase in enumerate(probes):
            progress.report("realigning slices", (turn + i / len(probes)) / ROUNDS)
            region = look([plane.volume(phase) for plane in planes])
            seen.append(region.scores.softmax(dim=0))
        field = Field(torch.stack(seen), region.patient_from_index)
        estimate = estimate_shifts(
            cycle.planes, probes, field, None if estimate is None else estimate.shifts_mm
        )
        planes = tuple(
            plane.moved(shift) for plane, shift in zip(cycle.planes, estimate.shifts_mm, strict=True)
        )
    assert estimate is not None
    rows = zip(cycle.planes, estimate.shifts_mm, estimate.is_reliable, strict=True)
    shifts = tuple(
        SliceShift(plane.name, (float(s[0]), float(s[1]), float(s[2])), bool(told)) for plane, s, told in rows
    )
    return Realigned(planes, shifts)


def as_given(cycle: Cycle) -> Realigned:
    """Every slice where its header has it."""
    return Realigned(cycle.planes, ())


def build(cycle: Cycle, realigned: Realigned, look: Look, device: str, progress: Progress) -> MovingAnatomy:
    """Name every phase, smooth the names through the cycle, and carry one set of surfaces along.

    Raises:
        PlannerError: the left ventricle is not there at every phase.
        Cancelled: from `progress`.
    """
    fit = PeriodicFit(cycle.places)
    for phase in range(cycle.n_phases):
        progress.report("reconstructing the cycle", phase / cycle.n_phases)
        region = look([plane.volume(phase) for plane in realigned.planes])
        fit.add(phase, _bounded(region.scores))
    named = _named(cycle, fit, region, progress)
    volumes_ml = _volumes_ml(named.labels)
    if "lv" not in named.leads:
        raise PlannerError(
            "cannot reconstruct the cycle",
            "no left ventricle is seen at some phase",
            "choose the series that show the ventricles",
        )
    start, end = ends_of_cycle(volumes_ml["lv"])
    whole = without_islands(replace(region, scores=fit.at(start)))
    surfaces = _surfaces(whole, named.labels[start], named.leads, progress)
    distances = _distances(named.leads, region.patient_from_index, surfaces, progress)
    surfaces = {key: mesh for key, mesh in surfaces.items() if key in distances}
    carried = carry(surfaces, distances, start, cycle.places, device, progress)
    moving = MovingAnatomy(
        carried.surfaces,
        cycle.frame_of_reference_uid,
        start,
        end,
        cycle.times_ms,
        named.labels,
        realigned.shifts,
    )
    findings = (
        *cycle.findings,
        *shift_findings(realigned.shifts),
        *_absent(moving),
        *motion_findings(moving, volumes_ml, carried.least_jacobian),
        *curve_findings(moving),
    )
    return replace(moving, findings=findings, report=_report(moving, carried.least_jacobian))


@dataclass(frozen=True, eq=False)
class _Named:
    """Labels of each phase, and for each structure that every phase shows its leads (n, n, n) at each, float16."""

    labels: tuple[LabelMap, ...]
    leads: dict[str, list[np.ndarray]]


def _bounded(scores: torch.Tensor) -> torch.Tensor:
    """Scores relative to the best, none further below it than is worth telling."""
    return (scores - scores.amax(dim=0, keepdim=True)).clamp_min(-MOST_SURE)


def _named(cycle: Cycle, fit: PeriodicFit, region: RegionScores, progress: Progress) -> _Named:
    labels: list[LabelMap] = []
    leads: dict[str, list[np.ndarray]] = {kind.key: [] for kind in HEART}
    for phase in range(cycle.n_phases):
        progress.report("labelling the cycle", phase / cycle.n_phases)
        whole = without_islands(replace(region, scores=fit.at(phase)))
        labels.append(labels_of(_fine(whole), cycle.frame_of_reference_uid))
        for kind in HEART:
            leads[kind.key].append(lead_of(whole.scores, kind.value).cpu().numpy().astype(np.float16))
    present = {key: values for key, values in leads.items() if all((lead > 0).any() for lead in values)}
    return _Named(tuple(labels), present)


def _fine(region: RegionScores) -> RegionScores:
    spacing_mm = float(np.linalg.norm(region.patient_from_index[:3, 0]))
    return region if spacing_mm <= FINE_ENOUGH_MM else refined(region)


def _volumes_ml(labels: Sequence[LabelMap]) -> dict[str, np.ndarray]:
    counted = [label_map.volumes_ml() for label_map in labels]
    return {key: np.array([volumes[key] for volumes in counted]) for key in counted[0]}


def _surfaces(
    region: RegionScores, labels: LabelMap, present: dict[str, list[np.ndarray]], progress: Progress
) -> dict[str, SurfaceMesh]:
    """The surfaces to be carried: they share their walls and enclose what their labels count."""
    counted = labels.volumes_ml()
    volumes_ml = {key: counted[key] for key in present if counted[key] >= LEAST_STRUCTURE_ML}
    names = {value: key for value, key in labels.names.items() if key in volumes_ml}
    smooth = _fine(smoothed(region))
    return conformal_surfaces(
        smooth.scores, smooth.patient_from_index, names, volumes_ml=volumes_ml, progress=progress
    )


def _distances(
    leads: dict[str, list[np.ndarray]],
    patient_from_index: np.ndarray,
    surfaces: dict[str, SurfaceMesh],
    progress: Progress,
) -> dict[str, BoxedDistances]:
    found = {}
    for i, key in enumerate(surfaces):
        progress.report("measuring distances", i / len(surfaces))
        boxed = boxed_distances([lead.astype(np.float32) for lead in leads[key]], patient_from_index)
        if boxed is not None:
            found[key] = boxed
    return found


def _absent(moving: MovingAnatomy) -> tuple[Finding, ...]:
    missing = [HEART_BY_KEY[kind.key].title for kind in HEART if kind.key not in moving.surfaces]
    if not missing:
        return ()
    return (
        Finding(
            "missing",
            f"not followed through the cycle: {', '.join(missing)}",
            "some phase does not show it",
            "check the image there",
        ),
    )


def _report(moving: MovingAnatomy, least_jacobian: float) -> dict[str, object]:
    return {
        "function": function_report(moving),
        "times_ms": list(moving.times_ms),
        "slice_shifts": [
            {"name": s.name, "shift_mm": [round(v, 2) for v in s.shift_mm], "is_reliable": s.is_reliable}
            for s in moving.shifts
        ],
        "least_jacobian": round(least_jacobian, 3),
    }
