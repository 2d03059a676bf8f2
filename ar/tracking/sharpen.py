"""The best pose a picture holds: on edges, then on pixels where the print fits; and whether another fits as well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ar.board.faces import faces_of
from ar.board.model import Board, MarkerBody
from ar.rays import rays_of
from ar.tracking.detection import Observation
from ar.tracking.edges import EdgePlaces, edge_places
from ar.tracking.geometry import project_with_derivative
from ar.tracking.pattern import SEEN, Pattern
from ar.tracking.photometric import Dense, refine_on_pixels
from ar.tracking.picture_model import QUICK, THOROUGH
from ar.tracking.refine import Refined, refine_on_edges
from ar.tracking.smear import Shutter
from ar.tracking.solve import MIN_EVIDENCE, mirrored, refine_points, same_pose
from core.projection import CameraModel

QUICK_PLACES, QUICK_ROUNDS = 350, 1
# How far refining may move the corners, root mean square: coarser starts are wrong, not improved.
MAX_DRIFT_PX, MAX_DENSE_DRIFT_PX = 1.5, 0.5
DRIFT_CORNERS = 24
# Edges or pixels that share a blur count together as one independent fact when two poses are compared.
PER_FACT = 4.0
# A second pose must miss by this much more, or small faults of lens and print could decide.
MIN_MISFIT_RATIO = 1.06
FEW_MARKERS = 2
# A second pose that moves the corners by more is told from the first one by the corners themselves.
MAX_SECOND_PX, SECOND_ROUNDS = 2.0, 20
# Between grey values of a profile an interpolation blurs, and a pixel has a width: both in px squared.
PROFILE_BLUR_PX2 = 1.0 / 12.0 + 0.12


@dataclass(frozen=True, eq=False)
class Sharp:
    """A pose at its best.

    Attributes:
        matrix, covariance: `camera_from_body` (4, 4), and (6, 6) of a small turn and shift in the camera frame.
        rival: another pose (4, 4) that explains the picture about as well; None when there is none.
        marker_ids: markers whose print is seen at this pose.
        spread_px: blur of the edges. noise_px: scatter of the edges.
        is_dense: whether it rests on pixels.
    """

    matrix: np.ndarray
    covariance: np.ndarray
    rival: np.ndarray | None
    marker_ids: tuple[int, ...]
    spread_px: float
    noise_px: float
    is_dense: bool


@dataclass(frozen=True, eq=False)
class _Candidate:
    edges: Refined
    dense: Dense | None

    @property
    def matrix(self) -> np.ndarray:
        return self.dense.matrix if self.dense is not None else self.edges.matrix

    @property
    def covariance(self) -> np.ndarray:
        return self.dense.covariance if self.dense is not None else self.edges.covariance


class Sharpener:
    """Refines poses of one body in one camera's pictures."""

    def __init__(self, board: Board, body: MarkerBody, camera: CameraModel) -> None:
        self._camera, self._body = camera, body
        self._places = edge_places(board, body)
        self._some_places = self._places.some(QUICK_PLACES)
        self._faces = faces_of(board, body)
        x, y = rays_of(camera)
        self._rays = x.astype(np.float32), y.astype(np.float32)
        self._pattern = Pattern(body)
        self._shutter = Shutter()

    def seen(self, grey: np.ndarray, matrix: np.ndarray) -> tuple[int, ...]:
        """Ids of the markers whose pattern is in the picture at a pose (4, 4)."""
        fits = self._pattern.correlations(grey, self._camera, matrix) > SEEN
        return tuple(self._pattern.marker_ids[fits].tolist())

    def sharpen(
        self,
        grey: np.ndarray,
        matrix: np.ndarray,
        rival: np.ndarray | None,
        is_quick: bool = False,
        spread_px: float | None = None,
        flow_px: np.ndarray | None = None,
    ) -> Sharp | None:
        """The pose refined from a start (4, 4); None when print and picture do not agree there.

        Args:
            grey: uint8 (height, width).
            rival: another pose (4, 4) that was not excluded before; few markers are doubted in any case.
            is_quick: fewer places and pixels, for a start that is already near.
            spread_px: the blur, when it is known.
            flow_px: (2,) how far the body's picture moved since the last frame, when that is known.
        """
        ids = self.seen(grey, matrix)
        if not ids:
            return None
        best = self._refine(grey, matrix, ids, is_quick, spread_px, flow_px)
        if best is None:
            return None
        other_pose = None
        if (rival is not None or len(ids) <= FEW_MARKERS) and (
            second := self._second(best.matrix, ids)
        ) is not None:
            other = self._refine(grey, second, ids, is_quick, best.edges.spread_px, flow_px)
            best, other_pose = (best, second) if other is None else _compare(best, other)
        if not is_quick:
            ids = self.seen(grey, best.matrix)
        if not ids:
            return None
        edges = best.edges
        is_dense = best.dense is not None
        return Sharp(best.matrix, best.covariance, other_pose, ids, edges.spread_px, edges.noise_px, is_dense)

    def _second(self, matrix: np.ndarray, ids: tuple[int, ...]) -> np.ndarray | None:
        """The other pose (4, 4) that puts the markers' corners nearly where this one does; None without one."""
        points = np.concatenate([self._body.by_id[i].corners_mm for i in ids])
        start = mirrored(matrix, points)
        if start is None:
            return None
        pixels, _ = project_with_derivative(self._camera, matrix, points)
        corners = Observation(points, pixels, np.zeros(len(points), dtype=int), ids)
        refined = refine_points(start, corners, self._camera, SECOND_ROUNDS)
        if refined is None or refined[1] > MAX_SECOND_PX or same_pose(refined[0], matrix):
            return None
        return refined[0]

    def _refine(
        self,
        grey: np.ndarray,
        matrix: np.ndarray,
        ids: tuple[int, ...],
        is_quick: bool,
        spread_px: float | None,
        flow_px: np.ndarray | None,
    ) -> _Candidate | None:
        places = self._chosen(self._some_places if is_quick else self._places, ids)
        rounds = QUICK_ROUNDS if is_quick else 4
        edges = refine_on_edges(grey, places, self._camera, matrix, rounds, spread_px)
        if edges is None and is_quick:
            edges = refine_on_edges(
                grey, self._chosen(self._places, ids), self._camera, matrix, rounds, spread_px
            )
        if edges is None or self._drift_px(edges.matrix, matrix, ids) > MAX_DRIFT_PX:
            return None
        dense = self._dense(grey, edges, ids, is_quick, flow_px)
        if dense is None and is_quick:
            all_edges = refine_on_edges(grey, self._chosen(self._places, ids), self._camera, edges.matrix)
            return _Candidate(all_edges or edges, None)
        return _Candidate(edges, dense)

    def _dense(
        self,
        grey: np.ndarray,
        edges: Refined,
        ids: tuple[int, ...],
        is_quick: bool,
        flow_px: np.ndarray | None,
    ) -> Dense | None:
        spread_px = float(np.sqrt(max(edges.spread_px**2 - PROFILE_BLUR_PX2, 0.15)))
        faces = [face for face in self._faces if set(face.marker_ids) & set(ids)]
        matrix, dense = edges.matrix, None
        place = (faces, self._camera, self._rays, matrix)
        smeared = None if flow_px is None else self._shutter.blur(grey, *place, flow_px)
        blur = smeared or (spread_px, None)
        for _ in range(1 if is_quick else 2):
            budget = QUICK if is_quick else THOROUGH
            dense = refine_on_pixels(grey, faces, self._camera, self._rays, matrix, blur, budget)
            if dense is None or not dense.fits:
                return None
            matrix = dense.matrix
        return None if self._drift_px(matrix, edges.matrix, ids) > MAX_DENSE_DRIFT_PX else dense

    def _chosen(self, places: EdgePlaces, ids: tuple[int, ...]) -> EdgePlaces:
        if len(ids) == len(self._body.markers):
            return places
        return places.where(np.isin(places.marker_ids, (-1, *ids)))

    def _drift_px(self, a: np.ndarray, b: np.ndarray, ids: tuple[int, ...]) -> float:
        points = np.concatenate([self._body.by_id[i].corners_mm for i in ids])
        # Some corners, of all four kinds, say as much of a rigid motion as all of them.
        points = points[:: 2 * (len(points) // DRIFT_CORNERS) + 1]
        first, second = (project_with_derivative(self._camera, m, points)[0] for m in (a, b))
        return float(np.sqrt(((first - second) ** 2).sum(axis=1).mean()))


def _compare(first: _Candidate, second: _Candidate) -> tuple[_Candidate, np.ndarray | None]:
    """The better of two candidates, and the other one's pose unless the picture excludes it."""
    if same_pose(first.matrix, second.matrix):
        return first, None
    if first.dense is not None and second.dense is not None:
        misfits = first.dense.misfit, second.dense.misfit
        n_facts = min(first.dense.n_pixels, second.dense.n_pixels) / PER_FACT
    else:
        misfits = first.edges.noise_px**2, second.edges.noise_px**2
        n_facts = min(first.edges.n_places, second.edges.n_places) / PER_FACT
    better, worse = (first, second) if misfits[0] <= misfits[1] else (second, first)
    ratio = max(misfits) / max(min(misfits), 1e-12)
    is_excluded = n_facts * np.log(ratio) > MIN_EVIDENCE and ratio > MIN_MISFIT_RATIO
    return better, None if is_excluded else worse.matrix
