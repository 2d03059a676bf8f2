"""Planes of one SeriesInstanceUID as the stacks that a person sees: their phases, spacing and findings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.errors import Finding
from core.study import Series
from imaging.headers import Plane
from imaging.identity import uid_of_file
from imaging.order import fit_stack, stack_findings
from imaging.phases import group_by_stack, split_phases

SPARSE_FACTOR = 2.0
"""Slices this many thicknesses apart are a set of planes more than a volume; routine cine stacks reach 1.5."""
_NO_PLACE = Finding(
    "missing_orientation",
    "the images do not say where they lie in the patient",
    "position or orientation is absent or not valid",
    "export the original images from the scanner or archive",
)
_NO_SPACING = Finding(
    "missing_spacing",
    "the images do not say how large they are",
    "pixel spacing (or, for a single slice, slice thickness) is absent",
    "export the original images; nothing can be measured in millimetres here",
)


def series_of_planes(planes: Sequence[Plane]) -> list[Series]:
    """The series among planes of one SeriesInstanceUID: one per stack of parallel planes of one shape.

    When there are several stacks, "#1", "#2", ... is appended to the UID so that each can be chosen.
    """
    stacks = group_by_stack(planes)
    return [
        _series(stack, f"#{number}" if len(stacks) > 1 else "") for number, stack in enumerate(stacks, start=1)
    ]


def _series(planes: list[Plane], suffix: str) -> Series:
    split = split_phases(planes)
    first = split.phases[0]
    spacing, findings = _geometry(first)
    return Series(
        series_uid=(planes[0].series_uid or uid_of_file(planes[0].path)) + suffix,
        modality=planes[0].modality,
        description=planes[0].description,
        phases=tuple(tuple(dict.fromkeys(plane.path for plane in phase)) for phase in split.phases),
        shape=(len(first), *planes[0].shape),
        spacing_mm=spacing,
        frame_of_reference_uid=planes[0].frame_of_reference_uid,
        findings=split.findings + findings,
    )


def _geometry(phase: tuple[Plane, ...]) -> tuple[tuple[float, float, float] | None, tuple[Finding, ...]]:
    """Spacing (slice, row, column) in mm of one phase, None when unknown or uneven, and the findings."""
    first = phase[0]
    if first.orientation is None or any(plane.position is None for plane in phase):
        return None, (_NO_PLACE,)
    if first.pixel_spacing_mm is None:
        return None, (_NO_SPACING,)
    if len(phase) == 1:
        if first.thickness_mm is None:
            return None, (_NO_SPACING,)
        return (first.thickness_mm, *first.pixel_spacing_mm), ()
    fit = fit_stack(np.array([plane.position for plane in phase]), first.orientation)
    findings = stack_findings(fit)
    if findings:
        return None, findings
    step_mm = float(np.linalg.norm(fit.step_mm))
    return (step_mm, *first.pixel_spacing_mm), _sparse(step_mm, first.thickness_mm)


def _sparse(step_mm: float, thickness_mm: float | None) -> tuple[Finding, ...]:
    if thickness_mm is None or step_mm <= SPARSE_FACTOR * thickness_mm:
        return ()
    why = f"slices {thickness_mm:.1f} mm thick lie {step_mm:.1f} mm apart"
    return (
        Finding(
            "sparse_slices", "most of the space between the slices was not imaged", why, "treat them as planes"
        ),
    )
