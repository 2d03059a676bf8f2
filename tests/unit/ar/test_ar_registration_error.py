"""The error that a registration foretells, against exact truth and the published formula."""

from __future__ import annotations

import numpy as np
import pytest

from ar.registration import (
    Fiducial,
    MotionSpread,
    leave_one_out_mm,
    register_fiducials,
    register_points,
    spread_of_points,
    tre_summary,
    with_tre,
)
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.frames import apply_affine, rigid
from core.mesh import SurfaceMesh

POINTS = np.array([[0.0, 0, 0], [90, 10, 5], [20, 110, -10], [80, 95, 20], [45, 50, 60], [10, 70, 40]])
TRUTH = rigid(np.array([0.4, -0.9, 1.7]), np.array([120.0, -40.0, 15.0]))
HEART = np.array([[40.0, 40, 100], [60, 60, 160], [-20, 30, 90]])


def _pairs(noise: np.ndarray, sigma_mm: float = 1.0) -> list[Fiducial]:
    body = apply_affine(TRUTH, POINTS) + noise
    return [
        Fiducial(f"landmark {i}", tuple(p), tuple(q), sigma_mm)
        for i, (p, q) in enumerate(zip(POINTS.tolist(), body.tolist(), strict=True))
    ]


def _fitzpatrick_tre_mm(points: np.ndarray, target: np.ndarray, fle_mm: float) -> float:
    """TRE of one target by Fitzpatrick 1998, equation 46: distances from the principal axes."""
    centred = points - points.mean(axis=0)
    axes = np.linalg.svd(centred)[2]
    ratio = 0.0
    for axis in axes:
        off = [np.linalg.norm(np.cross(axis, p)) for p in centred]
        ratio += np.linalg.norm(np.cross(axis, target - points.mean(axis=0))) ** 2 / np.mean(np.square(off))
    return float(np.sqrt(fle_mm**2 / len(points) * (1.0 + ratio / 3.0)))


def test_the_foretold_error_is_the_published_formula_for_equal_fiducials() -> None:
    spread = spread_of_points(POINTS, np.full(len(POINTS), 0.7))
    expected = [_fitzpatrick_tre_mm(POINTS, target, 0.7 * np.sqrt(3.0)) for target in HEART]
    np.testing.assert_allclose(spread.tre_mm(HEART), expected, rtol=1e-9)


@pytest.mark.parametrize("sigma", [np.full(6, 0.8), np.array([0.3, 0.3, 2.0, 0.5, 1.5, 0.4])])
def test_a_thousand_noisy_registrations_err_as_foretold(sigma: np.ndarray) -> None:
    random = np.random.default_rng(3)
    truth = apply_affine(TRUTH, HEART)
    errors = []
    for _ in range(1000):
        body = apply_affine(TRUTH, POINTS) + random.normal(0.0, 1.0, POINTS.shape) * sigma[:, None]
        errors.append(
            np.linalg.norm(
                apply_affine(register_points(POINTS, body, 1 / sigma**2).matrix, HEART) - truth, axis=1
            )
        )
    spread = spread_of_points(apply_affine(TRUTH, POINTS), sigma)
    np.testing.assert_allclose(np.sqrt(np.mean(np.square(errors), axis=0)), spread.tre_mm(truth), rtol=0.06)
    within = np.mean(np.array(errors) < spread.tre_95_mm(truth), axis=0)
    assert (np.abs(within - 0.95) < 0.025).all()


def test_weights_beat_equal_weights_where_one_landmark_is_poor() -> None:
    random, sigma = np.random.default_rng(5), np.array([0.3, 0.3, 4.0, 0.3, 0.3, 0.3])
    truth, errors = apply_affine(TRUTH, HEART), {True: [], False: []}
    for _ in range(200):
        body = apply_affine(TRUTH, POINTS) + random.normal(0.0, 1.0, POINTS.shape) * sigma[:, None]
        for is_weighted in errors:
            fit = register_points(POINTS, body, 1 / sigma**2 if is_weighted else None)
            errors[is_weighted].append(np.linalg.norm(apply_affine(fit.matrix, HEART) - truth))
    assert np.mean(errors[True]) < 0.5 * np.mean(errors[False])


def test_a_registration_states_an_error_that_covers_the_true_one() -> None:
    random, truth = np.random.default_rng(8), apply_affine(TRUTH, HEART)
    within, ratio = [], []
    for _ in range(300):
        found = register_fiducials(_pairs(random.normal(0.0, 1.0, POINTS.shape)), "reference")
        error = np.linalg.norm(found.body_from_patient.apply(HEART) - truth, axis=1)
        tre, most = found.tre_mm(HEART), found.tre_95_mm(HEART)
        assert tre is not None
        assert most is not None
        within.append(error < most)
        ratio.append(error**2 / tre**2)
    assert np.mean(within) > 0.94
    assert 0.7 < np.mean(ratio) < 1.05


