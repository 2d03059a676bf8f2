"""Boards, cameras, motions and lights by seed, rendered with exact truth: what all contenders are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ar.board import Board, charuco_board, grid_board
from ar.frame import CameraFrame
from ar.synthetic import Exposure, Look, look_at_board, render_bodies
from core.projection import CameraModel

FRAMES_PER_S = 30.0
INSTANT = Exposure()
WEBCAM = Look(noise=5.0, blur_px=0.7, clutter=50.0)


@dataclass(frozen=True, eq=False)
class Scene:
    """A series of pictures of one board and the camera's true pose in each.

    Attributes:
        is_video: frames follow each other; otherwise each is a picture of its own.
        looks: how each frame is taken.
    """

    name: str
    board: Board
    camera: CameraModel
    path: Callable[[float], np.ndarray]
    times_s: np.ndarray
    looks: tuple[Look, ...]
    exposure: Exposure = INSTANT
    is_video: bool = False

    def truths(self) -> list[np.ndarray]:
        """`camera_from_body` (4, 4) of every frame."""
        return [self.path(float(t)) for t in self.times_s]

    def frames(self) -> Iterator[CameraFrame]:
        """The pictures, drawn as they are asked for."""
        name = self.board.bodies[0].name
        for index, (time_s, look) in enumerate(zip(self.times_s, self.looks, strict=True)):
            picture = render_bodies(
                self.board,
                self.camera,
                lambda t: {name: self.path(t)},
                float(time_s),
                index,
                look,
                self.exposure,
            )
            yield CameraFrame(picture, index, index / FRAMES_PER_S)


def camera_of(seed: int) -> CameraModel:
    """A 720p webcam; each seed another focal length, centre and lens."""
    random = np.random.default_rng(1000 + seed)
    focal = random.uniform(900.0, 1060.0)
    matrix = np.array(
        [[focal, 0, 640 + random.normal(0, 8)], [0, focal * 0.998, 357 + random.normal(0, 8)], [0, 0, 1]]
    )
    lens = np.array([random.uniform(-0.14, 0.06), random.uniform(-0.03, 0.07), 6e-4, -4e-4, 0.0])
    return CameraModel(1280, 720, matrix, lens, 0.1, 0.0)


def boards() -> dict[str, Board]:
    """One tag, twenty on A4, twelve small ones, and the ChArUco sheet that Auricle prints."""
    april = "DICT_APRILTAG_36h11"
    return {
        "one tag": grid_board((1, 1), 50.0, 0.0, april),
        "A4, 20 tags": grid_board((4, 5), 36.0, 10.0, april),
        "12 small tags": grid_board((4, 3), 20.0, 5.0, "DICT_4X4_50"),
        "ChArUco A4": charuco_board((5, 8), 32.0, 24.0),
    }


def stills(name: str, board: Board, n: int, seed: int, look: Look = WEBCAM) -> Scene:
    """Pictures of their own from 0.5 to 1 m, tilted 8 to 52 degrees, anywhere near the middle."""
    random = np.random.default_rng(seed)
    poses = []
    for _ in range(n):
        view = look_at_board(
            board,
            random.uniform(500, 1000),
            random.uniform(8, 52),
            random.uniform(0, 360),
            random.uniform(0, 360),
        ).matrix.copy()
        view[:2, 3] += random.uniform(-0.12, 0.12, 2) * view[2, 3]
        poses.append(view)
    looks = tuple(replace(look, shade=float(random.uniform(0.0, 0.25))) for _ in range(n))
    return Scene(name, board, camera_of(seed), lambda t: poses[round(t)], np.arange(n, dtype=float), looks)


def troubled(name: str, board: Board, n: int, seed: int, trouble: str) -> Scene:
    """Stills with 30 % of the sheet covered, or with a lamp mirrored in it."""
    scene = stills(name, board, n, seed)
    random = np.random.default_rng(seed + 1)
    looks = tuple(
        _trouble(look, scene, pose, trouble, random)
        for look, pose in zip(scene.looks, scene.truths(), strict=True)
    )
    return replace(scene, looks=looks)


def hand_held(
    name: str,
    board: Board,
    n: int,
    seed: int,
    exposure: Exposure = INSTANT,
    look: Look = WEBCAM,
    speed: float = 1.0,
) -> Scene:
    """A camera that is carried around the board: some 100 mm and 20 degrees a second at `speed` 1; 0 holds still."""
    random = np.random.default_rng(seed)
    rate, phase = random.uniform(0.5, 1.3, 6) * speed, random.uniform(0, 2 * np.pi, 6)

    def path(time_s: float) -> np.ndarray:
        s = np.sin(2 * np.pi * 0.4 * rate * time_s + phase)
        view = look_at_board(board, 700 + 130 * s[0], 32 + 14 * s[1], 40 + 30 * s[2], 15 * s[3]).matrix.copy()
        view[:2, 3] += 70.0 * s[4:6]
        return view

    times = np.arange(n) / FRAMES_PER_S
    return Scene(name, board, camera_of(seed), path, times, (look,) * n, exposure, True)


def _trouble(look: Look, scene: Scene, pose: np.ndarray, trouble: str, random: np.random.Generator) -> Look:
    corners = scene.board.bodies[0].corners_mm
    pixels = scene.camera.project(corners @ pose[:3, :3].T + pose[:3, 3])
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    place = low + (high - low) * random.uniform(0.25, 0.75, 2)
    size = float(np.sqrt((high - low).prod()))
    if trouble == "glare":
        return replace(look, glare=((float(place[0]), float(place[1]), 0.22 * size),))
    # An ellipse of 0.30 of the box's area, so about that much of what is printed.
    half = size * np.sqrt(0.30 / np.pi)
    return replace(
        look, covers=((float(place[0]), float(place[1]), half * 1.3, half / 1.3, random.uniform(0, 180)),)
    )
