"""A phantom registered from a synthetic video of pointer and sheet: tracker, pivot, touches and fit together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.cli import DONE, main
from ar.board import write_board
from ar.board.kinds import joined, make_board
from ar.calibration import write_camera
from ar.registration import read_registration
from ar.synthetic import render_bodies
from ar.video import VideoWriter
from core.frames import apply_affine, rigid
from core.projection import CameraModel

FPS, N_PIVOT, N_MOVE, N_HOLD = 12.0, 60, 4, 16
REFERENCE = rigid(np.array([0.25, -0.2, 0.05]), np.array([-260.0, -110.0, 760.0]))
# The phantom in the reference's frame.
TRUTH = rigid(np.array([0.3, -0.6, 0.4]), np.array([240.0, 150.0, -40.0]))
LANDMARKS = {
    "apex": (45.0, 0.0, 0.0),
    "left": (-30.0, 30.0, 20.0),
    "back": (0.0, -40.0, -25.0),
    "top": (10.0, 10.0, 62.0),
}
HEART = np.array([[0.0, 0, 0], [30, 0, 40], [0, 25, -40]])


def _tips() -> list[np.ndarray]:
    """Where the tip is in the reference's frame, frame by frame."""
    tips = [apply_affine(TRUTH, np.array([[0.0, 60.0, 30.0]]))[0]] * N_PIVOT
    for place in apply_affine(TRUTH, np.array(list(LANDMARKS.values()))):
        tips += [tips[-1] + (place - tips[-1]) * t for t in np.linspace(0, 1, N_MOVE)] + [place] * N_HOLD
    return tips


@pytest.mark.slow
def test_a_phantom_is_registered_by_video_within_the_error_it_states(tmp_path: Path) -> None:
    board = joined([make_board("charuco"), make_board("pointer")])
    tip_mm = np.array(board.body("pointer").tip_mm)
    matrix = np.array([[980.0, 0.0, 642.0], [0.0, 978.0, 357.0], [0.0, 0.0, 1.0]])
    camera = CameraModel(1280, 720, matrix, np.array([-0.09, 0.05, 0.0006, -0.0004]), 0.1, 0.02)
    with VideoWriter(tmp_path / "touch.avi", FPS, (1280, 720)) as video:
        for i, tip in enumerate(_tips()):
            phase = 2 * np.pi * i / N_PIVOT
            turn = np.array([0.1 + 0.5 * np.sin(2 * phase), 0.5 * np.cos(3 * phase), 0.1])
            pointer = rigid(turn if i < N_PIVOT else np.array([0.25, 0.1, 0.1]), np.zeros(3))
            pointer[:3, 3] = apply_affine(REFERENCE, tip[None])[0] - pointer[:3, :3] @ tip_mm
            poses = {board.bodies[0].name: REFERENCE, "pointer": pointer}
            video.write(render_bodies(board, camera, lambda _, poses=poses: poses, i / FPS, i))
    write_board(board, tmp_path / "board.json")
    write_camera(camera, tmp_path / "camera.json")
    content = {"unit": "mm", "space": "LPS", "landmarks": {n: list(p) for n, p in LANDMARKS.items()}}
    (tmp_path / "landmarks.json").write_text(json.dumps(content))
    arguments = [
        "register",
        str(tmp_path / "touch.avi"),
        "--out",
        str(tmp_path / "registration.json"),
        "--quiet",
    ]
    for name in ("board", "camera", "landmarks"):
        arguments += [f"--{name}", str(tmp_path / f"{name}.json")]
    pivot = [
        "--pivot",
        "0",
        str((N_PIVOT - 1) / FPS),
        "--reference",
        board.bodies[0].name,
        "--landmark-error",
        "0.5",
    ]
    assert main([*arguments, *pivot, "--json", str(tmp_path / "sum.json")]) == DONE
    found = read_registration(tmp_path / "registration.json")
    error_mm = np.linalg.norm(found.body_from_patient.apply(HEART) - apply_affine(TRUTH, HEART), axis=1)
    most_mm = found.tre_95_mm(HEART)
    assert most_mm is not None
    assert (error_mm < most_mm).all()
    assert error_mm.max() < 1.0
    assert found.fre_mm is not None
    assert found.fre_mm < 0.8
