"""From looks at a heart to an anatomy: labels, surfaces that share their walls, uncertainty, landmarks, findings."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from core.anatomy import Anatomy
from core.progress import Progress, Silent
from core.volume import LabelMap, Volume
from recon.findings import edge_findings, topology_findings, volume_findings
from recon.inference import RegionLogits
from recon.labelling import labels_of, labels_on
from recon.landmark_choice import chosen_landmarks
from recon.landmarks import told_landmarks
from recon.scores import RegionScores, fine, only_where, scored, smoothed, without_islands
from recon.shape_landmarks import shape_landmarks
from recon.shown import in_field_of_view, shown
from recon.steadiness import averaged
from recon.surface import multi_surface
from recon.surfaces.multi import MultiSurface
from recon.uncertainty import summary, with_uncertainty

# Smaller than this a structure is only named, not made into a surface.
LEAST_STRUCTURE_ML = 1.0


class Clock:
    """Seconds spent per stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """Count the seconds of a block under a stage's name."""
        started = time.perf_counter()
        yield
        self.seconds[stage] = round(self.seconds.get(stage, 0.0) + time.perf_counter() - started, 3)


def anatomy_of(
    region: RegionLogits,
    looks: Sequence[RegionLogits],
    frame_of_reference_uid: str,
    stack: Volume | None = None,
    progress: Progress | None = None,
    clock: Clock | None = None,
) -> Anatomy:
    """Everything that one look at a heart and the looks from aside tell of it.

    Args:
        stack: the only image, when it is a volume: labels go onto its grid, and nothing is claimed beyond it. None:
            labels lie on the region's grid.
        clock: told of the stages.

    Returns:
        Surfaces in LPS mm with `uncertainty_mm`, labels, landmarks, findings, and of the report the parts that
        belong to these: volumes_ml, uncertainty_mm, uncertainty_unknown_percent, landmarks.
    """
    progress, clock = progress or Silent(), clock or Clock()
    mean = averaged(region, looks)
    progress.report("labelling", 0.0)
    with clock.time("label"):
        whole = without_islands(scored(mean))
        sharp = fine(whole)
        labels = labels_of(sharp, frame_of_reference_uid) if stack is None else labels_on(sharp, stack)
    with clock.time("surface"):
        walls = heart_walls(fine(smoothed(whole)), labels, stack, progress)
        surfaces = walls.structures()
    with clock.time("uncertainty"):
        surfaces = with_uncertainty(surfaces, region, looks)
    with clock.time("checks"):
        spacing_mm = float(np.linalg.norm(region.patient_from_index[:3, 0]))
        on_grid = whole.scores.argmax(dim=0).cpu().numpy().astype(np.uint8)
        is_shown = shown(region.observed, spacing_mm)
        is_in_view = in_field_of_view(on_grid > 0, region.observed.cpu().numpy() > 0.5)
        found = chosen_landmarks(mean.landmarks, shape_landmarks(walls))
        told = told_landmarks(found, on_grid, is_shown, region.patient_from_index)
        volumes_ml = labels.volumes_ml()
        findings = (
            *volume_findings(volumes_ml, surfaces),
            *topology_findings(on_grid, spacing_mm),
            *edge_findings(on_grid, is_shown, is_in_view, spacing_mm),
            *told.findings,
        )
    report = {
        "volumes_ml": {key: round(value, 2) for key, value in volumes_ml.items()},
        **summary(surfaces),
        **told.report,
    }
    return Anatomy(surfaces, frame_of_reference_uid, labels, told.positions, findings, report, told.directions)


def heart_walls(
    region: RegionScores, labels: LabelMap, stack: Volume | None, progress: Progress
) -> MultiSurface:
    """Walls that neighbours share and that enclose what the labels count; nothing beyond what a stack shows."""
    volumes_ml = {key: ml for key, ml in labels.volumes_ml().items() if ml >= LEAST_STRUCTURE_ML}
    names = {value: key for value, key in labels.names.items() if key in volumes_ml}
    seen = region if stack is None else only_where(region, region.observed > 0)
    return multi_surface(
        seen.scores, region.patient_from_index, names, volumes_ml=volumes_ml, progress=progress
    )
