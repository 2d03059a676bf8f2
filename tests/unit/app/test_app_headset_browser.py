"""The page in a real browser against a real server and session; slow, and skipped where there is no Chromium."""

from __future__ import annotations

import queue
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.headset import Headset, shown_of
from app.headset_wishes import QUIZ_LOG
from app.session import Session
from ar.headset.lesson import lesson_html
from core.anatomy import Anatomy
from core.mesh import SurfaceMesh
from plan import edits
from plan.items import CutBox, CutCurve, CutPlane, Distance, Landmark
from tests.support.ball_patient import CENTRE_MM, make_anatomy, make_series, make_volume
from tests.support.chromium import Chromium, driven

pytestmark = pytest.mark.slow
PLANE = CutPlane("Cut plane 1", (10.0, -150.0, 300.0), (0.0, -1.0, 0.0))
MARKS = {
    "mitral_valve": CENTRE_MM + (0.0, 0.0, 12.0),
    "aortic_valve": CENTRE_MM + (10.0, 0.0, 0.0),
    "lv_apex": CENTRE_MM + (-4.0, -12.0, -10.0),
    "tricuspid_valve": CENTRE_MM + (-10.0, 8.0, 3.0),
}
ON_SCREEN = """(() => { let at = null; const { heart, stage } = auricle;
    heart.frames.traverse((one) => { if (one.userData.handle?.kind === 'KIND') at = one; });
    const p = at.getWorldPosition(at.position.clone()).project(stage.camera);
    const box = stage.renderer.domElement.getBoundingClientRect();
    return [box.left + (p.x + 1) / 2 * box.width, box.top + (1 - p.y) / 2 * box.height]; })()"""
MIDDLE = """(() => { const box = document.querySelector('canvas').getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2]; })()"""
COLOUR = """((dx, dy) => { const { stage, heart } = auricle; heart.follow();
    stage.renderer.render(stage.scene, stage.camera);
    const gl = stage.renderer.getContext(); const p = new Uint8Array(4);
    const [x, y] = [gl.drawingBufferWidth / 2 + dx, gl.drawingBufferHeight / 2 + dy];
    gl.readPixels(x, y, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, p);
    return [...p]; })"""
ALARMS = """window.alarms = []; new MutationObserver(() => document.body.classList.contains('alarm')
    && alarms.push([document.querySelector('.status').textContent, performance.now()]))
    .observe(document.body, { attributes: true });
    auricle.link.socket.addEventListener('close', (event) => (window.closedMs = event.timeStamp)); null"""
HEARD = """window.spentMs = []; auricle.link.socket.addEventListener('message', (event) => {
    if (event.data.includes('"type": "plan"')) spentMs.push(performance.now() - event.timeStamp); }); null"""
ALARM_MS = 250.0
TAKEN_MS = 100.0
READY = """window.auricle && auricle.heart.surfaces.children.length === 2
    && document.querySelector('.status').textContent"""


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    opened = Session(tmp_path / "data")
    opened.show_volume(make_series(), 0, make_volume())
    ball = make_anatomy()
    opened.show_anatomy(Anatomy(ball.surfaces, ball.frame_of_reference_uid, landmarks=MARKS))
    opened.apply(edits.add(opened.state.plan, PLANE))
    yield opened
    opened.close()


class Desk:
    """The workstation: its session, its headset door, and the browser that looks in."""

    def __init__(self, session: Session, browser: Chromium) -> None:
        self.session, self.browser = session, browser
        self.work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.door = Headset(session, self.work.put)
        browser.meanwhile = self.turn

    def turn(self) -> None:
        while not self.work.empty():
            self.work.get()()

    def open(self, wears: bool = False) -> None:
        self.browser.tell("open", url=self.door.pairing_code().url, wears=wears)
        self.browser.until(READY)
        self.browser.until("document.querySelector('.status').textContent.startsWith('Live')")

    def wait(self, is_so: Callable[[], bool]) -> None:
        end_s = time.monotonic() + 30.0
        while not is_so():
            assert time.monotonic() < end_s
            self.turn()
            time.sleep(0.005)

    @property
    def plane(self) -> CutPlane:
        return self.session.state.plan.of_type(CutPlane)[0]


