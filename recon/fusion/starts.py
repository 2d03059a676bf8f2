"""Where registration begins: several rigid guesses, so that one bad one does not decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from recon.fusion.distances import DistanceStack

Landmarks = Mapping[str, np.ndarray]
LEAST_PAIRS = 3


def starting_poses(
    fixed: DistanceStack,
    moving: DistanceStack,
    keys: Sequence[str],
    landmarks: tuple[Landmarks, Landmarks] | None = None,
    is_same_space: bool = False,
) -> list[np.ndarray]:
    """Matrices (4, 4) fixed_from_moving to begin with, without repetition.

    The centroids of the structures as pairs; the centroids alone, with the patient lying as in the other image; the
    principal axes of the whole heart in the four ways that do not mirror it; named landmarks where both have them; and
    no motion at all where the files say that both lie in one space.
    """
    inside = [[inside_points(stack, key) for key in keys] for stack in (fixed, moving)]
    centres = [np.array([points.mean(axis=0) for points in parts]) for parts in inside]
    whole = [np.concatenate(parts) for parts in inside]
    poses = [_about(np.eye(3), whole[0].mean(axis=0), whole[1].mean(axis=0))]
    poses += [
        _about(turn, whole[0].mean(axis=0), whole[1].mean(axis=0)) for turn in _axis_turns(whole[0], whole[1])
    ]
    if len(keys) >= LEAST_PAIRS:
        poses.append(pose_of_pairs(centres[0], centres[1]))
    if landmarks is not None:
        common = sorted(landmarks[0].keys() & landmarks[1].keys())
        if len(common) >= LEAST_PAIRS:
            there, here = (np.array([marks[name] for name in common]) for marks in landmarks)
            poses.append(pose_of_pairs(there, here))
    if is_same_space:
        poses.append(np.eye(4))
    return poses


def pose_of_pairs(fixed: np.ndarray, moving: np.ndarray) -> np.ndarray:
    """The rigid matrix (4, 4) that brings points `moving` (n, 3) nearest to `fixed` (n, 3).

    Source: Kabsch, Acta Crystallographica A32 (1976).
    """
    to, start = fixed.mean(axis=0), moving.mean(axis=0)
    left, _, right = np.linalg.svd((fixed - to).T @ (moving - start))
    mirror = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return _about(left @ mirror @ right, to, start)


def inside_points(stack: DistanceStack, key: str) -> np.ndarray:
    """LPS places (n, 3) of the grid inside a structure."""
    field = stack[key]
    index = np.argwhere(field.values[0].cpu().numpy() < 0.0)
    return index @ field.patient_from_index[:3, :3].T + field.patient_from_index[:3, 3]


def _axis_turns(fixed: np.ndarray, moving: np.ndarray) -> list[np.ndarray]:
    axes = [np.linalg.eigh(np.cov(points.T))[1] for points in (fixed, moving)]
    turns = []
    for signs in np.ndindex(2, 2, 2):
        turn = axes[0] @ np.diag(np.where(signs, -1.0, 1.0)) @ axes[1].T
        if np.linalg.det(turn) > 0:
            turns.append(turn)
    return turns


def _about(turn: np.ndarray, to: np.ndarray, start: np.ndarray) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = turn, to - turn @ start
    return pose
