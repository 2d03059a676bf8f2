"""What a printed face should look like in the camera picture, and how that changes with the pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ar.board.faces import Face
from ar.board.texture import printed
from ar.opencv import cv2
from ar.tracking.geometry import cross
from core.projection import CameraModel

# Texels a pixel: finer ones would be missed between samples, coarser ones would blur more than the lens.
DENSITY = 1.2
MIN_COSINE = 0.12
MIN_SIDE_PX = 10
N_BANDS = 4
# Rows at the rim of a band that blur and slope cannot know.
SEAM_PX = 3
# Share of the print's full step between neighbouring pixels from which a pixel belongs to an edge.
EDGE_SLOPE = 0.03


@dataclass(frozen=True)
class Budget:
    """How many pixels are drawn, and how many of edges and of flat areas are compared."""

    drawn: int
    edges: int
    flats: int


THOROUGH = Budget(160_000, 14_000, 2_000)
QUICK = Budget(60_000, 7_000, 1_000)


@dataclass(frozen=True, eq=False)
class Expected:
    """A face as it should appear, at n chosen pixels.

    Attributes:
        rows, columns: (n,) pixels of the picture.
        paper: (n,) share of paper, 0 ink to 1 paper, blurred as the lens does.
        nuisance: (n, 3) its derivative by ink gain and by blur across and down.
        derivative: (n, 6) of `paper` by a small turn and shift of the body in the camera frame.
        is_edge: (n,) where the print changes.
    """

    rows: np.ndarray
    columns: np.ndarray
    paper: np.ndarray
    nuisance: np.ndarray
    derivative: np.ndarray
    is_edge: np.ndarray


def expect(
    face: Face,
    matrix: np.ndarray,
    camera: CameraModel,
    rays: tuple[np.ndarray, np.ndarray],
    kernel: tuple[float, np.ndarray | None],
    budget: Budget,
) -> Expected | None:
    """The face at a pose (4, 4) `camera_from_body`; None when it looks away or is too small.

    Args:
        kernel: standard deviation in pixels of the blur, and a motion blur kernel or None.
        budget: a larger face is drawn in bands.
    """
    placed = matrix @ face.body_from_face
    outline = face.outline_mm @ matrix[:3, :3].T + matrix[:3, 3]
    sight = outline.mean(axis=0)
    if (outline[:, 2] < 1.0).any() or placed[:3, 2] @ sight < MIN_COSINE * np.linalg.norm(sight):
        return None
    window = _window(outline, camera)
    if window is None:
        return None
    columns = window[1]
    rows, is_seam = _bands(window, budget.drawn)
    x, y = rays[0][rows, columns], rays[1][rows, columns]
    flat = np.linalg.inv(placed[:3, [0, 1, 3]]).astype(np.float32)
    depth = 1.0 / (flat[2, 0] * x + (flat[2, 1] * y + flat[2, 2]))
    step_mm = _step_mm(placed, sight, camera)
    sheet = printed(face, face.quiet_mm, DENSITY / step_mm)
    scale = np.float32(sheet.px_per_mm)
    u, v = (
        (flat[i, 0] * x + (flat[i, 1] * y + flat[i, 2])) * (depth * scale)
        - np.float32(sheet.low_mm[i] * scale + 0.5)
        for i in (0, 1)
    )
    seen = cv2.remap(sheet.paper_only, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=1.0)
    spread_px, motion = kernel
    texel_px = 1.0 / (sheet.px_per_mm * step_mm)
    # The print is already averaged over a texel and interpolated between two: a quarter texel squared in all.
    missing = max(spread_px**2 + 1.0 / 12.0 - 0.25 * texel_px**2, 0.04)
    paper = cv2.GaussianBlur(seen, (0, 0), float(np.sqrt(missing)))
    if motion is not None:
        paper = cv2.filter2D(paper, -1, motion, borderType=cv2.BORDER_REPLICATE)
    height, width = sheet.paper_only.shape
    margin = 1.0
    inside = (u > margin) & (v > margin) & (u < width - 1 - margin) & (v < height - 1 - margin)
    inside[is_seam] = False
    inside[:, [0, -1]] = False
    return _at_pixels(paper, inside, depth, (x, y), (rows, columns.start), matrix, camera, budget)


def _bands(window: tuple[slice, slice], drawn: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows (n,) that are drawn, all or some bands of them, and which lie at a band's rim."""
    first, last = window[0].start, window[0].stop
    rows = np.arange(first, last)
    is_seam = np.minimum(rows - first, last - 1 - rows) < 1
    width = window[1].stop - window[1].start
    band = drawn // (width * N_BANDS)
    if len(rows) * width <= drawn or band < 4 * SEAM_PX:
        return rows, is_seam
    starts = np.linspace(first, last - band, N_BANDS).astype(int)
    within = np.arange(band)
    rim = np.minimum(within, band - 1 - within) < SEAM_PX
    return (starts[:, None] + within).ravel(), np.tile(rim, N_BANDS)


