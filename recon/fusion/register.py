"""Two label maps of one heart, in two patient spaces, to the map between them: rigid, then smooth, with its error."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.anatomy import HEART_BY_KEY
from core.errors import Finding, PlannerError
from core.frames import Transform
from core.fusion import FIXED, MOVING, DisplacementField, ImageKey, ImageRegistration, RegistrationError, Warp
from core.progress import Progress, Silent
from core.volume import LabelMap
from recon.fusion.distances import DistanceStack, stack_of_labels
from recon.fusion.errors import (
    LeftOut,
    expected_mm,
    inverse_error_mm,
    leave_each_out,
    surface_residuals_mm,
)
from recon.fusion.rigid import bands_of, best_rigid
from recon.fusion.smooth import Flow, smooth_flow
from recon.fusion.starts import Landmarks, starting_poses

SMOOTH_POINTS = 3000
LARGEST_RIGID_MM = 3.5
"""Two hearts whose surfaces stay farther apart are not told to be one.

Two pairs of different simulated adults stayed 4.2 and 4.4 mm apart, one heart bent by up to 9 mm stayed 1.6 mm.
"""
DOUBTFUL_RIGID_MM = 2.2
LEAST_JACOBIAN = 0.05


@dataclass(frozen=True, eq=False)
class Pair:
    """What is registered: both images' structures, their names, and what is known of how they lie.

    Attributes:
        landmarks: named LPS positions of the fixed and of the moving image, where both have some.
    """

    fixed: DistanceStack
    moving: DistanceStack
    fixed_key: ImageKey
    moving_key: ImageKey
    landmarks: tuple[Landmarks, Landmarks] | None = None

    @property
    def is_same_space(self) -> bool:
        """True when the files say that both lie in one patient space."""
        return self.fixed_key.frame_of_reference_uid == self.moving_key.frame_of_reference_uid != ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The structures that both have, in the fixed image's order."""
        return tuple(key for key in self.fixed if key in self.moving.fields)


