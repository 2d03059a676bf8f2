"""One cine reconstruction from start to end: the series of one heart in, a moving anatomy with its report out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.errors import Finding
from core.motion import MovingAnatomy
from core.progress import Progress, Silent
from core.volume import Volume
from recon.cine.build import Look, Realigned, as_given, build, realign
from recon.cine.planes import CineSeries, Cycle, gather
from recon.device import choose_device
from recon.engine import engine_of, load_networks
from recon.inference import RegionLogits, locate_heart, look_at_region, network_output
from recon.near import near
from recon.patient_space import JOINED_BY_USER
from recon.refusal import check_is_heart, evidence
from recon.registry import find_task
from recon.sampling import grid_box, place
from recon.scores import RegionScores, scored
from recon.steadiness import look_from_aside
from recon.weights import WEIGHTS_FOLDER, LoadedNetwork


def reconstruct_cine(
    task_key: str,
    series: Sequence[CineSeries],
    device: str = "auto",
    progress: Progress | None = None,
    weights_folder: Path = WEIGHTS_FOLDER,
    engine_cache: Path | None = None,
    is_realigned: bool = True,
    is_one_space_by_user: bool = False,
) -> MovingAnatomy:
    """Reconstruct every phase of a cine study as one moving anatomy.

    The heart is looked for once, at the first phase, and every phase is seen on the same grid. Slices that another
    breath had moved are realigned first. Every phase needs all planes: one that cannot be read refuses the whole.

    Args:
        task_key: see `recon.registry`.
        series: short- and long-axis cine series, any number, of one frame of reference.
        device, progress, weights_folder, engine_cache: as in `recon.run.reconstruct`.
        is_realigned: False leaves every slice where its header has it.
        is_one_space_by_user: as in `recon.run.reconstruct`.

    Raises:
        PlannerError: as `recon.cine.planes.gather` and `recon.run.reconstruct` do. Cancelled.
    """
    progress = progress or Silent()
    started = time.perf_counter()
    cycle = gather(series, progress, is_one_space_by_user)
    seen = _look_at_first(task_key, cycle, device, progress, weights_folder, engine_cache)
    is_lone_stack = len(series) == 1 and series[0].is_stack
    may_move = is_realigned and not is_lone_stack
    realigned = realign(cycle, seen.look, progress) if may_move else as_given(cycle)
    moving = build(cycle, realigned, seen.look, seen.device, progress)
    report = {
        **moving.report,
        **seen.report,
        "seconds": {"cine": round(time.perf_counter() - started, 3)},
        "device": seen.device,
    }
    if JOINED_BY_USER in cycle.findings:
        report["joined_by_user"] = True
    progress.report("done", 1.0)
    return replace(moving, findings=(*seen.findings, *moving.findings), report=report)


def realigned_planes(
    task_key: str,
    cycle: Cycle,
    device: str = "auto",
    progress: Progress | None = None,
    weights_folder: Path = WEIGHTS_FOLDER,
) -> Realigned:
    """Only find out how breathing had moved the planes of a cycle. Arguments and refusals as `reconstruct_cine`."""
    progress = progress or Silent()
    seen = _look_at_first(task_key, cycle, device, progress, weights_folder, None)
    return realign(cycle, seen.look, progress)


@dataclass(frozen=True, eq=False)
class _Seen:
    """The heart at the first phase: how to look at the others on the same grid, and what to report of it."""

    look: Look
    device: str
    findings: tuple[Finding, ...]
    report: dict[str, object]


def _look_at_first(
    task_key: str,
    cycle: Cycle,
    device: str,
    progress: Progress,
    weights_folder: Path,
    engine_cache: Path | None,
) -> _Seen:
    task = find_task(task_key)
    chosen, findings = choose_device(device)
    progress.report("loading the networks", 0.0)
    localiser, network = load_networks(task, chosen, weights_folder, engine_cache)
    first = [plane.volume(0) for plane in cycle.planes]
    centre = locate_heart(first, localiser, chosen, progress)
    region = look_at_region(first, centre, network, chosen, progress)
    progress.report("looking from aside", 0.0)
    found = evidence(region, look_from_aside(region, network, chosen))
    check_is_heart(found)
    report: dict[str, object] = {
        "heart": found.report(),
        "engine": engine_of(network),
        "weights": {one.name: one.sha256 for one in (localiser, network)},
    }
    return _Seen(_Look(network, region.patient_from_index, chosen), chosen, findings, report)


class _Look:
    """The region network on one grid."""

    def __init__(self, network: LoadedNetwork, patient_from_index: np.ndarray, device: str) -> None:
        self._network, self._affine, self._device = network, patient_from_index, device

    def __call__(self, volumes: Sequence[Volume]) -> RegionScores:
        spec = self._network.spec
        images = near(volumes, spec.spacing_mm, self._device, grid_box(self._affine, spec.n))
        intensity, observed = place(images, self._affine, spec.n, self._device)
        output = network_output(self._network, intensity, observed)
        return scored(RegionLogits(output.logits[0], observed, self._affine, 1.0))
