"""Guided calibration: which picture to take, which to refuse, what is still missing, and when it is enough."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from ar.board.model import Board
from ar.calibration.design import (
    WantedView,
    focal_error_percent,
    guess_camera,
    prior_information,
    view_information,
    wanted_view,
)
from ar.calibration.lens import Calibration, calibrate_seen, coverage
from ar.calibration.sharpness import edge_blur_px
from ar.calibration.start import first_fit
from ar.calibration.views import MIN_POINTS, MIN_VIEWS, View, check_flat
from ar.opencv import cv2
from ar.tracking.detection import Detector
from ar.tracking.edges import edge_places
from ar.tracking.geometry import project_with_derivative
from core.errors import PlannerError
from core.progress import Progress
from core.projection import CameraModel

MAX_BLUR_PX = 1.5
STILL_PX = 1.5
SAME_VIEW = 0.04
ENOUGH_PERCENT = 0.06
MIN_GUIDED_VIEWS = 8
MAX_VIEWS = 40
MIN_COVERED = 0.7
# A chessboard corner together with the edges around it; figures of the bundle on synthetic and real pictures.
POINT_NOISE_PX = 0.04
WORKING_MM = 700.0


class Verdict(Enum):
    """What a picture is worth."""

    NO_BOARD = "the board is not seen"
    TOO_LITTLE = "too little of the board is seen"
    MOVING = "hold still"
    BLURRED = "the picture is blurred: hold still, give more light, or focus"
    ALREADY = "nothing new: hold the board as shown"
    GOOD = "good"


@dataclass(frozen=True, eq=False)
class Advice:
    """What to show after each picture.

    Attributes:
        verdict: what this picture is worth; only a GOOD one can be taken.
        blur_px: of its edges; None when it could not be measured.
        points_px: (n, 2) where printed points were seen.
        coverage: (4, 6) points taken so far in each part of the picture.
        wanted: how to hold the board next; None when it is enough.
        n_views: pictures taken.
        focal_error_percent: expected now.
        working_error_mm: what that makes of a depth at 700 mm.
        is_enough: whether more pictures gain little.
    """

    verdict: Verdict
    blur_px: float | None
    points_px: np.ndarray
    coverage: np.ndarray
    wanted: WantedView | None
    n_views: int
    focal_error_percent: float
    working_error_mm: float
    is_enough: bool


class Guide:
    """Leads through a calibration: `consider` each camera picture, `take` the good ones, `finish`."""

    def __init__(self, board: Board, size: tuple[int, int], enough_percent: float = ENOUGH_PERCENT) -> None:
        """Begin with no picture.

        Args:
            board: its first body is flat.
            size: (width, height) of the camera's pictures.
            enough_percent: the expected focal error to reach.

        Raises:
            PlannerError: the board is not flat.
        """
        check_flat(board)
        self._board, self._size, self._enough_percent = board, size, enough_percent
        self._detector = Detector(board)
        self._places = edge_places(board, board.bodies[0])
        self._views: list[View] = []
        self._candidate: View | None = None
        self._before: View | None = None
        self._camera = guess_camera(*size)
        self._information = prior_information(self._camera)
        self._points = _design_points(board)
        self._matrices: tuple[np.ndarray, ...] = ()
        self._wanted: WantedView | None = self._next()

    def consider(self, image: np.ndarray) -> Advice:
        """Look at a picture, uint8 (height, width, 3) rgb. Raises PlannerError when its size is another."""
        if image.shape[1::-1] != self._size:
            raise PlannerError(
                "cannot calibrate",
                f"the picture is {image.shape[1]}x{image.shape[0]}, those before {self._size[0]}x{self._size[1]}",
                "start again at this resolution",
            )
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        seen = self._detector.detect(grey).get(self._board.bodies[0].name)
        self._candidate = None
        if seen is None:
            self._before = None
            return self._advice(Verdict.NO_BOARD, None, np.zeros((0, 2)))
        view = View(len(self._views), grey, seen.points_mm, seen.pixels)
        before, self._before = self._before, view
        if len(seen.points_mm) < MIN_POINTS:
            return self._advice(Verdict.TOO_LITTLE, None, seen.pixels)
        blur_px = edge_blur_px(grey, seen, self._places)
        verdict = self._verdict(view, before, blur_px)
        if verdict is Verdict.GOOD:
            self._candidate = view
        return self._advice(verdict, blur_px, seen.pixels)

    def take(self) -> Advice:
        """Keep the picture considered last. Raises ValueError when it was not GOOD."""
        if self._candidate is None:
            raise ValueError("the last picture was not good")
        view, self._candidate = self._candidate, None
        self._views.append(view)
        self._learn()
        return self._advice(Verdict.GOOD, None, view.pixels)

    def drop_last(self) -> None:
        """Take the last kept picture back."""
        if self._views:
            self._views.pop()
            self._learn()

    def finish(self, progress: Progress | None = None) -> Calibration:
        """The calibration of the pictures taken; may be long. Raises PlannerError as `calibrate_views`."""
        if len(self._views) < MIN_VIEWS:
            raise PlannerError(
                "cannot calibrate", f"{len(self._views)} pictures, {MIN_VIEWS} are needed", "take more"
            )
        return calibrate_seen(tuple(self._views), self._board, progress)

    def _verdict(self, view: View, before: View | None, blur_px: float | None) -> Verdict:
        if before is not None and not _is_still(view, before):
            return Verdict.MOVING
        if blur_px is not None and blur_px > MAX_BLUR_PX:
            return Verdict.BLURRED
        limit_px = SAME_VIEW * self._size[0]
        if any(_distance_px(view, kept) < limit_px for kept in self._views):
            return Verdict.ALREADY
        return Verdict.GOOD

    def _learn(self) -> None:
        """Fit the lens roughly, and count what all views told about it."""
        self._camera = guess_camera(*self._size)
        matrices: tuple[np.ndarray, ...] = ()
        if len(self._views) >= 4:
            try:
                start = first_fit(self._views)
            except PlannerError:
                start = None
            if start is not None and _is_plausible(start.camera.camera_matrix, self._size):
                self._camera, matrices = start.camera, start.matrices
        if not matrices:
            matrices = tuple(_rough_pose(self._camera, view) for view in self._views)
        self._matrices = matrices
        self._information = prior_information(self._camera)
        for view, matrix in zip(self._views, matrices, strict=True):
            self._information += view_information(self._camera, matrix, view.points_mm, POINT_NOISE_PX)
        self._wanted = None if self.is_enough else self._next()

    @property
    def is_enough(self) -> bool:
        """Whether the expected error is reached, the picture covered, or the most pictures taken."""
        if len(self._views) >= MAX_VIEWS:
            return True
        is_covered = float((self._coverage() > 0).mean()) >= MIN_COVERED
        is_sure = focal_error_percent(self._camera, self._information) <= self._enough_percent
        return len(self._views) >= MIN_GUIDED_VIEWS and is_covered and is_sure

    @property
    def n_views(self) -> int:
        """How many pictures were taken."""
        return len(self._views)

    def _coverage(self) -> np.ndarray:
        return coverage(self._views)

    def _next(self) -> WantedView:
        taken = self._coverage()
        before = [project_with_derivative(self._camera, m, self._points)[0] for m in self._matrices]
        return wanted_view(
            self._camera, self._board, self._points, self._information, POINT_NOISE_PX, taken, before
        )

    def _advice(self, verdict: Verdict, blur_px: float | None, points_px: np.ndarray) -> Advice:
        percent = focal_error_percent(self._camera, self._information)
        return Advice(
            verdict,
            blur_px,
            points_px,
            self._coverage(),
            self._wanted,
            len(self._views),
            percent,
            percent / 100.0 * WORKING_MM,
            self.is_enough,
        )


def _design_points(board: Board) -> np.ndarray:
    """Places that stand for the board in the design: the markers' corners (n, 3), mm."""
    return board.bodies[0].corners_mm[::2]


def _rough_pose(camera: CameraModel, view: View) -> np.ndarray:
    _, turn, shift = cv2.solvePnP(view.points_mm, view.pixels, camera.camera_matrix, None)
    pose = np.eye(4)
    pose[:3, :3] = cv2.Rodrigues(turn)[0]
    pose[:3, 3] = np.ravel(shift)
    return pose


def _is_still(view: View, before: View) -> bool:
    return _distance_px(view, before) < STILL_PX


def _distance_px(a: View, b: View) -> float:
    """Median distance of the points that both views show; infinite when they share none."""
    places = {
        tuple(point): pixel for point, pixel in zip(np.round(a.points_mm, 3).tolist(), a.pixels, strict=True)
    }
    gaps = [
        float(np.linalg.norm(places[tuple(point)] - pixel))
        for point, pixel in zip(np.round(b.points_mm, 3).tolist(), b.pixels, strict=True)
        if tuple(point) in places
    ]
    return float(np.median(gaps)) if gaps else float("inf")


def _is_plausible(camera_matrix: np.ndarray, size: tuple[int, int]) -> bool:
    return bool(0.2 * size[0] < camera_matrix[0, 0] < 10.0 * size[0])
