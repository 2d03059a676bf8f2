"""What a slice shows of labels: the right voxels on the right side, by labels where the surface is behind."""

from __future__ import annotations

import numpy as np
import pytest

from app.labels.editing import LabelBrush, Touch, layer_at, n_layers_through
from app.session import Session
from app.slice_outlines import LOST_COLOUR, change_tint, contours_to_pull, outlines, tint, touch_at
from app.slices import ORIENTATIONS, Frame, Framing, frame_of
from app.tools import Tool
from core.anatomy import HEART_BY_KEY
from tests.support.ball_patient import CENTRE_MM, make_anatomy

AT_MM = CENTRE_MM + [1.0, 1.0, 2.0]


@pytest.fixture
def editing(open_session: Session) -> Session:
    open_session.show_anatomy(make_anatomy())
    open_session.look_at(AT_MM)
    open_session.take(Tool.PAINT)
    open_session.labels.use(LabelBrush("lv", radius_mm=3.0))
    return open_session


def frame_at(session: Session, orientation: str) -> Frame:
    state = session.state
    return frame_of(state.volume, orientation, state.crosshair_mm, (200, 160), Framing())


def pixel(veil: np.ndarray, frame: Frame, at_mm: np.ndarray) -> tuple[int, ...]:
    column, row = np.rint(frame.to_px(at_mm)[0]).astype(int)
    return tuple(veil[row, column])


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_voxels_in_hand_are_veiled_where_they_lie(editing: Session, orientation: str) -> None:
    frame = frame_at(editing, orientation)
    veil = tint(editing.state, frame)
    right, down = np.array(frame.plane.right), np.array(frame.plane.down)
    for direction in (right, -right, down, -down):
        assert pixel(veil, frame, AT_MM + 21.0 * direction)[3] > 0
        assert pixel(veil, frame, AT_MM + 31.0 * direction)[3] == 0


def test_a_stroke_is_previewed_on_every_view_at_its_own_place(editing: Session) -> None:
    spot = AT_MM + [32.0, 0.0, 0.0]
    editing.labels.press(Touch(spot, np.array([0.0, 0.0, 1.0])))
    colour = tuple(round(255 * part) for part in HEART_BY_KEY["lv"].colour)
    for orientation in ("axial", "coronal"):
        frame = frame_at(editing, orientation)
        veil = change_tint(editing.state, frame)
        assert pixel(veil, frame, spot)[:3] == colour
        assert pixel(veil, frame, AT_MM - [32.0, 0.0, 0.0])[3] == 0, "not on the other side"
    assert change_tint(editing.state, frame_at(editing, "sagittal")) is None
    editing.labels.let_go()
    editing.take(Tool.ERASE)
    editing.labels.press(Touch(AT_MM + [10.0, 0, 0], np.array([0.0, 0.0, 1.0])))
    frame = frame_at(editing, "axial")
    found = pixel(change_tint(editing.state, frame), frame, AT_MM + [10.0, 0, 0])
    assert found[:3] == tuple(round(255 * part) for part in LOST_COLOUR)


def test_without_a_label_tool_surfaces_draw_the_outlines_and_stale_ones_do_not(editing: Session) -> None:
    editing.take(Tool.NAVIGATE)
    frame = frame_at(editing, "axial")
    assert tint(editing.state, frame) is None

    def reach_mm() -> float:
        (lines,) = (o.lines for o in outlines(editing.state, frame) if o.colour == HEART_BY_KEY["lv"].colour)
        return max(np.linalg.norm(frame.to_mm(*place) - AT_MM) for line in lines for place in line)

    # The surface of the inner ball is half as wide as the labels, so that one tells them apart.
    assert reach_mm() == pytest.approx(12.5, abs=2.5)
    editing.take(Tool.PAINT)
    assert reach_mm() == pytest.approx(25.0, abs=3.0)
    editing.labels.press(Touch(AT_MM + [27.0, 0.0, 0.0], np.array([0.0, 0.0, 1.0])))
    editing.labels.release()
    editing.take(Tool.NAVIGATE)
    assert reach_mm() == pytest.approx(30.0, abs=2.0), "stale: drawn by its labels"


def test_contours_to_pull_are_whole_also_where_the_view_shows_a_part(editing: Session) -> None:
    editing.take(Tool.PULL)
    editing.labels.use(LabelBrush("lv", through_mm=9.0))
    state = editing.state
    close_up = frame_of(state.volume, "axial", state.crosshair_mm, (200, 160), Framing(zoom=9.0))
    touch = touch_at(close_up, AT_MM)
    found = contours_to_pull(state, close_up, touch)
    assert [part.n_layers for part in found] == [-2, -1, 0, 1, 2]
    for part in found:
        (line,) = part.lines_mm
        depth_mm = line[:, 2] - AT_MM[2]
        assert np.ptp(line[:, 2]) < 1e-6
        assert abs(depth_mm[0]) == pytest.approx(4.0 * abs(part.n_layers))
        expected = np.sqrt(25.0**2 - (line[0, 2] - CENTRE_MM[2]) ** 2)
        assert np.linalg.norm((line - CENTRE_MM)[:, :2], axis=1).mean() == pytest.approx(expected, abs=1.2)
    alone = LabelBrush("lv", through_mm=0.0)
    assert n_layers_through(layer_at(state.anatomy.labels, touch), alone) == 0


def test_a_pull_through_slices_fades_with_their_distance(editing: Session) -> None:
    editing.take(Tool.PULL)
    editing.labels.use(LabelBrush("lv", reach_mm=25.0, through_mm=9.0))
    frame = frame_at(editing, "axial")
    rim = AT_MM + [24.0, 0.0, 0.0]
    touch = touch_at(frame, rim)
    before = editing.state.anatomy.labels.labels
    editing.labels.press(touch, contours_to_pull(editing.state, frame, touch))
    editing.labels.move(touch_at(frame, rim + [10.0, 0, 0]))
    assert editing.state.stroke.line_mm
    editing.labels.release()
    won = (editing.state.anatomy.labels.labels != before).sum(axis=(1, 2))
    assert won[10] > won[9] > 0
    assert won[10] > won[11] > 0
    assert won[9] >= won[8]
    assert won[:8].sum() == won[13:].sum() == 0
