"""End-diastole and end-systole are suggested where the images show them, and not where they do not."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import Cancelled
from core.progress import Reporting
from core.volume import Volume, VolumeSequence
from imaging.slices.cycle import otsu_threshold, suggest_cycle

N_PHASES = 20
SIZE, PIXEL_MM = 60, 2.0


def beating(phase: float) -> float:
    """Radius of a ventricle in mm: full at phase 0, emptied at 0.35 of the cycle, filled again in two steps."""
    if phase < 0.35:
        return 24.0 - 8.0 * 0.5 * (1 - np.cos(np.pi * phase / 0.35))
    return 16.0 + 8.0 * (1 - np.exp(-(phase - 0.35) / 0.18)) / (1 - np.exp(-0.65 / 0.18))


def heart(phase: int, start: int = 0, slices: int = 4, beats: bool = True, noise: float = 8.0) -> Volume:
    """Short-axis slices of a bright pool in a dark wall beside a still bright vessel, in a grey chest."""
    rng = np.random.default_rng((phase, 5))
    y, x = (np.indices((SIZE, SIZE)) - SIZE / 2) * PIXEL_MM
    images = []
    for number in range(slices):
        radius = beating(((phase - start) % N_PHASES) / N_PHASES if beats else 0.0) * (1 - 0.08 * number)
        distance = np.hypot(y, x)
        image = np.full((SIZE, SIZE), 120.0)
        image[distance < 34] = 60.0
        image[distance < radius] = 300.0
        image[np.hypot(y - 40, x - 40) < 9] = 320.0
        images.append(image + rng.normal(0, noise, image.shape))
    affine = np.diag([8.0, PIXEL_MM, PIXEL_MM, 1.0])
    return Volume(np.array(images, dtype=np.float32), affine[[2, 1, 0, 3]], modality="MR")


def sequence(read, n_phases: int = N_PHASES, **times: tuple[float, ...]) -> VolumeSequence:
    return VolumeSequence(n_phases, read, **times)


@pytest.mark.parametrize("start", [0, 6, 15])
def test_a_beating_stack_is_fullest_and_emptiest_where_it_was_made_so(start: int) -> None:
    suggestion = suggest_cycle([sequence(lambda phase: heart(phase, start))])
    assert suggestion is not None
    distance = np.array([suggestion.end_diastole - start, suggestion.end_systole - start - 7]) % N_PHASES
    assert np.minimum(distance, N_PHASES - distance).max() <= 1
    assert len(suggestion.blood) == N_PHASES
    radii = np.array([beating(((p - start) % N_PHASES) / N_PHASES) for p in range(N_PHASES)])
    assert np.corrcoef(suggestion.blood, radii**2)[0, 1] > 0.98


def test_percents_that_put_the_fullest_phase_far_from_the_r_peak_are_not_believed() -> None:
    percents = tuple(100.0 * phase / N_PHASES for phase in range(N_PHASES))
    assert suggest_cycle([sequence(lambda p: heart(p, 0), percents=percents)]) is not None
    assert suggest_cycle([sequence(lambda p: heart(p, 9), percents=percents)]) is None


def test_times_in_milliseconds_are_read_as_a_share_of_the_cycle() -> None:
    times = tuple(45.0 * phase for phase in range(N_PHASES))
    suggestion = suggest_cycle([sequence(lambda p: heart(p, slices=1), times_ms=times)])
    assert suggestion is not None
    assert abs(suggestion.end_systole - 7) <= 1


def test_nothing_is_suggested_for_what_does_not_beat_or_is_too_little() -> None:
    assert suggest_cycle([sequence(lambda p: heart(p, beats=False))]) is None
    assert suggest_cycle([sequence(lambda p: heart(p, slices=1))]) is None, "one slice without times"
    assert suggest_cycle([sequence(lambda p: heart(3 * p), n_phases=6)]) is None
    assert suggest_cycle([]) is None


def test_the_parallel_planes_outvote_a_long_axis_plane() -> None:
    def turned(phase: int) -> Volume:
        volume = heart(phase, start=10, slices=1)
        matrix = volume.patient_from_index[:, [1, 0, 2, 3]]
        return Volume(volume.voxels, matrix, modality="MR")

    planes = [sequence(lambda p, n=n: heart(p, slices=n)) for n in (1, 2)]
    suggestion = suggest_cycle([sequence(turned), *planes])
    assert suggestion is not None
    assert suggestion.end_diastole in (0, 1, 19)


def test_a_sequence_is_asked_only_for_phases_that_it_has() -> None:
    cine = sequence(heart)
    assert cine.phase(3).shape == (4, SIZE, SIZE)
    with pytest.raises(IndexError):
        cine.phase(N_PHASES)
    with pytest.raises(ValueError, match="one time for each"):
        sequence(heart, times_ms=(0.0, 1.0))


def test_the_search_stops_at_the_report_after_a_cancel() -> None:
    with pytest.raises(Cancelled):
        suggest_cycle([sequence(heart)], Reporting(lambda stage, done: None, is_cancelled=lambda: True))


def test_otsus_threshold_lies_between_two_classes() -> None:
    values = np.concatenate([np.random.default_rng(1).normal(m, 4, 4000) for m in (20, 90)])
    assert 45 < otsu_threshold(values) < 65
