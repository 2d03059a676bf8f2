from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.cli import DONE, REFUSED, main
from ar.board import Board, read_board, write_board
from ar.calibration import read_camera, write_camera
from ar.opencv import cv2
from ar.overlay.meshes import ball
from ar.poses import PoseState, read_poses_csv
from ar.source import frames_of, open_source
from ar.synthetic import Look, look_at_board, make_video, render_board_frame
from core.anatomy import Anatomy
from core.mesh import SurfaceMesh
from core.projection import CameraModel
from imaging.formats.surfaces import write_glb
from plan.items import CutPlane, Distance
from plan.plan import Plan
from plan.schema import write_plan


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, camera: CameraModel, grid: Board) -> Path:
    """A folder with a video of eight frames, the middle ones without the board, its truth, board and camera."""
    folder = tmp_path_factory.mktemp("clip")
    poses = [look_at_board(grid, 400.0, 35.0, 30.0 + 2 * i) if i not in (3, 4) else None for i in range(6)]
    make_video(folder / "clip.avi", grid, camera, poses)
    write_board(grid, folder / "board.json")
    write_camera(camera, folder / "camera.json")
    unit = ball()
    mesh = SurfaceMesh(unit.vertices * 30.0 + (12.0, -40.0, 90.0), unit.faces)
    write_glb(Anatomy({"lv": mesh}, "1.2.3"), folder / "anatomy.glb")
    cut = CutPlane("front", (12.0, -40.0, 90.0), (0.0, -1.0, 0.0))
    width = Distance("width", (-18.0, -40.0, 90.0), (42.0, -40.0, 90.0))
    write_plan(Plan("1.2.3", (cut, width)), folder / "plan.json")
    return folder


def _track(clip: Path, out: Path, *more: str) -> int:
    inputs = [
        str(clip / "clip.avi"),
        "--board",
        str(clip / "board.json"),
        "--camera",
        str(clip / "camera.json"),
    ]
    return main(["track", *inputs, "--out", str(out), "--quiet", *more])


def test_board_writes_a_sheet_and_its_description(tmp_path: Path) -> None:
    assert main(["board", "--out", str(tmp_path / "print" / "board.pdf"), "--quiet"]) == DONE
    assert (tmp_path / "print" / "board.pdf").read_bytes().startswith(b"%PDF")
    assert len(read_board(tmp_path / "print" / "board.json").bodies[0].markers) == 20


def test_track_writes_the_true_poses_and_a_lost_board_as_stale(clip: Path, tmp_path: Path) -> None:
    assert _track(clip, tmp_path, "--no-overlay", "--json", str(tmp_path / "sum.json")) == DONE
    found, truth = read_poses_csv(tmp_path / "poses.csv"), read_poses_csv(clip / "clip.truth.csv")
    assert [pose.state.value[0] for pose in found] == list("TTTSST")
    for pose, true in zip(found, truth, strict=True):
        if pose.state is PoseState.TRACKED:
            assert pose.camera_from_body is not None
            assert true.camera_from_body is not None
            np.testing.assert_allclose(
                pose.camera_from_body.matrix[:3, 3], true.camera_from_body.matrix[:3, 3], atol=0.3
            )
            assert pose.time_s == pytest.approx(true.time_s, abs=1e-6)
    summary = json.loads((tmp_path / "sum.json").read_text())
    assert summary["states"] == {"TRACKED": 4, "STALE": 2, "LOST": 0}
    assert not (tmp_path / "overlay.mp4").exists()


def test_track_draws_anatomy_and_plan_over_the_board(clip: Path, tmp_path: Path) -> None:
    more = ("--anatomy", str(clip / "anatomy.glb"), "--plan", str(clip / "plan.json"))
    assert _track(clip, tmp_path, *more) == DONE
    frames = [frame.image.astype(int) for frame in frames_of(open_source(tmp_path / "overlay.mp4"))]
    assert [frame.shape for frame in frames] == [(360, 640, 3)] * 6
    red = [((f[..., 0] > f[..., 1] + 60) & (f[..., 0] > f[..., 2] + 60))[:310].sum() for f in frames]
    assert min(red[:3]) > 500
    camera, truth = read_camera(clip / "camera.json"), read_poses_csv(clip / "clip.truth.csv")
    place = truth[0].camera_from_body
    assert place is not None
    # Over the middle of the sheet, its back 10 mm above the paper: the cut leaves the back half.
    middle = read_board(clip / "board.json").bodies[0].centre_mm + (0.0, 0.0, -25.0)
    x, y = np.round(camera.undistorted().project(place.apply(middle[None]))[0]).astype(int)
    r, g, b = frames[0][y - 4, x]
    assert r > g + 40
    assert r > b + 40


def test_calibrate_finds_the_lens_of_a_folder_of_pictures(
    tmp_path: Path, camera: CameraModel, charuco: Board, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    for i in range(7):
        pose = look_at_board(charuco, 330.0 + 10 * i, 20.0 + 4 * i, 51.0 * i, 70.0 * i)
        picture = render_board_frame(charuco, camera, pose, i, Look(oversampling=3))
        cv2.imwrite(str(folder / f"{i}.png"), picture[..., ::-1])
    assert main(["calibrate", str(folder), "--out", str(tmp_path / "camera.json"), "--quiet"]) == DONE
    found = read_camera(tmp_path / "camera.json")
    assert found.focal_error_percent is not None
    error_percent = 100.0 * abs(found.camera_matrix[0, 0] / 480.0 - 1.0)
    assert error_percent < 3.0 * found.focal_error_percent
    assert error_percent < 1.0
    assert "7 of 7 pictures used" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["board", "--out", "board.png"], "the board is a PDF"),
        (["calibrate", "missing", "--out", "camera.json"], "no such file"),
        (
            ["track", "missing.avi", "--board", "no.json", "--camera", "no.json", "--out", "o"],
            "cannot read no.json",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line_that_says_why(
    arguments: list[str],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == REFUSED
    error = capsys.readouterr().err
    assert error.startswith("refused: ")
    assert reason in error
    assert error.count("\n") == 1


def test_a_plan_of_another_patient_space_is_refused(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_plan(Plan("9.9.9", (CutPlane("a", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)),)), tmp_path / "plan.json")
    more = ("--anatomy", str(clip / "anatomy.glb"), "--plan", str(tmp_path / "plan.json"))
    assert _track(clip, tmp_path / "out", *more) == REFUSED
    assert "different patient spaces" in capsys.readouterr().err
