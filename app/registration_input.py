"""What `auricle register` is given: landmarks, poses, the pointer's tip and surfaces, from files of any kind."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np

from app.cli.console import progress_of
from core.errors import PlannerError

if TYPE_CHECKING:
    from pathlib import Path

    from ar.poses import Pose
    from ar.registration import Registration
    from ar.registration.pivot import PivotFit
    from ar.registration.touch_files import Landmarks
    from core.anatomy import Anatomy
    from core.mesh import SurfaceMesh

WHAT = "cannot register the patient"


def landmarks_of(options: argparse.Namespace) -> Landmarks:
    """What may be touched, in order; of a plan and an anatomy their own landmarks."""
    from ar.registration.touch_files import Landmarks, read_landmarks

    path: Path = options.landmarks
    if path.suffix.lower() == ".glb":
        from imaging.guard.given import read_glb

        anatomy = read_glb(path)
        found = Landmarks(dict(anatomy.landmarks), anatomy.frame_of_reference_uid)
    elif path.name.endswith("plan.json"):
        from plan.items import Landmark
        from plan.schema import read_plan

        plan = read_plan(path)
        places = {item.name: np.array(item.position_mm) for item in plan.of_type(Landmark)}
        found = Landmarks(places, plan.frame_of_reference_uid)
    else:
        found = read_landmarks(path)
    if options.only is None:
        return found
    names = [name.strip() for name in options.only.split(",") if name.strip()]
    missing = [name for name in names if name not in found.places_mm]
    if missing:
        raise PlannerError(WHAT, f"no landmark is called {', '.join(missing)}", "check the names")
    return Landmarks({name: found.places_mm[name] for name in names}, found.frame_of_reference_uid)


def recorded_poses(options: argparse.Namespace) -> list[Pose]:
    """All poses of both bodies, tracked now or read from a file."""
    if options.poses is not None:
        from ar.poses import read_poses_csv

        return list(read_poses_csv(options.poses))
    if options.board is None or options.camera is None:
        raise PlannerError(WHAT, "a video needs its board and its camera", "give --board and --camera")
    from ar.board import read_board
    from ar.calibration import read_camera
    from ar.source import frames_of, open_source
    from ar.tracking import Tracker

    progress = progress_of(options)
    poses: list[Pose] = []
    tracker, source = (
        Tracker(read_board(options.board), read_camera(options.camera)),
        open_source(options.video),
    )
    for n, frame in enumerate(frames_of(source)):
        poses += tracker.track(frame).poses
        progress.report("tracking", n / max(source.n_frames or 0, n + 1))
    progress.report("tracking", 1.0)
    return poses


def pointer_of(options: argparse.Namespace, poses: list[Pose]) -> PivotFit | np.ndarray:
    """The pivot fit, or the tip (3,) that was given."""
    from ar.registration.pivot import pivot_calibration
    from ar.registration.recorded import during, poses_of

    if options.tip is not None:
        return np.array(options.tip)
    if options.pivot is None:
        raise PlannerError(
            WHAT, "where the pointer's tip is was not said", "give --pivot FROM TO, or --tip X Y Z"
        )
    return pivot_calibration(during(poses_of(poses, options.pointer), tuple(options.pivot)))


def read_anatomy(options: argparse.Namespace, registration: Registration) -> Anatomy | None:
    """The anatomy that was named, of the registration's patient space; None when none was. Raises PlannerError."""
    if options.anatomy is None:
        return None
    from imaging.guard.given import read_glb

    anatomy = read_glb(options.anatomy)
    registration.check_space(anatomy.frame_of_reference_uid)
    return anatomy


def surfaces_of(options: argparse.Namespace, anatomy: Anatomy | None) -> list[SurfaceMesh]:
    """The structures that were glided over."""
    if anatomy is None or not options.surface:
        raise PlannerError(WHAT, "which surface was glided over was not said", "give --anatomy and --surface")
    keys = [key.strip() for key in options.surface.split(",") if key.strip()]
    missing = [key for key in keys if key not in anatomy.surfaces]
    if missing:
        known = ", ".join(anatomy.surfaces)
        raise PlannerError(WHAT, f"the anatomy has no {', '.join(missing)}", f"choose of: {known}")
    return [anatomy.surfaces[key] for key in keys]
