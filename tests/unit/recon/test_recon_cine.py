"""Cine planes to a moving anatomy: realignment, the smooth cycle, the carried surfaces and what their curves say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from core.errors import Cancelled, PlannerError
from core.motion import MovingAnatomy, MovingSurface
from core.progress import Reporting, Silent
from core.volume import Volume
from recon.cine.alignment import Field, estimate_shifts, without_common_move
from recon.cine.build import build, realign
from recon.cine.curve import curve_findings, function_report
from recon.cine.distances import boxed_distances
from recon.cine.periodic import PeriodicFit
from recon.cine.planes import CineSeries, Cycle, gather
from recon.mesh_report import mesh_report
from recon.sampling import patient_grid
from recon.scores import RegionScores
from tests.support.beating_heart import CENTRE_MM, BeatingHeart, cine_planes, in_plane_shifts

N_PHASES, N, SPACING_MM = 8, 44, 3.5
GRID = patient_grid(CENTRE_MM, N, SPACING_MM)
HEART = BeatingHeart(N_PHASES)


def series_of(
    shifts_mm: np.ndarray | None = None, n_long: int = 3, heart: BeatingHeart = HEART
) -> list[CineSeries]:
    sequences = heart.sequences(cine_planes(n_long=n_long), shifts_mm)
    return [
        CineSeries(f"S{i}", s.n_phases, lambda phase, s=s: [s.phase(phase)], times_ms=s.times_ms)  # type: ignore[misc]
        for i, s in enumerate(sequences)
    ]


class TruthTeller:
    """Names what the planes show as if nothing were shifted; knows the phase by the first plane's picture."""

    def __init__(self, cycle: Cycle) -> None:
        self._frames = cycle.planes[0].frames
        self._kept: dict[int, torch.Tensor] = {}

    def __call__(self, volumes: Sequence[Volume]) -> RegionScores:
        same = [np.array_equal(frame, volumes[0].voxels[0]) for frame in self._frames]
        phase = same.index(True)
        if phase not in self._kept:
            labels = HEART.truth(GRID, N, phase).labels
            shares = [ndimage.gaussian_filter((labels == value).astype(np.float32), 0.7) for value in range(8)]
            self._kept[phase] = torch.from_numpy(np.stack(shares)).clamp_min(1e-4).log()
        return RegionScores(self._kept[phase], torch.ones(N, N, N), GRID)


@pytest.fixture(scope="module")
def cycle() -> Cycle:
    return gather(series_of(), Silent())


@pytest.fixture(scope="module")
def moving(cycle: Cycle) -> MovingAnatomy:
    look = TruthTeller(cycle)
    return build(cycle, realign(cycle, look, Silent()), look, "cpu", Silent())


def field_of(phases: Sequence[int], cycle: Cycle) -> Field:
    look = TruthTeller(cycle)
    scores = [look([cycle.planes[0].volume(phase)]).scores.softmax(dim=0) for phase in phases]
    return Field(torch.stack(scores), GRID)


@pytest.mark.parametrize("n_long", [0, 3])
def test_slices_that_breathing_moved_are_put_back(n_long: int) -> None:
    planes = cine_planes(n_long=n_long)
    shifts = in_plane_shifts(planes, 3.5, seed=3)
    cycle = gather(series_of(shifts, n_long), Silent())
    found = estimate_shifts(cycle.planes, (0, 3, 5), field_of((0, 3, 5), cycle))
    true = without_common_move(cycle.planes, shifts, np.ones(len(planes), dtype=bool))
    before = np.linalg.norm(true, axis=1)
    after = np.linalg.norm(true - found.shifts_mm, axis=1)
    assert before.mean() > 2.0
    assert after.mean() < 0.5
    assert after[found.is_reliable].max() < 1.2


def test_slices_that_lie_well_are_left_there(cycle: Cycle) -> None:
    found = estimate_shifts(cycle.planes, (0, 3, 5), field_of((0, 3, 5), cycle))
    assert np.linalg.norm(found.shifts_mm, axis=1).max() < 1.0


def test_a_slice_that_shows_nothing_is_left_where_it_is_and_told(cycle: Cycle) -> None:
    rng = np.random.default_rng(0)
    empty = rng.normal(size=cycle.planes[2].frames.shape).astype(np.float32)
    planes = (*cycle.planes[:2], replace(cycle.planes[2], frames=empty), *cycle.planes[3:])
    found = estimate_shifts(planes, (0, 3, 5), field_of((0, 3, 5), cycle))
    assert not found.is_reliable[2]
    assert np.array_equal(found.shifts_mm[2], np.zeros(3))
    assert found.is_reliable.sum() >= len(planes) - 2


def test_a_move_of_the_whole_heart_is_no_shift_of_a_slice(cycle: Cycle) -> None:
    common = np.array([4.0, -2.0, 3.0])
    shifts = np.array([common - plane.normal * (plane.normal @ common) for plane in cycle.planes])
    left = without_common_move(cycle.planes, shifts, np.ones(len(shifts), dtype=bool))
    assert np.abs(left).max() < 1e-9


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


