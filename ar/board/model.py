"""What a marker board is: rigid bodies that carry square markers at known places."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ar.board.custom_dictionary import PREFIX, dictionary_from_text, label_of
from ar.opencv import cv2


def dictionary_named(name: str) -> cv2.aruco.Dictionary:
    """OpenCV's predefined dictionary of this name, such as DICT_4X4_50, or a custom one of its text.

    Raises ValueError when unknown.
    """
    if name.startswith(PREFIX):
        return dictionary_from_text(name)
    code = getattr(cv2.aruco, name, None) if name.startswith("DICT_") else None
    if not isinstance(code, int):
        raise ValueError(f"no marker dictionary is called {name!r}")
    return cv2.aruco.getPredefinedDictionary(code)


@dataclass(frozen=True, eq=False)
class Marker:
    """One square marker: its id and its corners (4, 3) in the body's frame, mm.

    The corners are top-left, top-right, bottom-right, bottom-left as printed.
    """

    marker_id: int
    corners_mm: np.ndarray

    def __post_init__(self) -> None:
        corners = np.array(self.corners_mm, dtype=np.float64)
        if corners.shape != (4, 3) or not np.isfinite(corners).all():
            raise ValueError(f"marker {self.marker_id} needs four corners of three finite numbers")
        sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
        diagonals = np.linalg.norm(corners[2:] - corners[:2], axis=1)
        size = float(sides.mean())
        if size < 1.0 or np.ptp(sides) > 0.05 * size or np.ptp(diagonals) > 0.05 * size:
            raise ValueError(f"the corners of marker {self.marker_id} are not a square of at least 1 mm")
        corners.setflags(write=False)
        object.__setattr__(self, "corners_mm", corners)

    @property
    def side_mm(self) -> float:
        """Mean length of its four sides."""
        return float(np.linalg.norm(np.roll(self.corners_mm, -1, axis=0) - self.corners_mm, axis=1).mean())


Point = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class MarkerBody:
    """A rigid body that carries markers.

    Attributes:
        name: what it is called in poses and registrations.
        dictionary: of its markers, one of OpenCV's or the text of a custom one.
        markers: in the body's own frame.
        tip_mm: where a pointer's tip should be as built, (3,) in that frame; a pivot calibration measures it.
        plane_mm: origin and unit normal of a wand's cutting plane in that frame.
        solid: "cube" or "dodecahedron" for a body to fold, so that its net can be printed.
    """

    name: str
    dictionary: str
    markers: tuple[Marker, ...]
    tip_mm: Point | None = None
    plane_mm: tuple[Point, Point] | None = None
    solid: str | None = None

    def __post_init__(self) -> None:
        if not self.name or not self.markers:
            raise ValueError("a body needs a name and at least one marker")
        self._check_shape()
        n_ids = len(dictionary_named(self.dictionary).bytesList)
        ids = [marker.marker_id for marker in self.markers]
        if len(set(ids)) != len(ids):
            raise ValueError(f"body {self.name!r} uses a marker id twice")
        if min(ids) < 0 or max(ids) >= n_ids:
            raise ValueError(f"{label_of(self.dictionary)} has the ids 0 to {n_ids - 1}")

    def _check_shape(self) -> None:
        points = [p for p in (self.tip_mm, *(self.plane_mm or ())) if p is not None]
        if any(len(p) != 3 or not np.isfinite(p).all() for p in points):
            raise ValueError(f"tip and plane of body {self.name!r} are points of three finite numbers")
        if self.plane_mm is not None and abs(np.linalg.norm(self.plane_mm[1]) - 1.0) > 1e-3:
            raise ValueError(f"the plane's normal of body {self.name!r} is not of length 1")
        if self.solid not in (None, "cube", "dodecahedron"):
            raise ValueError(f"body {self.name!r} is no cube and no dodecahedron")

    def scaled(self, factor: float) -> MarkerBody:
        """The same body `factor` times as large, about its frame's origin."""
        markers = tuple(Marker(m.marker_id, m.corners_mm * factor) for m in self.markers)
        tip = None if self.tip_mm is None else _times(self.tip_mm, factor)
        plane = None if self.plane_mm is None else (_times(self.plane_mm[0], factor), self.plane_mm[1])
        return MarkerBody(self.name, self.dictionary, markers, tip, plane, self.solid)

    @cached_property
    def by_id(self) -> dict[int, Marker]:
        """Marker id -> marker."""
        return {marker.marker_id: marker for marker in self.markers}

    @cached_property
    def corners_mm(self) -> np.ndarray:
        """All marker corners (4 n, 3) in the body's frame, mm."""
        return np.concatenate([marker.corners_mm for marker in self.markers])

    @property
    def centre_mm(self) -> np.ndarray:
        """Middle (3,) of the box around all corners, mm."""
        return (self.corners_mm.min(axis=0) + self.corners_mm.max(axis=0)) / 2.0

    @cached_property
    def is_planar(self) -> bool:
        """True when all corners lie within 0.1 mm of one plane."""
        centred = self.corners_mm - self.corners_mm.mean(axis=0)
        normal = np.linalg.svd(centred)[2][2]
        return bool(np.abs(centred @ normal).max() < 0.1)


def _times(point: Point, factor: float) -> Point:
    return (point[0] * factor, point[1] * factor, point[2] * factor)


@dataclass(frozen=True)
class CharucoGrid:
    """A chessboard whose white squares carry the markers: squares along (x, y), and both sizes in mm."""

    squares: tuple[int, int]
    square_mm: float
    marker_mm: float

    def __post_init__(self) -> None:
        if min(self.squares) < 2 or not 0.0 < self.marker_mm < self.square_mm:
            raise ValueError("a ChArUco grid has at least 2x2 squares, each larger than its marker")

    def scaled(self, factor: float) -> CharucoGrid:
        """The same chessboard `factor` times as large."""
        return CharucoGrid(self.squares, self.square_mm * factor, self.marker_mm * factor)


@dataclass(frozen=True, eq=False)
class Board:
    """All bodies a camera may see together.

    Attributes:
        bodies: with unique names; a marker of one dictionary belongs to one body only.
        charuco: when the first body is a ChArUco board, its chessboard.
    """

    bodies: tuple[MarkerBody, ...]
    charuco: CharucoGrid | None = None

    def __post_init__(self) -> None:
        names = [body.name for body in self.bodies]
        if not names or len(set(names)) != len(names):
            raise ValueError("a board needs bodies of different names")
        used = [(body.dictionary, marker.marker_id) for body in self.bodies for marker in body.markers]
        if len(set(used)) != len(used):
            raise ValueError("two bodies share a marker id, so they cannot be told apart")

    def body(self, name: str) -> MarkerBody:
        """The body of this name. Raises KeyError when there is none."""
        for body in self.bodies:
            if body.name == name:
                return body
        raise KeyError(name)
