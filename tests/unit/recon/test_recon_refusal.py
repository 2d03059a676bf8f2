"""Each fact that speaks for a heart is what it says, and what is none or hardly in view is refused."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from core.anatomy import HEART_BY_KEY
from core.errors import PlannerError
from core.progress import Silent
from core.volume import Volume
from recon.inference import locate_heart
from recon.refusal import LEAST_SCORE, Evidence, check_is_heart, covered, explained, in_view
from recon.registry import find_task
from recon.weights import LoadedNetwork

N = 40
RADIUS = np.sqrt(((np.indices((N, N, N)) - 19.5) ** 2).sum(axis=0))
GOOD = Evidence(agreement=0.9, certainty=0.9, explained=0.6, covered=0.97, in_view=1.0)


def _labels() -> np.ndarray:
    labels = np.zeros((N, N, N), dtype=np.uint8)
    labels[RADIUS < 12] = HEART_BY_KEY["lv_myocardium"].value
    labels[RADIUS < 8] = HEART_BY_KEY["lv"].value
    return labels


def test_an_image_painted_by_its_labels_is_explained_and_noise_is_not() -> None:
    labels, everywhere = _labels(), np.ones((N, N, N), dtype=bool)
    rng = np.random.default_rng(0)
    painted = np.array((0.1, 0.9, 0.4, 0, 0, 0, 0, 0))[labels]
    assert explained(painted, labels, everywhere, 3.0) == pytest.approx(1.0)
    assert explained(rng.normal(size=labels.shape), labels, everywhere, 3.0) < 0.01
    half = painted + rng.normal(0.0, painted[RADIUS < 15].std(), labels.shape)
    assert explained(half, labels, everywhere, 3.0) == pytest.approx(0.5, abs=0.03)


def test_a_cavity_is_covered_as_far_as_muscle_is_around_it() -> None:
    labels = _labels()
    assert covered(labels, 3.0) == 1.0
    labels[: N // 2][labels[: N // 2] == HEART_BY_KEY["lv_myocardium"].value] = 0
    assert covered(labels, 3.0) == pytest.approx(0.5, abs=0.02)
    assert covered(np.zeros_like(labels), 3.0) == 0.0


def test_the_share_in_view_is_that_of_a_stack_or_between_the_outermost_planes() -> None:
    heart = RADIUS < 12
    stack = np.zeros((N, N, N), dtype=bool)
    stack[:20] = True
    assert in_view(heart, stack) == pytest.approx(0.5, abs=0.01)
    planes = np.zeros((N, N, N), dtype=bool)
    planes[[6, 14, 22, 33]] = True
    assert in_view(heart, planes) == 1.0
    assert in_view(heart, np.zeros_like(planes)) == 0.0


def test_a_heart_is_taken_and_a_weaker_one_scores_lower() -> None:
    check_is_heart(GOOD)
    for name in ("agreement", "explained", "covered"):
        assert replace(GOOD, **{name: 0.3}).score < GOOD.score, name
    assert GOOD.report()["least_score"] == LEAST_SCORE


def test_what_is_made_up_is_refused_as_no_heart() -> None:
    with pytest.raises(PlannerError, match="no heart found"):
        check_is_heart(Evidence(agreement=0.45, certainty=0.8, explained=0.05, covered=0.8, in_view=1.0))


def test_less_than_half_a_heart_is_refused_however_sure_the_network_is() -> None:
    with pytest.raises(PlannerError, match=r"not in view.*45%"):
        check_is_heart(replace(GOOD, in_view=0.45))


def test_a_spacing_in_the_wrong_unit_is_refused_before_hours_of_search() -> None:
    volume = Volume(np.zeros((100, 10, 10), dtype=np.int16), np.diag((30.0, 3.0, 3.0, 1.0)))
    localiser = cast(LoadedNetwork, SimpleNamespace(spec=find_task("heart").localiser))
    with pytest.raises(PlannerError, match="longer than a patient"):
        locate_heart([volume], localiser, "cpu", Silent())