def test_the_moving_surfaces_grow_and_shrink_as_each_phase_shows(moving: MovingAnatomy) -> None:
    start = moving.end_diastole
    for key in ("lv", "rv", "lv_myocardium", "la", "ra"):
        labelled = np.array([label_map.volumes_ml()[key] for label_map in moving.labels])
        moved = moving.volumes_ml[key]
        # Eight phases tell of two harmonics only; the labels are not bound to them.
        assert moved / moved[start] == pytest.approx(labelled / labelled[start], rel=0.04), key
        # On a grid this coarse the mesher itself is off by some percent; it is its own tests that hold it.
        assert moved == pytest.approx(labelled, rel=0.08), key


def test_the_moving_surfaces_stay_whole(moving: MovingAnatomy) -> None:
    assert moving.report["least_jacobian"] > 0.0  # type: ignore[operator]
    for key, surface in moving.surfaces.items():
        for phase in (moving.end_diastole, moving.end_systole):
            report = mesh_report(surface.at(phase))
            assert report.is_closed, key
            assert report.n_self_intersections == 0, key


def test_a_vertex_goes_round_and_comes_back_without_a_leap(moving: MovingAnatomy) -> None:
    vertices = moving.surfaces["lv"].vertices
    steps = np.linalg.norm(np.diff(vertices, axis=0, append=vertices[:1]), axis=2)
    assert steps.max() < 6.0
    assert steps.mean(axis=1).max() > 0.5


def test_end_diastole_end_systole_and_ejection_are_those_of_the_heart(moving: MovingAnatomy) -> None:
    truth = [HEART.truth(GRID, N, phase).volumes_ml()["lv"] for phase in range(N_PHASES)]
    assert moving.end_diastole == 0
    assert moving.end_systole == int(np.argmin(truth))
    ejected = moving.ejection("lv")
    assert ejected is not None
    assert ejected.fraction_percent == pytest.approx(100.0 * (1.0 - min(truth) / max(truth)), abs=3.0)
    function = function_report(moving)
    assert function["lv_mass_g"] == pytest.approx(1.05 * moving.volumes_ml["lv_myocardium"][0], abs=0.1)


def test_one_phase_of_it_is_an_anatomy_in_the_same_space(moving: MovingAnatomy) -> None:
    anatomy = moving.at(3)
    assert anatomy is moving.at(3)
    assert anatomy.frame_of_reference_uid == moving.frame_of_reference_uid
    assert np.array_equal(anatomy.surfaces["lv"].faces, moving.surfaces["lv"].faces)
    assert anatomy.surfaces["lv"].volume_ml == pytest.approx(moving.volumes_ml["lv"][3])
    with pytest.raises(IndexError):
        moving.at(N_PHASES)


def ball(radii_mm: Sequence[float]) -> MovingSurface:
    import trimesh

    sphere = trimesh.creation.icosphere(subdivisions=2)
    vertices = np.asarray(sphere.vertices)
    return MovingSurface(np.array([radius * vertices for radius in radii_mm]), np.asarray(sphere.faces))


def codes(lv_mm: Sequence[float], rv_mm: Sequence[float], times_ms: tuple[float, ...] = ()) -> set[str]:
    surfaces = {"lv": ball(lv_mm), "rv": ball(rv_mm)}
    start, end = int(np.argmax(lv_mm)), int(np.argmin(lv_mm))
    found = curve_findings(MovingAnatomy(surfaces, "1.2", start, end, times_ms))
    return {finding.code for finding in found}


def smooth_radii(large: float, small: float, n: int = 24) -> np.ndarray:
    beat = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n) / n)
    return np.cbrt(large**3 + (small**3 - large**3) * beat)


def test_a_healthy_curve_raises_no_finding() -> None:
    times = tuple(np.arange(24) * 40.0)
    assert codes(smooth_radii(30, 23), smooth_radii(31, 24.6), times) == set()


def test_curves_that_no_heart_makes_are_told() -> None:
    healthy = smooth_radii(30, 23)
    assert "implausible-ef" in codes(smooth_radii(30, 29.9), smooth_radii(30, 29.9))
    assert "unlike-strokes" in codes(healthy, smooth_radii(30, 29))
    jumping = healthy.copy()
    jumping[3] = 24.0
    assert "volume-jump" in codes(jumping, healthy)
    late = tuple(np.arange(24) * 40.0)
    assert "late-diastole" in codes(np.roll(healthy, 8), healthy, late)


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


def test_cancelling_takes_effect_while_the_cycle_is_reconstructed(cycle: Cycle) -> None:
    seen: list[str] = []

    def note(stage: str, _: float) -> None:
        seen.append(stage)

    with pytest.raises(Cancelled):
        realign(cycle, TruthTeller(cycle), Reporting(note, lambda: len(seen) >= 2))
    assert seen == ["realigning slices"] * 2
