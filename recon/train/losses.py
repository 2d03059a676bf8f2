"""What training minimises, and the overlap it is judged by."""

from __future__ import annotations

import torch
import torch.nn.functional as functional


def dice_and_cross_entropy(logits: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Mean of (1 - soft Dice) over foreground classes, plus cross-entropy.

    Args:
        logits: (b, c, d, h, w). classes: (b, d, h, w) int64.
    """
    logits = logits.float()
    log_probabilities = functional.log_softmax(logits, dim=1)
    cross_entropy = functional.nll_loss(log_probabilities, classes)
    probabilities = log_probabilities.exp()
    truth = functional.one_hot(classes, logits.shape[1]).movedim(-1, 1).to(probabilities.dtype)
    axes = (0, 2, 3, 4)
    overlap = 2.0 * (probabilities * truth).sum(axes)
    total = (probabilities + truth).sum(axes)
    dice = (overlap + 1.0) / (total + 1.0)
    return 1.0 - dice[1:].mean() + cross_entropy


def dice_per_class(predicted: torch.Tensor, classes: torch.Tensor, n_classes: int) -> list[float]:
    """Hard Dice of each foreground class; NaN where a class is in neither."""
    scores = []
    for value in range(1, n_classes):
        a, b = predicted == value, classes == value
        total = int(a.sum() + b.sum())
        scores.append(2.0 * int((a & b).sum()) / total if total else float("nan"))
    return scores
