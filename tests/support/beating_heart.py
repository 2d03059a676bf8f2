"""A simple heart that beats: ellipsoids whose contraction has a formula, cine planes of it, and its exact labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.anatomy import HEART_NAMES
from core.frames import apply_affine
from core.volume import LabelMap, Volume, VolumeSequence

FRAME_UID = "2.25.77"
CENTRE_MM = np.array((20.0, -40.0, 10.0))
AXIS = np.array((0.6, -0.5, -0.62)) / np.linalg.norm((0.6, -0.5, -0.62))
ACROSS = np.cross(AXIS, (0.0, 0.0, 1.0)) / np.linalg.norm(np.cross(AXIS, (0.0, 0.0, 1.0)))
THIRD = np.cross(AXIS, ACROSS)
REACH_MM, THICKNESS_MM = 38.0, 7.0
# Middles along (axis to the apex, across, third) and radii, in mm, painted in this order: label, brightness.
PARTS = (
    (0, 60.0, (0.0, 60.0, -45.0), (70.0, 40.0, 40.0)),
    (0, 330.0, (30.0, 10.0, 75.0), (60.0, 60.0, 40.0)),
    (4, 780.0, (-52.0, 12.0, 5.0), (22.0, 24.0, 24.0)),
    (5, 760.0, (-48.0, -40.0, 10.0), (22.0, 24.0, 24.0)),
    (3, 760.0, (-2.0, -32.0, 4.0), (40.0, 26.0, 34.0)),
    (2, 260.0, (0.0, 0.0, 0.0), (48.0, 33.0, 33.0)),
    (1, 800.0, (-3.0, 0.0, 0.0), (39.0, 23.0, 23.0)),
)


@dataclass(frozen=True)
class BeatingHeart:
    """A heart of `n_phases`; phase 0 is the end of filling, the end of emptying follows after 40 % of the cycle."""

    n_phases: int = 12
    strength: float = 0.30

    def contraction(self, phase: float) -> float:
        """0 at the end of filling to 1 at the end of emptying; smooth and periodic."""
        place = (phase / self.n_phases) % 1.0
        return float(0.5 - 0.5 * np.cos(2.0 * np.pi * place**0.757))

    def _resting(self, points: np.ndarray, phase: float) -> np.ndarray:
        """Points (n, 3) LPS to where they were at the end of filling, in the heart's axes."""
        local = (np.asarray(points) - CENTRE_MM) @ np.stack([AXIS, ACROSS, THIRD]).T
        moved = local.copy()
        for middle in ((-3.0, 0.0, 0.0), (-2.0, -36.0, 4.0)):
            arm = local - middle
            near = np.exp(-np.square(arm).sum(axis=1, keepdims=True) / REACH_MM**2)
            moved += self.strength * self.contraction(phase) * near * arm
        return moved

    def parts(self, points: np.ndarray, phase: float) -> np.ndarray:
        """Number of the part (n,) that LPS points (n, 3) lie in, counted from 1; 0 outside all."""
        local = self._resting(points, phase)
        found = np.zeros(len(local), dtype=np.uint8)
        for number, (_, _, middle, radii) in enumerate(PARTS, start=1):
            found[np.square((local - middle) / radii).sum(axis=1) < 1.0] = number
        return found

    def labels(self, points: np.ndarray, phase: float) -> np.ndarray:
        """Structure values (n,) uint8 at LPS points (n, 3)."""
        return np.array([0, *(part[0] for part in PARTS)], dtype=np.uint8)[self.parts(points, phase)]

    def truth(self, patient_from_index: np.ndarray, n: int, phase: float) -> LabelMap:
        """Exact labels at the voxel centres of an n^3 grid."""
        found = self.labels(_points(patient_from_index, (n, n, n)), phase).reshape(n, n, n)
        return LabelMap(found, patient_from_index, HEART_NAMES, FRAME_UID)

    def image(self, plane: np.ndarray, shift_mm: np.ndarray, phase: float, pixels: int, seed: int) -> Volume:
        """A slice whose place is `plane`, although what it shows lay `shift_mm` further when it was taken."""
        bright = np.array([450.0, *(part[1] for part in PARTS)])
        total = np.zeros(pixels * pixels)
        for part in (-1.0 / 3.0, 0.0, 1.0 / 3.0):
            layer = plane.copy()
            layer[:3, 3] += plane[:3, 0] * part + shift_mm
            total += bright[self.parts(_points(layer, (1, pixels, pixels)), phase)]
        noise = np.random.default_rng((seed, int(phase))).normal(0.0, 20.0, total.shape)
        voxels = (total / 3.0 + noise).reshape(1, pixels, pixels).astype(np.float32)
        return Volume(voxels, plane, FRAME_UID, modality="MR")

    def sequences(
        self, planes: Sequence[np.ndarray], shifts_mm: np.ndarray | None = None, pixels: int = 84
    ) -> list[VolumeSequence]:
        """Each plane's phases; adding `shifts_mm` (planes, 3) to the places brings the slices to where they belong."""
        shifts = np.zeros((len(planes), 3)) if shifts_mm is None else shifts_mm
        times = tuple(800.0 * phase / self.n_phases for phase in range(self.n_phases))

        def reader(number: int):  # type: ignore[no-untyped-def]
            return lambda phase: self.image(planes[number], shifts[number], phase, pixels, number)

        return [VolumeSequence(self.n_phases, reader(number), times_ms=times) for number in range(len(planes))]


def cine_planes(n_short: int = 8, n_long: int = 3, pixel_mm: float = 2.0, pixels: int = 84) -> list[np.ndarray]:
    """patient_from_index (4, 4) of short-axis planes from base to apex, then of long-axis planes."""
    placed = [
        (CENTRE_MM + along * AXIS, np.stack([AXIS, ACROSS, THIRD]))
        for along in np.linspace(-44.0, 40.0, n_short)
    ]
    for angle in np.pi * np.arange(n_long) / max(n_long, 1) + 0.3:
        normal = np.cos(angle) * ACROSS + np.sin(angle) * THIRD
        placed.append((CENTRE_MM, np.stack([normal, -AXIS, np.cross(normal, -AXIS)])))
    affines = []
    for centre, axes in placed:
        affine = np.eye(4)
        affine[:3, :3] = (axes * np.array([[THICKNESS_MM], [pixel_mm], [pixel_mm]])).T
        affine[:3, 3] = centre - affine[:3, 1:3].sum(axis=1) * (pixels - 1) / 2.0
        affines.append(affine)
    return affines


def in_plane_shifts(planes: Sequence[np.ndarray], sd_mm: float, seed: int) -> np.ndarray:
    """Random shifts (planes, 3) in mm along the rows and columns of each plane."""
    rng = np.random.default_rng(seed)
    shifts = []
    for plane in planes:
        rows, columns = (plane[:3, axis] / np.linalg.norm(plane[:3, axis]) for axis in (1, 2))
        shifts.append(rng.normal(0.0, sd_mm) * rows + rng.normal(0.0, sd_mm) * columns)
    return np.array(shifts)


def _points(patient_from_index: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    return apply_affine(patient_from_index, np.indices(shape).reshape(3, -1).T)
