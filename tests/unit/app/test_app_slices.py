from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.reconstruction import source_of
from app.session import Session
from app.slice_marks import marks
from app.slice_outlines import outlines
from app.slices import Framing, frame_of, grey_picture, is_oblique, readout, scrolled
from app.windowing import Window
from core.errors import Finding, PlannerError
from core.frames import rotation_from_vector
from core.study import OWN_SPACE
from core.volume import Volume
from plan import edits
from plan.items import CutPlane, Distance
from tests.support.ball_patient import CENTRE_MM, RADIUS_MM, make_anatomy, make_series, make_volume

SIZE = (200, 160)
AT = tuple(CENTRE_MM)


def turned(volume: Volume, vector: tuple[float, float, float]) -> Volume:
    matrix = volume.patient_from_index.copy()
    matrix[:3, :3] = rotation_from_vector(np.array(vector)) @ matrix[:3, :3]
    return Volume(volume.voxels, matrix, "1.2.3", "HU", "CT")


@pytest.mark.parametrize("orientation", ["axial", "coronal", "sagittal"])
def test_pixels_and_patient_are_each_others_inverse(orientation: str) -> None:
    frame = frame_of(make_volume(), orientation, AT, SIZE, Framing(2.0, (5.0, -3.0)))
    place = frame.to_mm(31.0, 77.0)
    assert frame.to_px(place)[0] == pytest.approx([31.0, 77.0])
    assert frame.depth_mm(place) == pytest.approx([0.0], abs=1e-9)


def test_the_patients_left_is_on_the_right_of_an_axial_picture_and_the_front_above() -> None:
    frame = frame_of(make_volume(), "axial", AT, SIZE, Framing())
    centre, left, front = frame.to_px(np.array([AT, CENTRE_MM + [10, 0, 0], CENTRE_MM + [0, -10, 0]]))
    assert left[0] > centre[0]
    assert front[1] < centre[1]


def test_zooming_keeps_the_middle_and_panning_follows_the_hand() -> None:
    plain = frame_of(make_volume(), "axial", AT, SIZE, Framing())
    zoomed = frame_of(make_volume(), "axial", AT, SIZE, Framing().zoomed(2.0))
    assert zoomed.spacing_mm == pytest.approx(plain.spacing_mm / 2.0)
    assert zoomed.to_px(CENTRE_MM)[0] == pytest.approx(plain.to_px(CENTRE_MM)[0])
    panned = frame_of(make_volume(), "axial", AT, SIZE, Framing().panned(7 * plain.spacing_mm, 0.0))
    assert panned.to_px(CENTRE_MM)[0] - plain.to_px(CENTRE_MM)[0] == pytest.approx([7.0, 0.0])


def test_the_ball_is_white_and_its_outline_runs_around_it(open_session: Session) -> None:
    session = open_session
    session.show_anatomy(make_anatomy())
    session.set_window(Window(125.0, 350.0))
    frame = frame_of(session.state.volume, "axial", AT, SIZE, Framing())
    grey = grey_picture(session.state, frame)
    column, row = np.rint(frame.to_px(CENTRE_MM)[0]).astype(int)
    assert grey.shape == (160, 200)
    assert grey[row, column] == 255
    beside = np.rint(frame.to_px(CENTRE_MM + [RADIUS_MM + 8, 0, 0])[0]).astype(int)
    assert grey[beside[1], beside[0]] == 0
    inner, outer = outlines(session.state, frame)
    for outline, radius_mm in ((inner, RADIUS_MM / 2), (outer, RADIUS_MM)):
        (line,) = outline.lines
        away_mm = np.linalg.norm(line - frame.to_px(CENTRE_MM)[0], axis=1) * frame.spacing_mm
        assert away_mm == pytest.approx(radius_mm, rel=0.02)


def test_a_hidden_structure_has_no_outline(open_session: Session) -> None:
    session = open_session
    session.show_anatomy(make_anatomy())
    session.look(session.state.view.with_structure("lv", is_visible=False))
    frame = frame_of(session.state.volume, "axial", AT, SIZE, Framing())
    assert [found.colour for found in outlines(session.state, frame)] == [
        session.state.view.structure("lv_myocardium").colour
    ]


