"""The lens model is chosen by views that it was not fitted to, on edges with exactly known truth."""

from __future__ import annotations

import numpy as np
import pytest

from ar.board import default_board
from ar.calibration.bundle import EdgeLines, adjust
from ar.calibration.choosing import choose_shape
from ar.calibration.shapes import Shape, converted
from ar.synthetic import look_at_board
from core.lens import FISHEYE, PINHOLE
from core.projection import CameraModel

BOARD = default_board()
CAMERAS = {
    Shape.FOUR: (900.0, PINHOLE, [-0.12, 0.05, 0.001, -0.0008]),
    Shape.FIVE: (620.0, PINHOLE, [-0.32, 0.16, 0.0004, -0.0003, -0.06]),
    Shape.ANGULAR: (420.0, FISHEYE, [-0.02, 0.008, -0.004, 0.0008]),
    Shape.RATIONAL: (430.0, PINHOLE, [0.9, 0.15, 0.0004, -0.0003, 0.002, 1.2, 0.4, 0.02]),
}


def camera_of(shape: Shape) -> CameraModel:
    focal, lens, coefficients = CAMERAS[shape]
    matrix = np.array([[focal, 0, 644.0], [0, focal * 1.001, 352.0], [0, 0, 1.0]])
    return CameraModel(1280, 720, matrix, np.array(coefficients), lens=lens)


def views(camera: CameraModel, n: int, noise_px: float = 0.1) -> tuple[list[EdgeLines], list[np.ndarray]]:
    """Edges of the board close to the camera, all over the picture."""
    random, lines, poses = np.random.default_rng(3), [], []
    x, y = np.meshgrid(np.linspace(2, 158, 20), np.linspace(2, 254, 30))
    points = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)
    focal = camera.camera_matrix[0, 0]
    for i in range(n):
        distance = focal * random.uniform(0.3, 0.55)
        pose = look_at_board(
            BOARD, distance, random.uniform(10, 40), 137.5 * i, random.uniform(0, 360)
        ).matrix.copy()
        pose[:2, 3] += random.uniform(-0.55, 0.55, 2) * distance * np.array([1280, 720]) / focal
        placed = points @ pose[:3, :3].T + pose[:3, 3]
        pixels = camera.project(placed)
        inside = (pixels > 5).all(axis=1) & (pixels < (1275, 715)).all(axis=1)
        angle = random.uniform(0, 2 * np.pi, inside.sum())
        normal = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        at = (pixels[inside] * normal).sum(axis=1) + random.normal(0, noise_px, inside.sum())
        lines.append(EdgeLines(points[inside], normal, at, np.ones(inside.sum())))
        poses.append(pose)
    return lines, poses


@pytest.mark.parametrize("shape", [Shape.FOUR, Shape.ANGULAR, Shape.RATIONAL])
def test_held_out_views_name_the_lens_that_took_them(shape: Shape) -> None:
    camera = camera_of(shape)
    lines, poses = views(camera, 12)
    choice = choose_shape(lines, camera, poses)
    assert choice.shape is shape
    assert choice.held_out_px[shape] == min(choice.held_out_px.values()) or shape is Shape.FOUR
    found = adjust(lines, converted(camera, choice.shape), poses)
    assert found.noise_px == pytest.approx(0.1, rel=0.1)
    assert found.camera.camera_matrix[0, 0] == pytest.approx(camera.camera_matrix[0, 0], rel=5e-4)


def test_too_rich_a_lens_is_not_taken_for_its_smaller_training_error() -> None:
    lines, poses = views(camera_of(Shape.FOUR), 12)
    noise = {
        s: adjust(lines, converted(camera_of(Shape.FOUR), s), poses).noise_px
        for s in (Shape.FOUR, Shape.RATIONAL)
    }
    assert noise[Shape.RATIONAL] < noise[Shape.FOUR]
    assert choose_shape(lines, camera_of(Shape.FOUR), poses).shape is Shape.FOUR


def test_too_poor_a_lens_is_left_even_when_one_starts_from_it() -> None:
    camera = camera_of(Shape.RATIONAL)
    lines, poses = views(camera, 12)
    poor = adjust(lines, converted(camera, Shape.FOUR), poses)
    choice = choose_shape(lines, poor.camera, poor.matrices)
    assert choice.shape is Shape.RATIONAL
    assert choice.held_out_px[Shape.FOUR] > 1.5 * choice.held_out_px[Shape.RATIONAL]


def test_few_views_are_given_the_simplest_lens() -> None:
    lines, poses = views(camera_of(Shape.FOUR), 7)
    choice = choose_shape(lines, camera_of(Shape.FOUR), poses)
    assert (choice.shape, choice.held_out_px) == (Shape.FOUR, {})


def test_the_stated_covariance_covers_the_error() -> None:
    camera = camera_of(Shape.FOUR)
    lines, poses = views(camera, 10)
    found = adjust(lines, camera, poses)
    error = (
        found.camera.camera_matrix[[0, 1, 0, 1], [0, 1, 2, 2]]
        - camera.camera_matrix[[0, 1, 0, 1], [0, 1, 2, 2]]
    )
    sigma = np.sqrt(np.diag(found.covariance)[:4])
    assert (np.abs(error) < 3.0 * sigma).all()
    percent = 100.0 * sigma[:2] / np.diag(found.camera.camera_matrix)[:2]
    assert found.focal_error_percent == pytest.approx(percent.max())


@pytest.mark.parametrize("shape", list(Shape))
def test_one_model_takes_over_from_another_where_the_picture_is(shape: Shape) -> None:
    camera = camera_of(Shape.FOUR)
    other = converted(camera, shape)
    points = np.random.default_rng(0).uniform((-300, -170, 450), (300, 170, 500), (100, 3))
    np.testing.assert_allclose(other.project(points), camera.project(points), atol=1.5)
    assert len(other.distortion) == shape.n_coefficients
