from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from ar.frame import CameraFrame
from ar.opencv import cv2
from ar.overlay.anatomy import free_place
from ar.overlay.meshes import ball
from ar.overlay.offscreen import OffscreenOverlay
from ar.overlay.strip import status_words, strip_height_px
from ar.poses import Pose, PoseState
from ar.registration import Registration
from core.frames import CAMERA, PATIENT, Transform, rigid
from core.mesh import SurfaceMesh
from core.projection import CameraModel
from plan.items import CutPlane
from render.cutting import cut_with_caps
from render.scene import Label, Point, Polyline, Scene, Surface

SIZE = (640, 360)
POSE = Transform(CAMERA, "reference", rigid(np.array([0.4, -0.3, 0.2]), np.array([10.0, -5.0, 420.0])))
PLACE = Registration(
    Transform("reference", PATIENT, rigid(np.array([0.1, 0.7, -0.2]), np.array([4.0, 3.0, 2.0]))),
    None,
    False,
    "Test.",
)
SPOTS = np.array([[-190.0, 10, 20], [120, -85, 0], [0, 0, 0], [135, 65, -30], [-140, -60, 50]])
TRACKED = Pose(3, 0.1, "reference", PoseState.TRACKED, POSE, reprojection_px=0.1, sigma_mm=0.2)
LOST = Pose(3, 0.1, "reference", PoseState.LOST, reason="no marker of the board is seen")


@pytest.fixture(scope="module")
def overlay() -> Iterator[OffscreenOverlay]:
    with OffscreenOverlay(*SIZE) as opened:
        yield opened


def _frame(level: int = 0) -> CameraFrame:
    return CameraFrame(np.full((SIZE[1], SIZE[0], 3), level, np.uint8), 3, 0.1)


def _textured() -> CameraFrame:
    random = np.random.default_rng(0)
    small = random.integers(0, 255, (18, 32, 3), dtype=np.uint8)
    return CameraFrame(cv2.resize(small, SIZE, interpolation=cv2.INTER_CUBIC), 3, 0.1)


def _ball(
    centre: np.ndarray, radius_mm: float, colour: tuple[float, float, float], opacity: float = 1.0
) -> Surface:
    unit = ball()
    return Surface("lv", SurfaceMesh(unit.vertices * radius_mm + centre, unit.faces), colour, opacity)


def _above_strip(picture: np.ndarray) -> np.ndarray:
    return picture[: SIZE[1] - strip_height_px(SIZE)]


