"""One reconstruction from start to end: volumes in, an anatomy with its report out."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.anatomy import Anatomy
from core.errors import PlannerError
from core.progress import Progress, Silent
from core.volume import Volume
from recon.assembly import Clock, anatomy_of
from recon.device import choose_device
from recon.engine import engine_of, load_networks
from recon.inference import locate_heart, look_at_region
from recon.patient_space import JOINED_BY_USER, is_by_user, one_patient_space
from recon.refusal import check_is_heart, evidence
from recon.registry import find_task
from recon.steadiness import look_from_aside
from recon.weights import WEIGHTS_FOLDER, LoadedNetwork

LEAST_SLICES_OF_A_STACK = 8


def reconstruct(
    task_key: str,
    volumes: Sequence[Volume],
    device: str = "auto",
    progress: Progress | None = None,
    weights_folder: Path = WEIGHTS_FOLDER,
    engine_cache: Path | None = None,
    is_one_space_by_user: bool = False,
) -> Anatomy:
    """Reconstruct the structures of a task from volumes and planes of one frame of reference.

    Args:
        task_key: see `recon.registry`.
        volumes: stacks and single planes, of any modality, that lie in one patient space.
        device: "auto", "cpu" or "cuda".
        progress: told of every stage; cancelling takes effect at its next report.
        weights_folder: where the weights lie.
        engine_cache: where networks are kept that OpenVINO has taken over; None: torch runs them (`recon.engine`).
        is_one_space_by_user: the user states that images whose files name no patient space lie in one.

    Returns:
        Closed surfaces in LPS mm with `uncertainty_mm` at every vertex (NaN where it is not known), landmarks, the
        label map on the input's own grid (one stack) or on the reconstruction's grid (planes), and a report.

    Raises:
        PlannerError: no image, several patient spaces, no heart, no weights, no such device. Cancelled.
    """
    progress = progress or Silent()
    task = find_task(task_key)
    if not volumes:
        raise PlannerError("nothing to reconstruct", "no image was given", "open a series first")
    spaces = [volume.frame_of_reference_uid for volume in volumes]
    frame_uid = one_patient_space(spaces, "cannot reconstruct these images together", is_one_space_by_user)
    clock = Clock()
    chosen, device_findings = choose_device(device)
    progress.report("loading the networks", 0.0)
    with clock.time("load_weights"):
        localiser, region_network = load_networks(task, chosen, weights_folder, engine_cache)
    with clock.time("localise"):
        centre = locate_heart(volumes, localiser, chosen, progress)
    with clock.time("network"):
        region = look_at_region(volumes, centre, region_network, chosen, progress)
    progress.report("looking from aside", 0.0)
    with clock.time("steadiness"):
        looks = look_from_aside(region, region_network, chosen)
        found = evidence(region, looks)
        check_is_heart(found)
    anatomy = anatomy_of(region, looks, frame_uid, _only_stack(volumes), progress, clock)
    report = {
        **anatomy.report,
        "heart": found.report(),
        **_facts(clock, chosen, (localiser, region_network)),
    }
    findings = (*device_findings, *anatomy.findings)
    if is_by_user(spaces, is_one_space_by_user):
        report["joined_by_user"] = True
        findings = (JOINED_BY_USER, *findings)
    progress.report("done", 1.0)
    return replace(anatomy, findings=findings, report=report)


def _only_stack(volumes: Sequence[Volume]) -> Volume | None:
    if len(volumes) == 1 and volumes[0].shape[0] >= LEAST_SLICES_OF_A_STACK:
        return volumes[0]
    return None


def _facts(clock: Clock, device: str, networks: Sequence[LoadedNetwork]) -> dict[str, object]:
    """What ran where, for how long, and with which weights."""
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "seconds": clock.seconds,
        "peak_memory_mb": round(peak_kb / 1024.0, 1),
        "device": device,
        "engine": engine_of(networks[-1]),
        "weights": {network.name: network.sha256 for network in networks},
    }