@pytest.fixture
def desk(session: Session) -> Iterator[Desk]:
    with driven() as browser:
        made = Desk(session, browser)
        made.door.start()
        try:
            yield made
            assert browser.tell("errors") == []
        finally:
            made.door.stop()


def _on_screen(browser: Chromium, kind: str) -> list[float]:
    """Where a handle of the plane is in the window, in px."""
    found = browser.eval(ON_SCREEN.replace("KIND", kind))
    return list(found)


def test_a_plane_goes_both_ways_between_a_tablet_and_the_workstation(desk: Desk) -> None:
    browser = desk.browser
    desk.open()
    assert browser.eval("location.hash") == ""
    # The plane faces the eye: seen from a little aside it can be dragged along its normal.
    browser.eval("auricle.stage.camera.position.set(0.3, 0.05, 0.3)")
    browser.until("auricle.stage.camera.getWorldDirection(auricle.heart.position.clone()).x < -0.5")
    start = _on_screen(browser, "move")
    browser.tell("drag", **{"from": start, "to": [start[0] - 25, start[1]]})
    desk.wait(lambda: desk.plane != PLANE)
    assert [edit.name for edit in desk.session.state.history.edits][-2:] == ["Add cut plane", "Move cut plane"]
    moved = np.subtract(desk.plane.origin_mm, PLANE.origin_mm)
    assert np.abs(moved[[0, 2]]).max() < 1e-6
    assert -60.0 < moved[1] < -2.0
    desk.session.undo()
    browser.until("Math.abs(auricle.shared.planes[0].origin_mm[1] + 150) < 1e-9")
    desk.session.apply(edits.change(desk.session.state.plan, replace(PLANE, origin_mm=(10.0, -160.0, 300.0))))
    browser.until("auricle.shared.planes[0].origin_mm[1] === -160")
    assert browser.eval("auricle.heart.cuts[0].origin_mm[1]") == -160


def test_looks_and_names_of_structures_go_both_ways(desk: Desk) -> None:
    desk.open()
    desk.browser.tell("click", at="[data-structure=lv] input[type=checkbox]")
    desk.wait(lambda: not desk.session.state.view.structure("lv").is_visible)
    desk.session.look(desk.session.state.view.with_structure("lv", is_visible=True, opacity=0.5))
    desk.browser.until("auricle.shared.structures.structures[0].opacity === 0.5")
    text = desk.browser.eval("document.body.textContent")
    assert "For research and education; not for clinical decisions." in text
    assert "Not registered to a patient." in text


def test_what_is_cut_away_shows_a_lid_and_what_is_behind_the_plane_is_gone(desk: Desk) -> None:
    desk.open()
    # From the front through the ball's middle: the lid of the inner ball lies on the plane, red.
    desk.browser.eval("auricle.heart.frames.visible = false; auricle.stage.camera.position.set(0, 0, 0.3)")
    desk.browser.until("Math.abs(auricle.stage.camera.quaternion.w) > 0.999999")
    flat = np.array([desk.browser.eval(f"{COLOUR}({dx}, 6)") for dx in (-8, -4, 5, 8)], dtype=float)
    assert (flat[:, 0] > 1.5 * flat[:, 2]).all()
    # A flat lid is of one shade; the front of a ball would not be.
    assert np.ptp(flat[:, :3], axis=0).max() <= 6.0
    x, y = desk.browser.eval(MIDDLE)
    hit = desk.browser.eval(f"auricle.heart.hit(auricle.stage.rayAt({{ clientX: {x}, clientY: {y} }}))")
    assert hit["point_mm"][1] > -150.0 - 1e-3


