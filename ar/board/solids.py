"""Bodies to fold from paper: where their faces lie in space, and how their nets lie on the sheet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Golden ratio: a regular dodecahedron's corners are built of it.
PHI = (1.0 + np.sqrt(5.0)) / 2.0
FLAP_MM = 6.0


@dataclass(frozen=True, eq=False)
class Net:
    """A solid, or half of one, unfolded on one sheet.

    Attributes:
        sheet_from_face: by the number of the face (3, 3), from its plane (middle at 0, x right, y down), mm.
        corners_mm: (k, 2) corners of one face in its plane.
        cuts: (n, 2, 2) lines to cut. folds: (m, 2, 2) lines to fold. flaps: (p, 4, 2) glue flaps.
    """

    sheet_from_face: dict[int, np.ndarray]
    corners_mm: np.ndarray
    cuts: np.ndarray
    folds: np.ndarray
    flaps: np.ndarray


def cube_faces(edge_mm: float) -> list[np.ndarray]:
    """Frames (4, 4) `body_from_face` of a cube's six faces, z into the cube, the body's origin in its middle."""
    return _frames(_corners_of_cube(edge_mm), 4)


def dodecahedron_faces(edge_mm: float) -> list[np.ndarray]:
    """Frames (4, 4) `body_from_face` of twelve pentagons, z into the body, the body's origin in its middle."""
    return _frames(_corners_of_dodecahedron(edge_mm), 5)


def nets_of(solid: str, frames: list[np.ndarray], edge_mm: float) -> list[Net]:
    """The sheets of a cube (one) or a dodecahedron (two halves), whose faces have these frames."""
    polygon = _polygon({"cube": 4, "dodecahedron": 5}[solid], edge_mm)
    groups = [set(range(len(frames)))]
    if solid == "dodecahedron":
        first = {0, *_neighbours(frames, 0, polygon)}
        groups = [first, groups[0] - first]
    glued: set[frozenset[int]] = set()
    return [_net(frames, polygon, group, glued) for group in groups]


def _net(frames: list[np.ndarray], polygon: np.ndarray, group: set[int], glued: set[frozenset[int]]) -> Net:
    # The middle of a half is the face that most of its faces touch.
    root = max(sorted(group), key=lambda i: len(group & set(_neighbours(frames, i, polygon))))
    placed, hinges = _unfold(frames, polygon, root, group)
    folds, cuts, flaps = [], [], []
    for i, where in placed.items():
        for k, j in enumerate(_neighbours(frames, i, polygon)):
            ends = _on_sheet(where, polygon[[k, (k + 1) % len(polygon)]])
            if hinges.get(i) == j:
                folds.append(ends)
            elif hinges.get(j) != i:
                cuts.append(ends)
                if frozenset((i, j)) not in glued:
                    flaps.append(_flap(ends, where[:2, 2]))
                    glued.add(frozenset((i, j)))
    return Net(placed, polygon, np.array(cuts), np.array(folds), np.array(flaps).reshape(-1, 4, 2))


def _unfold(
    frames: list[np.ndarray], polygon: np.ndarray, root: int, group: set[int]
) -> tuple[dict[int, np.ndarray], dict[int, int]]:
    """Lay face after face beside one that lies already; returns maps to the sheet and each face's parent."""
    placed: dict[int, np.ndarray] = {root: np.eye(3)}
    hinges: dict[int, int] = {}
    queue = [root]
    while queue:
        parent = queue.pop(0)
        for k, child in enumerate(_neighbours(frames, parent, polygon)):
            if child in placed or child not in group:
                continue
            ends = polygon[[k, (k + 1) % len(polygon)]]
            in_space = np.column_stack([ends, np.zeros(2)]) @ frames[parent][:3, :3].T + frames[parent][:3, 3]
            in_child = ((in_space - frames[child][:3, 3]) @ frames[child][:3, :3])[:, :2]
            placed[child] = placed[parent] @ _onto(in_child, ends)
            hinges[child] = parent
            queue.append(child)
    return placed, hinges


