"""A curved skin laid flat with as little stretching as can be, and how much of it is left.

Source: L. Liu et al., A local/global approach to mesh parameterization, Computer Graphics Forum 27 (2008) 1495.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plan.clinical.membrane import Membrane, cotangent_matrix

N_ROUNDS = 400
SETTLED_MM = 1e-4


@dataclass(frozen=True, eq=False)
class FlatSkin:
    """A skin laid flat.

    Attributes:
        places_mm: (n, 2) its vertices, turned so that the first axis points to the patient's left or back and the
            second, up the page, to the head, as far as the skin allows.
        n_rim: how many of the first vertices are its rim.
        most_percent: the largest stretching or shrinking of any length in it.
        mean_percent: the mean one, by area.
        area_percent: by how much its area is larger than the skin's in space; negative: smaller.
    """

    places_mm: np.ndarray
    n_rim: int
    most_percent: float
    mean_percent: float
    area_percent: float

    @property
    def outline_mm(self) -> np.ndarray:
        """Its rim (k, 2)."""
        return self.places_mm[: self.n_rim]


def laid_flat(skin: Membrane) -> FlatSkin:
    """The skin as rigidly flat as can be: each triangle turned only, neighbours together, least squares."""
    vertices, faces = skin.vertices_mm, skin.faces
    rest = _own_planes(vertices, faces)
    weights = _cotangents(rest)
    stiff = cotangent_matrix(vertices, faces)[1:, 1:]
    inverse = np.linalg.inv(stiff)
    normal = _normal(vertices, faces)
    flat = (vertices - vertices[0]) @ _page(normal)
    for _ in range(N_ROUNDS):
        turned = _turned(rest, flat[faces], weights)
        right = np.zeros_like(flat)
        for k in range(3):
            edge = weights[:, k, None] * (turned[:, (k + 1) % 3] - turned[:, (k + 2) % 3])
            np.add.at(right, faces[:, (k + 1) % 3], edge)
            np.add.at(right, faces[:, (k + 2) % 3], -edge)
        after = np.concatenate([np.zeros((1, 2)), inverse @ right[1:]])
        moved = float(np.abs(after - flat).max())
        flat = after
        if moved < SETTLED_MM:
            break
    return _measured(skin, _upright(flat, vertices @ _page(normal)), rest)


def beyond(outline_mm: np.ndarray, margin_mm: float) -> np.ndarray:
    """A closed flat line (k, 2) moved outwards by a margin."""
    ahead, behind = np.roll(outline_mm, -1, axis=0), np.roll(outline_mm, 1, axis=0)
    way = ahead - behind
    way = way / np.linalg.norm(way, axis=1, keepdims=True)
    side = np.stack([way[:, 1], -way[:, 0]], axis=1)
    area = (outline_mm[:, 0] * ahead[:, 1] - ahead[:, 0] * outline_mm[:, 1]).sum()
    return outline_mm + (margin_mm if area > 0 else -margin_mm) * side


def _own_planes(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Each triangle in a plane of its own: (m, 3, 2)."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    u, v = b - a, c - a
    length = np.linalg.norm(u, axis=1)
    along = (u * v).sum(axis=1) / length
    up = np.linalg.norm(np.cross(u, v), axis=1) / length
    zero = np.zeros(len(faces))
    return np.stack([np.zeros((len(faces), 2)), np.stack([length, zero], 1), np.stack([along, up], 1)], axis=1)


def _cotangents(rest: np.ndarray) -> np.ndarray:
    """Half the cotangent (m, 3) of the angle at each corner."""
    found = []
    for k in range(3):
        u, v = rest[:, (k + 1) % 3] - rest[:, k], rest[:, (k + 2) % 3] - rest[:, k]
        sine = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
        found.append(0.5 * np.clip((u * v).sum(axis=1) / np.maximum(sine, 1e-12), -5.0, 20.0))
    return np.stack(found, axis=1)


def _turned(rest: np.ndarray, flat: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The rest triangles (m, 3, 2) turned to lie as their flat ones (m, 3, 2) do."""
    sine, cosine = np.zeros(len(rest)), np.zeros(len(rest))
    for k in range(3):
        old = rest[:, (k + 1) % 3] - rest[:, (k + 2) % 3]
        new = flat[:, (k + 1) % 3] - flat[:, (k + 2) % 3]
        cosine += weights[:, k] * (old * new).sum(axis=1)
        sine += weights[:, k] * (old[:, 0] * new[:, 1] - old[:, 1] * new[:, 0])
    size = np.maximum(np.hypot(sine, cosine), 1e-12)
    cosine, sine = cosine / size, sine / size
    x, y = rest[..., 0], rest[..., 1]
    return np.stack([cosine[:, None] * x - sine[:, None] * y, sine[:, None] * x + cosine[:, None] * y], axis=-1)


def _normal(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    area = np.cross(b - a, c - a).sum(axis=0)
    return np.asarray(area / np.linalg.norm(area))


def _page(normal: np.ndarray) -> np.ndarray:
    """Axes (3, 2) of a page seen from where the skin's faces look: to the right, and up towards the head."""
    head = np.array([0.0, 0.0, 1.0]) if abs(normal[2]) < 0.9 else np.array([0.0, -1.0, 0.0])
    up = head - (head @ normal) * normal
    up /= np.linalg.norm(up)
    return np.stack([np.cross(up, normal), up], axis=1)


def _upright(flat: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The flat skin turned, never mirrored, to lie as it is seen from in front of it. Source: Procrustes."""
    a, b = flat - flat.mean(axis=0), seen - seen.mean(axis=0)
    angle = np.arctan2((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum(), (a * b).sum())
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.asarray(a @ turn)


def _measured(skin: Membrane, flat: np.ndarray, rest: np.ndarray) -> FlatSkin:
    corners = flat[skin.faces]
    new = np.stack([corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]], axis=2)
    old = np.stack([rest[:, 1] - rest[:, 0], rest[:, 2] - rest[:, 0]], axis=2)
    before = np.linalg.det(old) / 2.0
    stretch = np.abs(np.linalg.svd(new @ np.linalg.inv(old), compute_uv=False) - 1.0).max(axis=1)
    after = np.linalg.det(new).sum() / 2.0
    return FlatSkin(
        flat,
        skin.n_rim,
        100.0 * float(stretch.max()),
        100.0 * float((stretch * before).sum() / before.sum()),
        100.0 * float(after / before.sum() - 1.0),
    )
