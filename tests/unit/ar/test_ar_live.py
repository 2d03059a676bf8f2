from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.cli import DONE, REFUSED, main
from ar.board import Board, grid_board, write_board
from ar.calibration import write_camera
from ar.frame import CameraFrame
from ar.loop import ArLoop
from ar.poses import PoseState, read_poses_csv
from ar.source import CameraSettings
from ar.synthetic import look_at_board, render_bodies
from ar.tracking import Tracker
from core.projection import CameraModel


class Camera:
    """Stands for a live camera: hands out given frames and tells whether it was let go."""

    n_frames = None
    frames_per_s = 30.0

    def __init__(self, frames: list[CameraFrame], interrupts: bool = False) -> None:
        self.frames, self.interrupts, self.is_closed = list(frames), interrupts, False

    def next_frame(self) -> CameraFrame | None:
        if not self.frames and self.interrupts:
            raise KeyboardInterrupt
        return self.frames.pop(0)

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture(scope="module")
def two_bodies() -> Board:
    pointer = grid_board((2, 2), 30.0, 6.0, first_id=30, name="pointer").bodies[0]
    return Board((*grid_board((2, 2), 35.0, 8.0).bodies, pointer))


@pytest.fixture(scope="module")
def frames(two_bodies: Board, camera: CameraModel) -> list[CameraFrame]:
    """The reference in five frames, a moving pointer beside it in three; every second frame was dropped."""
    made = []
    for i in range(5):
        reference = look_at_board(two_bodies, 420.0, 30.0, 20.0).matrix.copy()
        reference[0, 3] -= 60.0
        pointer = look_at_board(
            two_bodies, 400.0, 35.0, 60.0 + 2 * i, body=two_bodies.body("pointer")
        ).matrix.copy()
        pointer[0, 3] += 70.0 + 2 * i
        poses = {"reference": reference} | ({"pointer": pointer} if i < 3 else {})
        picture = render_bodies(two_bodies, camera, lambda _, p=poses: p, 0.0, i)
        made.append(CameraFrame(picture, 2 * i, 0.15 * i))
    return made


@pytest.fixture
def folder(tmp_path: Path, two_bodies: Board, camera: CameraModel) -> Path:
    write_board(two_bodies, tmp_path / "board.json")
    write_camera(camera, tmp_path / "camera.json")
    return tmp_path


def _track(folder: Path, *more: str) -> int:
    inputs = ["--board", str(folder / "board.json"), "--camera", str(folder / "camera.json")]
    return main(["track", *inputs, "--out", str(folder / "out"), "--no-overlay", "--quiet", *more])


def test_a_tool_that_leaves_is_stale_then_lost_while_the_reference_stays(
    two_bodies: Board, camera: CameraModel, frames: list[CameraFrame]
) -> None:
    loop = ArLoop(Camera(frames, interrupts=True), Tracker(two_bodies, camera))
    turns = [loop.step() for _ in range(5)]
    states = [
        {name: pose.state.value for name, pose in turn.by_body.items()} for turn in turns if turn is not None
    ]
    assert [state["reference"] for state in states] == ["TRACKED"] * 5
    assert [state["pointer"] for state in states] == ["TRACKED"] * 3 + ["STALE", "STALE"]
    late = CameraFrame(frames[-1].image, 10, 0.75)
    assert loop_state(two_bodies, camera, [*frames, late])["pointer"] is PoseState.LOST


def loop_state(board: Board, camera: CameraModel, frames: list[CameraFrame]) -> dict[str, PoseState]:
    """The states of all bodies after the last of these frames."""
    tracker = Tracker(board, camera)
    tracked = [tracker.track(frame) for frame in frames][-1]
    return {pose.body: pose.state for pose in tracked.poses}


def test_live_tracking_ends_by_time_and_counts_what_was_overtaken(
    folder: Path, frames: list[CameraFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Camera(frames)
    asked = []

    def opened(place: int, settings: CameraSettings, patience_s: float) -> Camera:
        asked.append((place, settings.size))
        return source

    monkeypatch.setattr("app.ar.opening.open_source", opened)
    assert _track(folder, "--live", "2", "--seconds", "0.4", "--json", str(folder / "s.json")) == DONE
    assert asked == [(2, (640, 360))]
    assert source.is_closed
    assert len(source.frames) == 1
    summary = json.loads((folder / "s.json").read_text())
    assert summary["n_skipped"] == 3
    assert summary["bodies"]["reference"] == {"TRACKED": 4, "STALE": 0, "LOST": 0}
    assert summary["bodies"]["pointer"] == {"TRACKED": 3, "STALE": 1, "LOST": 0}
    assert 0.0 < summary["latency_ms"]["median"] <= summary["latency_ms"]["p95"]


def test_interrupting_a_live_camera_keeps_what_was_tracked(
    folder: Path, frames: list[CameraFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Camera(frames[:2], interrupts=True)
    monkeypatch.setattr("app.ar.opening.open_source", lambda place, settings, patience_s: source)
    assert _track(folder, "--live", "0") == DONE
    assert source.is_closed
    poses = read_poses_csv(folder / "out" / "poses.csv")
    assert [(p.frame, p.body) for p in poses] == [(f, b) for f in (0, 2) for b in ("reference", "pointer")]


@pytest.mark.parametrize("more", [(), ("clip.avi", "--live", "0"), ("--live", "0", "--seconds", "nan")])
def test_what_to_look_at_must_be_named_once(
    more: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _track(folder, *more) == REFUSED
    assert "cannot track" in capsys.readouterr().err


def test_the_poses_of_bodies_are_each_its_own_truth(
    two_bodies: Board, camera: CameraModel, frames: list[CameraFrame]
) -> None:
    tracker = Tracker(two_bodies, camera)
    for i, frame in enumerate(frames[:3]):
        pose = tracker.track(frame).pose("pointer")
        assert pose.camera_from_body is not None
        true = look_at_board(
            two_bodies, 400.0, 35.0, 60.0 + 2 * i, body=two_bodies.body("pointer")
        ).matrix.copy()
        true[0, 3] += 70.0 + 2 * i
        np.testing.assert_allclose(pose.camera_from_body.matrix[:3, 3], true[:3, 3], atol=0.4)
