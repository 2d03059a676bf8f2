"""A CT from first principles: attenuation, projection with photon noise, filtered back-projection, Hounsfield units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from core.progress import Progress, Silent
from core.volume import Volume
from recon.anatomy.patient import SyntheticPatient
from recon.simulate.independent.attenuation import BASES, CM2_PER_G, SPECTRUM, Iodine, densities
from recon.simulate.independent.field import Field
from recon.simulate.independent.projection import ParallelBeam
from recon.simulate.study import SimulatedImage

OUTSIDE_HU = -1024.0
_SLICES_AT_ONCE = 50


@dataclass(frozen=True)
class CtScan:
    """How a CT is taken.

    Attributes:
        photons_per_ray: leaving the tube towards one detector element per angle; fewer give more noise.
        n_angles: over half a turn.
    """

    iodine: Iodine = field(default_factory=Iodine)
    photons_per_ray: float = 2.0e5
    n_angles: int = 200


def render_ct(
    patient: SyntheticPatient,
    frame_of_reference_uid: str,
    where: Field | None = None,
    scan: CtScan | None = None,
    progress: Progress | None = None,
) -> SimulatedImage:
    """A CT of a synthetic patient in HU; outside the scan circle it shows air, whatever the truth says there.

    The body ends at the scan circle, as if the patient were as slim as that: no truncation artefact is made.
    """
    where, scan, progress = where or Field(), scan or CtScan(), progress or Silent()
    affine = where.patient_from_index(np.round(patient.landmarks()["region_centre"]))
    progress.report("painting the patient", 0.0)
    tissues = where.paint(patient, affine, offset=-0.5 * (where.finer - 1) / where.finer)
    table = densities(scan.iodine).astype(np.float32)
    rng = np.random.default_rng((patient.seed, 31))
    slices = scan_slices(lambda run: table[tissues[run]], where, scan, rng, progress)
    voxels = np.clip(np.rint(slices), -1024, 3071).astype(np.int16)
    image = Volume(voxels, affine, frame_of_reference_uid, "HU", "CT")
    return SimulatedImage(image, where.truth(patient, affine, frame_of_reference_uid))


def scan_slices(
    contents: Callable[[slice], np.ndarray],
    where: Field,
    scan: CtScan,
    rng: np.random.Generator,
    progress: Progress | None = None,
) -> np.ndarray:
    """Hounsfield units float32 (slices, pixels, pixels) of what is in the scanner.

    Args:
        contents: g per ml of the base materials (slices, finer * pixels, finer * pixels, bases) for a run of slices.
    """
    progress = progress or Silent()
    n, fine_mm = where.n_pixels, where.pixel_mm / where.finer
    beam = ParallelBeam(scan.n_angles, where.finer * n, fine_mm)
    circle = _circle(where.finer * n)
    found = np.empty((where.n_slices, n, n), dtype=np.float32)
    for first in range(0, where.n_slices, _SLICES_AT_ONCE):
        progress.report("projecting", first / where.n_slices)
        run = slice(first, min(first + _SLICES_AT_ONCE, where.n_slices))
        materials = np.moveaxis(contents(run) * circle[..., None], -1, 0)
        lines = [beam.project(part, fine_mm) if part.any() else None for part in materials]
        water_mm = _water_of(_measured(lines, scan, rng))
        found[run] = beam.back_project(beam.filtered(water_mm), n, where.pixel_mm)
    return np.where(_circle(n), 1000.0 * (found - 1.0), OUTSIDE_HU).astype(np.float32)


def _measured(lines: list[np.ndarray | None], scan: CtScan, rng: np.random.Generator) -> np.ndarray:
    """Minus the logarithm of the share of photons that arrive (slices, angles, bins), counted with Poisson noise."""
    arriving: np.ndarray | float = 0.0
    for share, per_base in zip(SPECTRUM, CM2_PER_G.T, strict=True):
        depth = sum(line * (0.1 * mu) for line, mu in zip(lines, per_base, strict=True) if line is not None)
        arriving = arriving + share * np.exp(-np.asarray(depth, dtype=np.float64))
    counted = rng.poisson(np.asarray(arriving) * scan.photons_per_ray)
    return np.asarray(-np.log(np.maximum(counted, 0.5) / scan.photons_per_ray))


def _water_of(measured: np.ndarray) -> np.ndarray:
    """Millimetres of water that would weaken the same beam as much: takes out the hardening that water causes."""
    length_mm = np.linspace(-20.0, 1000.0, 4000)
    per_mm = 0.1 * CM2_PER_G[BASES.index("water")]
    weakened = -np.log((SPECTRUM * np.exp(-length_mm[:, None] * per_mm)).sum(axis=1))
    return np.asarray(np.interp(measured, weakened, length_mm), dtype=np.float32)


def _circle(n: int) -> np.ndarray:
    """Where a square slice (n, n) lies within the scan circle."""
    axis = np.arange(n) - (n - 1) / 2.0
    return np.asarray(axis[:, None] ** 2 + axis**2 <= (0.5 * n) ** 2)
