"""From planes on one cycle, and something that names what they show, to a moving anatomy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.anatomy import HEART, HEART_BY_KEY
from core.errors import Finding, PlannerError
from core.mesh import SurfaceMesh
from core.motion import MovingAnatomy, SliceShift
from core.progress import Progress
from core.volume import LabelMap, Volume
from recon.cine.alignment import Field, estimate_shifts
from recon.cine.carry import WRAPS, carry
from recon.cine.curve import curve_findings, ends_of_cycle, function_report, motion_findings, shift_findings
from recon.cine.distances import BoxedDistances, boxed_distances
from recon.cine.naming import Named, bounded, name_cycle
from recon.cine.periodic import PeriodicFit
from recon.cine.pieces import LastingScores
from recon.cine.planes import CinePlane, Cycle
from recon.scores import RegionScores, fine, smoothed
from recon.surface import conformal_surfaces

Look = Callable[[Sequence[Volume]], RegionScores]
"""The planes of one phase to scores on a grid that is the same at every call."""

N_PROBES, ROUNDS = 3, 2
LEAST_STRUCTURE_ML = 1.0


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
        fit.add(phase, bounded(region.scores))
    lasting = LastingScores(fit, region, cycle.n_phases)
    named = name_cycle(cycle, lasting, progress)
    volumes_ml = _volumes_ml(named.labels)
    if not named.is_always_there(HEART_BY_KEY["lv"].value):
        raise PlannerError(
            "cannot reconstruct the cycle",
            "no left ventricle is seen at some phase",
            "choose the series that show the ventricles",
        )
    start, end = ends_of_cycle(volumes_ml["lv"])
    surfaces = _surfaces(lasting.at(start), named, start, progress)
    distances = _distances(named, surfaces, progress)
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


def _volumes_ml(labels: Sequence[LabelMap]) -> dict[str, np.ndarray]:
    counted = [label_map.volumes_ml() for label_map in labels]
    return {key: np.array([volumes[key] for volumes in counted]) for key in counted[0]}


def _surfaces(region: RegionScores, named: Named, start: int, progress: Progress) -> dict[str, SurfaceMesh]:
    """The surfaces to be carried: they share their walls and enclose what their labels count."""
    counted, of_value = named.labels[start].volumes_ml(), named.labels[start].names
    names = {
        value: key
        for value, key in of_value.items()
        if counted[key] >= LEAST_STRUCTURE_ML and named.is_always_there(value)
    }
    smooth = fine(smoothed(region))
    return conformal_surfaces(
        smooth.scores,
        smooth.patient_from_index,
        names,
        volumes_ml={key: counted[key] for key in names.values()},
        progress=progress,
    )


def _distances(named: Named, surfaces: dict[str, SurfaceMesh], progress: Progress) -> dict[str, BoxedDistances]:
    found = {}
    for i, key in enumerate(surfaces):
        progress.report("measuring distances", i / len(surfaces))
        scores = named.of(HEART_BY_KEY[key].value)
        if key in WRAPS:
            inner = named.of(HEART_BY_KEY[WRAPS[key]].value)
            scores = [np.maximum(a, b) for a, b in zip(scores, inner, strict=True)]
        boxed = boxed_distances(scores, named.patient_from_index)
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
