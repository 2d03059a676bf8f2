from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ar.poses import FIELDS, Pose, PoseState, read_poses_csv, write_poses_csv
from core.errors import PlannerError
from core.frames import CAMERA, Transform, rigid

TRACKED = Pose(
    0, 0.0, "reference", PoseState.TRACKED,
    Transform(CAMERA, "reference", rigid(np.array([0.4, -2.1, 0.9]), np.array([-12.5, 33.1, 612.0]))),
    reprojection_px=0.21, sigma_mm=0.3,
)  # fmt: skip
LOST = Pose(1, 0.033333, "reference", PoseState.LOST, reason="no marker of the board is seen")


def test_poses_survive_their_file(tmp_path: Path) -> None:
    write_poses_csv(tmp_path / "poses.csv", [TRACKED, LOST])
    tracked, lost = read_poses_csv(tmp_path / "poses.csv")
    assert tracked.camera_from_body is not None
    np.testing.assert_allclose(tracked.camera_from_body.matrix, TRACKED.camera_from_body.matrix, atol=1e-8)
    assert (tracked.reprojection_px, tracked.sigma_mm) == (0.21, 0.3)
    assert (lost.frame, lost.state, lost.camera_from_body) == (1, PoseState.LOST, None)
    assert lost.time_s == pytest.approx(1 / 30, abs=1e-6)


def test_a_lost_pose_leaves_its_fields_empty(tmp_path: Path) -> None:
    write_poses_csv(tmp_path / "poses.csv", [LOST])
    header, row = (tmp_path / "poses.csv").read_text().splitlines()
    assert header == "frame,time_s,body,state,rx,ry,rz,tx_mm,ty_mm,tz_mm,reprojection_px,sigma_mm,ambiguous"
    assert tuple(header.split(",")) == FIELDS
    assert row == "1,0.033333,reference,LOST" + "," * 9 + "0"


def test_a_pose_with_a_rival_is_told_from_a_sure_one_in_the_file(tmp_path: Path) -> None:
    write_poses_csv(tmp_path / "poses.csv", [TRACKED, replace(TRACKED, frame=1, is_ambiguous=True)])
    rows = (tmp_path / "poses.csv").read_text().splitlines()
    assert [row.rsplit(",", 1)[1] for row in rows] == ["ambiguous", "0", "1"]
    assert [pose.is_ambiguous for pose in read_poses_csv(tmp_path / "poses.csv")] == [False, True]


def test_a_file_from_before_the_column_ambiguous_is_read(tmp_path: Path) -> None:
    write_poses_csv(tmp_path / "poses.csv", [TRACKED, LOST])
    rows = (tmp_path / "poses.csv").read_text().splitlines()
    (tmp_path / "old.csv").write_text("".join(row.rsplit(",", 1)[0] + "\n" for row in rows))
    tracked, lost = read_poses_csv(tmp_path / "old.csv")
    assert (tracked.sigma_mm, tracked.is_ambiguous, lost.state) == (0.3, False, PoseState.LOST)


@pytest.mark.parametrize("angle", [0.0, 1e-9, np.pi - 1e-7, np.pi])
def test_a_turn_of_any_size_survives(angle: float, tmp_path: Path) -> None:
    matrix = rigid(angle * np.array([0.6, 0.0, 0.8]), np.array([0.0, 0.0, 500.0]))
    pose = Pose(0, 0.0, "b", PoseState.TRACKED, Transform(CAMERA, "b", matrix))
    write_poses_csv(tmp_path / "poses.csv", [pose])
    again = read_poses_csv(tmp_path / "poses.csv")[0].camera_from_body
    assert again is not None
    np.testing.assert_allclose(again.matrix, matrix, atol=1e-7)


def test_a_lost_pose_with_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="LOST pose is empty"):
        Pose(0, 0.0, "b", PoseState.LOST, TRACKED.camera_from_body)


@pytest.mark.parametrize("text", ["frame,state\n0,TRACKED\n", ",".join(FIELDS) + "\n0,0,b,SEEN,,,,,,,,\n"])
def test_a_file_without_poses_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "poses.csv").write_text(text)
    with pytest.raises(PlannerError, match="holds no poses"):
        read_poses_csv(tmp_path / "poses.csv")
