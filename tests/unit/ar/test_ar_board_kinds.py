from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from app.cli import DONE, REFUSED, main
from ar.board import Board, read_board, write_board, write_pdf
from ar.board.faces import faces_of
from ar.board.kinds import KINDS, joined, make_board, scaled
from ar.board.model import dictionary_named
from ar.board.nets import face_frames, nets_of_body
from ar.opencv import cv2
from core.errors import PlannerError

PX_PER_MM = 200 / 25.4


def test_all_kinds_can_be_seen_together() -> None:
    together = joined([make_board(kind) for kind in KINDS if kind != "grid"])
    assert [body.name for body in together.bodies] == [
        "reference", "patch", "cube", "dodecahedron", "pointer", "wand",
    ]  # fmt: skip
    joined([make_board(kind) for kind in KINDS if kind != "charuco"])


def test_two_of_a_kind_are_refused_until_their_names_and_ids_differ() -> None:
    with pytest.raises(PlannerError, match="cannot join"):
        joined([make_board("pointer"), make_board("pointer")])


@pytest.mark.parametrize(
    ("kind", "n_faces", "dihedral_deg"), [("cube", 6, 90.0), ("dodecahedron", 12, 116.565)]
)
def test_a_solid_is_regular_and_its_tags_look_outwards(kind: str, n_faces: int, dihedral_deg: float) -> None:
    board = make_board(kind)
    faces = faces_of(board, board.bodies[0])
    assert len(faces) == n_faces
    middles = np.array([face.outline_mm.mean(axis=0) for face in faces])
    inwards = np.array([face.body_from_face[:3, 2] for face in faces])
    outwards = middles / np.linalg.norm(middles, axis=1, keepdims=True)
    np.testing.assert_allclose(inwards, -outwards, atol=1e-9)
    cosines = np.sort(outwards @ outwards.T, axis=1)
    neighbours = 4 if kind == "cube" else 5
    angles = 180.0 - np.degrees(np.arccos(cosines[:, -1 - neighbours : -1]))
    np.testing.assert_allclose(angles, dihedral_deg, atol=1e-3)


@pytest.mark.parametrize("kind", ["cube", "dodecahedron"])
def test_a_net_folds_back_into_its_solid(kind: str) -> None:
    body = make_board(kind).bodies[0]
    frames, nets = face_frames(body), nets_of_body(body)
    assert sorted(i for net in nets for i in net.sheet_from_face) == list(range(len(frames)))
    n_seams = 0
    for net in nets:
        n = len(net.corners_mm)
        assert len(net.folds) == len(net.sheet_from_face) - 1
        assert len(net.cuts) == n * len(net.sheet_from_face) - 2 * len(net.folds)
        n_seams += len(net.folds) + len(net.flaps)
        for i, where in net.sheet_from_face.items():
            # Not mirrored: a mirrored tag is never found.
            assert np.linalg.det(where[:2, :2]) == pytest.approx(1.0)
            own = net.corners_mm @ where[:2, :2].T + where[:2, 2]
            space = net.corners_mm @ frames[i][:3, :2].T + frames[i][:3, 3]
            for j, other in net.sheet_from_face.items():
                theirs = net.corners_mm @ other[:2, :2].T + other[:2, 2]
                shared = np.linalg.norm(own[:, None] - theirs, axis=2) < 1e-6
                if i != j and shared.sum() == 2:
                    there = net.corners_mm @ frames[j][:3, :2].T + frames[j][:3, 3]
                    a, b = np.nonzero(shared)
                    np.testing.assert_allclose(space[a], there[b], atol=1e-6)
    # Every edge of the solid is folded or glued exactly once.
    assert n_seams == {"cube": 12, "dodecahedron": 30}[kind]


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="pdftoppm is not installed")
@pytest.mark.parametrize(
    ("kind", "paper"),
    [
        ("patch", "A4"),
        pytest.param("grid", "Letter", marks=pytest.mark.slow),
        pytest.param("cube", "A4", marks=pytest.mark.slow),
        pytest.param("dodecahedron", "Letter", marks=pytest.mark.slow),
        pytest.param("wand", "A4", marks=pytest.mark.slow),
    ],
)
def test_the_printed_tags_measure_what_the_description_says(kind: str, paper: str, tmp_path: Path) -> None:
    board = make_board(kind)
    body = board.bodies[0]
    write_pdf(board, tmp_path / "b.pdf", paper)
    subprocess.run(["pdftoppm", "-r", "600", "-gray", str(tmp_path / "b.pdf"), str(tmp_path / "p")], check=True)
    found: dict[int, np.ndarray] = {}
    pages = sorted(tmp_path.glob("p*.pgm"))
    for page in pages:
        # Rendered three times as fine, because every rim is rounded to whole pixels.
        fine = cv2.imread(str(page), cv2.IMREAD_GRAYSCALE)
        picture = cv2.resize(fine, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)
        size_mm = {"A4": (297.0, 210.0), "Letter": (279.4, 215.9)}[paper]
        np.testing.assert_allclose(np.array(picture.shape) / PX_PER_MM, size_mm, atol=0.2)
        parameters = cv2.aruco.DetectorParameters()
        parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
        detector = cv2.aruco.ArucoDetector(dictionary_named(body.dictionary), parameters)
        corners, ids, _ = detector.detectMarkers(picture)
        found |= {int(i): c.reshape(4, 2) / PX_PER_MM for i, c in zip(np.ravel(ids), corners, strict=True)}
    assert set(found) == set(body.by_id)
    for marker_id, seen in found.items():
        said = body.by_id[marker_id].corners_mm
        between = [np.linalg.norm(p[:, None] - p[None], axis=2) for p in (seen, said)]
        np.testing.assert_allclose(between[0], between[1], atol=0.12)
    for group in _middles_on_sheet(board):
        ids = sorted(group)
        seen = np.array([found[i].mean(axis=0) for i in ids])
        said = np.array([group[i] for i in ids])
        between = [np.linalg.norm(p[:, None] - p[None], axis=2) for p in (seen, said)]
        np.testing.assert_allclose(between[0], between[1], atol=0.06)


