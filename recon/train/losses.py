"""What training minimises.

Every term is a mean over the samples of a batch, so that a batch may be split over several GPUs: the mean of the
parts' gradients is the gradient of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as functional

from recon.networks.landmarks import TARGET_SIGMA
from recon.networks.output import NetworkOutput
from recon.train.truth import Truth

WEIGHTS: Mapping[str, float] = {"overlap": 1.0, "distance": 0.1, "heat": 0.03, "direction": 0.03}
"""Of each term. The labels come first: at the end of a training the others are a small part of the sum."""
NEAR_MM = 2.0
"""The weight of a distance's error falls to 1/e this far from the surface."""
FAR_WEIGHT = 0.05


def training_loss(
    output: NetworkOutput, truth: Truth, which_directed: Sequence[int]
) -> dict[str, torch.Tensor]:
    """Each term that the network has a head for, and their weighted sum as "total".

    Args:
        which_directed: see `recon.networks.landmarks.directed`.
    """
    terms = {"overlap": dice_and_cross_entropy(output.logits, truth.classes)}
    if output.distances_mm is not None:
        assert truth.distances_mm is not None
        terms["distance"] = distance_loss(output.distances_mm, truth.distances_mm)
    if output.heatmaps is not None:
        targets = gaussians(truth.places, output.heatmaps.shape[2:])
        terms["heat"] = heat_loss(output.heatmaps, targets, truth.visible)
        if output.directions is not None:
            which = list(which_directed)
            here = [axis[:, which] for axis in targets]
            terms["direction"] = direction_loss(
                output.directions, here, truth.visible[:, which], truth.directions[:, which]
            )
    total = torch.stack([WEIGHTS[name] * term for name, term in terms.items()]).sum()
    return {**terms, "total": total}


def dice_and_cross_entropy(logits: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Mean of (1 - soft Dice) over samples and foreground classes, plus cross-entropy.

    Args:
        logits: (b, c, d, h, w). classes: (b, d, h, w) int64.
    """
    log_probabilities = functional.log_softmax(logits.float(), dim=1)
    cross_entropy = functional.nll_loss(log_probabilities, classes)
    probabilities = log_probabilities.exp().flatten(2)
    flat = classes.flatten(1)
    # A sum per true class of the probability given to it, without the (b, c, ...) truth in memory.
    given = probabilities.gather(1, flat[:, None])[:, 0]
    empty = probabilities.new_zeros(logits.shape[:2])
    overlap = empty.scatter_add(1, flat, given)
    size = empty.scatter_add(1, flat, torch.ones_like(given))
    dice = (2.0 * overlap + 1.0) / (probabilities.sum(dim=2) + size + 1.0)
    return 1.0 - dice[:, 1:].mean() + cross_entropy


def distance_loss(predicted_mm: torch.Tensor, true_mm: torch.Tensor) -> torch.Tensor:
    """Mean absolute error in mm of signed distances (b, c, d, h, w), counted most near the true surface."""
    weight = true_mm.abs().mul_(-1.0 / NEAR_MM).exp_().add_(FAR_WEIGHT).flatten(2)
    error = functional.l1_loss(predicted_mm.float(), true_mm, reduction="none").flatten(2)
    weighted = (error[:, :, None] @ weight[..., None]).flatten(
        1
    )  # a dot product each, without a product in memory
    return (weighted / weight.sum(dim=2)).mean()


def gaussians(places: torch.Tensor, shape: Sequence[int]) -> list[torch.Tensor]:
    """The target heat of landmarks (b, k, 3) as three factors (b, k, n), one per axis, each summing to one."""
    factors = []
    for axis, n in enumerate(shape):
        at = torch.arange(n, dtype=torch.float32, device=places.device)
        factors.append((-0.5 * ((at - places[..., axis, None]) / TARGET_SIGMA) ** 2).softmax(dim=-1))
    return factors


def heat_loss(heatmaps: torch.Tensor, targets: Sequence[torch.Tensor], visible: torch.Tensor) -> torch.Tensor:
    """Divergence of the heat (b, k, d, h, w) from its target, mean over samples and landmarks; 0 at best.

    Landmarks that are not visible (b, k) count as right. `targets` are the factors of `gaussians`.
    """
    logarithm = heatmaps.float().flatten(2).log_softmax(dim=2).view_as(heatmaps)
    cross_entropy = -torch.einsum("bkzyx,bkz,bky,bkx->bk", logarithm, *targets)
    entropy = sum(torch.special.entr(axis).sum(dim=-1) for axis in targets)
    return ((cross_entropy - entropy) * visible).mean()


def direction_loss(
    directions: torch.Tensor, targets: Sequence[torch.Tensor], visible: torch.Tensor, true: torch.Tensor
) -> torch.Tensor:
    """Mean of 1 - cos of the angle to the true direction (b, m, 3), over where the landmark's heat should be.

    A true direction of length 0 is an unknown one and counts as right.

    Args:
        directions: (b, 3 m, d, h, w). targets: factors (b, m, n) of their landmarks' heat. visible: (b, m).
    """
    field = directions.float().unflatten(1, (-1, 3))
    length = field.square().sum(dim=2).add(1e-12).sqrt()
    cosine = torch.einsum("bmczyx,bmc->bmzyx", field, true) / length
    there = torch.einsum("bmzyx,bmz,bmy,bmx->bm", cosine, *targets)
    return ((true.norm(dim=2) - there) * visible).mean()


def dice_per_class(predicted: torch.Tensor, classes: torch.Tensor, n_classes: int) -> list[float]:
    """Hard Dice of each foreground class; NaN where a class is in neither."""
    scores = []
    for value in range(1, n_classes):
        a, b = predicted == value, classes == value
        total = int(a.sum() + b.sum())
        scores.append(2.0 * int((a & b).sum()) / total if total else float("nan"))
    return scores
