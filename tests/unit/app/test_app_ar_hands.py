"""Planes by the wand and distances by the pointer, against a patient space chained by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.ar.hands import Hand, Hands
from app.session import Session
from ar.board import Board
from ar.board.kinds import joined, make_board
from ar.frame import CameraFrame
from ar.loop import ArFrame
from ar.poses import Pose, PoseState
from ar.registration import Method, Registration
from ar.registration.pivot import PivotFit
from core.errors import PlannerError
from core.frames import CAMERA, PATIENT, Transform, rigid
from plan.items import CutPlane, Distance
from tests.support.ball_patient import make_anatomy, make_series, make_volume

CAMERA_FROM_REFERENCE = rigid(np.array([0.2, -0.1, 0.4]), np.array([30.0, -20.0, 600.0]))
REFERENCE_FROM_PATIENT = rigid(np.array([1.2, 0.3, -0.6]), np.array([40.0, 60.0, -80.0]))
REGISTERED = Registration(
    Transform("reference", PATIENT, REFERENCE_FROM_PATIENT), 0.6, True, "Registered.", Method.POINTS
)
PLACED = replace(REGISTERED, fre_mm=None, is_registered=False, method=Method.PLACED)
POINTER = PivotFit("pointer", np.array([20.0, 150.0, 4.0]), 0.1, 0.2, 60.0, 100, 0)


@pytest.fixture
def board() -> Board:
    return joined([make_board(kind) for kind in ("charuco", "wand", "pointer")])


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    opened = Session(tmp_path / "data")
    opened.show_volume(make_series(), 0, make_volume())
    opened.show_anatomy(make_anatomy())
    yield opened
    opened.close()


def pose(body: str, camera_from_body: np.ndarray | None, **facts: object) -> Pose:
    if camera_from_body is None:
        return Pose(0, 0.0, body, PoseState.LOST, reason="gone")
    transform = Transform(CAMERA, body, camera_from_body)
    return Pose(0, 0.0, body, PoseState.TRACKED, transform, sigma_mm=0.3, **facts)  # type: ignore[arg-type]


def turn_of(
    camera_from_tool: np.ndarray | None,
    tool: str = "wand",
    registration: Registration | None = REGISTERED,
    **facts: object,
) -> ArFrame:
    reference = pose("reference", CAMERA_FROM_REFERENCE)
    others = [pose(name, camera_from_tool if name == tool else None, **facts) for name in ("wand", "pointer")]
    frame = CameraFrame(np.zeros((1, 1, 3), np.uint8), 0, 0.0)
    return ArFrame(frame, (reference, *others), reference, registration)


def camera_from_patient() -> np.ndarray:
    return CAMERA_FROM_REFERENCE @ REFERENCE_FROM_PATIENT


def test_the_wand_is_the_plane_where_it_is_held_and_one_undo_takes_it_away(
    session: Session, board: Board
) -> None:
    hands = Hands(session)
    hands.take(Hand.WAND)
    # Held so that its own middle lies at a known place of the patient, its back towards the head.
    place = np.array([11.0, -140.0, 305.0])
    wand = camera_from_patient() @ np.block([[np.eye(3), (place - (57.0, 27.0, 0.0))[:, None]], [0, 0, 0, 1]])
    hands.follow(turn_of(wand), board, None)
    held = session.state.dragged
    assert isinstance(held, CutPlane)
    np.testing.assert_allclose(held.origin_mm, place, atol=1e-9)
    np.testing.assert_allclose(held.normal, (0.0, 0.0, 1.0), atol=1e-9)
    assert not session.state.plan.items
    hands.confirm()
    (plane,) = session.state.plan.items
    assert isinstance(plane, CutPlane)
    np.testing.assert_allclose(plane.origin_mm, place, atol=1e-9)
    assert not plane.is_locked
    assert session.state.history.undo_name == "Place cut plane with the wand"
    session.undo()
    assert not session.state.plan.items


def test_the_pointer_measures_between_two_places_its_calibrated_tip_was_held_at(
    session: Session, board: Board
) -> None:
    hands = Hands(session)
    hands.take(Hand.POINTER)
    ends = np.array([[0.0, -150.0, 300.0], [30.0, -110.0, 300.0]])
    turned = rigid(np.array([0.3, 0.2, -0.5]), np.zeros(3))
    for n, end in enumerate(ends):
        patient_from_pointer = turned.copy()
        patient_from_pointer[:3, 3] = end - turned[:3, :3] @ POINTER.tip_mm
        hands.follow(turn_of(camera_from_patient() @ patient_from_pointer, "pointer"), board, POINTER)
        if n:
            assert "50.0 mm" in hands.words
        hands.confirm()
    (distance,) = session.state.plan.items
    assert isinstance(distance, Distance)
    np.testing.assert_allclose((distance.start_mm, distance.end_mm), ends, atol=1e-9)
    assert len(session.state.history.edits) == 1


@pytest.mark.parametrize(
    ("turn", "reason"),
    [
        (turn_of(None), "wand is not seen"),
        (turn_of(np.eye(4) + 0.0, is_ambiguous=True), "ambiguous"),
        (turn_of(np.eye(4), registration=None), "no anatomy is held"),
        (turn_of(np.eye(4), "pointer"), "wand is not seen"),
    ],
)
def test_what_is_not_surely_seen_places_nothing(
    session: Session, board: Board, turn: ArFrame, reason: str
) -> None:
    hands = Hands(session)
    hands.take(Hand.WAND)
    hands.follow(turn_of(camera_from_patient()), board, None)
    assert session.state.dragged is not None
    hands.follow(turn, board, None)
    assert session.state.dragged is None
    assert reason in hands.words
    with pytest.raises(PlannerError, match=reason):
        hands.confirm()
    assert not session.state.plan.items


def test_without_a_calibrated_tip_there_is_no_ruler(session: Session, board: Board) -> None:
    hands = Hands(session)
    hands.take(Hand.POINTER)
    hands.follow(turn_of(camera_from_patient(), "pointer"), board, None)
    with pytest.raises(PlannerError, match="not calibrated"):
        hands.confirm()


def test_on_a_table_top_model_each_placement_says_that_it_is_on_the_model(
    session: Session, board: Board
) -> None:
    hands = Hands(session)
    hands.take(Hand.WAND)
    hands.follow(turn_of(camera_from_patient(), registration=PLACED), board, None)
    assert "not registered to a patient" in hands.words
    hands.confirm()
    assert session.state.plan.items[0].name == "Cut plane 1 (on the model)"
    assert session.state.history.undo_name == "Place cut plane with the wand (on the model)"


def test_what_somebody_else_holds_is_left_to_them(session: Session, board: Board) -> None:
    hands = Hands(session)
    theirs = CutPlane("Theirs", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    hands.take(Hand.WAND)
    session.drag(theirs)
    hands.follow(turn_of(camera_from_patient()), board, None)
    assert session.state.dragged is theirs
    hands.take(Hand.NONE)
    assert session.state.dragged is theirs


def test_letting_go_of_what_is_not_in_the_plan_is_no_step(session: Session) -> None:
    session.drag(CutPlane("New", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)))
    session.drop()
    assert session.state.dragged is None
    assert not session.state.history.edits
