"""Turned and thick slices, standard views, layouts, and a vessel laid straight: geometry and steps without Qt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from app.session import Session
from app.slices import (
    ORIENTATIONS,
    Framing,
    depth_placed,
    frame_in,
    frame_of,
    framing_on,
    grey_picture,
    readout,
    scrolled,
    slice_title,
)
from app.tools import Tool
from app.viewing.arrangement import Layout
from app.viewing.axes import axes_facing, patient_axes
from app.viewing.slab import Slab
from app.viewing.standard import why_not
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.volume import Volume
from plan.items import CutPlane, Landmark
from render.slicing import extract, orientation_letters
from tests.support.ball_patient import CENTRE_MM, make_anatomy, make_series, make_volume

SIZE = (90, 70)
LANDMARKS = {
    "mitral_valve": CENTRE_MM + [0.0, 0.0, 20.0],
    "lv_apex": CENTRE_MM + [15.0, -20.0, -20.0],
    "tricuspid_valve": CENTRE_MM + [-18.0, -8.0, 12.0],
    "aortic_valve": CENTRE_MM + [-6.0, -12.0, 24.0],
}
DIRECTIONS = {"aortic_valve": np.array([-0.3, -0.2, 0.9]) / np.linalg.norm([-0.3, -0.2, 0.9])}


def ramp() -> Volume:
    """Values that name their place: 2 x + 3 y + 5 z of LPS mm, on an oblique grid."""
    matrix = np.array([[0.1, -0.2, 0.97, 5.0], [0.2, 0.96, 0.2, -40.0], [1.9, -0.1, -0.2, 7.0], [0, 0, 0, 1.0]])
    index = np.indices((30, 40, 50)).reshape(3, -1).T
    places = index @ matrix[:3, :3].T + matrix[:3, 3]
    values = (places @ [2.0, 3.0, 5.0]).reshape(30, 40, 50).astype(np.float32)
    return Volume(values, matrix, "1.2.3", "HU", "CT")


def with_landmarks(uid: str, landmarks: dict[str, np.ndarray] = LANDMARKS) -> Anatomy:
    return replace(make_anatomy(uid), landmarks=landmarks, directions=DIRECTIONS)


def test_turning_one_crosshair_leaves_its_own_picture_and_turns_the_two_others_about_its_normal() -> None:
    straight = patient_axes()
    turned = straight.turned("axial", 30.0)
    assert turned.axial == straight.axial
    for name in ("coronal", "sagittal"):
        assert turned.angle_deg(straight, name) == pytest.approx(30.0)
        assert turned.normal(name)[2] == pytest.approx(0.0), "they still stand upright"
    # Clockwise as it is seen: the coronal picture's right, the patient's left, turns towards the axial down, the back.
    assert np.array(turned.coronal[0]) == pytest.approx([np.cos(np.pi / 6), np.sin(np.pi / 6), 0.0])


def test_after_hundreds_of_turns_the_three_slices_are_still_at_right_angles() -> None:
    axes = patient_axes()
    rng = np.random.default_rng(0)
    for _ in range(400):
        axes = axes.turned(ORIENTATIONS[rng.integers(3)], float(rng.uniform(-40, 40)))
    normals = np.array([axes.normal(name) for name in ORIENTATIONS])
    assert normals @ normals.T == pytest.approx(np.eye(3), abs=1e-9)


def test_turning_there_and_back_is_nothing() -> None:
    back = patient_axes().turned("sagittal", 37.0).turned("coronal", 20.0).turned("coronal", -20.0)
    back = back.turned("sagittal", -37.0)
    for name in ORIENTATIONS:
        assert np.array(back.of(name)) == pytest.approx(np.array(patient_axes().of(name)), abs=1e-12)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_pixel_of_a_turned_slice_has_the_value_of_its_own_place(orientation: str) -> None:
    volume = ramp()
    axes = patient_axes().turned("axial", 25.0).turned("coronal", -40.0).turned("sagittal", 10.0)
    frame = frame_of(volume, orientation, tuple(volume.centre_mm), SIZE, Framing(3.0), axes=axes)
    values = extract(volume, frame.plane, SIZE, frame.spacing_mm)
    for column, row in ((20, 30), (45, 35), (70, 20)):
        assert values[row, column] == pytest.approx(frame.to_mm(column, row) @ [2.0, 3.0, 5.0], abs=0.01)


def test_a_turned_slice_is_what_simpleitk_resamples_there() -> None:
    volume = make_volume()
    axes = patient_axes().turned("axial", 25.0).turned("coronal", -40.0)
    frame = frame_of(volume, "coronal", tuple(CENTRE_MM), SIZE, Framing(2.0), axes=axes)
    image = sitk.GetImageFromArray(volume.voxels.astype(np.float32))
    image.SetSpacing([2.0, 2.0, 4.0])
    image.SetOrigin(volume.origin_mm.tolist())
    plane = frame.plane
    out = sitk.Resample(
        image,
        [*SIZE, 1],
        sitk.Transform(),
        sitk.sitkLinear,
        frame.to_mm(0, 0).tolist(),
        [frame.spacing_mm] * 3,
        np.array([plane.right, plane.down, plane.normal]).T.ravel().tolist(),
        float("nan"),
        sitk.sitkFloat32,
    )
    theirs = sitk.GetArrayFromImage(out)[0]
    ours = extract(volume, plane, SIZE, frame.spacing_mm)
    both = np.isfinite(theirs) & np.isfinite(ours)
    assert both.mean() > 0.6
    assert ours[both] == pytest.approx(theirs[both], abs=0.05)


def test_letters_of_a_turned_slice_name_both_directions_the_nearer_one_first() -> None:
    volume = make_volume()
    axes = patient_axes().turned("axial", 30.0)
    plane = frame_of(volume, "coronal", tuple(CENTRE_MM), SIZE, Framing(), axes=axes).plane
    assert orientation_letters(plane) == ("RA", "LP", "S", "I")


def test_scrolling_a_turned_slice_goes_along_its_normal_and_stops_at_the_rim(open_session: Session) -> None:
    volume, at = open_session.state.volume, open_session.state.crosshair_mm
    open_session.viewing.turn(patient_axes().turned("sagittal", 30.0))
    frame = frame_in(open_session.state, "axial", SIZE, Framing())
    one = scrolled(volume, at, frame, 1) - at
    assert one == pytest.approx(4.0 * np.array(frame.plane.normal))
    far = scrolled(volume, at, frame, 500) - at
    assert np.cross(far, frame.plane.normal) == pytest.approx([0, 0, 0], abs=1e-6)
    index = volume.indices_from_patient((at + far)[None])[0]
    assert (index >= -1e-6).all()
    assert (index <= np.array(volume.shape) - 1 + 1e-6).all()


def test_turned_slices_say_how_far_and_can_be_straightened(open_session: Session) -> None:
    viewing = open_session.viewing
    viewing.turn_by("axial", 20.0)
    titles = [slice_title(open_session.state, name) for name in ORIENTATIONS]
    assert titles == ["Axial", "Oblique, 20° off coronal", "Oblique, 20° off sagittal"]
    viewing.turn_by("axial", 70.0)
    assert slice_title(open_session.state, "coronal") == "Sagittal", "it is called by what it shows"
    viewing.straighten()
    assert [slice_title(open_session.state, name) for name in ORIENTATIONS] == ["Axial", "Coronal", "Sagittal"]


def test_turned_slices_stay_with_their_patient_and_a_single_plane_never_turns(open_session: Session) -> None:
    open_session.viewing.turn_by("axial", 20.0)
    open_session.show_volume(make_series(n_phases=2), 1, make_volume())
    assert open_session.state.arrangement.axes is not None
    open_session.show_volume(make_series("9.2", "2.25.77"), 0, make_volume("2.25.77"))
    assert open_session.state.arrangement.axes is None
    whole = make_volume("2.25.78")
    plane = Volume(whole.voxels[:1], whole.patient_from_index, "2.25.78", "HU", "CT")
    open_session.show_volume(make_series("9.3", "2.25.78"), 0, plane)
    open_session.viewing.turn_by("axial", 20.0)
    assert open_session.state.arrangement.axes is None


def test_painting_on_a_turned_slice_marks_the_voxels_that_the_slice_shows(open_session: Session) -> None:
    from app.labels.editing import LabelBrush
    from app.slice_outlines import touch_at

    open_session.show_anatomy(make_anatomy())
    open_session.viewing.turn_by("sagittal", 35.0)
    open_session.labels.take(Tool.ERASE)
    open_session.labels.use(LabelBrush(key="lv", radius_mm=8.0))
    frame = frame_in(open_session.state, "axial", SIZE, Framing())
    before = open_session.state.anatomy.labels
    open_session.labels.press(touch_at(frame, CENTRE_MM), ())
    open_session.labels.release()
    after = open_session.state.anatomy.labels
    changed = np.argwhere(after.labels != before.labels)
    places = after.patient_from_indices(changed)
    assert len(changed) > 20
    # Half a voxel along the grid axis nearest to the normal, which is 4 mm long.
    assert np.abs(frame.depth_mm(places)).max() <= 2.0 * abs(np.array(frame.plane.normal)[2]) + 1e-6
    in_plane = places - CENTRE_MM - np.outer(frame.depth_mm(places), frame.plane.normal)
    assert np.linalg.norm(in_plane, axis=1).max() <= 8.0 + 4.0


def slab_reference(volume: Volume, frame, slab: Slab, n: int) -> np.ndarray:
    offsets = np.linspace(-slab.thickness_mm / 2.0, slab.thickness_mm / 2.0, n)
    stack = [extract(volume, frame.plane.moved(float(off)), SIZE, frame.spacing_mm) for off in offsets]
    if slab.mode == "mean":
        return np.trapezoid(np.array(stack, dtype=np.float64), axis=0) / (n - 1)
    return (np.max if slab.mode == "max" else np.min)(stack, axis=0)


@pytest.mark.parametrize("mode", ["mean", "max", "min"])
def test_a_slab_is_the_mean_maximum_or_minimum_of_its_thin_slices(mode: str) -> None:
    rng = np.random.default_rng(1)
    volume = replace(ramp(), voxels=rng.normal(0, 100, (30, 40, 50)).astype(np.float32))
    axes = patient_axes().turned("axial", 25.0)
    slab = Slab(mode, 6.0)
    frame = frame_of(volume, "coronal", tuple(volume.centre_mm), SIZE, Framing(3.0), axes=axes)
    # The slab is sampled every finest voxel or closer: here 1.0 mm, six steps of 1 mm.
    assert float(volume.spacing_mm.min()) == pytest.approx(0.98, abs=0.05)
    n = 2 * int(np.ceil(6.0 / volume.spacing_mm.min() / 2.0)) + 1
    ours = extract(volume, frame.plane, SIZE, frame.spacing_mm, slab_mode=mode, slab_mm=6.0)
    theirs = slab_reference(volume, frame, slab, n)
    whole = np.isfinite(theirs)
    assert whole.mean() > 0.5
    assert ours[whole] == pytest.approx(theirs[whole], abs=0.05)


def test_the_mean_of_a_slab_through_a_ramp_is_the_slice_itself() -> None:
    volume = ramp()
    frame = frame_of(volume, "axial", tuple(volume.centre_mm), SIZE, Framing(3.0))
    thin = extract(volume, frame.plane, SIZE, frame.spacing_mm)
    thick = extract(volume, frame.plane, SIZE, frame.spacing_mm, slab_mode="mean", slab_mm=8.0)
    assert thick[20:50, 20:70] == pytest.approx(thin[20:50, 20:70], abs=0.02)


def test_a_slab_is_shown_and_named_in_its_own_view_only(open_session: Session) -> None:
    at = tuple(CENTRE_MM + [0.0, 0.0, 32.0])
    open_session.look_at(at)
    plain = frame_in(open_session.state, "axial", SIZE, Framing())
    thin = grey_picture(open_session.state, plain)
    open_session.viewing.thicken({"axial": Slab("max", 20.0)})
    frame = frame_in(open_session.state, "axial", SIZE, Framing())
    assert frame.slab.text == "MIP 20 mm"
    assert grey_picture(open_session.state, frame).max() > thin.max(), (
        "the slab reaches the ball, the slice does not"
    )
    assert frame_in(open_session.state, "coronal", SIZE, Framing()).slab.text == ""


def test_the_value_read_on_a_slab_is_that_of_the_picture(open_session: Session) -> None:
    volume = open_session.state.volume
    at = CENTRE_MM + [0.0, 0.0, 32.0]
    frame = frame_of(volume, "axial", tuple(at), SIZE, Framing(), slab=Slab("max", 20.0))
    assert readout(volume, at, True, frame).endswith("MIP 300 HU")
    assert readout(volume, at).endswith("-50 HU")


def test_a_point_placed_on_a_mip_lies_where_the_bright_thing_is_not_on_the_middle_plane() -> None:
    voxels = np.zeros((40, 40, 40), dtype=np.int16)
    voxels[26, 18, 21] = 900
    volume = Volume(voxels, np.eye(4)[[2, 1, 0, 3]], "1.2.3", "HU", "CT")
    place = volume.patient_from_indices(np.array([[26, 18, 21]]))[0]
    frame = frame_of(volume, "axial", tuple(volume.centre_mm), SIZE, Framing(), slab=Slab("max", 20.0))
    on_plane = place - frame.depth_mm(place)[0] * np.array(frame.plane.normal)
    assert np.linalg.norm(on_plane - place) > 6.0
    assert depth_placed(volume, on_plane, frame) == pytest.approx(place, abs=0.5)
    plain = replace(frame, slab=Slab())
    assert depth_placed(volume, on_plane, plain) == pytest.approx(on_plane)
    mean = replace(frame, slab=Slab("mean", 20.0))
    assert depth_placed(volume, on_plane, mean) == pytest.approx(on_plane)


def test_a_standard_view_brings_slices_crosshair_and_aim_into_its_plane(open_session: Session) -> None:
    open_session.show_anatomy(with_landmarks("1.2.3"))
    open_session.viewing.show_standard("four_chamber")
    state = open_session.state
    frame = frame_in(state, "axial", SIZE, Framing())
    for key in ("mitral_valve", "lv_apex", "tricuspid_valve"):
        assert frame.depth_mm(LANDMARKS[key])[0] == pytest.approx(0.0, abs=1e-6), (
            "the view goes through all three"
        )
    apex, mitral, tricuspid = (
        frame.to_px(LANDMARKS[key])[0] for key in ("lv_apex", "mitral_valve", "tricuspid_valve")
    )
    assert apex[1] < mitral[1], "the apex is up"
    assert tricuspid[0] < mitral[0], "the right heart is on the left"
    assert np.array(frame.plane.normal) == pytest.approx(-np.array(state.arrangement.aim.normal))
    assert slice_title(state, "axial") == "Four-chamber view"
    assert state.history.edits == ()


def test_a_turn_of_the_first_picture_keeps_the_standard_view_and_any_other_turn_leaves_it(
    open_session: Session,
) -> None:
    open_session.show_anatomy(with_landmarks("1.2.3"))
    open_session.viewing.show_standard("four_chamber")
    open_session.viewing.turn_by("axial", 10.0)
    assert slice_title(open_session.state, "axial") == "Four-chamber view"
    open_session.viewing.turn_by("coronal", 10.0)
    assert slice_title(open_session.state, "axial").startswith("Oblique, ")


def test_a_view_without_its_landmarks_says_which_are_missing(open_session: Session) -> None:
    some = {key: at for key, at in LANDMARKS.items() if key != "lv_apex"}
    open_session.show_anatomy(with_landmarks("1.2.3", some))
    assert why_not(open_session.state, "four_chamber") == "not found: LV apex"
    assert "direction of Tricuspid valve, centre" in why_not(open_session.state, "tricuspid_valve_en_face")
    with pytest.raises(PlannerError, match="LV apex"):
        open_session.viewing.show_standard("short_axis")
    assert why_not(open_session.state, "surgeon") == ""


def test_a_landmark_placed_by_hand_under_its_name_takes_the_found_ones_part(open_session: Session) -> None:
    from plan import edits

    some = {key: at for key, at in LANDMARKS.items() if key != "lv_apex"}
    open_session.show_anatomy(with_landmarks("1.2.3", some))
    mark = Landmark("lv apex", tuple(LANDMARKS["lv_apex"]))
    open_session.apply(edits.add(open_session.state.plan, mark))
    open_session.viewing.show_standard("four_chamber")
    frame = frame_in(open_session.state, "axial", SIZE, Framing())
    assert frame.depth_mm(LANDMARKS["lv_apex"])[0] == pytest.approx(0.0, abs=1e-6)


def test_the_surgeons_view_has_the_head_on_the_left_and_looks_from_the_front(open_session: Session) -> None:
    open_session.viewing.show_standard("surgeon")
    plane = frame_in(open_session.state, "axial", SIZE, Framing()).plane
    assert orientation_letters(plane) == ("S", "I", "L", "R")
    assert np.array(plane.normal) == pytest.approx([0.0, 1.0, 0.0]), "away from the viewer is to the back"


def test_cutting_at_a_standard_view_is_one_named_step_and_the_second_time_moves_that_plane(
    open_session: Session,
) -> None:
    open_session.show_anatomy(with_landmarks("1.2.3"))
    open_session.viewing.show_standard("four_chamber")
    plane = open_session.viewing.cut()
    view_normal = np.array(open_session.state.arrangement.aim.normal)
    assert np.array(plane.normal) == pytest.approx(view_normal), "what is before the view is taken away"
    assert open_session.state.history.undo_name == "Cut at four-chamber view"
    open_session.look_at(CENTRE_MM + [3.0, 0.0, 0.0])
    open_session.viewing.cut()
    (moved,) = open_session.state.plan.of_type(CutPlane)
    assert moved.item_id == plane.item_id
    assert moved.origin_mm == pytest.approx(tuple(CENTRE_MM + [3.0, 0.0, 0.0]))
    open_session.undo()
    open_session.undo()
    assert open_session.state.plan.items == ()


def test_the_cut_of_a_locked_standard_plane_is_refused(open_session: Session) -> None:
    from plan import edits

    open_session.show_anatomy(with_landmarks("1.2.3"))
    open_session.viewing.show_standard("short_axis")
    plane = open_session.viewing.cut()
    open_session.apply(edits.change(open_session.state.plan, replace(plane, is_locked=True), "Lock"))
    with pytest.raises(PlannerError, match="locked"):
        open_session.viewing.cut()


def test_a_view_is_framed_on_what_it_is_aimed_at() -> None:
    volume = make_volume()
    axes = axes_facing(np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    whole = frame_of(volume, "axial", tuple(CENTRE_MM), SIZE, Framing(), axes=axes)
    framing = framing_on(whole, tuple(CENTRE_MM + [8.0, 0.0, 5.0]), 10.0)
    frame = frame_of(volume, "axial", tuple(CENTRE_MM), SIZE, framing, axes=axes)
    middle = (np.array(SIZE) - 1) / 2.0
    assert frame.to_px(CENTRE_MM + [8.0, 0.0, 5.0])[0] == pytest.approx(middle)
    assert frame.spacing_mm * min(SIZE) == pytest.approx(20.0)


def test_a_layout_is_remembered_and_one_view_alone_comes_and_goes(open_session: Session, tmp_path) -> None:
    from app.settings import load_settings

    viewing = open_session.viewing
    viewing.lay_out(Layout.SIDE)
    again = Session(tmp_path / "other", load_settings(tmp_path / "settings.json"))
    assert again.state.arrangement.layout is Layout.SIDE
    again.close()
    shown = lambda: open_session.state.arrangement.shown_views(ORIENTATIONS)  # noqa: E731
    assert shown() == ("scene", *ORIENTATIONS)
    viewing.show_alone("sagittal")
    assert shown() == ("sagittal",)
    viewing.show_alone("sagittal")
    assert shown() == ("scene", *ORIENTATIONS)
    viewing.lay_out(Layout.ONE)
    assert shown() == ("axial",)
    viewing.show_alone("axial")
    assert shown() == ("scene", *ORIENTATIONS)
    viewing.lay_out(Layout.SCENE)
    assert shown() == ("scene",)


def test_a_layout_that_nobody_knows_is_the_usual_one(tmp_path) -> None:
    from app.settings import Settings

    session = Session(tmp_path / "data", Settings(layout="<b>nine</b>"))
    assert session.state.arrangement.layout is Layout.GRID
    session.close()


def test_the_image_on_a_plane_is_kept_until_it_changes(open_session: Session) -> None:
    from app.viewing.in_space import ImagesInSpace
    from plan import edits
    from render.compose import compose

    anatomy = make_anatomy()
    open_session.show_anatomy(anatomy)
    for name, normal in (("a", (0.0, 0.0, 1.0)), ("b", (0.0, -1.0, 0.0))):
        plane = CutPlane(name, tuple(CENTRE_MM), normal)
        open_session.apply(edits.add(open_session.state.plan, plane))
    images, state = ImagesInSpace(), open_session.state

    def added(plan):
        return images.added(compose(anatomy, plan, state.view), state, anatomy, plan).images

    first = added(state.plan)
    assert [image.item_id for image in first] == [plane.item_id for plane in state.plan.of_type(CutPlane)]
    assert added(state.plan) == first, "the very same pictures"
    hidden = replace(state.plan.items[0], is_active=False)
    (alone,) = added(state.plan.with_item(hidden))
    assert alone is not first[1], "nothing cuts it any more"
    open_session.viewing.show_cut_images(False)
    state = open_session.state
    assert added(state.plan) == ()


def test_a_rendering_that_means_nothing_for_a_series_is_not_shown(open_session: Session) -> None:
    from app.viewing.in_space import rendering

    state = open_session.state
    open_session.viewing.render("ct_vessels")
    assert rendering(open_session.state, state.plan).preset == "ct_vessels"
    mr = Volume(make_volume().voxels, make_volume().patient_from_index, "1.2.3", "arbitrary", "MR")
    open_session.show_volume(make_series("9.9"), 0, mr)
    assert rendering(open_session.state, state.plan) is None
    open_session.viewing.render("mr")
    assert rendering(open_session.state, state.plan).volume is mr
