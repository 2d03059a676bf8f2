"""`auricle track VIDEO`, or `--live N`: poses.csv of all bodies before a camera, and the overlay as a video."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.console import progress_of, say, write_json
from core.errors import PlannerError

if TYPE_CHECKING:
    from ar.board import Board
    from ar.recording import Recording
    from ar.registration import Registration
    from render.scene import Scene


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the video, what it was taken with and of, and what to draw over it."""
    parser.add_argument("video", type=Path, nargs="?", help="a video, or a folder of pictures")
    parser.add_argument(
        "--live", type=int, metavar="N", help="camera N in place of a video; the newest frame wins"
    )
    parser.add_argument(
        "--seconds", type=float, default=3600.0, metavar="S", help="of a live camera; Ctrl+C ends it before"
    )
    parser.add_argument("--board", type=Path, required=True, metavar="FILE", help="board.json")
    parser.add_argument("--camera", type=Path, required=True, metavar="FILE", help="camera.json")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for poses.csv and overlay.mp4"
    )
    parser.add_argument("--anatomy", type=Path, metavar="FILE", help="anatomy.glb to hold over the board")
    parser.add_argument("--plan", type=Path, metavar="FILE", help="plan.json of that anatomy")
    parser.add_argument(
        "--registration", type=Path, metavar="FILE", help="registration.json; the anatomy is placed without"
    )
    parser.add_argument("--no-overlay", action="store_true", help="poses only, no video")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the summary as JSON")


def run(options: argparse.Namespace) -> None:
    """Track every frame and write poses and overlay. Raises PlannerError when an input does not fit."""
    from app.ar.opening import CalibratedSource
    from ar.board import read_board
    from ar.calibration import read_camera_record
    from ar.recording import record
    from ar.tracking import Tracker

    if (options.video is None) == (options.live is None):
        raise PlannerError(
            "cannot track", "it needs a video or a live camera", "give one of VIDEO and --live N"
        )
    if not options.seconds > 0.0:
        raise PlannerError("cannot track", f"{options.seconds:g} s is no time", "give --seconds above 0")
    if options.plan and not options.anatomy:
        raise PlannerError("cannot draw the plan", "it has no anatomy", "give --anatomy as well")
    if options.registration and not options.anatomy:
        raise PlannerError("cannot use the registration", "it has no anatomy", "give --anatomy as well")
    board, calibration = read_board(options.board), read_camera_record(options.camera)
    camera = calibration.camera
    scene, registration = _scene(options, board)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = str(error.strerror or error)
        raise PlannerError(f"cannot write to {options.out.name}", reason, "choose another folder") from error
    is_live = options.live is not None
    place = options.live if is_live else options.video
    source = CalibratedSource(place, calibration)
    recording = record(
        source,
        Tracker(board, camera),
        camera,
        options.out,
        progress_of(options),
        scene,
        registration,
        not options.no_overlay,
        options.seconds if is_live else None,
    )
    _say(recording, options)


def _scene(options: argparse.Namespace, board: Board) -> tuple[Scene, Registration]:
    """What is drawn and where: the anatomy with its plan over the board, or the board's own outline."""
    from ar.placement import board_outline, place_over, registration_on

    if options.anatomy is None:
        return board_outline(board)
    from imaging.guard.given import read_glb
    from plan.plan import Plan
    from plan.schema import read_plan
    from render.compose import compose
    from render.view import ViewState

    anatomy = read_glb(options.anatomy)
    plan = read_plan(options.plan) if options.plan else Plan()
    scene = compose(anatomy, plan, ViewState.default(anatomy))
    if options.registration is None:
        return scene, place_over(anatomy, board.bodies[0])
    return scene, registration_on(board, options.registration, anatomy.frame_of_reference_uid)


def _say(recording: Recording, options: argparse.Namespace) -> None:
    for body in dict.fromkeys(pose.body for pose in recording.poses):
        counts = {state: count for state, count in recording.states_of(body).items() if count}
        say(f"{body}: " + ", ".join(f"{count} {state}" for state, count in counts.items()))
    say("milliseconds a frame: " + ", ".join(f"{k} {v:.1f}" for k, v in recording.milliseconds.items()))
    say(f"frame to picture: median {recording.latency_ms[0]:.1f} ms, 95 % {recording.latency_ms[1]:.1f} ms")
    if recording.n_skipped:
        say(f"{recording.n_skipped} frames were overtaken by newer ones")
    say(f"wrote {options.out / 'poses.csv'}")
    if not options.no_overlay:
        say(f"wrote {options.out / 'overlay.mp4'}")
    if options.json is not None:
        write_json(options.json, recording.summary())
