"""Planes of one SeriesInstanceUID as the series that a person sees: their kind, phases, spacing and findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.errors import Finding
from core.study import OWN_SPACE, Series, SeriesKind
from imaging.dicom.headers import Plane
from imaging.dicom.kinds import PICTURE_KINDS, PLACED_KINDS
from imaging.dicom.mosaics import MOSAIC
from imaging.find.identity import uid_of_file
from imaging.slices.even_grid import EvenGrid, grid_of
from imaging.slices.grouping import group_by_stack
from imaging.slices.order import stack_axes
from imaging.slices.phases import phase_times, split_phases

SPARSE_FACTOR = 2.0
"""Slices this many thicknesses apart are a set of planes more than a volume; routine cine stacks reach 1.5."""
MOST_LOCALISER_SLICES = 7
LOCALISER_COSINE = 0.5
"""Three directions, each more than 60 degrees from the others, a few slices of each: a localiser."""
NOT_IN_PATIENT = Finding(
    OWN_SPACE,
    "the position in the patient is unknown",
    "the ultrasound volume lies in a space of its own: left, right, head and feet are not told",
    "measure in it, but do not join it with other images by position",
)


def series_of_planes(planes: Sequence[Plane]) -> list[Series]:
    """The series among planes of one SeriesInstanceUID: one per stack of parallel planes of one shape.

    When there are several stacks, "#1", "#2", ... is appended to the UID so that each can be chosen.
    """
    stacks = group_by_stack(planes)
    series = [
        _series(stack, f"#{number}" if len(stacks) > 1 else "") for number, stack in enumerate(stacks, start=1)
    ]
    if _are_localisers(stacks, series):
        return [replace(one, kind=SeriesKind.LOCALISER) for one in series]
    return series


def _series(planes: list[Plane], suffix: str) -> Series:
    if planes[0].kind in PLACED_KINDS:
        return _stack_series(planes, suffix)
    ordered = sorted(planes, key=lambda plane: (plane.phase[-1] or 0.0, plane.path, plane.frame))
    files = tuple(dict.fromkeys(plane.path for plane in ordered))
    n_pictures = len(ordered) if planes[0].kind in PICTURE_KINDS else 0
    return _described(planes[0], suffix, (files,), (n_pictures, *planes[0].shape))


def _stack_series(planes: list[Plane], suffix: str) -> Series:
    split = split_phases(planes)
    first = max(split.phases, key=len)
    grid = MOSAIC if first[0].is_mosaic else grid_of(first)
    files = tuple(tuple(dict.fromkeys(plane.path for plane in phase)) for phase in split.phases)
    described = replace(
        _described(planes[0], suffix, files, (len(first), *planes[0].shape)),
        phase_labels=phase_times(split.phases).labels,
        frames=_frames(split.phases, files),
    )
    own_space = () if first[0].is_in_patient else (NOT_IN_PATIENT,)
    if isinstance(grid, Finding):
        return replace(described, findings=(*split.findings, grid, *own_space))
    return replace(
        described,
        shape=grid.shape,
        spacing_mm=grid.spacing_mm,
        findings=split.findings + grid.findings + _sparse(grid, first[0].thickness_mm) + own_space,
    )


def _frames(
    phases: tuple[tuple[Plane, ...], ...], files: tuple[tuple[Path, ...], ...]
) -> tuple[tuple[tuple[int, int], ...], ...]:
    if all(plane.n_frames == 1 for phase in phases for plane in phase):
        return ()
    numbers = [{path: number for number, path in enumerate(paths)} for paths in files]
    return tuple(
        tuple((number[plane.path], plane.frame) for plane in phase)
        for phase, number in zip(phases, numbers, strict=True)
    )


def _described(
    plane: Plane, suffix: str, phases: tuple[tuple[Path, ...], ...], shape: tuple[int, int, int]
) -> Series:
    return Series(
        series_uid=(plane.series_uid or uid_of_file(plane.path)) + suffix,
        modality=plane.modality,
        description=plane.description,
        phases=phases,
        shape=shape,
        spacing_mm=None,
        frame_of_reference_uid=plane.frame_of_reference_uid,
        kind=plane.kind,
    )


def _are_localisers(stacks: list[list[Plane]], series: list[Series]) -> bool:
    """True for a few slices in each of three directions about at right angles: nobody makes a volume of them."""
    is_small = all(
        one.kind is SeriesKind.STACK and one.n_phases == 1 and one.n_images <= MOST_LOCALISER_SLICES
        for one in series
    )
    if len(stacks) < 3 or not is_small or any(stack[0].orientation is None for stack in stacks):
        return False
    directions: list[np.ndarray] = []
    for stack in stacks:
        normal = stack_axes(np.array(stack[0].orientation))[:, 0]
        if all(abs(float(normal @ other)) < LOCALISER_COSINE for other in directions):
            directions.append(normal)
    return len(directions) == 3


def _sparse(grid: EvenGrid, thickness_mm: float | None) -> tuple[Finding, ...]:
    step_mm = grid.spacing_mm[0]
    if grid.shape[0] == 1 or thickness_mm is None or step_mm <= SPARSE_FACTOR * thickness_mm:
        return ()
    why = f"slices {thickness_mm:.1f} mm thick lie {step_mm:.1f} mm apart"
    return (
        Finding(
            "sparse_slices", "most of the space between the slices was not imaged", why, "treat them as planes"
        ),
    )
