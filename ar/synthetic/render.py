"""Whole pictures and videos of marker bodies at exactly known poses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from ar.board import Board, MarkerBody
from ar.board.faces import Face, faces_of
from ar.opencv import cv2
from ar.poses import Pose, PoseState, write_poses_csv
from ar.synthetic.look import Look, cover, develop, table_light
from ar.synthetic.motion import Exposure
from ar.synthetic.motion import Path as BodyPath
from ar.synthetic.paint import paint_face
from ar.video import VideoWriter
from core.frames import CAMERA, Transform
from core.projection import CameraModel

PAPER_MARGIN_MM = 10.0
PLAIN, INSTANT = Look(), Exposure()


def render_bodies(
    board: Board,
    camera: CameraModel,
    path: BodyPath,
    time_s: float,
    seed: int,
    look: Look = PLAIN,
    exposure: Exposure = INSTANT,
) -> np.ndarray:
    """One picture, uint8 (height, width, 3) rgb, of all bodies that `path` has at this time."""
    return develop(light_of(board, camera, path, time_s, look, exposure), look, seed)


def light_of(
    board: Board,
    camera: CameraModel,
    path: BodyPath,
    time_s: float,
    look: Look,
    exposure: Exposure = INSTANT,
) -> np.ndarray:
    """The light (height, width) that falls on the sensor, before lens blur, encoding and noise."""
    height, width = camera.height, camera.width
    table = table_light(look, height, width)
    moments = exposure.row_poses(path, time_s, height)
    total = np.zeros_like(table)
    for poses in moments:
        light = table.copy()
        _paint_bodies(light, board, camera, poses, look)
        total += light
    total /= len(moments)
    cover(total, look)
    return total


def render_board_frame(
    board: Board,
    camera: CameraModel,
    camera_from_body: Transform | None,
    seed: int,
    look: Look = PLAIN,
    body: MarkerBody | None = None,
) -> np.ndarray:
    """One picture of one body that holds still; None as pose shows the table alone."""
    name = (body or board.bodies[0]).name
    poses = {} if camera_from_body is None else {name: camera_from_body.matrix}
    return render_bodies(board, camera, lambda _: poses, 0.0, seed, look)


def make_video(
    path: Path,
    board: Board,
    camera: CameraModel,
    poses: Sequence[Transform | None],
    frames_per_s: float = 30.0,
    look: Look = PLAIN,
) -> tuple[Pose, ...]:
    """Write a video of the first body at these poses (None: out of view), and ``<name>.truth.csv`` beside it.

    Returns the truth as poses. Raises PlannerError when the video cannot be written.
    """
    path = Path(path)
    name = board.bodies[0].name
    truth = []
    with VideoWriter(path, frames_per_s, (camera.width, camera.height)) as video:
        for index, pose in enumerate(poses):
            video.write(render_board_frame(board, camera, pose, index, look))
            truth.append(_true_pose(index, index / frames_per_s, name, pose))
    write_poses_csv(path.with_suffix(".truth.csv"), truth)
    return tuple(truth)


def look_at_board(
    board: Board,
    distance_mm: float,
    tilt_deg: float,
    turn_deg: float,
    roll_deg: float = 0.0,
    body: MarkerBody | None = None,
) -> Transform:
    """`camera_from_body` of a camera that looks at the middle of a body, the first one without a name.

    Args:
        distance_mm: from the camera to that middle.
        tilt_deg: angle between the line of sight and the sheet's normal.
        turn_deg: direction of the tilt around the sheet's normal.
        roll_deg: turn about the line of sight.
    """
    body = body or board.bodies[0]
    turn, tilt, roll = (_about(axis, angle) for axis, angle in ((2, turn_deg), (0, tilt_deg), (2, roll_deg)))
    matrix = np.eye(4)
    matrix[:3, :3] = roll @ tilt @ turn
    matrix[:3, 3] = np.array([0.0, 0.0, distance_mm]) - matrix[:3, :3] @ body.centre_mm
    return Transform(CAMERA, body.name, matrix)


def _paint_bodies(
    light: np.ndarray, board: Board, camera: CameraModel, poses: Mapping[str, np.ndarray], look: Look
) -> None:
    """Far faces first, so that near ones cover them."""
    levels = (float(look.light(look.black)), float(look.light(look.white)))
    placed = []
    for name, rows in poses.items():
        body = board.body(name)
        faces = _faces(board, body)
        for face in faces:
            centre = face.outline_mm.mean(axis=0)
            depth = float(rows[len(rows) // 2][2, :3] @ centre + rows[len(rows) // 2][2, 3])
            margin = PAPER_MARGIN_MM if len(faces) == 1 else face.quiet_mm
            placed.append((depth, face, rows, margin))
    for _, face, rows, margin in sorted(placed, key=lambda entry: -entry[0]):
        paint_face(light, face, rows, camera, levels, margin, look.oversampling)


@lru_cache(maxsize=32)
def _faces(board: Board, body: MarkerBody) -> tuple[Face, ...]:
    return faces_of(board, body)


def _about(axis: int, angle_deg: float) -> np.ndarray:
    vector = np.zeros(3)
    vector[axis] = np.radians(angle_deg)
    return cv2.Rodrigues(vector)[0]


def _true_pose(index: int, time_s: float, name: str, pose: Transform | None) -> Pose:
    if pose is None:
        return Pose(index, time_s, name, PoseState.LOST, reason="out of view")
    return Pose(index, time_s, name, PoseState.TRACKED, pose, reprojection_px=0.0, sigma_mm=0.0)