def _window(outline: np.ndarray, camera: CameraModel) -> tuple[slice, slice] | None:
    pixels = camera.project(outline)
    first = np.maximum(np.floor(pixels.min(axis=0)).astype(int) - 2, 0)
    last = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + 3, (camera.width, camera.height))
    size = last - first
    if (size < MIN_SIDE_PX).any():
        return None
    return slice(first[1], last[1]), slice(first[0], last[0])


def _step_mm(placed: np.ndarray, sight: np.ndarray, camera: CameraModel) -> float:
    """Millimetres of the print a pixel, the geometric mean of both directions."""
    distance = float(np.linalg.norm(sight))
    cosine = float(placed[:3, 2] @ sight) / distance
    return distance / float(camera.camera_matrix[0, 0]) / np.sqrt(cosine)


def _by_ray(camera: CameraModel, x: float, y: float) -> np.ndarray:
    """How pixels move with the direction of sight, (2, 2), in the middle of a face: exact enough for a step."""
    return camera.project_with_derivative(np.array([[x, y, 1.0]]))[1][0, :, :2].astype(np.float32)


def _at_pixels(
    paper: np.ndarray,
    inside: np.ndarray,
    depth: np.ndarray,
    rays: tuple[np.ndarray, np.ndarray],
    place: tuple[np.ndarray, int],
    matrix: np.ndarray,
    camera: CameraModel,
    budget: Budget,
) -> Expected | None:
    across = cv2.Sobel(paper, cv2.CV_32F, 1, 0, ksize=1, scale=0.5)
    down = cv2.Sobel(paper, cv2.CV_32F, 0, 1, ksize=1, scale=0.5)
    slope = cv2.magnitude(across, down)
    is_steep = slope > EDGE_SLOPE
    edge, plain = np.flatnonzero(inside & is_steep), np.flatnonzero(inside & ~is_steep)
    if len(edge) < 60:
        return None
    edge = edge[:: len(edge) // budget.edges + 1]
    plain = plain[:: len(plain) // budget.flats + 1]
    pick = np.concatenate([edge, plain])
    flat = paper.ravel()
    width = paper.shape[1]
    gx, gy, value = across.ravel()[pick], down.ravel()[pick], flat[pick]
    gxx = flat[pick + 1] + flat[pick - 1] - 2.0 * value
    gyy = flat[pick + width] + flat[pick - width] - 2.0 * value
    nuisance = np.stack([slope.ravel()[pick], gxx, gyy], axis=1)
    x, y, z = rays[0].ravel()[pick], rays[1].ravel()[pick], depth.ravel()[pick]
    by_ray = _by_ray(camera, float(x.mean()), float(y.mean()))
    a = (gx * by_ray[0, 0] + gy * by_ray[1, 0]) / z
    b = (gx * by_ray[0, 1] + gy * by_ray[1, 1]) / z
    by_point = np.stack([-a, -b, a * x + b * y], axis=1)
    arm = np.stack([x * z, y * z, z], axis=1) - matrix[:3, 3].astype(np.float32)
    derivative = np.concatenate([cross(arm, by_point), by_point], axis=1)
    rows, columns = np.divmod(pick, width)
    is_edge = np.arange(len(pick)) < len(edge)
    return Expected(place[0][rows], columns + place[1], value, nuisance, derivative, is_edge)
