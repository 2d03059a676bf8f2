"""Measures the stud lattice of a toy-brick plate on a surface, to check a scan's scale end to end.

No distance of the lattice goes in except the range in which the pitch is searched.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.mesh import SurfaceMesh

STUD_MM = (0.5, 2.0)
"""Heights over the plate between which the sides and tops of the studs lie."""


@dataclass(frozen=True)
class StudLattice:
    """What was measured: the two pitches in mm, the angle between the rows, and how well the studs fit."""

    pitch_mm: tuple[float, float]
    angle_deg: float
    rms_mm: float
    n_studs: int


@dataclass(frozen=True, eq=False)
class _Facets:
    centres: np.ndarray
    normals: np.ndarray
    areas: np.ndarray

    def __getitem__(self, kept: np.ndarray) -> _Facets:
        return _Facets(self.centres[kept], self.normals[kept], self.areas[kept])


def measure_studs(mesh: SurfaceMesh, up: np.ndarray, box_mm: np.ndarray) -> StudLattice:
    """Find the plate, its studs, and the lattice of their centres.

    Args:
        mesh: surface of the phantom, mm.
        up: rough direction (3,) in which the studs stand.
        box_mm: lowest and highest corner (2, 3) of where to look for the plate.
    """
    facets = _facets(mesh)
    in_box = ((facets.centres > box_mm[0]) & (facets.centres < box_mm[1])).all(axis=1)
    facets = facets[in_box]
    plate, normal = _largest_plane(facets[facets.normals @ up > 0.9], up)
    height = (facets.centres - plate) @ normal
    studs = facets[(height > STUD_MM[0]) & (height < STUD_MM[1])]
    first = np.cross(normal, [0.0, 0.0, 1.0])
    axes = np.stack([first / np.linalg.norm(first), np.cross(normal, first / np.linalg.norm(first))])
    flat = (studs.centres - plate) @ axes.T
    thin = slice(None, None, max(1, len(flat) // 4000))
    waves = np.stack([_strongest_wave(flat[thin], studs.areas[thin], along) for along in (0.0, 90.0)])
    return _fit_lattice(flat, studs.areas, waves)


def _facets(mesh: SurfaceMesh) -> _Facets:
    a, b, c = np.moveaxis(mesh.vertices[mesh.faces], 1, 0)
    doubled = np.cross(b - a, c - a)
    length = np.linalg.norm(doubled, axis=1)
    return _Facets((a + b + c) / 3.0, doubled / np.maximum(length, 1e-12)[:, None], length / 2.0)


def _largest_plane(facets: _Facets, up: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A point and the unit normal of the flat layer with the largest area. Source: Fischler and Bolles 1981."""
    random = np.random.default_rng(0)
    share = facets.areas / facets.areas.sum()
    seen = facets[random.choice(len(share), 5_000, p=share)]
    best = np.zeros(len(seen.centres), dtype=bool)
    for _ in range(400):
        a, b, c = seen.centres[random.choice(len(seen.centres), 3, replace=False)]
        normal = np.cross(b - a, c - a)
        length = np.linalg.norm(normal)
        if length < 100.0 or abs(normal @ up) < 0.97 * length:
            continue
        near = np.abs((seen.centres - a) @ normal) < 0.25 * length
        best = near if near.sum() > best.sum() else best
    point = seen.centres[best].mean(axis=0)
    normal = np.linalg.svd(seen.centres[best] - point, full_matrices=False)[2][2]
    return point, normal * np.sign(normal @ up)


def _strongest_wave(flat: np.ndarray, weights: np.ndarray, direction_deg: float) -> np.ndarray:
    """The wave (2,), radians per mm, that the weighted points follow best: pitch 6-10 mm, within 5 degrees."""
    angles = np.radians(direction_deg + np.arange(-5.0, 5.01, 0.5))
    best, strength = np.zeros(2), -1.0
    for pitch_mm in np.arange(6.0, 10.0, 0.05):
        waves = 2.0 * np.pi / pitch_mm * np.stack([np.cos(angles), np.sin(angles)])
        response = np.abs(weights @ np.exp(1j * (flat @ waves)))
        if response.max() > strength:
            best, strength = waves[:, response.argmax()], float(response.max())
    return best


def _fit_lattice(flat: np.ndarray, weights: np.ndarray, waves: np.ndarray) -> StudLattice:
    """Each stud's centre from the facets nearest to it, then the lattice through all centres."""
    phases = np.angle(weights @ np.exp(1j * flat @ waves.T))
    places = (flat @ waves.T - phases) / (2.0 * np.pi)
    nodes, node_of = np.unique(np.round(places).astype(int), axis=0, return_inverse=True)
    is_top = np.linalg.norm((places - np.round(places)), axis=1) < 0.4
    area = np.bincount(node_of, weights * is_top, len(nodes))
    centres = (
        np.stack([np.bincount(node_of, weights * is_top * flat[:, k], len(nodes)) for k in range(2)], axis=1)
        / np.maximum(area, 1e-9)[:, None]
    )
    kept = (area > 0.6 * np.median(area)) & (area < 1.4 * np.median(area))
    for _ in range(3):
        design = np.column_stack([nodes[kept], np.ones(kept.sum())])
        basis = np.linalg.lstsq(design, centres[kept], rcond=None)[0]
        misses = np.linalg.norm(centres - np.column_stack([nodes, np.ones(len(nodes))]) @ basis, axis=1)
        kept &= misses < 3.0 * np.sqrt((misses[kept] ** 2).mean())
    first, second = basis[:2]
    lengths = float(np.linalg.norm(first)), float(np.linalg.norm(second))
    angle = np.degrees(np.arccos(first @ second / (lengths[0] * lengths[1])))
    return StudLattice(lengths, float(angle), float(np.sqrt((misses[kept] ** 2).mean())), int(kept.sum()))
