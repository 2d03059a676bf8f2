"""An MR from first principles: signal equations, off-resonance, coils, a finite k-space and noise in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.progress import Progress, Silent
from core.volume import Volume
from recon.anatomy.patient import SyntheticPatient
from recon.anatomy.tissues import TISSUES, VALUE
from recon.simulate.independent.field import Field
from recon.simulate.independent.relaxation import (
    BLOOD,
    HEART,
    TISSUE_RELAXATION,
    balanced_signal,
    inversion_signal,
    null_time_ms,
    with_agent,
)
from recon.simulate.study import SimulatedImage

FULL_SCALE = 1000.0
_BETWEEN_INVERSIONS_MS, _LGE_ECHO_MS = 1600.0, 1.5
# Ten to fifteen minutes after a double dose: mmol/l in blood, healthy muscle and scar.
_AGENT = {"blood": 0.55, "muscle": 0.38, "scar": 0.75}


@dataclass(frozen=True)
class MrScan:
    """How an MR is taken.

    Attributes:
        repetition_ms, flip_deg: of the balanced steady state.
        off_resonance_hz: standard deviation of the field's smooth error over the slices.
        n_coils: on a ring around the chest.
        noise: standard deviation in the image per coil, as a share of the strongest signal of one coil.
    """

    repetition_ms: float = 3.2
    flip_deg: float = 60.0
    off_resonance_hz: float = 45.0
    n_coils: int = 6
    noise: float = 0.012


def render_mr(
    patient: SyntheticPatient,
    frame_of_reference_uid: str,
    where: Field | None = None,
    scan: MrScan | None = None,
    progress: Progress | None = None,
) -> SimulatedImage:
    """A balanced steady-state MR of a synthetic patient at 1.5 T."""
    scan = scan or MrScan()

    def signal(tissues: np.ndarray, off_hz: np.ndarray) -> np.ndarray:
        found = np.zeros(tissues.shape)
        for value in np.unique(tissues):
            here = tissues == value
            tissue = TISSUE_RELAXATION[value]
            found[here] = balanced_signal(tissue, scan.repetition_ms, scan.flip_deg, off_hz[here])
        return found

    return _render(patient, frame_of_reference_uid, where, scan, signal, None, progress)


def render_lge(
    patient: SyntheticPatient,
    frame_of_reference_uid: str,
    where: Field | None = None,
    scan: MrScan | None = None,
    progress: Progress | None = None,
) -> SimulatedImage:
    """Late enhancement of a synthetic patient: healthy muscle nulled, one scar in the LV wall."""
    scan = scan or MrScan()
    healthy = with_agent(HEART, _AGENT["muscle"])
    inversion_ms = null_time_ms(healthy.t1_ms, _BETWEEN_INVERSIONS_MS)
    table = np.zeros(len(TISSUES) + 1)
    for value, tissue in enumerate((*TISSUE_RELAXATION, HEART)):
        agent = 0.0 if tissue.is_fat else _AGENT["blood" if tissue is BLOOD else "muscle"]
        agent = _AGENT["scar"] if value == SCAR else agent
        table[value] = inversion_signal(
            with_agent(tissue, agent), inversion_ms, _BETWEEN_INVERSIONS_MS, _LGE_ECHO_MS
        )
    return _render(patient, frame_of_reference_uid, where, scan, lambda t, _: table[t], _with_scar, progress)


SCAR = len(TISSUES)
"""Value of scarred muscle in a painted slice; a tissue of this scan only."""


def _with_scar(tissues: np.ndarray, rng: np.random.Generator, fine_mm: tuple[float, float]) -> np.ndarray:
    """A ball of scar somewhere in the LV wall, 10 to 18 mm in radius."""
    wall = np.argwhere(tissues == VALUE["lv_myocardium"])
    if not len(wall):
        return tissues
    step_mm, pixel_mm = fine_mm
    away = (wall - wall[rng.integers(len(wall))]) * (step_mm, pixel_mm, pixel_mm)
    scarred = wall[np.linalg.norm(away, axis=1) < rng.uniform(10.0, 18.0)]
    found = tissues.copy()
    found[tuple(scarred.T)] = SCAR
    return found


def _render(
    patient: SyntheticPatient,
    frame_uid: str,
    where: Field | None,
    scan: MrScan,
    signal: Callable[[np.ndarray, np.ndarray], np.ndarray],
    change: Callable[[np.ndarray, np.random.Generator, tuple[float, float]], np.ndarray] | None,
    progress: Progress | None,
) -> SimulatedImage:
    where, progress = where or Field(), progress or Silent()
    rng = np.random.default_rng((patient.seed, 37))
    affine = where.patient_from_index(np.round(patient.landmarks()["region_centre"]))
    progress.report("painting the patient", 0.0)
    tissues = where.paint(patient, affine, offset=0.0)
    if change is not None:
        tissues = change(tissues, rng, (where.step_mm, where.pixel_mm / where.finer))
    n = where.finer * where.n_pixels
    off_hz = _field_error(where.n_slices, n, rng) * scan.off_resonance_hz
    found = np.empty((where.n_slices, where.n_pixels, where.n_pixels))
    coils = coil_maps(n, scan.n_coils)
    for k in range(where.n_slices):
        progress.report("acquiring", k / where.n_slices)
        found[k] = acquire_slice(signal(tissues[k], off_hz[k]), coils, where.n_pixels, scan.noise, rng)
    voxels = np.clip(np.rint(found * FULL_SCALE / np.quantile(found, 0.999)), 0, 4095).astype(np.int16)
    image = Volume(voxels, affine, frame_uid, "arbitrary", "MR")
    return SimulatedImage(image, where.truth(patient, affine, frame_uid))


def acquire_slice(
    signal: np.ndarray, coils: np.ndarray, n: int, noise: float, rng: np.random.Generator
) -> np.ndarray:
    """Magnitude image (n, n) of a finely painted signal (m, m): every coil's k-space cut to n by n, root of squares.

    Index i of the image lies where index i * m / n of the signal does.
    """
    m = len(signal)
    spectra = np.fft.fftshift(np.fft.fft2(coils * signal, axes=(1, 2)), axes=(1, 2))
    kept = slice(m // 2 - n // 2, m // 2 - n // 2 + n)
    images = np.fft.ifft2(np.fft.ifftshift(spectra[:, kept, kept], axes=(1, 2)), axes=(1, 2)) * (n / m) ** 2
    sigma = noise * float(np.abs(images).max())
    images = images + sigma * (rng.normal(size=images.shape) + 1j * rng.normal(size=images.shape))
    return np.asarray(np.sqrt((np.abs(images) ** 2).sum(axis=0)))


def coil_maps(m: int, n_coils: int) -> np.ndarray:
    """Complex sensitivities (coils, m, m) of loops on a ring 1.3 half slices away, falling off with distance."""
    axis = (np.arange(m) - (m - 1) / 2.0) / (0.5 * m)
    maps = []
    for angle in np.arange(n_coils) * 2.0 * np.pi / n_coils + 0.3:
        y, x = axis[:, None] - 1.3 * np.sin(angle), axis - 1.3 * np.cos(angle)
        distance = np.hypot(y, x)
        maps.append((1.0 + (distance / 0.8) ** 2) ** -1.5 * np.exp(1j * np.arctan2(y, x)))
    return np.stack(maps)


def _field_error(n_slices: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """A smooth error of the main field (slices, n, n): a random quadratic, of zero mean and unit deviation."""
    z, y, x = (np.linspace(-1.0, 1.0, k) for k in (n_slices, n, n))
    z, y = z[:, None, None], y[:, None]
    terms = (x, y, z, x * y, y * z, x * z, x * x, y * y, z * z)
    error = np.asarray(sum(w * term for w, term in zip(rng.normal(size=9), terms, strict=True)))
    return (error - error.mean()) / error.std()
