from __future__ import annotations

import asyncio
import json
import queue
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.case import Case, write_case
from app.cli import REFUSED, main
from app.cli.headset import _work
from app.headset import Headset, patient_title, shown_of
from app.headset_wishes import QUIZ_LOG, Wishes
from app.session import Session
from ar.headset.hub import Content
from ar.headset.messages import parse
from ar.headset.pairing import Viewer
from core.errors import PlannerError
from core.progress import Silent
from core.study import Patient, ScanResult, Study
from plan import edits
from plan.items import CutPlane, Distance, Landmark
from plan.plan import Plan
from tests.support.ball_patient import FRAME_UID, make_anatomy, make_series, make_volume
from tests.support.headset import Browser, browse, hear, small_page, wish

ANNE, BOB = Viewer("a", "Viewer 1", ""), Viewer("b", "Viewer 2", "")
PLANE = CutPlane("Cut plane 1", (10.0, -150.0, 300.0), (0.0, 0.0, 1.0))
UP: dict[str, Any] = {"origin_mm": [10.0, -150.0, 310.0], "normal": [0.0, 0.0, 1.0]}


class Talk:
    """Says a viewer's wishes to a session and keeps the answers."""

    def __init__(self, session: Session) -> None:
        self.wishes = Wishes(session)
        self.answers: list[Content] = []

    def says(self, viewer: Viewer, kind: str, **fields: object) -> Content | None:
        before = len(self.answers)
        message: Any = parse(wish(kind, **fields))
        if kind == "preview_plane":
            self.wishes.wait_with(viewer, message)
            self.wishes.preview(viewer.viewer_id, self.answers.append)
        else:
            self.wishes.fulfil(viewer, message, self.answers.append)
        return self.answers[-1] if len(self.answers) > before else None

    @property
    def now(self) -> int:
        return self.wishes.revisions.current


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    opened = Session(tmp_path / "data")
    opened.show_volume(make_series(), 0, make_volume())
    opened.show_anatomy(make_anatomy())
    opened.apply(edits.add(opened.state.plan, PLANE))
    yield opened
    opened.close()


@pytest.fixture
def talk(session: Session) -> Talk:
    return Talk(session)


def _plane(session: Session) -> CutPlane:
    return session.state.plan.of_type(CutPlane)[0]


def test_a_plane_let_go_in_the_headset_is_one_edit_that_undo_takes_back(session: Session, talk: Talk) -> None:
    n_before = len(session.state.history.edits)
    for height in (301, 305, 309):
        origin = [10.0, -150.0, height]
        talk.says(
            ANNE, "preview_plane", item_id=PLANE.item_id, origin_mm=origin, normal=[0, 0, 1], base=talk.now
        )
        assert session.state.shown_plan.find(PLANE.item_id) != PLANE
        assert session.state.plan.find(PLANE.item_id) == PLANE
    answer = talk.says(ANNE, "move_plane", ref="r", item_id=PLANE.item_id, base=talk.now, **UP)
    assert answer is not None
    assert (answer["type"], answer["ref"], answer["revision"]) == ("accepted", "r", talk.now)
    assert len(session.state.history.edits) == n_before + 1
    assert session.state.history.undo_name == "Move cut plane"
    assert _plane(session).origin_mm == (10.0, -150.0, 310.0)
    assert session.state.dragged is None
    session.undo()
    assert _plane(session) == PLANE


def test_a_plane_put_back_where_it_was_is_no_edit(session: Session, talk: Talk) -> None:
    before = session.state.history
    answer = talk.says(
        ANNE,
        "move_plane",
        ref="r",
        item_id=PLANE.item_id,
        base=talk.now,
        origin_mm=list(PLANE.origin_mm),
        normal=[0, 0, 1],
    )
    assert answer is not None
    assert answer["type"] == "accepted"
    assert session.state.history == before


