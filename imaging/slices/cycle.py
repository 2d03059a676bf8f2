"""Which phases of a cine or gated series look like the end of filling and of emptying, judged by the images alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from core.progress import Progress, Silent
from core.volume import Volume, VolumeSequence

FEWEST_PHASES = 8
FEWEST_SLICES_UNTIMED = 3
MOST_SLICES = 24
PIXEL_MM = 2.0
PARALLEL = 0.98
MOVING_FRACTION = 0.03
HARMONICS = 5
LEAST_HARMONIC_POWER, LEAST_CHANGE = 0.9, 0.15
LEAST_APART, MOST_APART = 0.2, 0.65
FARTHEST_FROM_R_PEAK = 0.15


@dataclass(frozen=True)
class CycleSuggestion:
    """Phases that look like end-diastole and end-systole; a suggestion for a person to confirm.

    Attributes:
        end_diastole, end_systole: phase numbers, from 0.
        blood: (phases,) bright area where the images move, over its mean.
    """

    end_diastole: int
    end_systole: int
    blood: tuple[float, ...]


def suggest_cycle(
    sequences: Sequence[VolumeSequence], progress: Progress | None = None
) -> CycleSuggestion | None:
    """End-diastole and end-systole of one heart from its cine planes or gated volume; None when not sure.

    In every slice the region that changes most at the rate of the heart is parted into bright and dark by Otsu's
    threshold; the bright area of all parallel slices together is largest at end-diastole and smallest at
    end-systole. Right for bright blood (steady-state MR, contrast CT) in slices across the ventricles. In a
    long-axis plane an atrium, which fills as the ventricle empties, may outweigh it: a single plane is trusted
    only where times put its end-diastole near the R peak. Not for black blood or arrhythmia.

    Args:
        sequences: planes or volumes of one examination; those of unlike numbers of phases are left out.

    Source: Otsu, IEEE Trans. SMC 9 (1979) 62; the heart by its first temporal harmonic: Lin, Cowan and Young,
    MICCAI 2006.

    Raises PlannerError when a phase cannot be loaded; Cancelled when told to stop.
    """
    progress = progress or Silent()
    n_phases = max((sequence.n_phases for sequence in sequences), default=0)
    chosen = [sequence for sequence in sequences if sequence.n_phases == n_phases]
    if n_phases < FEWEST_PHASES:
        return None
    frames: list[list[np.ndarray]] = []
    for phase in range(n_phases):
        progress.report("Looking for the heart's phases", phase / n_phases)
        volumes = _most_parallel([sequence.phase(phase) for sequence in chosen])
        frames.append([pixels for volume in volumes for pixels in _small_slices(volume)])
    progress.report("Looking for the heart's phases", 1.0)
    if len({tuple(pixels.shape for pixels in frame) for frame in frames}) > 1:
        return None
    slices = [np.stack(run) for run in zip(*frames, strict=True)]
    at = _places_in_cycle(chosen[0])
    if at is None and len(slices) < FEWEST_SLICES_UNTIMED:
        return None
    return _judged(np.sum([_bright_pixels(run) for run in slices], axis=0), at)


def _most_parallel(volumes: list[Volume]) -> list[Volume]:
    """The largest set of volumes whose slices are parallel: short-axis planes outnumber the long-axis ones."""
    normals = [np.cross(volume.axes[:, 1], volume.axes[:, 2]) for volume in volumes]
    sets = [
        [volume for volume, other in zip(volumes, normals, strict=True) if abs(normal @ other) > PARALLEL]
        for normal in normals
    ]
    return max(sets, key=lambda alike: sum(volume.shape[0] for volume in alike))


def _small_slices(volume: Volume) -> list[np.ndarray]:
    """At most some slices, evenly chosen, at about 2 mm: enough to see a ventricle empty."""
    chosen = np.unique(
        np.linspace(0, volume.shape[0] - 1, min(volume.shape[0], MOST_SLICES)).round().astype(int)
    )
    every = np.maximum(np.floor(PIXEL_MM / volume.spacing_mm[1:]), 1).astype(int)
    small = []
    for index in chosen:
        pixels = ndimage.uniform_filter(volume.voxels[index].astype(np.float32), tuple(every))
        small.append(pixels[:: every[0], :: every[1]])
    return small


def _bright_pixels(run: np.ndarray) -> np.ndarray:
    """Number (phases,) of bright pixels in the region of a run (phases, rows, columns) that moves most."""
    smooth = ndimage.gaussian_filter(run, (0, 1, 1), mode="nearest")
    moves = np.abs(np.fft.rfft(smooth, axis=0)[1])
    is_moving = ndimage.binary_closing(moves > np.quantile(moves, 1.0 - MOVING_FRACTION), iterations=2)
    parts, n_parts = ndimage.label(is_moving)
    if not n_parts:
        return np.zeros(len(run))
    heart = parts == 1 + int(np.argmax(ndimage.sum(moves, parts, range(1, n_parts + 1))))
    heart = ndimage.binary_fill_holes(ndimage.binary_dilation(heart, iterations=2))
    values = run[:, heart]
    return (values > otsu_threshold(values)).sum(axis=1).astype(np.float64)


def otsu_threshold(values: np.ndarray) -> float:
    """The value that parts numbers into two classes of largest variance between them."""
    counts, edges = np.histogram(values, bins=128)
    centres = (edges[1:] + edges[:-1]) / 2.0
    below, sums = np.cumsum(counts).astype(np.float64), np.cumsum(counts * centres)
    between = (sums[-1] * below / below[-1] - sums) ** 2 / np.maximum(below * (below[-1] - below), 1.0)
    # Across an empty gap between the classes every threshold is as good: the middle one.
    return float(centres[between >= between.max() * (1.0 - 1e-9)].mean())


def _places_in_cycle(sequence: VolumeSequence) -> np.ndarray | None:
    """Where each phase lies in the R-R interval, 0 to 1; None when the files do not say."""
    if sequence.percents:
        return np.array(sequence.percents) / 100.0
    if not sequence.times_ms:
        return None
    times = np.array(sequence.times_ms)
    cycle_ms = (times[-1] - times[0]) * len(times) / (len(times) - 1)
    return times / cycle_ms


def _judged(blood: np.ndarray, at: np.ndarray | None) -> CycleSuggestion | None:
    """The phases of most and least blood, when the curve is one of a beating ventricle."""
    n = len(blood)
    if blood.mean() <= 0.0:
        return None
    spectrum = np.fft.rfft(blood / blood.mean() - 1.0)
    power = np.abs(spectrum[1:]) ** 2
    spectrum[HARMONICS + 1 :] = 0.0
    curve = np.fft.irfft(spectrum, n)
    diastole, systole = int(np.argmax(curve)), int(np.argmin(curve))
    is_periodic = power.sum() > 0.0 and power[:HARMONICS].sum() / power.sum() >= LEAST_HARMONIC_POWER
    where = np.arange(n) / n if at is None else at
    apart = float((where[systole] - where[diastole]) % 1.0)
    if not is_periodic or np.ptp(curve) < LEAST_CHANGE or not LEAST_APART <= apart <= MOST_APART:
        return None
    if at is not None and abs((at[diastole] + 0.5) % 1.0 - 0.5) > FARTHEST_FROM_R_PEAK:
        return None
    return CycleSuggestion(diastole, systole, tuple(float(v) for v in blood / blood.mean()))
