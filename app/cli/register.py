"""`auricle register`: where the patient lies on the marker board, from touched landmarks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.cli.console import say, say_findings, write_json
from app.registration_input import WHAT, landmarks_of, pointer_of, read_anatomy, recorded_poses, surfaces_of
from core.errors import PlannerError

if TYPE_CHECKING:
    from ar.registration import Registration
    from ar.registration.steps import Registering
    from ar.registration.touch_files import Touches
    from core.anatomy import Anatomy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what was touched, how it was seen, and where the result goes."""
    parser.add_argument(
        "video", type=Path, nargs="?", help="a video of pointer and board, or a folder of pictures"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="registration.json")
    parser.add_argument(
        "--landmarks", type=Path, required=True, metavar="FILE",
        help="landmarks in LPS mm: a JSON list, an anatomy.glb, or a plan.json",
    )  # fmt: skip
    parser.add_argument("--touches", type=Path, metavar="FILE", help="JSON: where or when each was touched")
    parser.add_argument("--board", type=Path, metavar="FILE", help="board.json, with the pointer; for a video")
    parser.add_argument("--camera", type=Path, metavar="FILE", help="camera.json; for a video")
    parser.add_argument(
        "--poses", type=Path, metavar="FILE", help="poses.csv of `auricle track` in place of a video"
    )
    parser.add_argument("--reference", default="reference", help="the body on the patient")
    parser.add_argument("--pointer", default="pointer", help="the body of the pointer")
    tip = parser.add_mutually_exclusive_group()
    tip.add_argument(
        "--tip", type=float, nargs=3, metavar=("X", "Y", "Z"), help="the tip in the pointer's frame, mm"
    )
    tip.add_argument(
        "--pivot", type=float, nargs=2, metavar=("FROM", "TO"), help="seconds of turning it about its tip"
    )
    parser.add_argument(
        "--only", metavar="NAMES", help="landmarks that were touched, in order, comma-separated"
    )
    parser.add_argument(
        "--anatomy", type=Path, metavar="FILE", help="anatomy.glb: for the error over the heart"
    )
    parser.add_argument(
        "--glide", type=float, nargs=2, metavar=("FROM", "TO"), help="seconds of gliding over a surface"
    )
    parser.add_argument("--surface", metavar="KEYS", help="structures that were glided over, comma-separated")
    parser.add_argument("--tip-radius", type=float, default=0.0, metavar="MM", help="of a ball tip")
    parser.add_argument(
        "--landmark-error", type=float, default=1.0, metavar="MM", help="expected, along one axis"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the errors as JSON")


def run(options: argparse.Namespace) -> None:
    """Register and write. Raises PlannerError when the touches do not allow it."""
    from ar.registration import write_registration
    from ar.registration.steps import Registering

    if not 0.0 < options.landmark_error < 50.0:
        raise PlannerError(WHAT, "the landmarks' error is not plausible", "give 0.3 to 5 mm")
    landmarks = landmarks_of(options)
    registering = Registering(
        landmarks.places_mm, options.reference, landmarks.frame_of_reference_uid, options.landmark_error
    )
    _touch(options, registering)
    registration = registering.fit()
    anatomy = read_anatomy(options, registration)
    if len(registering.draft.surface_mm):
        registration = registering.refine(surfaces_of(options, anatomy), options.tip_radius)
    write_registration(registration, options.out)
    say(registration.note)
    if registration.leave_one_out_mm is not None:
        say(f"each landmark predicted by the others: {registration.leave_one_out_mm:.2f} mm")
    errors = _say_error(anatomy, registration)
    say_findings(registration.findings)
    say(f"wrote {options.out}")
    if options.json is not None:
        names = [fiducial.name for fiducial in registration.fiducials]
        write_json(
            options.json,
            {
                "method": registration.method.value,
                "landmarks": names,
                "fre_mm": registration.fre_mm,
                "leave_one_out_mm": registration.leave_one_out_mm,
                "surface_rms_mm": registration.surface_rms_mm,
                "findings": [finding.code for finding in registration.findings],
                **errors,
            },
        )


def _touch(options: argparse.Namespace, registering: Registering) -> None:
    """Pivot, touches and glide, as far as they were given."""
    from ar.registration.pivot import PivotFit
    from ar.registration.recorded import tip_readings, touches_at, touches_in_order, trail
    from ar.registration.touch_files import Touches, read_touches

    touches = read_touches(options.touches) if options.touches else Touches()
    _check_names(touches, registering)
    is_recorded = options.video is not None or options.poses is not None
    if is_recorded:
        poses = recorded_poses(options)
        fit = pointer_of(options, poses)
        if isinstance(fit, PivotFit):
            registering.set_pointer(fit)
            say(f"tip at {_text(fit.tip_mm)} mm, sure to {fit.tip_sigma_mm:.2f} mm, from {fit.n_used} poses")
        tip_mm, tip_sigma_mm = (fit.tip_mm, fit.tip_sigma_mm) if isinstance(fit, PivotFit) else (fit, 0.0)
        readings = tip_readings(poses, options.pointer, options.reference, tip_mm, tip_sigma_mm)
        if options.touches is None:
            apart = [r for r in readings if not _is_during(r.time_s, (options.pivot, options.glide))]
            found = touches_in_order(apart, list(registering.landmarks))
        else:
            found = touches_at(readings, touches.times_s)
        for name, point in found.items():
            registering.touch(name, point)
        if options.glide:
            registering.touch_surface(trail(readings, tuple(options.glide)))
    elif touches.times_s or options.glide or not options.touches:
        raise PlannerError(WHAT, "there is nothing to read the touches off", "give a video or --poses")
    _touch_places(touches, registering)


def _touch_places(touches: Touches, registering: Registering) -> None:
    from ar.registration.touching import NO_COVARIANCE_MM, TouchedPoint

    for name, place in touches.places_mm.items():
        registering.touch(name, TouchedPoint(place, NO_COVARIANCE_MM, 0.0, 1, 0.0, 0.0))


def _check_names(touches: Touches, registering: Registering) -> None:
    unknown = [n for n in (*touches.places_mm, *touches.times_s) if n not in registering.landmarks]
    if unknown:
        raise PlannerError(WHAT, f"no landmark is called {', '.join(unknown)}", "use the landmarks' names")


def _is_during(time_s: float, intervals: tuple[list[float] | None, ...]) -> bool:
    return any(interval is not None and interval[0] <= time_s <= interval[1] for interval in intervals)


def _say_error(anatomy: Anatomy | None, registration: Registration) -> dict[str, float]:
    """Say the foretold error over the heart, when an anatomy was given."""
    from ar.registration import tre_summary

    summary = None if anatomy is None else tre_summary(anatomy, registration)
    if summary is None:
        return {}
    say(
        f"expected error over the heart: {summary.least_mm:.1f} to {summary.most_mm:.1f} mm, "
        f"19 of 20 within {summary.most_95_mm:.1f} mm"
    )
    return {
        "tre_least_mm": summary.least_mm,
        "tre_median_mm": summary.median_mm,
        "tre_most_mm": summary.most_mm,
        "tre_95_mm": summary.most_95_mm,
    }


def _text(point: np.ndarray) -> str:
    return " ".join(f"{value:.2f}" for value in point)
