"""The middle line of a vessel's surface, and the vessel's size across it at any place.

A first line is the cheapest way through the inside of the vessel when a step costs more the nearer it is to the wall.
It is then moved to the middle of the vessel's own cross-sections, at right angles to it, until it stays.
Source of the first: L. Antiga, D. A. Steinman, Robust and objective decomposition and mapping of bifurcating vessels,
IEEE Trans Med Imaging 23 (2004) 704, on a voxel grid instead of a Voronoi diagram.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import make_interp_spline, make_lsq_spline
from scipy.ndimage import distance_transform_edt, label
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from core.errors import PlannerError
from core.mesh import SurfaceMesh
from plan.cross_section import cross_section, loop_middle_mm, loop_shape

FINEST_MM = 0.5
MOST_VOXELS = 50_000
N_RECENTRINGS = 3
SECTION_STEP_MM = 2.5
# A spline with knots this far apart follows any bend of a great vessel and none of a section's unrest.
KNOT_MM = 12.0
# A way from the rim of an end to the middle line is this much longer than the radius.
END_RADII = 1.4
# A section longer than this for its width is not across one vessel: it meets an end, a branch or the arch again.
MOST_LONG = 1.5
SHORTEST_MM = 10.0
LEAST_STEP_MM = 1e-3


@dataclass(frozen=True)
class VesselSection:
    """A vessel's size across its centreline.

    Attributes:
        along_mm: length of the centreline up to here.
        centre_mm, direction: LPS position on it, and its unit direction.
        values: ``area_mm2``, ``perimeter_mm`` and the diameters, as `plan.contours.shape_values` names them.
    """

    along_mm: float
    centre_mm: np.ndarray
    direction: np.ndarray
    values: dict[str, float]


@dataclass(frozen=True, eq=False)
class Centreline:
    """The middle line of a vessel.

    Attributes:
        points_mm: (n, 3) LPS, evenly spaced. directions: (n, 3) unit. along_mm: (n,) length up to each point.
    """

    points_mm: np.ndarray
    directions: np.ndarray
    along_mm: np.ndarray

    @property
    def length_mm(self) -> float:
        """Length of the line."""
        return float(self.along_mm[-1])

    def section(self, mesh: SurfaceMesh, along_mm: float) -> VesselSection:
        """The vessel's cross-section at a length along the line.

        Raises:
            PlannerError: the line leaves the vessel there, the surface is open, or the section is too long for its
                width to be across one vessel.
        """
        at = np.array([np.interp(along_mm, self.along_mm, part) for part in self.points_mm.T])
        way = np.array([np.interp(along_mm, self.along_mm, part) for part in self.directions.T])
        way /= np.linalg.norm(way)
        loop = cross_section(mesh, at, way).loop_around(at)
        if loop is None:
            raise _refusal("its middle line leaves the surface")
        values = loop_shape(loop, way)
        if _is_long(values):
            raise _refusal("a section there is not across one vessel alone")
        return VesselSection(float(along_mm), at, way, values)


def centreline(
    mesh: SurfaceMesh, ends_mm: tuple[np.ndarray, np.ndarray] | None = None, step_mm: float = 1.0
) -> Centreline:
    """The middle line of a closed tube-like surface.

    It begins and ends about one radius inside the tube's ends, where a section at right angles is whole.

    Args:
        ends_mm: two places (3,) near its ends; None: the two inner places farthest apart along the tube.
        step_mm: distance of its points.

    Raises:
        PlannerError: the surface is open or empty, or too short or too thin for a middle line.
    """
    if not mesh.is_closed:
        raise _refusal("its surface is not closed")
    inside, origin_mm, spacing_mm = inner_voxels(mesh)
    places, radii_mm, path = _path(inside, origin_mm, spacing_mm, ends_mm)
    first = _trimmed(places[path], radii_mm[path])
    line = _smooth(first)
    for _ in range(N_RECENTRINGS):
        line = _recentred(mesh, line)
    return _as_centreline(line, step_mm)


def inner_voxels(mesh: SurfaceMesh) -> tuple[np.ndarray, np.ndarray, float]:
    """Voxels (x, y, z) whose centre lies inside, the first one's place, and their side in mm."""
    low, high = mesh.bounds_mm
    spacing = max(FINEST_MM, float(np.cbrt(max(mesh.volume_ml, 0.0) * 1000.0 / MOST_VOXELS)))
    shape = np.ceil((high - low) / spacing).astype(int) + 2
    # Off the surface's own regular grid, so that no line of voxels runs along an edge.
    origin = low - spacing * np.array([0.513, 0.487, 0.5])
    corners = (mesh.vertices[mesh.faces] - origin) / spacing
    crossings = np.zeros(tuple(shape), dtype=np.int32)
    for columns, heights, signs in _pierced(corners, shape):
        z = np.clip(np.ceil(heights).astype(int), 0, shape[2] - 1)
        np.add.at(crossings, (columns[:, 0], columns[:, 1], z), signs)
    inside = np.cumsum(crossings, axis=2) > 0
    groups, n_groups = label(inside)
    if not n_groups:
        raise _refusal("it encloses nothing")
    return groups == np.bincount(groups.ravel())[1:].argmax() + 1, origin, spacing


