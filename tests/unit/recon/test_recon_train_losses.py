"""The terms that training minimises, against values worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import one_hot

from recon.networks.landmarks import TARGET_SIGMA
from recon.networks.output import NetworkOutput
from recon.train.losses import (
    FAR_WEIGHT,
    NEAR_MM,
    dice_and_cross_entropy,
    dice_per_class,
    direction_loss,
    distance_loss,
    gaussians,
    heat_loss,
    training_loss,
)
from recon.train.truth import Truth, stack_truths, visible_landmarks


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_overlap_is_near_zero_for_a_sure_and_right_answer_and_large_for_a_wrong_one() -> None:
    classes = torch.randint(0, 3, (1, 8, 8, 8), generator=_generator())
    right = one_hot(classes, 3).movedim(-1, 1) * 30.0
    assert dice_and_cross_entropy(right, classes).item() < 0.01
    assert dice_and_cross_entropy(right.roll(1, dims=1), classes).item() > 10.0


def test_the_overlap_is_the_textbook_sum_over_one_hot_truth() -> None:
    logits = torch.randn(2, 4, 5, 6, 7, generator=_generator(1))
    classes = torch.randint(0, 4, (2, 5, 6, 7), generator=_generator(2))
    p, t = logits.softmax(dim=1), one_hot(classes, 4).movedim(-1, 1).float()
    axes = (2, 3, 4)
    dice = (2.0 * (p * t).sum(axes) + 1.0) / ((p + t).sum(axes) + 1.0)
    expected = 1.0 - dice[:, 1:].mean() - (t * p.log()).sum(dim=1).mean()
    assert dice_and_cross_entropy(logits, classes).item() == pytest.approx(expected.item(), rel=1e-5)


def test_dice_of_half_an_overlap_is_a_half() -> None:
    assert dice_per_class(torch.tensor([1, 1, 0, 0]), torch.tensor([0, 1, 1, 0]), 2) == [0.5]
    assert math.isnan(dice_per_class(torch.zeros(3), torch.zeros(3), 2)[0])


def test_a_distance_that_is_off_by_the_same_everywhere_costs_just_that() -> None:
    true_mm = torch.randn(2, 3, 4, 4, 4, generator=_generator()) * 4.0
    assert distance_loss(true_mm + 0.7, true_mm).item() == pytest.approx(0.7, rel=1e-5)
    assert distance_loss(true_mm, true_mm).item() == 0.0


def test_an_error_at_the_surface_costs_more_than_one_far_from_it_by_the_ratio_of_their_weights() -> None:
    true_mm = torch.tensor([0.0, 8.0]).reshape(1, 1, 1, 1, 2)
    near, far = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    at_surface = distance_loss(true_mm + near, true_mm).item()
    away = distance_loss(true_mm + far, true_mm).item()
    weights = 1.0 + FAR_WEIGHT, math.exp(-8.0 / NEAR_MM) + FAR_WEIGHT
    assert at_surface / away == pytest.approx(weights[0] / weights[1], rel=1e-4)
    assert at_surface + away == pytest.approx(1.0, rel=1e-5)


def test_heat_that_is_its_target_costs_nothing_and_even_heat_costs_what_is_not_known() -> None:
    places = torch.tensor([[[3.3, 4.0, 5.6], [6.0, 2.5, 4.5]]])
    targets = gaussians(places, (10, 9, 11))
    target = torch.einsum("bkz,bky,bkx->bkzyx", *targets)
    assert target.sum(dim=(2, 3, 4)) == pytest.approx(torch.ones(1, 2).numpy(), abs=1e-5)
    seen = torch.ones(1, 2)
    assert heat_loss(target.log(), targets, seen).item() == pytest.approx(0.0, abs=1e-4)
    entropy = float(-(target * target.clamp_min(1e-30).log()).sum() / 2)
    even = heat_loss(torch.zeros_like(target), targets, seen).item()
    assert even == pytest.approx(math.log(10 * 9 * 11) - entropy, rel=1e-4)
    assert heat_loss(torch.zeros_like(target), targets, torch.tensor([[1.0, 0.0]])).item() < 0.6 * even
    assert heat_loss(torch.zeros_like(target), targets, torch.zeros(1, 2)).item() == 0.0


def test_the_target_heat_has_the_width_it_says() -> None:
    at = torch.arange(41.0)
    factor = gaussians(torch.full((1, 1, 3), 20.0), (41, 41, 41))[0][0, 0]
    assert float((factor * (at - 20.0) ** 2).sum()) == pytest.approx(TARGET_SIGMA**2, rel=1e-3)


@pytest.mark.parametrize(("degrees", "cost"), [(0.0, 0.0), (60.0, 0.5), (90.0, 1.0), (180.0, 2.0)])
def test_a_direction_costs_one_less_the_cosine_whatever_its_length(degrees: float, cost: float) -> None:
    true = torch.tensor([[[1.0, 0.0, 0.0]]])
    angle = math.radians(degrees)
    found = 5.0 * torch.tensor([math.cos(angle), math.sin(angle), 0.0])
    field = found.reshape(1, 3, 1, 1, 1).expand(1, 3, 6, 6, 6)
    targets = gaussians(torch.full((1, 1, 3), 2.5), (6, 6, 6))
    assert direction_loss(field, targets, torch.ones(1, 1), true).item() == pytest.approx(cost, abs=1e-5)
    assert direction_loss(field, targets, torch.zeros(1, 1), true).item() == 0.0
    assert direction_loss(field, targets, torch.ones(1, 1), torch.zeros(1, 1, 3)).item() == 0.0


def _sample(seed: int) -> tuple[NetworkOutput, Truth]:
    g = _generator(seed)
    output = NetworkOutput(
        torch.randn(1, 3, 8, 8, 8, generator=g),
        torch.randn(1, 2, 8, 8, 8, generator=g),
        torch.randn(1, 2, 4, 4, 4, generator=g),
        torch.randn(1, 3, 4, 4, 4, generator=g),
    )
    truth = Truth(
        torch.randint(0, 3, (1, 8, 8, 8), generator=g),
        torch.randn(1, 2, 8, 8, 8, generator=g),
        torch.rand(1, 2, 3, generator=g) * 3.0,
        (torch.rand(1, 2, generator=g) < 0.7).float(),
        torch.nn.functional.normalize(torch.randn(1, 2, 3, generator=g), dim=2),
    )
    return output, truth


def test_every_term_of_a_batch_is_the_mean_over_its_samples() -> None:
    samples = [_sample(seed) for seed in range(3)]
    outputs = NetworkOutput(*(torch.cat(parts) for parts in zip(*(o for o, _ in samples), strict=True)))
    whole = training_loss(outputs, stack_truths([truth for _, truth in samples]), (0,))
    singles = [training_loss(output, truth, (0,)) for output, truth in samples]
    assert set(whole) == {"overlap", "distance", "heat", "direction", "total"}
    for name, value in whole.items():
        mean = sum(float(one[name]) for one in singles) / 3
        assert float(value) == pytest.approx(mean, rel=1e-5), name


def test_a_network_without_heads_learns_labels_alone() -> None:
    output, truth = _sample(4)
    terms = training_loss(NetworkOutput(output.logits), truth, ())
    assert set(terms) == {"overlap", "total"}


def test_a_landmark_is_visible_between_planes_but_not_beyond_a_truncated_view_or_the_grid() -> None:
    observed = torch.zeros(32, 32, 32)
    observed[:16] = 1.0
    places = torch.tensor(
        [[4.0, 8.0, 8.0], [7.9, 8.0, 8.0], [14.0, 8.0, 8.0], [-1.0, 8.0, 8.0], [float("nan")] * 3]
    )
    assert visible_landmarks(places, observed).tolist() == [True, True, False, False, False]
    planes = torch.zeros(32, 32, 32)
    planes[::7] = 1.0
    assert visible_landmarks(torch.tensor([[9.0, 3.0, 3.0]]), planes).tolist() == [True]