def _surface(browser: Chromium, dx: int, dy: int) -> dict[str, Any] | None:
    """What the middle of the picture, and a little aside of it, shows."""
    found = browser.eval(
        f"(() => {{ const [clientX, clientY] = {MIDDLE}.map((v, i) => v + [{dx}, {dy}][i]);"
        " return auricle.heart.hit(auricle.stage.rayAt({ clientX, clientY })); })()"
    )
    return dict(found) if found else None


def test_spared_structures_boxes_and_curves_are_cut_as_on_the_workstation(desk: Desk) -> None:
    browser, session = desk.browser, desk.session
    session.apply(edits.change(session.state.plan, replace(PLANE, spared=("lv",))))
    desk.open()
    browser.eval("auricle.stage.camera.position.set(0, 0, 0.3)")
    browser.until("Math.abs(auricle.stage.camera.quaternion.w) > 0.999999")
    found = _surface(browser, 0, 0)
    assert found is not None
    # The inner ball is spared: it still stands out of the plane, half its radius to the front.
    assert (found["key"], found["point_mm"][1]) == ("lv", pytest.approx(-162.5, abs=0.3))
    box = CutBox("Cut box 1", (-20.0, -155.0, 270.0), (40.0, -100.0, 330.0))
    session.apply(edits.add(session.state.plan, box))
    browser.until("auricle.heart.cuts.length === 7")
    found = _surface(browser, 0, 0)
    assert found is not None
    assert found["point_mm"][1] > -155.0
    session.apply(edits.change(session.state.plan, replace(box, is_active=False), "Hide"))
    around = [(10 + 9 * np.cos(t), -180.0, 300 + 9 * np.sin(t)) for t in np.linspace(0, 5.5, 8)]
    session.apply(edits.add(session.state.plan, CutCurve("Cut curve 1", tuple(around), (0.0, 1.0, 0.0))))
    # A curve cuts the surfaces that are sent: through the hole nothing is seen.
    for _ in range(400):
        if _surface(browser, 0, 0) is None:
            break
    assert _surface(browser, 0, 0) is None
    assert browser.eval("auricle.heart.surfaces.children.length") == 2


def test_a_heart_that_moves_ends_at_the_phase_of_the_workstation_and_is_never_of_two(desk: Desk) -> None:
    browser = desk.browser
    desk.open()
    browser.eval(
        """window.mixed = 0; window.puts = 0; const { heart } = auricle; const put = heart.put.bind(heart);
        heart.put = (message) => { put(message); puts += 1; const [a, b] = heart.surfaces.children;
            if (a.position.distanceTo(b.position) > 0.01) mixed += 1; }; null"""
    )
    start = desk.session.state.anatomy
    assert start is not None
    for step in range(1, 25):
        meshes = {
            key: SurfaceMesh(mesh.vertices + (0.0, 0.0, float(step)), mesh.faces)
            for key, mesh in start.surfaces.items()
        }
        desk.session.show_anatomy(Anatomy(meshes, start.frame_of_reference_uid))
        browser.eval("1")
    browser.until("Math.abs(auricle.heart.surfaces.children[0].position.z - 324) < 0.01")
    assert browser.eval("auricle.heart.surfaces.children.length") == 2
    assert browser.eval("mixed") == 0
    # Newest wins: not each of the 24 was sent, packed and unpacked.
    assert browser.eval("puts") < 24


def test_a_lost_link_is_shown_and_comes_back_by_itself(desk: Desk) -> None:
    desk.open()
    server = desk.door._server
    assert server is not None
    # Seen by the page itself: between two looks from outside it may be back already.
    desk.browser.eval(ALARMS)
    server._ask(lambda: server._hub.close(1012))
    desk.browser.until("alarms.length > 0")
    words, alarm_ms = desk.browser.eval("alarms[0]")
    assert "LINK LOST" in words
    # By the page's own clock: how busy this machine is with other work does not count.
    assert alarm_ms - desk.browser.eval("closedMs") < ALARM_MS
    desk.browser.until("!document.body.classList.contains('alarm')")
    desk.session.apply(edits.change(desk.session.state.plan, replace(PLANE, origin_mm=(10.0, -155.0, 300.0))))
    desk.browser.until("auricle.shared.planes[0].origin_mm[1] === -155")


