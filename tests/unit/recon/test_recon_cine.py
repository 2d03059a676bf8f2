"""Cine planes brought to one cycle, and what is smooth through it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.errors import PlannerError
from core.progress import Silent
from core.volume import Volume
from recon.cine.distances import boxed_distances
from recon.cine.periodic import PeriodicFit
from recon.cine.planes import CineSeries, gather
from recon.sampling import patient_grid
from tests.support.beating_heart import BeatingHeart
from tests.support.cine_study import N_PHASES, series_of


def test_a_few_harmonics_pass_and_noise_between_phases_does_not() -> None:
    places = np.arange(25) / 25
    smooth = 100.0 + 30.0 * np.cos(2 * np.pi * places) + 8.0 * np.sin(4 * np.pi * places)
    noise = np.random.default_rng(1).normal(0.0, 3.0, 25)
    clean, noisy = PeriodicFit(places), PeriodicFit(places)
    for phase in range(25):
        clean.add(phase, torch.tensor([smooth[phase]]))
        noisy.add(phase, torch.tensor([smooth[phase] + noise[phase]]))
    assert [float(clean.at(phase)) for phase in range(25)] == pytest.approx(smooth, abs=1e-6)
    left = np.array([float(noisy.at(phase)) for phase in range(25)]) - smooth
    assert left.std() < 0.85 * noise.std()


def test_distances_to_a_ball_are_finer_than_the_grid() -> None:
    grid = patient_grid(np.zeros(3), 40, 2.5)
    places = np.indices((40, 40, 40)).reshape(3, -1).T @ grid[:3, :3].T + grid[:3, 3]
    exact = np.linalg.norm(places - [0.4, -0.3, 0.8], axis=1).reshape(40, 40, 40) - 22.0
    boxed = boxed_distances([-np.tanh(exact / 4.0).astype(np.float32)], grid)
    assert boxed is not None
    found = boxed.distances_mm[0]
    low = np.rint((boxed.patient_from_index[:3, 3] - grid[:3, 3])[::-1] / 2.5).astype(int)
    part = exact[tuple(slice(a, a + n) for a, n in zip(low, found.shape, strict=True))]
    near = np.abs(part) < 8.0
    assert np.abs(found - part)[near].mean() < 0.1
    assert np.abs(found - part)[near].max() < 0.5
    assert boxed.volumes_ml()[0] == pytest.approx(4.0 / 3.0 * np.pi * 2.2**3, rel=0.01)


def test_unlike_numbers_of_phases_are_matched_by_their_place_in_the_cycle() -> None:
    many = series_of(n_long=0)
    few = series_of(n_long=0, heart=BeatingHeart(6))[3]
    cycle = gather([*many[:3], replace(few, name="few")], Silent())
    assert cycle.n_phases == N_PHASES
    assert [finding.code for finding in cycle.findings] == ["phases-resampled"]
    frames = cycle.planes[3].frames
    assert np.array_equal(frames[0], few.read_planes(0)[0].voxels[0])
    assert np.array_equal(frames[4], few.read_planes(3)[0].voxels[0])


def test_planes_of_two_spaces_of_none_or_with_too_few_phases_are_refused() -> None:
    series = series_of(n_long=0)

    def elsewhere(uid: str) -> CineSeries:
        read = series[1].read_planes
        return replace(
            series[1], read_planes=lambda phase: [replace(v, frame_of_reference_uid=uid) for v in read(phase)]
        )

    with pytest.raises(PlannerError, match="different frames of reference"):
        gather([series[0], elsewhere("9.9")], Silent())
    with pytest.raises(PlannerError, match="which patient space"):
        gather([elsewhere(""), elsewhere("")], Silent())
    with pytest.raises(PlannerError, match="phases"):
        gather([replace(series[0], n_phases=3, times_ms=())], Silent())
    with pytest.raises(PlannerError, match="no series"):
        gather([], Silent())


def test_slices_that_do_not_stay_in_place_are_refused() -> None:
    series = series_of(n_long=0)[0]

    def drifting(phase: int) -> list[Volume]:
        (volume,) = series.read_planes(phase)
        affine = np.array(volume.patient_from_index)
        affine[2, 3] += 2.0 * phase
        return [replace(volume, patient_from_index=affine)]

    with pytest.raises(PlannerError, match="do not stay"):
        gather([replace(series, read_planes=drifting)], Silent())