def _centroid(weight: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[0 : weight.shape[0], 0 : weight.shape[1]]
    return np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()


def _expected_px(camera: CameraModel, points: np.ndarray, lens: np.ndarray | None) -> np.ndarray:
    chain = POSE.matrix @ PLACE.body_from_patient.matrix
    turn = cv2.Rodrigues(chain[:3, :3])[0]
    pixels, _ = cv2.projectPoints(points[:, None], turn, chain[:3, 3], camera.camera_matrix, lens)
    return pixels.reshape(-1, 2)


def test_surfaces_are_drawn_where_opencv_projects_them(overlay: OffscreenOverlay, camera: CameraModel) -> None:
    for spot, expected in zip(SPOTS, _expected_px(camera, SPOTS, None), strict=True):
        scene = Scene((_ball(spot, 2.5, (1.0, 0.0, 0.0)),))
        picture = overlay.draw(scene, _frame(), TRACKED, camera, PLACE)
        covered = _above_strip(picture).max(axis=2) > 40
        assert covered.sum() > 10
        assert np.linalg.norm(_centroid(covered.astype(float)) - expected) < 0.5


def test_the_picture_is_freed_of_the_lens_where_the_surfaces_are_drawn(
    overlay: OffscreenOverlay, camera: CameraModel
) -> None:
    seen = _expected_px(camera, SPOTS, camera.distortion)
    perfect = _expected_px(camera, SPOTS, None)
    assert np.linalg.norm(seen - perfect, axis=1).max() > 1.0
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    for bent, straight in zip(seen, perfect, strict=True):
        dot = 255.0 * np.exp(-((x - bent[0]) ** 2 + (y - bent[1]) ** 2) / (2 * 2.0**2))
        frame = CameraFrame(np.repeat(dot[..., None], 3, axis=2).round().astype(np.uint8), 3, 0.1)
        picture = _above_strip(overlay.draw(None, frame, LOST, camera)).astype(float).sum(axis=2)
        assert np.linalg.norm(_centroid(picture) - straight) < 0.1


def test_lines_points_and_labels_lie_where_opencv_projects_them(
    overlay: OffscreenOverlay, camera: CameraModel
) -> None:
    a, b = (tuple(float(v) for v in spot) for spot in SPOTS[:2])
    pixels = _expected_px(camera, SPOTS[:2], None)
    line = overlay.draw(
        Scene(polylines=(Polyline("d", (a, b), (0, 1, 0), 3.0),)), _frame(), TRACKED, camera, PLACE
    )
    drawn = np.argwhere(_above_strip(line)[..., 1] > 128)[:, ::-1]
    along = (pixels[1] - pixels[0]) / np.linalg.norm(pixels[1] - pixels[0])
    offset = (drawn - pixels[0]) @ np.array([-along[1], along[0]])
    assert np.abs(offset).max() < 2.0
    assert abs(offset.mean()) < 0.3
    reach = (drawn - pixels[0]) @ along
    assert reach.min() == pytest.approx(0.0, abs=1.5)
    assert reach.max() == pytest.approx(np.linalg.norm(pixels[1] - pixels[0]), abs=1.5)
    point = overlay.draw(Scene(points=(Point("p", a, (0, 0, 1), 3.0),)), _frame(), TRACKED, camera, PLACE)
    assert np.linalg.norm(_centroid(_above_strip(point)[..., 2] > 40.0) - pixels[0]) < 0.5
    label = overlay.draw(Scene(labels=(Label("l", a, "34.2 mm"),)), _frame(), TRACKED, camera, PLACE)
    words = np.argwhere(_above_strip(label).max(axis=2) > 128)[:, ::-1]
    assert words[:, 0].min() > pixels[0, 0]
    assert np.abs(words.mean(axis=0) - pixels[0]).max() < 80


@pytest.mark.parametrize("name", ["lost", "ambiguous", "unplaced"])
def test_no_anatomy_is_drawn_when_its_place_is_not_known(
    name: str, overlay: OffscreenOverlay, camera: CameraModel
) -> None:
    ambiguous = Pose(3, 0.1, "reference", PoseState.TRACKED, POSE, is_ambiguous=True, reason="two poses")
    pose, place = {"lost": (LOST, PLACE), "ambiguous": (ambiguous, PLACE), "unplaced": (TRACKED, None)}[name]
    scene = Scene((_ball(SPOTS[2], 60.0, (1, 0, 0)),), labels=(Label("l", (0.0, 0.0, 0.0), "text"),))
    frame = _textured()
    picture = _above_strip(overlay.draw(scene, frame, pose, camera, place)).astype(int)
    expected = _above_strip(cv2.undistort(frame.image, camera.camera_matrix, camera.distortion)).astype(int)
    assert np.abs(picture - expected).max() <= 4


def test_the_strip_says_when_the_stated_error_leaves_out_the_lens() -> None:
    partial = replace(TRACKED, is_lens_error_known=False)
    assert "\u00b10.2 mm at 150 mm, lens error unknown" in status_words(partial, PLACE, {})[1]
    assert "lens" not in status_words(TRACKED, PLACE, {})[1]


def test_a_stale_pose_is_drawn_faded(overlay: OffscreenOverlay, camera: CameraModel) -> None:
    scene = Scene((_ball(SPOTS[2], 60.0, (1.0, 0.0, 0.0)),))
    stale = Pose(3, 0.1, "reference", PoseState.STALE, POSE, measured_s=0.0, reason="last measured 100 ms ago")
    sure, faded = (
        int(_above_strip(overlay.draw(scene, _frame(), pose, camera, PLACE))[..., 0].max())
        for pose in (TRACKED, stale)
    )
    assert 0.2 * sure < faded < 0.5 * sure


def test_a_pose_of_another_frame_is_never_drawn(overlay: OffscreenOverlay, camera: CameraModel) -> None:
    with pytest.raises(ValueError, match="cannot be drawn on frame"):
        overlay.draw(None, CameraFrame(_frame().image, 4, 0.13), TRACKED, camera)


def test_a_near_surface_hides_a_far_one_and_a_clear_one_does_not(
    overlay: OffscreenOverlay, camera: CameraModel
) -> None:
    chain = np.linalg.inv((POSE @ PLACE.body_from_patient).matrix)
    near, far = ((chain @ np.array([0.0, 0.0, depth, 1.0]))[:3] for depth in (300.0, 500.0))
    at = np.round(camera.undistorted().project(np.array([[0.0, 0.0, 300.0]]))[0]).astype(int)
    for order in (1, -1):
        surfaces = (_ball(far, 40.0, (0, 1, 0)), _ball(near, 20.0, (1, 0, 0)))[::order]
        red, green, _ = overlay.draw(Scene(surfaces), _frame(), TRACKED, camera, PLACE)[at[1], at[0]].astype(
            int
        )
        assert red > 3 * green
        clear = (_ball(far, 40.0, (0, 1, 0)), _ball(near, 20.0, (1, 0, 0), 0.4))[::order]
        red, green, _ = overlay.draw(Scene(clear), _frame(), TRACKED, camera, PLACE)[at[1], at[0]].astype(int)
        assert min(red, green) > 40


def test_a_cut_shows_its_flat_cap(overlay: OffscreenOverlay, camera: CameraModel) -> None:
    to_eye = np.linalg.inv((POSE @ PLACE.body_from_patient).matrix)
    normal = to_eye[:3, :3] @ np.array([0.0, 0.0, -1.0])
    unit = ball()
    centre = to_eye[:3, :3] @ np.array([0.0, 0.0, 400.0]) + to_eye[:3, 3]
    mesh = SurfaceMesh(unit.vertices * 40.0 + centre, unit.faces)
    plane = CutPlane("front", tuple(float(v) for v in centre), tuple(float(v) for v in normal))
    cut = cut_with_caps(mesh, [plane])
    scene = Scene((Surface("lv", cut.mesh, (1.0, 0.5, 0.3), 1.0, cut.n_cap_faces),))
    picture = overlay.draw(scene, _frame(), TRACKED, camera, PLACE)
    x, y = np.round(camera.undistorted().project(np.array([[0.0, 0.0, 400.0]]))[0]).astype(int)
    cap = picture[y - 25 : y + 25, x - 25 : x + 25, 0].astype(int)
    assert cap.min() > 100
    assert np.ptp(cap) < 25
    whole = overlay.draw(Scene((Surface("lv", mesh, (1.0, 0.5, 0.3)),)), _frame(), TRACKED, camera, PLACE)
    assert np.ptp(whole[y - 25 : y + 25, x - 25 : x + 25, 0].astype(int)) > 25


def test_labels_at_one_place_are_written_below_each_other() -> None:
    taken = [(10.0, 40.0, 50, 20), (12.0, 20.0, 50, 20)]
    assert free_place((15.0, 25.0), (40, 20), taken) == (15.0, 60.0)
    assert free_place((15.0, 62.0), (40, 20), taken) == (15.0, 62.0)
    assert free_place((70.0, 25.0), (40, 20), taken) == (70.0, 25.0)


def test_every_picture_says_that_it_is_for_research(overlay: OffscreenOverlay, camera: CameraModel) -> None:
    strip = overlay.draw(None, _frame(255), LOST, camera)[-strip_height_px(SIZE) :]
    assert strip.max(axis=2).min() < 100
    assert (strip.min(axis=2) > 180).mean() > 0.02


def test_equal_scenes_draw_equal_pictures(overlay: OffscreenOverlay, camera: CameraModel) -> None:
    scene = Scene((_ball(SPOTS[2], 40.0, (1, 0, 0)),), (Polyline("d", ((0, 0, 0), (50, 0, 0)), (0, 1, 0)),))
    pictures = [overlay.draw(scene, _textured(), TRACKED, camera, PLACE) for _ in range(2)]
    np.testing.assert_array_equal(pictures[0], pictures[1])


def test_a_ball_is_closed_and_has_a_balls_volume() -> None:
    assert ball().is_closed
    assert ball().volume_ml * 1000.0 == pytest.approx(4.0 / 3.0 * np.pi, rel=0.05)