def _middles_on_sheet(board: Board) -> list[dict[int, np.ndarray]]:
    """Where the markers' middles should be on each page, by id."""
    body = board.bodies[0]
    nets = nets_of_body(body)
    if not nets:
        return [{m.marker_id: m.corners_mm[:, :2].mean(axis=0) for m in body.markers}]
    return [{body.markers[i].marker_id: m[:2, 2] for i, m in net.sheet_from_face.items()} for net in nets]


def test_tip_plane_and_solid_survive_the_file(tmp_path: Path) -> None:
    board = joined([make_board(kind) for kind in ("grid", "pointer", "wand", "cube")])
    write_board(board, tmp_path / "b.json")
    again = read_board(tmp_path / "b.json")
    assert [(b.tip_mm, b.plane_mm, b.solid) for b in again.bodies] == [
        (b.tip_mm, b.plane_mm, b.solid) for b in board.bodies
    ]
    assert again.body("pointer").tip_mm is not None
    assert again.body("wand").plane_mm is not None


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_print_that_came_out_smaller_makes_everything_smaller(kind: str) -> None:
    board = make_board(kind)
    smaller = scaled(board, 0.97)
    for body, other in zip(board.bodies, smaller.bodies, strict=True):
        np.testing.assert_allclose(other.corners_mm, 0.97 * body.corners_mm)
        assert other.markers[0].side_mm == pytest.approx(0.97 * body.markers[0].side_mm)


def test_the_measured_ruler_scales_the_description_but_not_the_print(tmp_path: Path) -> None:
    arguments = [
        "board",
        "--kind",
        "grid",
        "--out",
        str(tmp_path / "b.pdf"),
        "--json",
        str(tmp_path / "b.json"),
    ]
    assert main([*arguments, "--measured-mm", "98.0", "--quiet"]) == DONE
    assert read_board(tmp_path / "b.json").bodies[0].markers[0].side_mm == pytest.approx(36.0 * 0.98)
    plain = tmp_path / "plain.pdf"
    write_pdf(make_board("grid"), plain)
    assert plain.read_bytes() == (tmp_path / "b.pdf").read_bytes()
    again = [
        "board",
        "--from",
        str(tmp_path / "b.json"),
        "--measured-mm",
        "100",
        "--json",
        str(tmp_path / "c.json"),
    ]
    assert main([*again, "--quiet"]) == DONE
    assert (tmp_path / "c.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--kind", "sphere", "--out", "b.pdf"], "no board is called 'sphere'"),
        (["--kind", "grid", "--out", "b.pdf", "--measured-mm", "80"], "80 mm is far from 100 mm"),
        (["--kind", "grid", "--out", "b.pdf", "--measured-mm", "nan"], "far from 100 mm"),
        (["--kind", "grid", "--dictionary", "DICT_9X9", "--out", "b.pdf"], "no marker dictionary"),
        (["--kind", "grid", "--dictionary", "DICT_4X4_50", "--first-id", "40", "--out", "b.pdf"], "ends at 49"),
        (["--kind", "charuco", "--first-id", "4", "--out", "b.pdf"], "cannot change the ChArUco sheet"),
        (["--kind", "charuco", "--paper", "Letter", "--out", "b.pdf"], "does not fit on Letter"),
        (["--kind", "grid", "--kind", "charuco", "--out", "b.pdf"], "must come first"),
        (["--kind", "grid"], "no file is named"),
    ],
)
def test_a_board_that_cannot_be_made_is_refused_in_one_line(
    arguments: list[str],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["board", *arguments]) == REFUSED
    assert reason in capsys.readouterr().err


def test_other_dictionaries_are_taken_with_their_own_ids() -> None:
    body = make_board("pointer", "DICT_ARUCO_MIP_36h12", 200).bodies[0]
    assert body.dictionary == "DICT_ARUCO_MIP_36h12"
    assert sorted(body.by_id) == [200, 201, 202, 203]
    assert isinstance(make_board("patch", "DICT_5X5_50"), Board)
