"""A small camera with a real lens, and boards, for all tests of the room."""

from __future__ import annotations

import numpy as np
import pytest

from ar.board import Board, default_board, grid_board
from core.projection import CameraModel

MATRIX = np.array([[480.0, 0.0, 322.0], [0.0, 478.0, 177.0], [0.0, 0.0, 1.0]])
LENS = np.array([-0.12, 0.05, 0.001, -0.0008, 0.0])


@pytest.fixture(scope="session")
def camera() -> CameraModel:
    return CameraModel(640, 360, MATRIX, LENS, 0.1, 0.0)


@pytest.fixture(scope="session")
def charuco() -> Board:
    return default_board()


@pytest.fixture(scope="session")
def grid() -> Board:
    return grid_board((4, 5), 40.0, 10.0)


@pytest.fixture(scope="session")
def one_tag() -> Board:
    return grid_board((1, 1), 50.0, 0.0)
