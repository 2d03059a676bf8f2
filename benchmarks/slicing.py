"""One oblique slice out of a large volume, beside scipy."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates

from benchmarks.report import Comparison, Row, best_of
from core.frames import apply_affine, rotation_from_vector
from core.volume import Volume
from render.slicing import SlicePlane, extract, patient_from_pixel


def compare(quick: bool) -> Comparison:
    """The same oblique slice by both, trilinear."""
    shape = (100, 128, 128) if quick else (400, 512, 512)
    size_px = (shape[2], shape[1])
    volume = noisy_volume(shape)
    plane = oblique_plane(volume)
    spacing_mm = 0.6
    extract(volume, plane, size_px, spacing_mm)  # the volume is handed to VTK once, when it is opened
    ours_s, ours = best_of(9, lambda: extract(volume, plane, size_px, spacing_mm))
    index = slice_indices(volume, plane, size_px, spacing_mm)
    peer_s, peer = best_of(
        3, lambda: map_coordinates(volume.voxels, index, output=np.float32, order=1, cval=np.nan)
    )
    both = np.isfinite(ours) & np.isfinite(peer.reshape(ours.shape))
    apart = np.abs(ours - peer.reshape(ours.shape))[both]
    return Comparison(
        f"A slice of {size_px[0]}x{size_px[1]} pixels out of {shape[2]}x{shape[1]}x{shape[0]} int16 voxels",
        (
            Row("Auricle, render.slicing.extract", ours_s, {"pixels seen %": 100.0 * float(both.mean())}),
            Row(
                "scipy map_coordinates, order 1",
                peer_s,
                {"largest difference": float(apart.max()), "mean difference": float(apart.mean())},
            ),
        ),
        ("values span about 1,000; both interpolate trilinearly, in single or double precision",),
    )


def noisy_volume(shape: tuple[int, int, int]) -> Volume:
    """A volume whose every voxel matters: a ramp with noise."""
    rng = np.random.default_rng(3)
    voxels = rng.integers(-500, 500, shape, dtype=np.int16)
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0.0, 0.0, 0.5], [0.0, 0.5, 0.0], [0.6, 0.0, 0.0]])
    return Volume(voxels, affine, "1.2.3", "HU", "CT")


def oblique_plane(volume: Volume) -> SlicePlane:
    """A plane through the middle, tilted about every axis."""
    turn = rotation_from_vector(np.array((0.3, -0.4, 0.2)))
    return SlicePlane(tuple(volume.centre_mm), tuple(turn[:, 0]), tuple(turn[:, 1]))


def slice_indices(volume: Volume, plane: SlicePlane, size_px: tuple[int, int], spacing_mm: float) -> np.ndarray:
    """(3, pixels) fractional voxel indices of every pixel, row after row."""
    row, column = np.mgrid[0 : size_px[1], 0 : size_px[0]]
    pixels = np.stack([column.ravel(), row.ravel(), np.zeros(row.size)], axis=1)
    matrix = volume.index_from_patient @ patient_from_pixel(plane, size_px, spacing_mm)
    return apply_affine(matrix, pixels).T