def _pierced(corners: np.ndarray, shape: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Where the lines of voxels along z go through triangles (m, 3, 3): columns, heights, +1 in and -1 out."""
    low = np.ceil(corners[..., :2].min(axis=1)).astype(int)
    size = np.floor(corners[..., :2].max(axis=1)).astype(int) - low + 1
    found = []
    for dx in range(int(size[:, 0].max(initial=0))):
        for dy in range(int(size[:, 1].max(initial=0))):
            ids = np.flatnonzero((size[:, 0] > dx) & (size[:, 1] > dy))
            column = low[ids] + [dx, dy]
            a, b, c = (corners[ids, k] for k in range(3))
            weights = np.stack([_wedge(b, c, column), _wedge(c, a, column), _wedge(a, b, column)], axis=1)
            total = weights.sum(axis=1)
            hit = ((weights > 0).all(axis=1) | (weights < 0).all(axis=1)) & (total != 0)
            height = (weights * corners[ids][..., 2]).sum(axis=1)[hit] / total[hit]
            # A face that looks down is where a line going up comes in.
            found.append((column[hit], height, np.where(total[hit] < 0, 1, -1)))
    return found


def _wedge(start: np.ndarray, end: np.ndarray, at: np.ndarray) -> np.ndarray:
    return (start[:, 0] - at[:, 0]) * (end[:, 1] - at[:, 1]) - (start[:, 1] - at[:, 1]) * (end[:, 0] - at[:, 0])


def _path(
    inside: np.ndarray, origin_mm: np.ndarray, spacing_mm: float, ends_mm: tuple[np.ndarray, np.ndarray] | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places and radii of all inner voxels, and the ids along the way that keeps away from the wall."""
    radii = distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1, 1:-1][inside] * spacing_mm
    places, path = cheapest_way(inside, radii, origin_mm, spacing_mm, ends_mm)
    return places, radii, path


