"""Dictionaries from OpenCV's own files: read, printed, kept in board.json and followed; damaged ones are refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.cli import DONE, REFUSED, main
from ar.board import read_board
from ar.board.custom_dictionary import dictionary_from_text, label_of, read_dictionary
from ar.board.kinds import make_board
from ar.frame import CameraFrame
from ar.opencv import cv2
from ar.poses import PoseState
from ar.synthetic import look_at_board, render_board_frame
from ar.tracking import Tracker
from core.errors import PlannerError
from core.projection import CameraModel


@pytest.fixture(scope="module")
def made() -> cv2.aruco.Dictionary:
    """Twenty markers of 5x5 cells, as OpenCV makes them for a laboratory of its own."""
    return cv2.aruco.extendDictionary(20, 5, randomSeed=3)


@pytest.fixture(params=["yml", "json"])
def file(made: cv2.aruco.Dictionary, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / f"own.{request.param}"
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    made.writeDictionary(storage)
    storage.release()
    return path


def test_a_dictionary_that_opencv_wrote_is_read_marker_for_marker(
    file: Path, made: cv2.aruco.Dictionary
) -> None:
    text = read_dictionary(file)
    found = dictionary_from_text(text)
    assert (found.markerSize, found.maxCorrectionBits) == (5, made.maxCorrectionBits)
    for i in range(20):
        np.testing.assert_array_equal(found.generateImageMarker(i, 70), made.generateImageMarker(i, 70))
    assert label_of(text) == "custom 5x5"
    assert label_of("DICT_4X4_50") == "DICT_4X4_50"


def test_a_board_of_it_is_written_and_followed(
    file: Path, made: cv2.aruco.Dictionary, camera: CameraModel, tmp_path: Path
) -> None:
    out = tmp_path / "board.json"
    arguments = ["board", "--kind", "patch", "--dictionary", str(file), "--first-id", "2"]
    assert main([*arguments, "--out", str(tmp_path / "board.pdf"), "--json", str(out)]) == DONE
    assert (tmp_path / "board.pdf").stat().st_size > 1000
    board = read_board(out)
    view = look_at_board(board, 250.0, 25.0, 40.0)
    picture = render_board_frame(board, camera, view, 0)
    # OpenCV finds the markers with its own dictionary, so the print is really of it.
    _, ids, _ = cv2.aruco.ArucoDetector(made).detectMarkers(np.ascontiguousarray(picture[..., 1]))
    assert sorted(np.ravel(ids).tolist()) == list(range(2, 11))
    pose = Tracker(board, camera).track(CameraFrame(picture, 0, 0.0)).pose("patch")
    assert pose.state is PoseState.TRACKED
    assert pose.n_markers == 9
    assert pose.camera_from_body is not None
    np.testing.assert_allclose(pose.camera_from_body.matrix[:3, 3], view.matrix[:3, 3], atol=0.2)


GOOD = {
    "nmarkers": 2,
    "markersize": 3,
    "maxCorrectionBits": 0,
    "marker_0": "110100010",
    "marker_1": "011110001",
}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"marker_1": "01111000"}, "marker 1 has not 9 cells"),
        ({"marker_1": "01111000x"}, "not rows of 0 and 1"),
        ({"nmarkers": 3}, "no field 'marker_2'"),
        ({"nmarkers": 10**6}, "it says that it has 1000000 markers"),
        ({"markersize": 9}, "9x9 cells are not known"),
        ({"marker_1": "000101110"}, "too few to correct 0"),
        ({"maxCorrectionBits": 4}, "too few to correct 4"),
    ],
)
def test_a_damaged_dictionary_is_refused(
    change: dict[str, object], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "own.json"
    path.write_text(json.dumps(GOOD))
    assert label_of(read_dictionary(path)) == "custom 3x3"
    path.write_text(json.dumps({**GOOD, **change}))
    with pytest.raises(PlannerError, match="no marker dictionary"):
        read_dictionary(path)
    arguments = ["board", "--kind", "patch", "--dictionary", str(path), "--json", str(tmp_path / "b.json")]
    assert main(arguments) == REFUSED
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "b.json").exists()


def test_more_markers_than_the_dictionary_has_are_refused(file: Path) -> None:
    with pytest.raises(PlannerError, match="custom 5x5 ends at 19"):
        make_board("patch", read_dictionary(file), 15)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="cannot read none"):
        read_dictionary(tmp_path / "none.yml")
