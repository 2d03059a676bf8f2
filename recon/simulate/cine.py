"""Cine planes of a synthetic patient: thick single slices, short and long axis, each moved by its own breath."""

from __future__ import annotations

import numpy as np

from core.frames import rigid
from core.volume import Volume
from recon.anatomy.patient import SyntheticPatient, paint_grid
from recon.anatomy.shapes import frame_along
from recon.simulate.contrast import steady_state_mr
from recon.simulate.image import Artefacts, simulate
from recon.simulate.observe import cine_planes

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
    base = 0.5 * (at["mitral_valve"] + at["aortic_valve"])
    along = at["lv_apex"] - base
    length = float(np.linalg.norm(along))
    planes = cine_planes(base, along / length, length, at["tricuspid_valve"] - at["mitral_valve"], rng)
    generator = torch.Generator().manual_seed(patient.seed)
    volumes = []
    for point, normal in planes:
        slab = _slab(base + 0.5 * along, point, normal)
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


def _slab(middle_mm: np.ndarray, point_mm: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """patient_from_index (4, 4) of thin layers around a plane, centred beside the ventricle's middle."""
    hint = (0.0, 0.0, 1.0) if abs(normal[2]) < 0.9 else (0.0, 1.0, 0.0)
    across, down, right = frame_along(normal, np.array(hint))
    centre = middle_mm + across * np.dot(point_mm - middle_mm, across)
    affine = np.eye(4)
    steps = (THICKNESS_MM / LAYERS, PIXEL_MM, PIXEL_MM)
    affine[:3, :3] = np.stack([across, -down, right], axis=1) * steps
    affine[:3, 3] = centre - affine[:3, :3] @ ((np.array((LAYERS, PIXELS, PIXELS)) - 1.0) / 2.0)
    return affine


def _plane_of(slab: np.ndarray) -> np.ndarray:
    """The affine of the one thick slice that a slab's layers are averaged into."""
    affine = slab.copy()
    affine[:3, 3] += slab[:3, 0] * (LAYERS - 1) / 2.0
    affine[:3, 0] *= LAYERS
    return affine