def cheapest_way(
    inside: np.ndarray,
    radii_mm: np.ndarray,
    origin_mm: np.ndarray,
    spacing_mm: float,
    ends_mm: tuple[np.ndarray, np.ndarray] | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Places (n, 3) of the voxels that are `inside`, and the ids of those along the way that keeps off the wall.

    Args:
        radii_mm: (n,) distance of each from the wall.
        ends_mm: two places (3,); None: the two inner places farthest apart along the inside.

    Raises:
        PlannerError: the two ends are not connected.
    """
    places = np.argwhere(inside) * spacing_mm + origin_mm
    first, second, lengths = _neighbours(inside, spacing_mm)
    n = len(places)
    if ends_mm is None:
        plain = csr_array((lengths, (first, second)), shape=(n, n))
        one = _farthest(plain, 0)
        ends = one, _farthest(plain, one)
    else:
        ends = tuple(int(np.linalg.norm(places - end, axis=1).argmin()) for end in ends_mm)  # type: ignore[assignment]
    cost = lengths / ((radii_mm[first] + radii_mm[second]) / 2.0) ** 2
    _, before = dijkstra(
        csr_array((cost, (first, second)), shape=(n, n)),
        directed=False,
        indices=ends[0],
        return_predecessors=True,
    )
    path = [ends[1]]
    while path[-1] != ends[0]:
        path.append(int(before[path[-1]]))
        if path[-1] < 0:
            raise _refusal("its two ends are not connected")
    return places, np.array(path[::-1])


def line_through(points_mm: np.ndarray, step_mm: float = 1.0) -> Centreline:
    """The smooth line along places (n, 3), evenly sampled. Raises PlannerError when there are too few."""
    return _as_centreline(_smooth(points_mm), step_mm)


def _neighbours(inside: np.ndarray, spacing_mm: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    ids = np.full(np.array(inside.shape) + 2, -1)
    ids[1:-1, 1:-1, 1:-1][inside] = np.arange(int(inside.sum()))
    here = ids[1:-1, 1:-1, 1:-1]
    pairs, lengths = [], []
    steps = [step for step in np.ndindex(3, 3, 3) if step > (1, 1, 1)]
    for step in steps:
        x, y, z = (slice(k, k + n) for k, n in zip(step, inside.shape, strict=True))
        there = ids[x, y, z]
        both = (here >= 0) & (there >= 0)
        pairs.append(np.stack([here[both], there[both]]))
        lengths.append(np.full(pairs[-1].shape[1], spacing_mm * float(np.linalg.norm(np.array(step) - 1))))
    first, second = np.concatenate(pairs, axis=1)
    return first, second, np.concatenate(lengths)


def _farthest(graph: csr_array, start: int) -> int:
    far = dijkstra(graph, directed=False, indices=start)
    return int(np.where(np.isfinite(far), far, -1.0).argmax())


def _as_centreline(line: np.ndarray, step_mm: float) -> Centreline:
    points = _even(line, step_mm)
    return Centreline(points, _directions(points), _along(points))


def _trimmed(points_mm: np.ndarray, radii_mm: np.ndarray) -> np.ndarray:
    """The line without the pieces nearer to its ends than the vessel's radius there."""
    along = _along(points_mm)
    half = len(points_mm) // 2
    from_start, to_end = radii_mm[:half].max(initial=0.0), radii_mm[half:].max(initial=0.0)
    kept = (along >= END_RADII * from_start) & (along <= along[-1] - END_RADII * to_end)
    if kept.sum() < 4 or np.ptp(along[kept]) < SHORTEST_MM:
        raise _refusal("it is too short for its width")
    return points_mm[kept]


def _recentred(mesh: SurfaceMesh, line: np.ndarray) -> np.ndarray:
    """The line through the middles of the vessel's sections across it, smoothed, evenly spaced."""
    middles: list[np.ndarray] = []
    for point, way in zip(line, _directions(line), strict=True):
        loop = cross_section(mesh, point, way).loop_around(point)
        if loop is None or _is_long(loop_shape(loop, way)):
            continue
        middle = loop_middle_mm(loop, way)
        # Where a section meets the vessel's end its middle may lie behind the one before.
        if not middles or (middle - middles[-1]) @ way > LEAST_STEP_MM:
            middles.append(middle)
    if len(middles) < 4:
        raise _refusal("it is no round tube that sections could be laid across")
    return _smooth(np.array(middles))


def _is_long(values: dict[str, float]) -> bool:
    return values["max_diameter_mm"] > MOST_LONG * values["min_diameter_mm"]


def _smooth(points_mm: np.ndarray) -> np.ndarray:
    """The cubic spline nearest to the points, evenly sampled. Raises PlannerError where there is none."""
    points = points_mm[np.r_[True, np.linalg.norm(np.diff(points_mm, axis=0), axis=1) > LEAST_STEP_MM]]
    if len(points) < 4:
        raise _refusal("it is too short for its width")
    along = _along(points)
    n_pieces = max(1, min(round(along[-1] / KNOT_MM), len(points) // 3))
    # Between any two knots lie as many points, so that there is exactly one nearest spline.
    inner = np.quantile(along, np.linspace(0.0, 1.0, n_pieces + 1))
    fitted = make_lsq_spline(along, points, np.r_[[0.0] * 3, inner, [along[-1]] * 3], k=3)
    return _even(fitted(np.linspace(0.0, along[-1], len(points))), SECTION_STEP_MM)


def _even(points_mm: np.ndarray, step_mm: float) -> np.ndarray:
    """The same line with points about `step_mm` apart."""
    along = _along(points_mm)
    n = max(4, round(along[-1] / step_mm) + 1)
    return make_interp_spline(along, points_mm, k=min(3, len(points_mm) - 1))(np.linspace(0.0, along[-1], n))


def _directions(points_mm: np.ndarray) -> np.ndarray:
    spline = make_interp_spline(_along(points_mm), points_mm, k=min(3, len(points_mm) - 1))
    ways = spline.derivative()(_along(points_mm))
    return ways / np.linalg.norm(ways, axis=1, keepdims=True)


def _along(points_mm: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points_mm, axis=0), axis=1))])


def _refusal(why: str) -> PlannerError:
    return PlannerError("no middle line of the vessel", why, "check the surface of the vessel")