def test_an_edit_on_a_plan_that_changed_in_the_meantime_is_refused_and_said(
    session: Session, talk: Talk
) -> None:
    seen = talk.now
    moved = replace(PLANE, origin_mm=(0.0, 0.0, 0.0))
    session.apply(edits.change(session.state.plan, moved))
    answer = talk.says(ANNE, "move_plane", ref="r", item_id=PLANE.item_id, base=seen, **UP)
    assert answer is not None
    assert (answer["type"], answer["code"], answer["ref"]) == ("refused", "stale", "r")
    assert _plane(session) == moved
    answer = talk.says(ANNE, "move_plane", ref="s", item_id=PLANE.item_id, base=talk.now, **UP)
    assert answer is not None
    assert answer["type"] == "accepted"


def test_a_change_of_another_item_makes_no_edit_stale(session: Session, talk: Talk) -> None:
    seen = talk.now
    session.apply(edits.add(session.state.plan, Landmark("apex", (1, 2, 3))))
    answer = talk.says(ANNE, "move_plane", ref="r", item_id=PLANE.item_id, base=seen, **UP)
    assert answer is not None
    assert answer["type"] == "accepted"


@pytest.mark.parametrize("kind", ["preview_plane", "move_plane"])
def test_a_locked_plane_is_not_moved(session: Session, talk: Talk, kind: str) -> None:
    session.apply(edits.change(session.state.plan, replace(PLANE, is_locked=True), "Lock"))
    talk.wishes.revisions.follow(session.state.plan)
    fields = {"ref": "r"} if kind == "move_plane" else {}
    answer = talk.says(ANNE, kind, item_id=PLANE.item_id, base=talk.now, **UP, **fields)
    assert answer is not None
    assert "locked" in str(answer["why"])
    assert session.state.shown_plan.find(PLANE.item_id) == replace(PLANE, is_locked=True)


def test_what_is_gone_or_no_plane_is_not_moved(session: Session, talk: Talk) -> None:
    mark = Landmark("apex", (1, 2, 3))
    session.apply(edits.add(session.state.plan, mark))
    talk.wishes.revisions.follow(session.state.plan)
    plan = session.state.plan
    for item_id in ("never", mark.item_id):
        answer = talk.says(ANNE, "move_plane", ref="r", item_id=item_id, base=talk.now, **UP)
        assert answer is not None
        assert answer["type"] == "refused"
    assert session.state.plan == plan


def test_two_viewers_never_hold_one_plan_at_once(session: Session, talk: Talk) -> None:
    move: dict[str, Any] = {"item_id": PLANE.item_id, "base": talk.now, **UP}
    assert talk.says(ANNE, "preview_plane", **move) is None
    answer = talk.says(BOB, "preview_plane", **{**move, "origin_mm": [0, 0, 0]})
    assert answer is not None
    assert "somebody else" in str(answer["why"])
    assert session.state.dragged == replace(PLANE, origin_mm=(10.0, -150.0, 310.0))


def test_what_the_workstation_holds_no_viewer_takes_away(session: Session, talk: Talk) -> None:
    held = replace(PLANE, origin_mm=(1.0, 1.0, 1.0))
    session.drag(held)
    for kind, fields in (("preview_plane", {}), ("move_plane", {"ref": "r"})):
        answer = talk.says(ANNE, kind, item_id=PLANE.item_id, base=talk.now, **UP, **fields)
        assert answer is not None
        assert answer["type"] == "refused"
    assert session.state.dragged == held


def test_a_viewer_that_vanishes_lets_go_and_leaves_no_step(session: Session, talk: Talk) -> None:
    before = session.state.history
    talk.says(ANNE, "preview_plane", item_id=PLANE.item_id, base=talk.now, **UP)
    talk.wishes.release(BOB.viewer_id)
    assert session.state.dragged is not None
    talk.wishes.release(ANNE.viewer_id)
    assert session.state.dragged is None
    assert session.state.history == before


