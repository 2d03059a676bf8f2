"""Cine planes of a synthetic patient: thick single slices, short and long axis, each moved by its own breath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.frames import rigid
from core.volume import Volume
from recon.anatomy.patient import SyntheticPatient, paint_grid
from recon.simulate.contrast import steady_state_mr
from recon.simulate.image import Artefacts, simulate
from recon.simulate.planes import LvAxes, long_axis_planes, short_axis_frame, short_axis_steps

PIXELS, PIXEL_MM = 140, 1.5
THICKNESS_MM, LAYERS = 7.0, 5


def simulate_cine(
    patient: SyntheticPatient, frame_of_reference_uid: str, breathing_mm: float = 0.0
) -> tuple[Volume, ...]:
    """One phase of a cine study as single planes in one patient space.

    Args:
        breathing_mm: standard deviation, along each axis, of how far the heart had moved while a plane was taken;
            the planes' headers do not know of it.
    """
    import torch

    rng = np.random.default_rng((patient.seed, 11))
    at = patient.landmarks()
    axes = LvAxes(
        0.5 * (at["mitral_valve"] + at["aortic_valve"]),
        at["lv_apex"],
        at["tricuspid_valve"] - at["mitral_valve"],
    )
    generator = torch.Generator().manual_seed(patient.seed)
    volumes = []
    for point, frame in _planes(axes, rng):
        slab = _slab(0.5 * (axes.base_mm + axes.apex_mm), point, frame)
        breath = rigid(np.zeros(3), rng.normal(0.0, breathing_mm, 3))
        tissues = paint_grid(patient, breath @ slab, (LAYERS, PIXELS, PIXELS))
        image = simulate(tissues, steady_state_mr(), Artefacts(blur=(0.0, 0.5, 0.5), noise=0.02), generator)
        volumes.append(
            Volume(
                image.mean(dim=0, keepdim=True).numpy(),
                _plane_of(slab),
                frame_of_reference_uid,
                modality="MR",
            )
        )
    return tuple(volumes)


def _planes(axes: LvAxes, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Point and frame of 8 to 12 short-axis planes and 3 long-axis planes."""
    frame = short_axis_frame(axes, rng)
    middle, extent_mm = short_axis_steps(axes, rng)
    along = np.linspace(-0.5, 0.5, int(rng.integers(8, 13))) * extent_mm
    return [(middle + t * frame[0], frame) for t in along] + long_axis_planes(axes, 3, rng)


def _slab(middle_mm: np.ndarray, point_mm: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """patient_from_index (4, 4) of thin layers around a plane, centred beside the ventricle's middle."""
    across = frame[0]
    centre = middle_mm + across * np.dot(point_mm - middle_mm, across)
    affine = np.eye(4)
    affine[:3, :3] = frame.T * (THICKNESS_MM / LAYERS, PIXEL_MM, PIXEL_MM)
    affine[:3, 3] = centre - affine[:3, :3] @ ((np.array((LAYERS, PIXELS, PIXELS)) - 1.0) / 2.0)
    return affine


def _plane_of(slab: np.ndarray) -> np.ndarray:
    """The affine of the one thick slice that a slab's layers are averaged into."""
    affine = slab.copy()
    affine[:3, 3] += slab[:3, 0] * (LAYERS - 1) / 2.0
    affine[:3, 0] *= LAYERS
    return affine


def stacked(planes: Sequence[Volume]) -> tuple[Volume, ...]:
    """Planes that follow one another in parallel as one volume each, as a scanner sends a short-axis stack.

    The step between the first two planes of a run is taken for all of them.
    """
    runs: list[list[Volume]] = []
    for plane in planes:
        if runs and np.allclose(runs[-1][0].patient_from_index[:3, 1:3], plane.patient_from_index[:3, 1:3]):
            runs[-1].append(plane)
        else:
            runs.append([plane])
    return tuple(_joined(run) for run in runs)


def _joined(run: Sequence[Volume]) -> Volume:
    if len(run) == 1:
        return run[0]
    affine = np.array(run[0].patient_from_index)
    affine[:3, 0] = run[1].patient_from_index[:3, 3] - affine[:3, 3]
    return replace(run[0], voxels=np.concatenate([plane.voxels for plane in run]), patient_from_index=affine)
