"""From a grey picture to pairs of printed points and the pixels where they were seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ar.board.charuco import chessboard_of
from ar.board.model import Board, MarkerBody, dictionary_named
from ar.opencv import cv2

MIN_CHESSBOARD_CORNERS = 6
QUICK_WINDOW_PX = 13


@dataclass(frozen=True, eq=False)
class Observation:
    """What was seen of one body.

    Attributes:
        points_mm: (n, 3) printed points in the body's frame.
        pixels: (n, 2) where they were seen in the distorted picture.
        groups: (n,) number of the marker a point belongs to; -1 for chessboard corners.
        marker_ids: the ids of all markers seen.
    """

    points_mm: np.ndarray
    pixels: np.ndarray
    groups: np.ndarray
    marker_ids: tuple[int, ...]

    def without(self, is_bad: np.ndarray) -> Observation:
        """The same without the points marked in a boolean array (n,)."""
        keep = ~is_bad
        dropped = set(self.groups[is_bad].tolist()) - set(self.groups[keep].tolist())
        ids = tuple(i for i in self.marker_ids if i not in dropped)
        return Observation(self.points_mm[keep], self.pixels[keep], self.groups[keep], ids)


class Detector:
    """Finds the markers and the chessboard of a board's bodies."""

    def __init__(self, board: Board) -> None:
        self._board = board
        names = sorted({body.dictionary for body in board.bodies})
        self._thorough = {name: _detector(name, _parameters()) for name in names}
        self._quick = {name: _detector(name, _parameters(QUICK_WINDOW_PX)) for name in names}
        self._chessboard = chessboard_of(board)
        self._charuco = (
            cv2.aruco.CharucoDetector(self._chessboard.opencv, detectorParams=_parameters())
            if self._chessboard is not None
            else None
        )

    def detect(self, grey: np.ndarray, region: tuple[slice, slice] | None = None) -> dict[str, Observation]:
        """Bodies seen in a grey picture (height, width), by name.

        With a `region` (rows, columns) that alone is searched, and quickly: with one window of the adaptive
        threshold instead of three.
        """
        rows, columns = region or (slice(0, grey.shape[0]), slice(0, grey.shape[1]))
        detectors = self._thorough if region is None else self._quick
        part = np.ascontiguousarray(grey[rows, columns])
        seen = {name: _markers(detector, part) for name, detector in detectors.items()}
        offset = np.array([columns.start, rows.start], dtype=np.float64)
        found = {}
        for body in self._board.bodies:
            observation = self._observe(body, part, seen[body.dictionary], offset)
            if observation is not None:
                found[body.name] = observation
        return found

    def _observe(
        self, body: MarkerBody, part: np.ndarray, seen: Mapping[int, np.ndarray], offset: np.ndarray
    ) -> Observation | None:
        own = {i: corners for i, corners in seen.items() if i in body.by_id}
        if not own:
            return None
        ids = tuple(own)
        if self._charuco is not None and body is self._board.bodies[0]:
            points, pixels = self._chessboard_corners(part, own)
            if len(points) >= MIN_CHESSBOARD_CORNERS:
                return Observation(points, pixels + offset, np.full(len(points), -1), ids)
        points = np.concatenate([body.by_id[i].corners_mm for i in ids])
        pixels = np.concatenate([own[i] for i in ids])
        return Observation(points, pixels + offset, np.repeat(ids, 4), ids)

    def _chessboard_corners(
        self, part: np.ndarray, own: Mapping[int, np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        assert self._charuco is not None
        assert self._chessboard is not None
        corners = [c[None].astype(np.float32) for c in own.values()]
        pixels, ids, _, _ = self._charuco.detectBoard(
            part, markerCorners=corners, markerIds=np.array(list(own), dtype=np.int32)[:, None]
        )
        if ids is None or not len(ids):
            return np.zeros((0, 3)), np.zeros((0, 2))
        points = self._chessboard.corners_mm[np.ravel(ids)]
        return points, np.asarray(pixels, dtype=np.float64).reshape(-1, 2)


def _parameters(window_px: int | None = None) -> cv2.aruco.DetectorParameters:
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    if window_px is not None:
        parameters.adaptiveThreshWinSizeMin = parameters.adaptiveThreshWinSizeMax = window_px
    return parameters


def _detector(dictionary: str, parameters: cv2.aruco.DetectorParameters) -> cv2.aruco.ArucoDetector:
    return cv2.aruco.ArucoDetector(dictionary_named(dictionary), parameters)


def _markers(detector: cv2.aruco.ArucoDetector, grey: np.ndarray) -> dict[int, np.ndarray]:
    """Marker id -> corners (4, 2); an id that is seen twice is dropped, because one of both is false."""
    corners, ids, _ = detector.detectMarkers(grey)
    if ids is None:
        return {}
    flat = [int(i) for i in np.ravel(ids)]
    return {
        i: np.asarray(c, dtype=np.float64).reshape(4, 2)
        for i, c in zip(flat, corners, strict=True)
        if flat.count(i) == 1
    }