def register_labels(
    fixed: LabelMap,
    moving: LabelMap,
    fixed_key: ImageKey,
    moving_key: ImageKey,
    *,
    landmarks: tuple[Landmarks, Landmarks] | None = None,
    is_smooth: bool = True,
    device: str = "cpu",
    provenance: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> ImageRegistration:
    """Register the heart of a moving image to that of a fixed one by their label maps.

    Args:
        fixed, moving: structures by the keys of `core.anatomy.HEART`, each on its own grid.
        landmarks: see `Pair`.
        is_smooth: whether a smooth deformation may follow the rigid part; kept only when it foretells structures
            that had no part in it better than the rigid part does.
        device: a torch device.
        provenance: facts to keep with the registration.

    Raises:
        PlannerError: too little in common, or the hearts do not fit each other.
        Cancelled: told to stop.
    """
    progress = progress or Silent()
    started = time.perf_counter()
    progress.report("measuring distances", 0.0)
    fixed_stack = stack_of_labels(fixed, device)
    progress.report("measuring distances", 0.5)
    pair = Pair(fixed_stack, stack_of_labels(moving, device), fixed_key, moving_key, landmarks)
    distances_s = time.perf_counter() - started
    facts = {**(provenance or {}), "device": device, "distances_s": round(distances_s, 3)}
    return register(pair, is_smooth, facts, progress)


def register(
    pair: Pair,
    is_smooth: bool = True,
    provenance: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> ImageRegistration:
    """Register two stacks of signed distances, wherever they come from. Raises as `register_labels`."""
    progress = progress or Silent()
    started = time.perf_counter()
    keys = _shared(pair)
    progress.report("finding how they lie", 0.0)
    starts = starting_poses(pair.fixed, pair.moving, keys, pair.landmarks, pair.is_same_space)
    pose = best_rigid(pair.fixed, pair.moving, keys, starts).fixed_from_moving
    rigid_mm = surface_residuals_mm(pair.fixed, pair.moving, keys, pose)
    _check_fit(rigid_mm)
    flow = None
    if is_smooth:
        bands = bands_of(pair.fixed, pair.moving, keys, SMOOTH_POINTS)
        flow = smooth_flow(bands, pose, progress=progress)
    left_out = leave_each_out(pair.fixed, pair.moving, keys, pose, progress, is_smooth)
    findings = _findings(pair, rigid_mm)
    kept = flow if flow is not None and _is_worth_it(flow, left_out) else None
    if flow is not None and kept is None:
        findings = (*findings, _stays_rigid())
    error = _error(pair, keys, pose, kept, left_out, rigid_mm)
    facts = {
        **(provenance or {}),
        "structures": list(keys),
        "n_starts": len(starts),
        "registration_s": round(time.perf_counter() - started, 3),
    }
    progress.report("registered", 1.0)
    return ImageRegistration(
        pair.fixed_key,
        pair.moving_key,
        Transform(FIXED, MOVING, pose),
        _warp(kept) if kept is not None else None,
        error,
        "rigid and smooth, by signed distances" if kept is not None else "rigid, by signed distances",
        facts,
        findings,
    )


def _shared(pair: Pair) -> tuple[str, ...]:
    if not pair.keys:
        raise PlannerError(
            "these images are not registered",
            "no structure of the heart was found in both of them",
            "choose images that both show the heart",
        )
    return pair.keys


def _check_fit(rigid_mm: Mapping[str, float]) -> None:
    """Refuse hearts that do not fit each other: any two can be bent into one another, which would prove nothing."""
    if not rigid_mm:
        raise PlannerError(
            "these images are not registered",
            "no structure of the heart is shown whole enough in both of them",
            "choose images that both show the heart",
        )
    mean_mm = float(np.mean(list(rigid_mm.values())))
    if mean_mm > LARGEST_RIGID_MM:
        raise PlannerError(
            "these images are not registered",
            f"their hearts stay {mean_mm:.1f} mm apart however they are turned, and one patient's would come nearer",
            "check that both are of this patient and of one phase of the heart's cycle, and check both reconstructions",
        )


def _is_worth_it(flow: Flow, left_out: LeftOut) -> bool:
    """Whether the smooth part tells anything: it folds nowhere, and foretells what it did not see."""
    if min(flow.grid.jacobian(shift)[0] for shift in (flow.forward_mm, flow.backward_mm)) < LEAST_JACOBIAN:
        return False
    return not left_out.rigid_mm or expected_mm(left_out.smooth_mm) < expected_mm(left_out.rigid_mm)


def _error(
    pair: Pair,
    keys: Sequence[str],
    pose: np.ndarray,
    flow: Flow | None,
    left_out: LeftOut,
    rigid_mm: Mapping[str, float],
) -> RegistrationError:
    left_out_mm = left_out.rigid_mm if flow is None else left_out.smooth_mm
    if flow is None:
        return RegistrationError(dict(rigid_mm), dict(rigid_mm), left_out_mm, expected_mm(left_out_mm))
    changes = [flow.grid.jacobian(shift) for shift in (flow.forward_mm, flow.backward_mm)]
    return RegistrationError(
        surface_residuals_mm(pair.fixed, pair.moving, keys, pose, flow),
        dict(rigid_mm),
        left_out_mm,
        expected_mm(left_out_mm),
        inverse_error_mm(pair.fixed, keys, flow),
        (min(low for low, _ in changes), max(high for _, high in changes)),
    )


def _warp(flow: Flow) -> Warp:
    forward, backward = (
        DisplacementField(shift.movedim(0, -1).cpu().numpy(), flow.grid.patient_from_index)
        for shift in (flow.forward_mm, flow.backward_mm)
    )
    return Warp(forward, backward)


def _findings(pair: Pair, rigid_mm: Mapping[str, float]) -> tuple[Finding, ...]:
    found = []
    mean_mm = float(np.mean(list(rigid_mm.values())))
    if mean_mm > DOUBTFUL_RIGID_MM:
        found.append(
            Finding(
                "fusion_doubtful",
                f"the hearts stay {mean_mm:.1f} mm apart before one is bent",
                "they may be of two phases of the cycle, or not of one patient",
                "compare the contours on the slices before relying on it",
            )
        )
    if pair.is_same_space:
        found.append(
            Finding(
                "fusion_same_space",
                "both images say that they lie in one patient space",
                "they were registered all the same: the patient breathes between two series",
                "compare with the images laid over each other as they are",
            )
        )
    missing = [key for key in pair.fixed if key not in pair.keys] + [
        key for key in pair.moving if key not in pair.keys
    ]
    if missing:
        titles = ", ".join(HEART_BY_KEY[key].title if key in HEART_BY_KEY else key for key in missing)
        found.append(
            Finding(
                "fusion_missing",
                f"only one of the images has: {titles}",
                "it took no part in the registration",
                "expect more error there",
            )
        )
    return tuple(found)


def _stays_rigid() -> Finding:
    return Finding(
        "fusion_rigid",
        "the registration is rigid only",
        "a smooth deformation did not foretell structures that were left out any better",
        "nothing to do",
    )
