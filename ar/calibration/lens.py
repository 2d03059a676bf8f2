"""From pictures of a board to a camera model that says how far it can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ar.board.model import Board
from ar.calibration.bundle import Bundle, EdgeLines, adjust, read_lines
from ar.calibration.choosing import Choice, choose_shape
from ar.calibration.shapes import Shape, converted, shape_of
from ar.calibration.start import Start, first_fit
from ar.calibration.views import View, board_views, check_variety
from ar.tracking.edges import EdgePlaces, edge_places
from core.errors import PlannerError
from core.progress import Progress, Silent
from core.projection import CameraModel

MAX_FOCAL_ERROR_PERCENT = 2.0
MAX_RMS_PX = 2.0
MIN_READABLE = 6
READINGS = 2
COLUMNS, ROWS = 6, 4


@dataclass(frozen=True, eq=False)
class Calibration:
    """A camera model and what it rests on.

    Attributes:
        camera: the model, with its root mean square error and expected focal error.
        used: indices of the pictures it rests on.
        view_rms_px: error of each of them, of the first fit to points.
        covered: share (0-1) of the picture's area, in a 6x4 grid, where points were seen.
        shape: the lens model that was chosen.
        held_out_px: what each model left over in views held out of its fit; empty with few views.
        covariance: of fx, fy, cx, cy (px) and the coefficients; None where edges could not be read.
    """

    camera: CameraModel
    used: tuple[int, ...]
    view_rms_px: tuple[float, ...]
    covered: float
    shape: Shape = Shape.FOUR
    held_out_px: Mapping[Shape, float] = field(default_factory=dict)
    covariance: np.ndarray | None = None


def calibrate(images: Sequence[np.ndarray], board: Board, progress: Progress | None = None) -> CameraModel:
    """The camera model of pictures (uint8, height x width x 3, rgb) of a flat board. Raises as `calibrate_views`."""
    return calibrate_views(images, board, progress).camera


def calibrate_views(
    images: Sequence[np.ndarray], board: Board, progress: Progress | None = None
) -> Calibration:
    """As `calibrate`, also saying which pictures were used and how well they fit.

    Raises:
        PlannerError: too few pictures show the board, all show it from one side, their sizes differ, or the result
            is too uncertain to measure with.
    """
    progress = progress or Silent()
    if not len(images):
        raise PlannerError("cannot calibrate", "there are no pictures", "take 15 or more of the board")
    return calibrate_seen(board_views(images, board, progress), board, progress)


def calibrate_seen(views: Sequence[View], board: Board, progress: Progress | None = None) -> Calibration:
    """As `calibrate_views`, of views in which the board was found before."""
    progress = progress or Silent()
    progress.report("fitting the lens", 0.0)
    views, start = _first_fit(views)
    check_variety(start.matrices)
    progress.report("fitting the lens", 0.3)
    places = edge_places(board, board.bodies[0])
    camera, choice, bundle = start.camera, Choice(shape_of(start.camera), {}), None
    lines, matrices, pictures = _read(views, places, camera, start.matrices)
    if len(lines) >= MIN_READABLE:
        choice = choose_shape(lines, camera, matrices)
        progress.report("fitting the lens", 0.7)
        bundle = adjust(lines, converted(camera, choice.shape), matrices)
        for _ in range(READINGS):
            read = [
                read_lines(p, places, bundle.camera, m) for p, m in zip(pictures, bundle.matrices, strict=True)
            ]
            bundle = _again(read, bundle)
        camera = replace(bundle.camera, rms_px=start.rms_px, focal_error_percent=bundle.focal_error_percent)
    _check(camera)
    progress.report("fitting the lens", 1.0)
    return Calibration(
        camera,
        tuple(view.index for view in views),
        start.view_rms_px,
        float((coverage(views) > 0).mean()),
        choice.shape,
        choice.held_out_px,
        None if bundle is None else bundle.covariance,
    )


def coverage(views: Sequence[View]) -> np.ndarray:
    """How many points were seen in each part of the picture, (4, 6) rows and columns."""
    counts = np.zeros((ROWS, COLUMNS), dtype=np.int64)
    for view in views:
        height, width = view.grey.shape
        cells = (view.pixels / (width, height) * (COLUMNS, ROWS)).astype(int)
        column, row = np.clip(cells, 0, (COLUMNS - 1, ROWS - 1)).T
        np.add.at(counts, (row, column), 1)
    return counts


def _first_fit(views: Sequence[View]) -> tuple[Sequence[View], Start]:
    """The fit to points, once more without views that fit far worse than the others."""
    start = first_fit(views)
    limit_px = max(3.0 * float(np.median(start.view_rms_px)), 0.5)
    clear = [view for view, rms in zip(views, start.view_rms_px, strict=True) if rms < limit_px]
    if 6 <= len(clear) < len(views):
        return clear, first_fit(clear)
    return views, start


def _read(
    views: Sequence[View], places: EdgePlaces, camera: CameraModel, matrices: Sequence[np.ndarray]
) -> tuple[list[EdgeLines], list[np.ndarray], list[np.ndarray]]:
    """Lines, poses and pictures (float32) of the views whose edges can be read."""
    lines, poses, pictures = [], [], []
    for view, matrix in zip(views, matrices, strict=True):
        picture = view.grey.astype(np.float32)
        own = read_lines(picture, places, camera, matrix)
        if own is not None:
            lines.append(own)
            poses.append(matrix)
            pictures.append(picture)
    return lines, poses, pictures


def _again(read: Sequence[EdgeLines | None], bundle: Bundle) -> Bundle:
    """Adjusted to edges read again; as it was when a better lens would read fewer views."""
    lines = [own for own in read if own is not None]
    return adjust(lines, bundle.camera, bundle.matrices) if len(lines) == len(read) else bundle


def _check(camera: CameraModel) -> None:
    rms, percent = camera.rms_px or 0.0, camera.focal_error_percent or 0.0
    if not np.isfinite((rms, percent)).all() or rms > MAX_RMS_PX or percent > MAX_FOCAL_ERROR_PERCENT:
        raise PlannerError(
            "cannot calibrate",
            f"the result is too uncertain (points miss by {rms:.2f} px, focal length by {percent:.1f} %)",
            "check that the print is flat and at 100 %, hold still, and tilt the board more",
        )
