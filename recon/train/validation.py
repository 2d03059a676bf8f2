"""How good averaged weights are on patients that no training sees: overlap, distance and landmarks."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch

from recon.networks.landmarks import decode_landmarks, patient_from_half
from recon.networks.output import NetworkOutput
from recon.networks.unet import UNet
from recon.simulate.draw import KINDS
from recon.task import NetworkSpec
from recon.train.losses import dice_per_class
from recon.train.samples import VALIDATION_SEEDS, PaintedPatient, image_and_truth, paint_sample
from recon.train.truth import Truth

NEAR_MM = 3.0
"""Errors of signed distances are counted this near to the true surface, where they move it."""


class ImageScores(NamedTuple):
    """Of one image: Dice and distance error (mm) per structure, landmarks' error and claimed spread (mm).

    NaN where there is nothing to score; arrays of no element where the network has no such head.
    """

    dice: np.ndarray
    distance_mm: np.ndarray
    landmark_mm: np.ndarray
    claimed_mm: np.ndarray


class Validation:
    """Images of unseen patients, painted once: every kind of acquisition in turn, two images of each patient."""

    def __init__(self, spec: NetworkSpec, n_patients: int, device: str) -> None:
        # A patient without a heart has no overlap to score, and one false voxel would count as none at all.
        self._spec = replace(spec, negatives=0.0)
        self._n, self._device = n_patients, device
        self._patients: list[PaintedPatient] = []

    @torch.no_grad()
    def score(self, network: UNet) -> dict[str, object]:
        """Mean scores, JSON-ready; the network is left in evaluation mode."""
        if not self._patients:
            self._patients = [
                paint_sample(self._spec, VALIDATION_SEEDS + i, self._device) for i in range(self._n)
            ]
        network.eval()
        kinds = list(KINDS)
        scores: dict[str, list[ImageScores]] = {}
        for i in range(2 * self._n):
            # The second round goes on by one kind, so that no patient meets the same kind twice.
            which, kind = i % self._n, kinds[(i + i // self._n * (self._n % len(kinds) == 0)) % len(kinds)]
            rng = np.random.default_rng((VALIDATION_SEEDS, i))
            image, truth = image_and_truth(self._spec, self._patients[which], rng, kind)
            one = score_image(self._spec, self._patients[which], network(image), truth)
            scores.setdefault(kind, []).append(one)
        return summary(scores)


def score_image(spec: NetworkSpec, painted: PaintedPatient, output: NetworkOutput, truth: Truth) -> ImageScores:
    """Compare the output for one image (a batch of one) with the truth."""
    predicted = output.logits[0].argmax(dim=0)
    dice = np.array(dice_per_class(predicted, truth.classes[0], spec.n_classes))
    nothing = np.zeros(0)
    distance = nothing
    if output.distances_mm is not None and truth.distances_mm is not None:
        distance = _distance_errors_mm(output.distances_mm[0], truth.distances_mm[0])
    found = decode_landmarks(output, painted.patient_from_index, spec.landmarks)
    if not found:
        return ImageScores(dice, distance, nothing, nothing)
    affine = patient_from_half(painted.patient_from_index)
    true_mm = truth.places[0].double().cpu().numpy() @ affine[:3, :3].T + affine[:3, 3]
    seen = truth.visible[0].cpu().numpy() > 0
    position_mm = np.array([mark.position_mm for mark in found.values()])
    errors_mm = np.linalg.norm(position_mm - true_mm, axis=1)
    claimed_mm = np.array([mark.sd_mm for mark in found.values()])
    return ImageScores(dice, distance, np.where(seen, errors_mm, np.nan), np.where(seen, claimed_mm, np.nan))


def _distance_errors_mm(predicted: torch.Tensor, true: torch.Tensor) -> np.ndarray:
    """Mean absolute error (structures,) in mm near the true surfaces; NaN for a structure that is not there."""
    near = true.abs() < NEAR_MM
    error = ((predicted - true).abs() * near).flatten(1).sum(dim=1)
    return (error / near.flatten(1).sum(dim=1)).cpu().numpy()


def summary(scores: dict[str, list[ImageScores]]) -> dict[str, object]:
    """Means over the images: Dice per kind and structure; distances per structure; landmarks over all."""
    images = [one for several in scores.values() for one in several]
    result: dict[str, object] = {
        "dice": {kind: _means(np.array([one.dice for one in several]), 3) for kind, several in scores.items()}
    }
    if len(images[0].distance_mm):
        result["distance_error_mm"] = _means(np.array([one.distance_mm for one in images]), 2)
    if len(images[0].landmark_mm):
        result["landmark_error_mm"] = _means(np.array([one.landmark_mm for one in images]), 1)
        result["landmark_claimed_mm"] = _means(np.array([one.claimed_mm for one in images]), 1)
    return result


def _means(rows: np.ndarray, digits: int) -> list[float | None]:
    """Means of columns without their NaN; None (JSON has no NaN) for a column of nothing else."""
    return [
        round(float(column[~np.isnan(column)].mean()), digits) if (~np.isnan(column)).any() else None
        for column in rows.T
    ]