def test_a_viewer_that_is_shut_out_says_so(desk: Desk) -> None:
    desk.open()
    (viewer,) = desk.door.viewers
    assert desk.door.revoke(viewer.viewer_id)
    desk.browser.until("document.querySelector('.status').textContent.includes('shut out')")


def _enter(browser: Chromium, mode: str) -> None:
    browser.until(f"document.querySelector('[data-key={mode}]')")
    browser.tell("click", at=f"[data-key={mode}]")
    browser.until("auricle.xr.isOn && auricle.strip.shown && !auricle.xr.isFresh")


def _hold(browser: Chromium, place: str) -> None:
    """Bring the right controller to a place of the page, and wait until the page has seen it there."""
    browser.eval(
        f"""(() => {{ const p = {place}; const c = headset.controllers.right;
        c.position.set(p.x, p.y, p.z + 0.03); c.quaternion.set(0, 0, 0, 1); window.wanted = p; }})()"""
    )
    browser.until(
        "(auricle.hands.pointers.get(0) ?? auricle.hands.pointers.get(1))"
        " && [...auricle.hands.pointers.values()].some((one) => one.tip.distanceTo(wanted) < 1e-3)"
    )


def _press(browser: Chromium, value: int) -> None:
    # Two pictures later the page has been told, however slow it draws.
    browser.eval(
        f"""new Promise((done) => {{ headset.controllers.right.updateButtonValue('trigger', {value});
        const source = auricle.source, {{ status }} = source; let n = 0;
        source.status = () => {{ n += 1; if (n === 3) {{ source.status = status; done(true); }}
            return status(); }}; }})"""
    )


def test_in_vr_a_controller_moves_a_plane_and_measures(desk: Desk) -> None:
    browser = desk.browser
    desk.open(wears=True)
    _enter(browser, "immersive-vr")
    strip = browser.eval("auricle.strip.shown")
    for words in ("Scale 1.0 : 1", "Not registered to a patient.", "For research and education", "Live"):
        assert words in strip
    _hold(browser, f"auricle.heart.toPage({list(PLANE.origin_mm)})")
    _press(browser, 1)
    # 20 mm towards the eye of who stands in front of the heart is 20 mm to the patient's front.
    _hold(browser, "auricle.heart.toPage([10, -170, 300])")
    _press(browser, 0)
    desk.wait(lambda: desk.plane != PLANE)
    assert desk.plane.origin_mm == pytest.approx((10.0, -170.0, 300.0), abs=0.1)
    assert desk.session.state.history.undo_name == "Move cut plane"
    browser.eval("auricle.tools.use('measure')")
    _hold(browser, "auricle.heart.toPage([0, -150, 300])")
    _press(browser, 1)
    _hold(browser, "auricle.heart.toPage([30, -150, 340])")
    _press(browser, 0)
    desk.wait(lambda: bool(desk.session.state.plan.of_type(Distance)))
    (length,) = desk.session.state.plan.of_type(Distance)
    assert np.linalg.norm(np.subtract(length.end_mm, length.start_mm)) == pytest.approx(50.0, abs=0.1)
    browser.until("auricle.shared.plan.labels.some((label) => label.text.startsWith('50'))")


