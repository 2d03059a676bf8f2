"""One reconstruction from start to end: volumes in, an anatomy with its report out."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from core.anatomy import HEART_BY_KEY, Anatomy
from core.errors import Finding, PlannerError
from core.mesh import SurfaceMesh
from core.progress import Progress, Silent
from core.volume import LabelMap, Volume
from recon.device import choose_device
from recon.inference import RegionLogits, locate_heart, look_at_region
from recon.labelling import fields, labels_of, labels_on, refined, smoothed, without_islands
from recon.registry import find_task
from recon.steadiness import agreement, averaged, check_is_heart, look_from_aside, spread_mm
from recon.surface import surface_of_field
from recon.weights import WEIGHTS_FOLDER, LoadedNetwork, load_network

# Smaller than this a structure is only named, not made into a surface.
LEAST_STRUCTURE_ML = 1.0
LEAST_SLICES_OF_A_STACK = 8
# Wider than published adult ranges (Kawel-Boehm et al., JCMR 2020), to question but not to deny disease.
CREDIBLE_ML: Mapping[str, tuple[float, float]] = {
    "lv": (20.0, 400.0),
    "lv_myocardium": (50.0, 450.0),
    "rv": (30.0, 450.0),
    "la": (15.0, 300.0),
    "ra": (15.0, 350.0),
}


class _Clock:
    """Seconds spent per stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[stage] = round(self.seconds.get(stage, 0.0) + time.perf_counter() - started, 3)


def reconstruct(
    task_key: str,
    volumes: Sequence[Volume],
    device: str = "auto",
    progress: Progress | None = None,
    weights_folder: Path = WEIGHTS_FOLDER,
) -> Anatomy:
    """Reconstruct the structures of a task from volumes and planes of one frame of reference.

    Args:
        task_key: see `recon.registry`.
        volumes: stacks and single planes that lie in one patient space.
        device: "auto", "cpu" or "cuda".
        progress: told of every stage; cancelling takes effect at its next report.
        weights_folder: where the weights lie.

    Returns:
        Closed surfaces in LPS mm, the label map on the input's own grid (one stack) or on the reconstruction's
        grid (planes), and a report.

    Raises:
        PlannerError: no image, several patient spaces, no heart, no weights, no such device. Cancelled.
    """
    progress = progress or Silent()
    task = find_task(task_key)
    frame_uid = _one_patient_space(volumes)
    clock = _Clock()
    chosen, device_findings = choose_device(device)
    progress.report("loading the networks", 0.0)
    with clock.time("load_weights"):
        localiser = load_network(task, task.localiser, chosen, weights_folder)
        region_network = load_network(task, task.region, chosen, weights_folder)

    with clock.time("localise"):
        centre = locate_heart(volumes, localiser, chosen, progress)
    with clock.time("network"):
        region = look_at_region(volumes, centre, region_network, chosen, progress)
    progress.report("looking from aside", 0.0)
    with clock.time("steadiness"):
        looks = look_from_aside(volumes, region, region_network, chosen)
        agreed = agreement(region, looks)
        check_is_heart(agreed)
        region = averaged(region, looks)
    progress.report("labelling", 0.0)
    with clock.time("label"):
        region = without_islands(region)
        stack = _only_stack(volumes)
        labels = _labels(refined(region), stack, frame_uid)
    with clock.time("surface"):
        surfaces = _surfaces(refined(smoothed(region)), labels, stack, progress)
    spread = spread_mm(region, looks, surfaces)
    findings = (*device_findings, *_findings(labels, surfaces))
    report = _report(labels, clock, chosen, (localiser, region_network), region.certainty, agreed, spread)
    progress.report("done", 1.0)
    return Anatomy(surfaces, frame_uid, labels, findings=findings, report=report)


def _one_patient_space(volumes: Sequence[Volume]) -> str:
    if not volumes:
        raise PlannerError("nothing to reconstruct", "no image was given", "open a series first")
    frames = {volume.frame_of_reference_uid for volume in volumes}
    if len(frames) > 1:
        raise PlannerError(
            "cannot reconstruct these images together",
            "they belong to different frames of reference",
            "choose series of one examination, or register them first",
        )
    if frames == {""} and len(volumes) > 1:
        raise PlannerError(
            "cannot reconstruct these images together",
            "they do not say which patient space they belong to",
            "reconstruct them one by one",
        )
    return frames.pop()


def _only_stack(volumes: Sequence[Volume]) -> Volume | None:
    if len(volumes) == 1 and volumes[0].shape[0] >= LEAST_SLICES_OF_A_STACK:
        return volumes[0]
    return None


def _labels(region: RegionLogits, stack: Volume | None, frame_uid: str) -> LabelMap:
    if stack is not None:
        return labels_on(region, stack)
    return labels_of(region, frame_uid)


def _surfaces(
    region: RegionLogits, labels: LabelMap, stack: Volume | None, progress: Progress
) -> dict[str, SurfaceMesh]:
    """A surface per structure, enclosing what its labels count; nothing beyond what a stack shows."""
    volumes_ml = labels.volumes_ml()
    seen = region.observed > 0 if stack is not None else None
    surfaces = {}
    scores = fields(region, seen)
    for i, (key, field) in enumerate(scores.items()):
        progress.report("making surfaces", i / len(scores))
        if volumes_ml[key] >= LEAST_STRUCTURE_ML:
            surfaces[key] = surface_of_field(field, region.patient_from_index, target_volume_ml=volumes_ml[key])
    return surfaces


def _findings(labels: LabelMap, surfaces: Mapping[str, SurfaceMesh]) -> tuple[Finding, ...]:
    found = []
    for key, volume_ml in labels.volumes_ml().items():
        title = HEART_BY_KEY[key].title
        low, high = CREDIBLE_ML.get(key, (0.0, np.inf))
        if key not in surfaces:
            found.append(
                Finding(
                    "missing", f"{title} was not found", "the image may not show it", "check the image there"
                )
            )
        elif not low <= volume_ml <= high:
            found.append(
                Finding(
                    "implausible-volume",
                    f"{title} measures {volume_ml:.0f} ml",
                    f"adults have {low:.0f} to {high:.0f} ml",
                    "check its contour on the slices before using it",
                )
            )
    return tuple(found)


def _report(
    labels: LabelMap,
    clock: _Clock,
    device: str,
    networks: Sequence[LoadedNetwork],
    certainty: float,
    agreed: float,
    uncertainty_mm: Mapping[str, float],
) -> dict[str, object]:
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "volumes_ml": {key: round(value, 2) for key, value in labels.volumes_ml().items()},
        "uncertainty_mm": dict(uncertainty_mm),
        "certainty": round(certainty, 3),
        "agreement": round(agreed, 3),
        "seconds": clock.seconds,
        "peak_memory_mb": round(peak_kb / 1024.0, 1),
        "device": device,
        "weights": {network.name: network.sha256 for network in networks},
    }