def _neighbours(frames: list[np.ndarray], i: int, polygon: np.ndarray) -> list[int]:
    """The faces across each edge of face `i`: the nearest other middles to that edge's middle."""
    middles = (polygon + np.roll(polygon, -1, axis=0)) / 2.0
    in_space = middles @ frames[i][:3, :2].T + frames[i][:3, 3]
    far = np.linalg.norm(in_space[:, None] - np.array([f[:3, 3] for f in frames]), axis=2)
    far[:, i] = np.inf
    return [int(j) for j in far.argmin(axis=1)]


def _onto(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The rigid map (3, 3) of the plane that takes two points (2, 2) to two others."""
    a, b = source[1] - source[0], target[1] - target[0]
    angle = np.arctan2(b[1], b[0]) - np.arctan2(a[1], a[0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    result = np.eye(3)
    result[:2, :2] = turn
    result[:2, 2] = target.mean(axis=0) - turn @ source.mean(axis=0)
    return result


def _on_sheet(sheet_from_face: np.ndarray, points: np.ndarray) -> np.ndarray:
    return np.asarray(points @ sheet_from_face[:2, :2].T + sheet_from_face[:2, 2])


def _flap(ends: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """A flap (4, 2) slanted enough for the gap of 36 degrees between two pentagons."""
    along = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    slant = along * 1.8 * FLAP_MM
    away = ends.mean(axis=0) - centre
    away = away / np.linalg.norm(away) * FLAP_MM
    return np.stack([ends[0], ends[0] + away + slant, ends[1] + away - slant, ends[1]])


def _polygon(n: int, edge_mm: float) -> np.ndarray:
    """Corners (n, 2) of a regular face around 0, its lower edge level (y is down)."""
    radius = edge_mm / (2.0 * np.sin(np.pi / n))
    angles = np.pi / 2.0 - np.pi / n + 2.0 * np.pi * np.arange(n) / n
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _frames(corners: np.ndarray, n: int) -> list[np.ndarray]:
    """Frames of all faces of a regular solid: middle, z inwards, y down towards the middle of an edge."""
    edge = np.sort(np.linalg.norm(corners[1:] - corners[0], axis=1))[0]
    normals = _face_normals(corners, n)
    frames = []
    for normal in normals:
        height = (corners @ normal).max()
        own = corners[np.abs(corners @ normal - height) < 1e-6 * height]
        middle = own.mean(axis=0)
        first = own[np.lexsort(np.round(own, 6).T)[0]]
        second = next(c for c in own if abs(np.linalg.norm(c - first) - edge) < 1e-6 * edge)
        down = (first + second) / 2.0 - middle
        down /= np.linalg.norm(down)
        frame = np.eye(4)
        frame[:3, :3] = np.stack([np.cross(down, -normal), down, -normal], axis=1)
        frame[:3, 3] = middle
        frames.append(frame)
    return frames


def _face_normals(corners: np.ndarray, n: int) -> np.ndarray:
    """Outward unit normals, from the top to the bottom."""
    found: list[np.ndarray] = []
    for candidate in np.concatenate([np.eye(3), -np.eye(3)]) if n == 4 else _icosahedron():
        unit = candidate / np.linalg.norm(candidate)
        found.append(unit)
    order = sorted(range(len(found)), key=lambda i: tuple(np.round(found[i], 6)[[2, 1, 0]]))
    return np.array([found[i] for i in order])


def _icosahedron() -> np.ndarray:
    """A dodecahedron's faces look to an icosahedron's corners."""
    corners = []
    for a in (-1.0, 1.0):
        for b in (-PHI, PHI):
            corners += [(a, 0.0, b), (0.0, b, a), (b, a, 0.0)]
    return np.array(corners)


def _corners_of_cube(edge_mm: float) -> np.ndarray:
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=np.float64)
    return signs * edge_mm / 2.0


def _corners_of_dodecahedron(edge_mm: float) -> np.ndarray:
    corners = [(x, y, z) for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)]
    for a in (-1.0 / PHI, 1.0 / PHI):
        for b in (-PHI, PHI):
            corners += [(0.0, a, b), (a, b, 0.0), (b, 0.0, a)]
    return np.array(corners) * edge_mm / (2.0 / PHI)