def test_in_ar_a_hand_grabs_the_heart_and_buttons_scale_it(desk: Desk) -> None:
    browser = desk.browser
    desk.open(wears=True)
    _enter(browser, "immersive-ar")
    browser.eval("auricle.resize(3)")
    browser.until("auricle.strip.shown.includes('Scale 3.0 : 1')")
    browser.eval("auricle.resize(9)")
    assert browser.eval("auricle.scale") == 5
    browser.eval("auricle.resize(0)")
    before = browser.eval("auricle.heart.position.toArray()")
    _hold(browser, "auricle.heart.toPage([60, -60, 350])")
    _press(browser, 1)
    browser.eval("new Promise((done) => setTimeout(done, 150))")
    _hold(browser, "wanted.clone().add({ x: 0.1, y: 0.05, z: 0 })")
    _press(browser, 0)
    after = browser.eval("auricle.heart.position.toArray()")
    assert np.subtract(after, before) == pytest.approx((0.1, 0.05, 0.0), abs=2e-3)


def test_in_vr_two_hands_make_the_heart_larger_and_the_workstations_picture_stands_beside(desk: Desk) -> None:
    browser = desk.browser
    desk.open(wears=True)
    _enter(browser, "immersive-vr")
    both = "['left', 'right']"
    place = "headset.controllers[side].position.set(m.x + (side === 'left' ? -1 : 1) * HALF, m.y, m.z)"
    browser.eval("window.m = auricle.heart.position.clone(); null")
    browser.eval(f"{both}.forEach((side) => {place.replace('HALF', '0.1')})")
    browser.until("auricle.hands.pointers.size === 2")
    browser.eval(f"{both}.forEach((side) => headset.controllers[side].updateButtonValue('squeeze', 1))")
    browser.until("[...auricle.tools.held.values()].filter((one) => one.before?.isPair).length === 2")
    browser.eval(f"{both}.forEach((side) => {place.replace('HALF', '0.2')})")
    browser.until("Math.abs(auricle.scale - 2) < 1e-3 && auricle.strip.shown.includes('Scale 2.0 : 1')")
    browser.eval(f"{both}.forEach((side) => {place.replace('HALF', '0.9')})")
    browser.until("auricle.scale === 5")
    browser.eval(f"{both}.forEach((side) => headset.controllers[side].updateButtonValue('squeeze', 0))")
    browser.until("auricle.tools.held.size === 0")
    jpeg = cv2.imencode(".jpg", np.full((60, 80, 3), (10, 20, 200), np.uint8))[1].tobytes()
    desk.door.show_picture(jpeg)
    browser.eval("auricle.spectator.toggle()")
    browser.until("auricle.spectator.board.visible && auricle.spectator.board.canvas.width === 80")
    red = browser.eval("[...auricle.spectator.board.canvas.getContext('2d').getImageData(40, 50, 1, 1).data]")
    assert red[0] > 180
    assert red[1] < 60


def test_in_vr_a_fingertip_is_the_point_that_measures(desk: Desk) -> None:
    browser = desk.browser
    desk.open(wears=True)
    _enter(browser, "immersive-vr")
    browser.eval("headset.primaryInputMode = 'hand'; null")
    joint = "auricle.hands.inputs.find((one) => one.hand.joints?.['index-finger-tip']?.visible)"
    browser.until(f"{joint} && auricle.hands.pointers.size > 0")
    apart_m = browser.eval(
        f"(() => {{ const one = {joint}; const p = auricle.hands.pointers.get(one.id);"
        " const j = one.hand.joints['index-finger-tip'];"
        " return p.tip.distanceTo(j.getWorldPosition(p.tip.clone())); })()"
    )
    assert apart_m < 1e-4
    browser.until(f"{joint}.dot.visible")