def test_one_turn_of_the_wheel_is_one_slice_and_ends_at_the_last_one() -> None:
    volume = make_volume()
    frame = frame_of(volume, "axial", AT, SIZE, Framing())
    assert scrolled(volume, AT, frame, -1) - CENTRE_MM == pytest.approx(
        [0, 0, -4.0 * np.sign(frame.plane.normal[2])]
    )
    ends = [scrolled(volume, AT, frame, n)[2] for n in (-99, 99)]
    assert sorted(ends) == pytest.approx([CENTRE_MM[2] - 38.0, CENTRE_MM[2] + 38.0])


def test_a_distance_shows_on_the_slices_it_lies_on_and_on_no_other(open_session: Session) -> None:
    session = open_session
    item = Distance("d", AT, tuple(CENTRE_MM + [20, 0, 0]))
    session.apply(edits.add(session.state.plan, item))
    near = frame_of(session.state.volume, "axial", AT, SIZE, Framing())
    (mark,) = marks(session.state, near)
    assert mark.text == "20.0 mm"
    assert np.linalg.norm(mark.pixels[1] - mark.pixels[0]) * near.spacing_mm == pytest.approx(20.0)
    far = frame_of(session.state.volume, "axial", tuple(CENTRE_MM + [0, 0, 12]), SIZE, Framing())
    assert marks(session.state, far) == ()
    session.look(replace(session.state.view, show_measures=False))
    assert marks(session.state, near) == ()


def test_a_cut_planes_trace_lies_on_both_planes(open_session: Session) -> None:
    session = open_session
    plane = CutPlane("p", tuple(CENTRE_MM + [3, 4, 5]), (0.6, 0.0, 0.8))
    session.apply(edits.add(session.state.plan, plane))
    frame = frame_of(session.state.volume, "axial", AT, SIZE, Framing())
    (mark,) = marks(session.state, frame)
    for column, row in mark.pixels:
        place = frame.to_mm(column, row)
        assert (place - plane.origin_mm) @ np.array(plane.normal) == pytest.approx(0.0, abs=1e-6)
    parallel = CutPlane("p", AT, (0, 0, 1), item_id=plane.item_id)
    session.apply(edits.change(session.state.plan, parallel))
    assert marks(session.state, frame) == ()


def test_oblique_images_are_sliced_along_their_own_axes_and_straight_ones_are_not() -> None:
    volume = make_volume()
    assert not is_oblique(volume)
    assert not is_oblique(turned(volume, (0, 0, np.radians(5))))
    assert is_oblique(turned(volume, (0, np.radians(30), 0)))


@pytest.mark.parametrize("vector", [(0.0, 0.5, 0.0), (0.4, 0.3, -0.6), (np.pi / 2, 0.0, 0.2)])
def test_along_the_image_the_in_plane_view_shows_voxels_as_they_were_taken(vector: tuple) -> None:
    volume = turned(make_volume(), vector)
    frame = frame_of(volume, "axial", tuple(volume.centre_mm), SIZE, Framing(), along_image=True)
    assert np.array(frame.plane.right) == pytest.approx(volume.axes[:, 2])
    assert np.array(frame.plane.down) == pytest.approx(volume.axes[:, 1])
    for orientation in ("coronal", "sagittal"):
        other = frame_of(volume, orientation, tuple(volume.centre_mm), SIZE, Framing(), along_image=True)
        assert np.abs(np.array(other.plane.down) @ volume.axes[:, 0]) == pytest.approx(1.0)
        assert other.plane.down[2] <= 1e-9


def test_the_readout_names_the_patients_sides_and_the_voxels_value() -> None:
    volume = make_volume()
    assert readout(volume, CENTRE_MM) == "L 10.0  A 150.0  S 300.0 mm   300 HU"
    assert readout(volume, CENTRE_MM + [500, 0, 0]) == "L 510.0  A 150.0  S 300.0 mm"


def test_in_a_space_of_its_own_nothing_names_the_patients_sides(session: Session) -> None:
    volume = make_volume()
    assert readout(volume, CENTRE_MM, is_in_patient=False) == "10.0  -150.0  300.0 mm   300 HU"
    there = make_series()
    session.show_volume(there, 0, volume)
    assert session.state.is_in_patient
    assert not session.state.along_image
    nowhere = replace(make_series("9.2"), findings=(Finding(OWN_SPACE, "", "", ""),))
    session.show_volume(nowhere, 0, volume)
    assert not session.state.is_in_patient
    assert session.state.along_image
    with pytest.raises(PlannerError, match="space of their own"):
        source_of(session.state, ())
