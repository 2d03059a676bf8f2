"""The Cramer-Rao bound: how well any method could place a target from one noisy picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ar.opencv import cv2
from ar.synthetic.render import light_of
from ar.tracking.geometry import moved
from benchmarks.tracking_scenes import Scene

TURN_RAD, SHIFT_MM = 2e-4, 0.1
SAMPLES = 4000


@dataclass(frozen=True)
class Bound:
    """What an unbiased estimator of single frames at the bound would have: median error and jitter of a target, mm."""

    tre_mm: float
    jitter_mm: float


def bound_of(scene: Scene, frames: int, target_mm: np.ndarray) -> Bound:
    """The bound of a target over some frames.

    The information is that of all pixels of the noiseless picture, by differences of rendered pictures, under
    the grey noise of the camera; lens, light and blur are known to it, which no tracker knows.
    """
    chosen = np.unique(np.linspace(0, len(scene.times_s) - 1, frames).astype(int))
    spreads = [_of_frame(scene, int(i), target_mm) for i in chosen]
    random = np.random.default_rng(0)
    tre = [np.linalg.norm(random.multivariate_normal(np.zeros(3), s, SAMPLES), axis=1) for s in spreads]
    # Errors of two frames are independent: their difference over the square root of 2 is as large as one of them.
    jitter = float(np.sqrt(np.mean([np.trace(spread) for spread in spreads])))
    return Bound(float(np.median([np.median(t) for t in tre])), jitter)


def _of_frame(scene: Scene, index: int, target_mm: np.ndarray) -> np.ndarray:
    """The least covariance (3, 3) of the target, mm^2, in one frame."""
    truth = scene.path(float(scene.times_s[index]))
    steps = np.diag([TURN_RAD] * 3 + [SHIFT_MM] * 3)
    slopes = [
        (_picture(scene, index, moved(truth, s)) - _picture(scene, index, moved(truth, -s))) / 2.0
        for s in steps
    ]
    derivative = np.stack([slope.ravel() for slope in slopes], axis=1) / np.diag(steps)
    noise = scene.looks[index].noise
    covariance = np.linalg.inv(derivative.T @ derivative) * noise**2
    turned = truth[:3, :3] @ target_mm
    cross = np.array([[0, turned[2], -turned[1]], [-turned[2], 0, turned[0]], [turned[1], -turned[0], 0]])
    lever = np.concatenate([cross, np.eye(3)], axis=1)
    return np.asarray(lever @ covariance @ lever.T)


def _picture(scene: Scene, index: int, pose: np.ndarray) -> np.ndarray:
    look = scene.looks[index]
    light = light_of(scene.board, scene.camera, lambda _: {scene.board.bodies[0].name: pose}, 0.0, look)
    light = cv2.GaussianBlur(light, (0, 0), look.blur_px)
    light = light * (1.0 - look.shade * np.arange(light.shape[1]) / light.shape[1])
    return 255.0 * np.clip(light, 0.0, 1.0).astype(np.float64) ** (1.0 / look.gamma)