def test_in_ar_touched_landmarks_register_the_heart_and_moving_it_by_hand_ends_that(desk: Desk) -> None:
    browser = desk.browser
    desk.session.apply(edits.add(desk.session.state.plan, Landmark("Apex", (12.0, -165.0, 285.0))))
    desk.open(wears=True)
    _enter(browser, "immersive-ar")
    browser.eval("auricle.startTouching()")
    marks = browser.eval("auricle.touching.marks.map((mark) => mark.position_mm)")
    assert marks[0] == [12.0, -165.0, 285.0]
    # Where the patient lies: turned by a quarter about the head, half a metre to the side.
    for x, y, z in marks[:4]:
        there = 0.001 * np.array([-(y + 150.0), z - 300.0, -(x - 10.0)]) + (0.3, 1.0, -0.4)
        browser.eval(f"headset.controllers.right.position.set({there[0]}, {there[1]}, {there[2] + 0.03})")
        wanted = f"Math.abs(one.tip.x - ({there[0]})) + Math.abs(one.tip.y - ({there[1]})) < 1e-6"
        browser.until(f"[...auricle.hands.pointers.values()].some((one) => {wanted})")
        n_before = browser.eval("auricle.touching.touched.length")
        _press(browser, 1)
        _press(browser, 0)
        assert browser.eval("auricle.touching.touched.length") == n_before + 1
    browser.eval("auricle.endTouching()")
    browser.until("auricle.strip.shown.includes('Registered by 4 points, FRE 0.0 mm.')")
    assert "3 of them are found by the computer, with an unknown error" in browser.eval("auricle.strip.shown")
    assert browser.eval("auricle.scale") == 1
    middle = browser.eval("auricle.heart.toPage([10, -150, 300]).toArray()")
    assert middle == pytest.approx((0.3, 1.0, -0.4), abs=1e-4)
    browser.eval("auricle.resize(2)")
    browser.until("auricle.strip.shown.includes('Not registered to a patient.')")


def test_a_quiz_is_logged_on_the_workstation(desk: Desk) -> None:
    browser = desk.browser
    desk.open()
    browser.eval("auricle.lessons.startQuiz()")
    n_asked = browser.eval("auricle.lessons.quiz.questions.length")
    assert n_asked == 2 + len(MARKS)
    box = browser.eval(MIDDLE)
    for n_answered in range(n_asked):
        browser.tell("drag", **{"from": box, "to": box})
        browser.until(f"auricle.lessons.quiz.results.length === {n_answered + 1}")
    log = desk.session.data_folder / QUIZ_LOG
    desk.wait(lambda: log.is_file() and len(log.read_text().splitlines()) == n_asked)
    assert f"of {n_asked} right" in browser.eval("document.querySelector('.message').textContent")


def test_the_time_from_hand_to_other_viewer_is_short(
    desk: Desk, record_property: Callable[[str, object], None]
) -> None:
    desk.open()
    desk.browser.eval(HEARD)
    spent_ms = []
    for height in range(20):
        moved = replace(PLANE, origin_mm=(10.0, -150.0 - height - 1, 300.0))
        began_s = time.perf_counter()
        desk.session.apply(edits.change(desk.session.state.plan, moved))
        desk.browser.until(f"auricle.shared.planes[0].origin_mm[1] === {-151.0 - height}")
        spent_ms.append((time.perf_counter() - began_s) * 1000.0)
    record_property("edit_to_page_ms", statistics.median(spent_ms))
    taken_ms = desk.browser.eval("spentMs")
    record_property("taken_ms", statistics.median(taken_ms))
    assert len(taken_ms) >= 20
    # From its arrival to planes and clipping that are set: the page's own clock, no other program's time.
    assert statistics.median(taken_ms) < TAKEN_MS


def test_a_lesson_opens_from_one_file_without_a_server(session: Session, tmp_path: Path) -> None:
    lesson = tmp_path / "lesson.html"
    lesson.write_text(lesson_html(shown_of(session.state)))
    with driven() as browser:
        browser.tell("open", url=lesson.as_uri())
        browser.until("window.auricle && auricle.heart.surfaces.children.length === 2")
        browser.tell("click", at="[data-key=tour]")
        assert "Left ventricle" in browser.until("document.querySelector('.message').textContent")
        browser.tell("click", at="[data-key=end]")
        assert browser.eval("document.querySelectorAll('[data-key=undo]').length") == 0
        assert (
            browser.eval(
                "performance.getEntriesByType('resource').filter((e) => e.name.startsWith('http')).length"
            )
            == 0
        )
        assert browser.tell("errors") == []
