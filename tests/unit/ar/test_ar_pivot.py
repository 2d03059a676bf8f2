from __future__ import annotations

import numpy as np
import pytest

from ar.poses import Pose, PoseState
from ar.registration.pivot import pivot_calibration
from core.errors import PlannerError
from core.frames import CAMERA, Transform, rigid

TIP = np.array([4.0, -6.0, 148.0])
PIVOT = np.array([30.0, 20.0, 600.0])
# Turn (radians) and shift (mm) of a small tag's pose: depth is what is seen worst.
SIGMA = np.array([0.004, 0.004, 0.001, 0.05, 0.05, 0.5])


def poses(
    n: int = 200,
    cone_deg: float = 40.0,
    seed: int = 1,
    noise: float | np.ndarray = 1.0,
    side: float = 1.0,
    tip: np.ndarray = TIP,
    has_covariance: bool = True,
) -> list[Pose]:
    """A pointer turned about its tip; `side` 0 tilts it about one axis only."""
    random, found = np.random.default_rng(seed), []
    scale = np.broadcast_to(noise, n)
    for i in range(n):
        phase = 2 * np.pi * i / n
        turn = np.radians(cone_deg) * np.array([np.sin(3 * phase), side * np.cos(2 * phase), 0.0])
        matrix = rigid(turn, np.zeros(3))
        matrix[:3, 3] = PIVOT - matrix[:3, :3] @ tip
        error = random.normal(0.0, 1.0, 6) * SIGMA * scale[i]
        seen = rigid(error[:3], np.zeros(3)) @ matrix
        seen[:3, 3] = matrix[:3, 3] + error[3:]
        covariance = np.diag(np.maximum(SIGMA * scale[i], 1e-6) ** 2) if has_covariance else None
        place = Transform(CAMERA, "pointer", seen)
        found.append(Pose(i, i / 30.0, "pointer", PoseState.TRACKED, place, covariance))
    return found


def test_an_exact_pivot_gives_the_exact_tip() -> None:
    fit = pivot_calibration(poses(noise=0.0))
    np.testing.assert_allclose(fit.tip_mm, TIP, atol=1e-6)
    assert fit.residual_mm < 1e-6
    assert fit.turn_deg == pytest.approx(79, abs=6)


def test_the_tip_is_found_within_the_error_it_states() -> None:
    errors, stated = [], []
    for seed in range(20):
        fit = pivot_calibration(poses(seed=seed))
        errors.append(np.linalg.norm(fit.tip_mm - TIP))
        stated.append(fit.tip_sigma_mm)
    assert np.sqrt(np.mean(np.square(errors))) < np.mean(stated)
    assert np.sqrt(np.mean(np.square(errors))) > 0.3 * np.mean(stated)
    assert np.mean(stated) < 0.3


def test_poses_that_are_seen_well_count_for_more() -> None:
    noise = np.where(np.arange(100) % 2, 0.3, 4.0)
    errors: dict[bool, list[float]] = {True: [], False: []}
    for seed in range(8):
        for has_covariance in errors:
            fit = pivot_calibration(poses(100, seed=seed, has_covariance=has_covariance, noise=noise))
            errors[has_covariance].append(float(np.linalg.norm(fit.tip_mm - TIP)))
    assert np.mean(errors[True]) < 0.5 * np.mean(errors[False])


def test_flipped_poses_are_left_out() -> None:
    seen = poses()
    for i in range(0, 200, 10):
        flipped = rigid(np.array([0.6, 0.0, 0.0]), np.zeros(3)) @ np.asarray(seen[i].camera_from_body.matrix)
        seen[i] = Pose(
            i, i / 30, "pointer", PoseState.TRACKED, Transform(CAMERA, "pointer", flipped), seen[i].covariance
        )
    fit = pivot_calibration(seen)
    assert fit.n_left_out >= 20
    assert np.linalg.norm(fit.tip_mm - TIP) < 0.3


def test_poses_that_were_not_measured_do_not_count() -> None:
    lost = [Pose(i, i / 30, "pointer", PoseState.LOST) for i in range(100)]
    with pytest.raises(PlannerError, match="20 usable poses, 30 are needed"):
        pivot_calibration([*poses(20), *lost])


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (poses(cone_deg=8.0), "turned by .* degrees only"),
        (poses(side=0.0), "in one of its directions"),
        (poses(tip=np.array([1.0, 0.0, 3.0])), "not plausible"),
        (poses(tip=np.array([0.0, 0.0, 900.0]), noise=0.1), "not plausible"),
    ],
)
def test_a_pivot_that_cannot_be_right_is_refused(seen: list[Pose], why: str) -> None:
    with pytest.raises(PlannerError, match=why):
        pivot_calibration(seen)


def test_a_tip_that_wandered_is_refused() -> None:
    random, seen = np.random.default_rng(0), []
    for i, pose in enumerate(poses()):
        assert pose.camera_from_body is not None
        matrix = pose.camera_from_body.matrix.copy()
        matrix[:3, 3] += random.normal(0.0, 6.0, 3)
        seen.append(
            Pose(i, i / 30, "pointer", PoseState.TRACKED, Transform(CAMERA, "pointer", matrix), pose.covariance)
        )
    with pytest.raises(PlannerError, match="the tip did not rest"):
        pivot_calibration(seen)