def test_planes_and_distances_are_added_switched_and_removed_as_steps(session: Session, talk: Talk) -> None:
    talk.says(ANNE, "add_distance", ref="r", start_mm=[0, 0, 0], end_mm=[3, 4, 0])
    talk.says(ANNE, "add_plane", ref="r", origin_mm=[1, 2, 3], normal=[1, 0, 0])
    talk.says(ANNE, "switch_plane", ref="r", item_id=PLANE.item_id, is_active=False, base=talk.now)
    talk.says(ANNE, "remove_item", ref="r", item_id=session.state.plan.items[1].item_id, base=talk.now)
    names = [edit.name for edit in session.state.history.edits]
    assert names[1:] == ["Add distance", "Add cut plane", "Hide cut plane", "Remove distance"]
    assert session.state.plan.of_type(Distance) == ()
    assert not _plane(session).is_active


def test_a_distance_between_one_place_and_itself_is_refused(session: Session, talk: Talk) -> None:
    before = session.state.plan
    answer = talk.says(ANNE, "add_distance", ref="r", start_mm=[0, 0, 0], end_mm=[0, 0, 0.05])
    assert answer is not None
    assert answer["type"] == "refused"
    assert session.state.plan == before


def test_a_plan_does_not_grow_for_ever(session: Session, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.headset_wishes.MOST_ITEMS", 1)
    answer = talk.says(ANNE, "add_plane", ref="r", origin_mm=[1, 2, 3], normal=[1, 0, 0])
    assert answer is not None
    assert "1 items" in str(answer["why"])


def test_undo_takes_back_only_what_the_viewer_has_seen(session: Session, talk: Talk) -> None:
    seen = talk.now
    session.apply(edits.add(session.state.plan, Landmark("apex", (1, 2, 3))))
    answer = talk.says(ANNE, "undo", ref="r", base=seen)
    assert answer is not None
    assert answer["code"] == "stale"
    answer = talk.says(ANNE, "undo", ref="r", base=talk.now)
    assert answer is not None
    assert answer["type"] == "accepted"
    assert session.state.plan.of_type(Landmark) == ()


def test_a_look_is_the_windows_look_and_no_step(session: Session, talk: Talk) -> None:
    before = session.state.history
    assert talk.says(ANNE, "look", key="lv", is_visible=False, opacity=0.3) is None
    look = session.state.view.structure("lv")
    assert (look.is_visible, look.opacity) == (False, 0.3)
    assert session.state.history == before
    answer = talk.says(ANNE, "look", key="spleen", is_visible=False, opacity=0.3)
    assert answer is not None
    assert answer["type"] == "refused"
    assert "spleen" not in session.state.view.structures


def test_quiz_answers_are_logged_on_this_machine_without_a_name(session: Session, talk: Talk) -> None:
    talk.says(ANNE, "quiz_answer", asked="mitral_valve", is_right=True, distance_mm=4.25, seconds=7)
    (line,) = (session.data_folder / QUIZ_LOG).read_text().splitlines()
    told = json.loads(line)
    assert (told["viewer"], told["asked"], told["is_right"]) == ("Viewer 1", "mitral_valve", True)
    assert (told["distance_mm"], told["seconds"]) == (4.2, 7.0)


def test_the_patients_name_is_the_one_of_the_open_series(session: Session) -> None:
    series = make_series()
    other, own = Patient("OTHER^O", "1", ()), Patient("DOE^JANE", "2", (Study("s", "", "", (series,)),))
    state = replace(session.state, scan=ScanResult((other, own)), series=series)
    assert patient_title(state) == "DOE JANE  ·  2"
    assert patient_title(replace(state, scan=None)) == ""


class Running:
    """A headset door with its session's thread played by whoever calls `turn`."""

    def __init__(self, session: Session, page: Path) -> None:
        self.work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.door = Headset(session, self.work.put)
        self.door.start(page=page)
        assert self.door._server is not None
        self.server = self.door._server

    def turn(self) -> None:
        while not self.work.empty():
            self.work.get()()

    async def pair(self, browser: Browser) -> None:
        url = self.door.pairing_code().url
        assert await browser.pair(url.partition("#")[2]) == 200

    async def hear(self, socket: Any, kind: str) -> dict[str, Any]:
        listening = asyncio.ensure_future(hear(socket, kind))
        while not listening.done():
            self.turn()
            await asyncio.sleep(0.002)
        return await listening


@pytest.fixture
def running(session: Session, tmp_path: Path) -> Iterator[Running]:
    made = Running(session, small_page(tmp_path))
    yield made
    made.door.stop()


def test_a_plane_goes_both_ways_through_the_server(session: Session, running: Running) -> None:
    async def steps(browser: Browser) -> None:
        await running.pair(browser)
        async with browser.live() as live:
            first = await running.hear(live, "plan")
            await live.send_str(
                wish("move_plane", ref="r", item_id=PLANE.item_id, base=first["revision"], **UP)
            )
            assert (await running.hear(live, "accepted"))["ref"] == "r"
            assert _plane(session).origin_mm == (10.0, -150.0, 310.0)
            session.undo()
            while (await running.hear(live, "plan"))["planes"][0]["origin_mm"] != list(PLANE.origin_mm):
                pass

    browse(running.server, steps)


def test_malformed_messages_change_nothing_in_the_session(session: Session, running: Running) -> None:
    before = session.state

    async def steps(browser: Browser) -> None:
        await running.pair(browser)
        async with browser.live() as live:
            for text in (
                "",
                "{}",
                wish("move_plane"),
                wish("undo", ref="r", base="1"),
                '{"v":1,"type":"look"}',
            ):
                await live.send_str(text)
                assert (await running.hear(live, "refused"))["code"] == "malformed"

    browse(running.server, steps)
    running.turn()
    assert session.state is before


def test_a_link_that_breaks_while_a_plane_is_held_lets_it_go(session: Session, running: Running) -> None:
    async def steps(browser: Browser) -> None:
        await running.pair(browser)
        async with browser.live() as live:
            first = await running.hear(live, "plan")
            await live.send_str(wish("preview_plane", item_id=PLANE.item_id, base=first["revision"], **UP))
            while (await running.hear(live, "plan"))["held_id"] != PLANE.item_id:
                pass
            assert session.state.dragged is not None
        for _ in range(200):
            running.turn()
            if session.state.dragged is None:
                break
            await asyncio.sleep(0.01)

    browse(running.server, steps)
    assert session.state.dragged is None


def test_the_name_is_sent_only_once_it_is_allowed(session: Session, running: Running) -> None:
    series = session.state.series
    assert series is not None
    patient = Patient("DOE^JANE", "77", (Study("s", "", "", (series,)),))
    session._shown.change(scan=ScanResult((patient,)))

    async def steps(browser: Browser) -> None:
        await running.pair(browser)
        async with browser.live() as live:
            assert (await running.hear(live, "structures"))["title"] == ""
            running.door.allow_names(True)
            assert (await running.hear(live, "structures"))["title"] == "DOE JANE  ·  77"
            running.door.allow_names(False)
            assert (await running.hear(live, "structures"))["title"] == ""

    browse(running.server, steps)


def test_a_door_that_is_shut_has_no_code_and_no_viewers(session: Session) -> None:
    door = Headset(session, lambda work: work())
    assert (door.is_running, door.is_on_lan, door.viewers) == (False, False, ())
    with pytest.raises(PlannerError, match="does not run"):
        door.pairing_code()
    door.stop()


def test_the_command_refuses_what_is_no_case_and_a_case_without_a_heart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.settings.user_data_path", lambda *args, **kwargs: tmp_path / "data")
    assert main(["headset", "--case", str(tmp_path)]) == REFUSED
    assert "not a saved case" in capsys.readouterr().err
    write_case(Case(Plan(FRAME_UID)), tmp_path / "empty.auricle", Silent())
    assert main(["headset", "--quiet", "--case", str(tmp_path / "empty.auricle")]) == REFUSED
    assert "no reconstruction" in capsys.readouterr().err


def test_a_lesson_is_written_as_one_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.settings.user_data_path", lambda *args, **kwargs: tmp_path / "data")
    monkeypatch.setattr("ar.headset.lesson.read_lesson_page", lambda: "<body><!-- lesson --></body>")
    case, lesson = tmp_path / "ball.auricle", tmp_path / "lesson.html"
    write_case(Case(Plan(FRAME_UID, (PLANE,)), make_anatomy()), case, Silent())
    assert main(["headset", "--quiet", "--case", str(case), "--lesson", str(lesson)]) == 0
    assert "without a network" in capsys.readouterr().out
    assert "Cut plane 1" in lesson.read_text()


def test_a_refusal_says_no_typed_name_unless_names_are_allowed(session: Session, talk: Talk) -> None:
    named = replace(PLANE, name="Doe, Jane", is_locked=True)
    session.apply(edits.change(session.state.plan, named, "Lock"))
    answer = talk.says(ANNE, "move_plane", ref="r", item_id=PLANE.item_id, base=talk.now + 1, **UP)
    assert answer is not None
    assert answer["type"] == "refused"
    talk.wishes.revisions.follow(session.state.plan)
    answer = talk.says(ANNE, "move_plane", ref="s", item_id=PLANE.item_id, base=talk.now, **UP)
    assert answer is not None
    assert "it is locked" in str(answer["why"])
    assert "Doe" not in str(answer)
    talk.wishes.has_names = True
    answer = talk.says(ANNE, "move_plane", ref="t", item_id=PLANE.item_id, base=talk.now, **UP)
    assert "Doe" in str(answer)


def test_a_structure_with_a_typed_name_is_switched_by_the_name_that_viewers_know(
    session: Session, talk: Talk
) -> None:
    heart = session.state.anatomy
    assert heart is not None
    session.show_anatomy(replace(heart, surfaces={**heart.surfaces, "Jane Doe": heart.surfaces["lv"]}))
    assert talk.says(ANNE, "look", key="surface-3", is_visible=False, opacity=1.0) is None
    assert not session.state.view.structure("Jane Doe").is_visible
    assert talk.says(ANNE, "look", key="surface-9", is_visible=False, opacity=1.0) is not None


def test_a_quiz_log_has_known_questions_only_and_an_end(
    session: Session, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered: dict[str, Any] = {"is_right": True, "distance_mm": 4.25, "seconds": 7}
    refused = talk.says(ANNE, "quiz_answer", asked="jane_doe", **answered)
    assert refused is not None
    assert refused["type"] == "refused"
    assert not (session.data_folder / QUIZ_LOG).exists()
    monkeypatch.setattr("app.headset_wishes.LARGEST_LOG_BYTES", 100)
    for _ in range(5):
        talk.says(ANNE, "quiz_answer", asked="lv", **answered)
    assert (session.data_folder / QUIZ_LOG).stat().st_size < 300


def test_viewers_are_told_what_of_the_3d_view_they_do_not_see(session: Session) -> None:
    assert "the image on cut planes" in shown_of(session.state).not_shown
    session.apply(edits.remove(session.state.plan, PLANE.item_id))
    assert shown_of(session.state).not_shown == ()


def test_the_terminal_prints_another_code_when_one_grew_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.cli.headset.LOOK_S", 0.0)
    monkeypatch.setattr("app.cli.headset.WAIT_S", 0.01)
    looked = []

    def refresh() -> None:
        looked.append(1)
        if len(looked) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _work(queue.SimpleQueue(), refresh)
    assert len(looked) == 3
