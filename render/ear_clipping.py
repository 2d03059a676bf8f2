"""Triangles inside flat outlines, slow and unfailing: for the few outlines that VTK's triangulation gives up on.

Source: ear clipping with holes joined by bridges, Eberly, "Triangulation by Ear Clipping", 2002.
"""

from __future__ import annotations

import numpy as np


def clip_ears(flat: np.ndarray, loops: list[np.ndarray]) -> np.ndarray:
    """Triangles (m, 3) of indices that fill flat loops, each loop's edges met exactly once.

    Args:
        flat: (n, 2) points.
        loops: indices of each closed loop; outer ones counter-clockwise, holes clockwise. A hole belongs to
            the smallest outer loop around it; one with none is filled for itself, facing the other way.
    """
    areas = [_area(flat[loop]) for loop in loops]
    outer = [loop for loop, area in zip(loops, areas, strict=True) if area > 0]
    outer.sort(key=lambda loop: _area(flat[loop]))
    holes = [loop for loop, area in zip(loops, areas, strict=True) if area <= 0]
    owned: list[list[np.ndarray]] = [[] for _ in outer]
    faces = [np.zeros((0, 3), dtype=np.int64)]
    for hole in holes:
        owner = next((i for i, loop in enumerate(outer) if _contains(flat[loop], flat[hole[0]])), None)
        if owner is None:
            faces.append(_clip(flat, hole[::-1])[:, ::-1])
        else:
            owned[owner].append(hole)
    faces += [_clip(flat, _bridged(flat, loop, own)) for loop, own in zip(outer, owned, strict=True)]
    return np.concatenate(faces)


def _bridged(flat: np.ndarray, ring: np.ndarray, holes: list[np.ndarray]) -> np.ndarray:
    """One ring out of an outer loop and its holes, the rightmost hole first so that it can see outwards."""
    waiting = sorted(holes, key=lambda hole: -flat[hole, 0].max())
    while waiting:
        hole = waiting[0]
        start = int(np.argmax(flat[hole, 0]))
        end = _visible_corner(flat, ring, waiting, flat[hole[start]])
        way = np.concatenate([hole[start:], hole[: start + 1]])
        ring = np.concatenate([ring[: end + 1], way, ring[end:]])
        waiting = waiting[1:]
    return ring


def _visible_corner(flat: np.ndarray, ring: np.ndarray, holes: list[np.ndarray], seen_from: np.ndarray) -> int:
    corners = flat[ring]
    starts = np.concatenate([corners, *(flat[hole] for hole in holes)])
    ends = np.concatenate([np.roll(corners, -1, axis=0), *(np.roll(flat[hole], -1, axis=0) for hole in holes)])
    order = np.argsort(np.linalg.norm(corners - seen_from, axis=1))
    for i in order:
        before, corner, after = corners[i - 1], corners[i], corners[(i + 1) % len(ring)]
        opens = (_turn(before, corner, seen_from) >= 0, _turn(corner, after, seen_from) >= 0)
        is_inside = all(opens) if _turn(before, corner, after) > 0 else any(opens)
        if is_inside and not _crosses(seen_from, corner, starts, ends):
            return int(i)
    return int(order[0])


def _clip(flat: np.ndarray, ring: np.ndarray) -> np.ndarray:
    ids = ring.tolist()
    faces = []
    i = n_refused = 0
    while len(ids) > 3:
        i %= len(ids)
        corner = ids[i - 1], ids[i], ids[(i + 1) % len(ids)]
        # A full round without an ear happens only where the outline crosses itself: cut there all the same.
        if n_refused >= len(ids) or _is_ear(flat, corner, ids):
            faces.append(corner)
            del ids[i]
            i, n_refused = i + 1, 0
        else:
            i, n_refused = i + 1, n_refused + 1
    return np.array([*faces, ids], dtype=np.int64)


def _is_ear(flat: np.ndarray, corner: tuple[int, int, int], ids: list[int]) -> bool:
    a, b, c = flat[list(corner)]
    turn = float(_turn(a, b, c))
    if turn <= 0:
        return turn == 0 and bool((b - a) @ (c - b) > 0)
    points = flat[ids]
    inside = (_turn(a, b, points) >= 0) & (_turn(b, c, points) >= 0) & (_turn(c, a, points) >= 0)
    others = points[inside]
    is_corner = (others == a).all(axis=1) | (others == b).all(axis=1) | (others == c).all(axis=1)
    return bool(is_corner.all())


def _turn(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Twice the signed area of the triangle a, b, c: positive for a turn to the left."""
    return (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])


def _crosses(first: np.ndarray, last: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> bool:
    splits_edge = _turn(starts, ends, first) * _turn(starts, ends, last) < 0
    splits_line = _turn(first, last, starts) * _turn(first, last, ends) < 0
    return bool((splits_edge & splits_line).any())


def _contains(corners: np.ndarray, point: np.ndarray) -> bool:
    following = np.roll(corners, -1, axis=0)
    spans = (corners[:, 1] > point[1]) != (following[:, 1] > point[1])
    is_left = _turn(corners, following, point) > 0
    upward = following[:, 1] > corners[:, 1]
    return bool((spans & (is_left == upward)).sum() % 2)


def _area(corners: np.ndarray) -> float:
    x, y = corners.T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2.0