def test_errors_larger_than_stated_widen_what_is_foretold() -> None:
    random = np.random.default_rng(8)
    poor = register_fiducials(_pairs(random.normal(0.0, 3.0, POINTS.shape)), "reference").tre_mm(HEART)
    good = register_fiducials(_pairs(random.normal(0.0, 0.1, POINTS.shape)), "reference").tre_mm(HEART)
    assert poor is not None
    assert good is not None
    assert (poor > 1.5 * good).all()
    # A lucky fit is not taken for a small error.
    assert (good > 0.9 * spread_of_points(POINTS, np.ones(6)).tre_mm(HEART)).all()


def test_leaving_one_out_finds_the_error_of_points_that_are_predicted() -> None:
    random = np.random.default_rng(2)
    squares = [
        np.mean(
            leave_one_out_mm(POINTS, apply_affine(TRUTH, POINTS) + random.normal(0, 0.5, POINTS.shape)) ** 2
        )
        for _ in range(300)
    ]
    # Each is the point's own error and that of a map by the five others, at that point.
    expected = []
    for i in range(6):
        rest = np.delete(POINTS, i, axis=0)
        expected.append(0.75 + spread_of_points(rest, np.full(5, 0.5)).tre_mm(POINTS[i : i + 1])[0] ** 2)
    assert np.mean(squares) == pytest.approx(np.mean(expected), rel=0.08)
    assert not len(leave_one_out_mm(POINTS[:3], POINTS[:3]))


def test_the_error_grows_with_the_distance_from_the_fiducials_over_the_heart() -> None:
    near = SurfaceMesh(POINTS[:3].mean(axis=0) + np.eye(3), np.array([[0, 1, 2]]))
    far = SurfaceMesh(near.vertices + (0.0, 0.0, 200.0), near.faces)
    registration = register_fiducials(_pairs(np.zeros_like(POINTS)), "reference")
    assert (
        with_tre(near, registration).fields["tre_mm"].max() < with_tre(far, registration).fields["tre_mm"].min()
    )
    summary = tre_summary(Anatomy({"lv": near, "la": far}), registration)
    assert summary is not None
    assert summary.least_mm < summary.median_mm < summary.most_mm < summary.most_95_mm


def test_a_disagreeing_landmark_is_named() -> None:
    noise = np.random.default_rng(4).normal(0.0, 0.2, POINTS.shape)
    noise[3] += (6.0, 0.0, 5.0)
    registration = register_fiducials(_pairs(noise, 0.5), "reference")
    assert [f.code for f in registration.findings] == ["fiducial-outlier"]
    assert "landmark 3" in registration.findings[0].what


def test_good_landmarks_raise_no_finding_and_three_say_that_nothing_checks_them() -> None:
    noise = np.random.default_rng(4).normal(0.0, 0.5, POINTS.shape)
    assert register_fiducials(_pairs(noise, 0.5), "reference").findings == ()
    three = register_fiducials(_pairs(noise, 0.5)[:3], "reference")
    assert three.leave_one_out_mm is None
    assert [f.code for f in three.findings] == ["few-fiducials"]


def _refused(pairs: list[Fiducial], why: str) -> None:
    with pytest.raises(PlannerError, match=why):
        register_fiducials(pairs, "reference")


def test_a_mirrored_patient_is_refused() -> None:
    body = apply_affine(TRUTH, POINTS * (-1.0, 1.0, 1.0))
    _refused(
        [
            Fiducial(str(i), tuple(p), tuple(q))
            for i, (p, q) in enumerate(zip(POINTS.tolist(), body.tolist(), strict=True))
        ],
        "mirror",
    )


def test_two_landmarks_touched_under_each_others_names_are_named() -> None:
    pairs = _pairs(np.random.default_rng(1).normal(0.0, 0.5, POINTS.shape))
    first, second = pairs[1], pairs[4]
    pairs[1] = Fiducial(first.name, first.patient_mm, second.body_mm)
    pairs[4] = Fiducial(second.name, second.patient_mm, first.body_mm)
    _refused(pairs, "landmark 1 and landmark 4 seem to be exchanged")


def test_a_board_printed_too_small_is_refused() -> None:
    body = apply_affine(TRUTH, POINTS) * 0.93
    _refused(
        [
            Fiducial(str(i), tuple(p), tuple(q))
            for i, (p, q) in enumerate(zip(POINTS.tolist(), body.tolist(), strict=True))
        ],
        "93.0% as far apart",
    )


def test_another_patients_landmarks_are_refused() -> None:
    _refused(_pairs(np.random.default_rng(3).normal(0.0, 14.0, POINTS.shape)), "cannot register")


def test_points_on_a_line_and_one_name_twice_are_refused() -> None:
    line = np.outer(np.arange(5.0), (20.0, 5.0, 3.0)) + np.random.default_rng(0).normal(0, 1.0, (5, 3))
    _refused([Fiducial(str(i), tuple(p), tuple(p)) for i, p in enumerate(line.tolist())], "one line")
    pairs = _pairs(np.zeros_like(POINTS))
    _refused([*pairs, pairs[0]], "twice")


def test_a_registration_of_another_patient_space_is_refused() -> None:
    found = register_fiducials(_pairs(np.zeros_like(POINTS)), "reference", "1.2.3")
    found.check_space("1.2.3")
    with pytest.raises(PlannerError, match="different patient spaces"):
        found.check_space("1.2.4")


def test_a_spread_that_is_no_covariance_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        MotionSpread(np.zeros(3), -np.eye(6))
