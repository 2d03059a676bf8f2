"""A camera that walks around a printed board, with exactly known poses, and the heart held over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.anatomy import Anatomy
from core.frames import CAMERA, Transform
from core.progress import Progress
from core.projection import CameraModel
from plan.plan import Plan

if TYPE_CHECKING:
    from ar.board import Board
    from ar.poses import Pose
    from ar.recording import Recording

N_FRAMES = 60
OUT_OF_VIEW = range(40, 48)
FRAMES_PER_S = 15.0


@dataclass(frozen=True, eq=False)
class TrackedVideo:
    """What was tracked, and the exact truth it is judged by."""

    recording: Recording
    truth: Sequence[Pose]
    board: Board


def demo_camera() -> CameraModel:
    """A webcam of 960x720 with a little barrel distortion."""
    matrix = np.array([[880.0, 0.0, 482.0], [0.0, 878.0, 357.0], [0.0, 0.0, 1.0]])
    distortion = np.array([-0.08, 0.04, 0.0005, -0.0004, 0.0])
    # The video is drawn through this very lens: it has no error.
    return CameraModel(960, 720, matrix, distortion, rms_px=0.0, focal_error_percent=0.0)


def walk_around(board: Board) -> list[Transform | None]:
    """Camera poses on an arc over the board, looking at its middle; None while the board is out of view."""
    body = board.bodies[0]
    poses: list[Transform | None] = []
    for i in range(N_FRAMES):
        if i in OUT_OF_VIEW:
            poses.append(None)
            continue
        t = i / (N_FRAMES - 1)
        aside, up = np.radians(25.0 + 80.0 * t), np.radians(60.0 + 8.0 * np.sin(2 * np.pi * t))
        away_mm = 500.0 + 60.0 * np.sin(np.pi * t)
        # The board's z runs into the table: the camera stands at negative z, at the sheet's lower side.
        towards = np.array(
            [np.sin(aside) * np.cos(up), np.cos(aside) * np.cos(up), -np.sin(up)], dtype=np.float64
        )
        poses.append(_look_at(body.centre_mm + away_mm * towards, body.centre_mm, body.name))
    return poses


def _look_at(eye_mm: np.ndarray, target_mm: np.ndarray, body: str) -> Transform:
    """The camera at `eye_mm` in the body's frame looks at `target_mm`; down in its picture is the body's +z."""
    forward = (target_mm - eye_mm) / np.linalg.norm(target_mm - eye_mm)
    right = np.cross(np.array((0.0, 0.0, 1.0)), forward)
    right = right / np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = -rotation @ eye_mm
    return Transform(CAMERA, body, matrix)


def track_over_board(anatomy: Anatomy, plan: Plan, folder: Path, progress: Progress) -> TrackedVideo:
    """Film the board, track it, and write board.pdf/json, camera.json, board.mp4, poses.csv and overlay.mp4."""
    from ar.board import default_board, write_board, write_pdf
    from ar.calibration import write_camera
    from ar.placement import place_over
    from ar.recording import record
    from ar.source import open_source
    from ar.synthetic import make_video
    from ar.tracking import Tracker
    from render.compose import compose
    from render.view import ViewState

    folder.mkdir(parents=True, exist_ok=True)
    board, camera = default_board(), demo_camera()
    write_board(board, folder / "board.json")
    write_pdf(board, folder / "board.pdf")
    write_camera(camera, folder / "camera.json")
    progress.report("filming the board", 0.0)
    truth = make_video(folder / "board.mp4", board, camera, walk_around(board), FRAMES_PER_S)
    scene = compose(anatomy, plan, ViewState.default(anatomy))
    recording = record(
        open_source(folder / "board.mp4"),
        Tracker(board, camera),
        camera,
        folder,
        progress,
        scene,
        place_over(anatomy, board.bodies[0]),
    )
    return TrackedVideo(recording, truth, board)


def frame_of_video(path: Path, index: int) -> np.ndarray:
    """One picture of a video, uint8 RGB. Raises PlannerError when the video is shorter."""
    from ar.source import frames_of, open_source
    from core.errors import PlannerError

    for frame in frames_of(open_source(path)):
        if frame.index == index:
            return frame.image
    raise PlannerError(f"{path.name} has no frame {index}", "it is shorter", "choose an earlier frame")
