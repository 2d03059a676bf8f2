from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ar.headset.hub import Hub
from ar.headset.limits import MOST_MALFORMED
from ar.headset.messages import Malformed, MovePlane, parse
from ar.headset.pairing import Viewer
from ar.headset.revisions import Revisions
from plan.items import CutPlane, Landmark
from plan.plan import Plan
from tests.support.headset import NotingHost, wish

MOVE: dict[str, Any] = {
    "v": 1,
    "type": "move_plane",
    "ref": "r1",
    "item_id": "abc",
    "origin_mm": [1, 2, 3.5],
    "normal": [0, 0, 1],
    "base": 4,
}
EXAMPLES: list[dict[str, Any]] = [
    MOVE,
    {"v": 1, "type": "preview_plane", "item_id": "abc", "origin_mm": [0, 0, 0], "normal": [1, 0, 0], "base": 1},
    {"v": 1, "type": "release"},
    {"v": 1, "type": "switch_plane", "ref": "r", "item_id": "abc", "is_active": False, "base": 1},
    {"v": 1, "type": "add_plane", "ref": "r", "origin_mm": [0, 0, 0], "normal": [0, 1, 0]},
    {"v": 1, "type": "add_distance", "ref": "r", "start_mm": [0, 0, 0], "end_mm": [1, 1, 1]},
    {"v": 1, "type": "remove_item", "ref": "r", "item_id": "abc", "base": 1},
    {"v": 1, "type": "undo", "ref": "r", "base": 1},
    {"v": 1, "type": "look", "key": "lv", "is_visible": True, "opacity": 0.5},
    {"v": 1, "type": "beat", "sent_ms": 1.5},
    {"v": 1, "type": "quiz_answer", "asked": "mitral_valve", "is_right": True, "distance_mm": 1, "seconds": 3},
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=6),
    max_leaves=8,
)


@st.composite
def nearly_right(draw: st.DrawFn) -> dict[str, Any]:
    """A message of the protocol with one field replaced, dropped or added: always malformed, or the same again."""
    content = dict(draw(st.sampled_from(EXAMPLES)))
    name = draw(st.sampled_from([*content, "more"]))
    if draw(st.booleans()) and name in content:
        del content[name]
    else:
        content[name] = draw(JSON)
    return content


def test_a_message_is_read_as_it_was_written() -> None:
    assert parse(json.dumps(MOVE)) == MovePlane("r1", "abc", (1.0, 2.0, 3.5), (0.0, 0.0, 1.0), 4)
    for example in EXAMPLES:
        parse(json.dumps(example))


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"v": None},
        {"type": "eval"},
        {"type": ["move_plane"]},
        {"base": -1},
        {"base": True},
        {"base": 1.0},
        {"ref": ""},
        {"ref": "a b"},
        {"ref": "x" * 65},
        {"item_id": "../plan"},
        {"origin_mm": [0, 0]},
        {"origin_mm": [0, 0, 1e5]},
        {"origin_mm": [0, 0, True]},
        {"origin_mm": ["0", 0, 0]},
        {"origin_mm": {"0": 0}},
        {"normal": [0, 0, 0]},
        {"normal": [2, 0, 0]},
        {"more": 1},
    ],
)
def test_what_is_not_exactly_a_message_is_malformed(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse(json.dumps({**MOVE, **change}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "1" * 5000,
        "[" * 8000,
        '{"v":1,"type":"beat","sent_ms":NaN}',
        '{"v":1,"type":"beat","sent_ms":Infinity}',
        '{"v":1,"type":"beat","sent_ms":1e999}',
        '{"v":1,"type":"beat","sent_ms":' + "9" * 4000 + "}",
        '{"v":1,"v":1,"type":"release","type":"x"}',
        "\ud800",
    ],
)
def test_what_is_no_plain_json_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text)


def test_a_refusal_never_repeats_what_was_sent() -> None:
    with pytest.raises(Malformed) as refusal:
        parse(json.dumps({**MOVE, "ref": "<script>"}))
    assert "<script>" not in str(refusal.value)


def test_a_normal_is_made_a_unit() -> None:
    message = parse(json.dumps({**MOVE, "normal": [0.6, 0.0, 0.81]}))
    assert isinstance(message, MovePlane)
    assert math.hypot(*message.normal) == pytest.approx(1.0, abs=1e-15)


@settings(max_examples=150, deadline=None)
@given(st.text() | JSON.map(json.dumps) | nearly_right().map(json.dumps))
def test_whatever_is_sent_is_read_as_one_of_the_messages_or_is_malformed(text: str) -> None:
    try:
        message = parse(text)
    except Malformed:
        return
    content = json.loads(text)
    assert content["v"] == 1
    assert {"v", "type", *vars(message)} == set(content)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text() | JSON.map(json.dumps) | nearly_right().map(json.dumps), max_size=24))
def test_no_malformed_message_reaches_the_plans_owner_or_ends_in_an_exception(texts: list[str]) -> None:
    host = NotingHost()
    hub = Hub(host, lambda: 0.0)
    link = hub.open(Viewer("a", "Viewer 1", ""), "")
    n_malformed = 0
    for text in texts:
        hub.hear(link, text, link.answer)
        try:
            parse(text)
        except Malformed:
            n_malformed += 1
    assert link.n_malformed == min(n_malformed, MOST_MALFORMED)
    assert bool(link.closing) == (n_malformed >= MOST_MALFORMED)
    assert all(json.loads(text)["v"] == 1 for text in link.waiting.values())
    if not link.closing:
        assert len(host.heard) == sum(not _is_malformed(text) and not _is_beat(text) for text in texts)


def test_the_newest_scene_wins_and_no_answer_is_lost() -> None:
    hub = Hub(NotingHost(), lambda: 0.0)
    link = hub.open(Viewer("a", "Viewer 1", ""), "")
    for revision in range(5):
        hub.publish({"type": "plan", "revision": revision})
        link.answer({"type": "accepted", "ref": str(revision)})
    told = [json.loads(text) for text in link.waiting.values()]
    assert [content["revision"] for content in told if content["type"] == "plan"] == [4]
    assert [content["ref"] for content in told if content["type"] == "accepted"] == list("01234")


def test_who_comes_later_is_told_what_is_shown() -> None:
    hub = Hub(NotingHost(), lambda: 0.0)
    hub.publish({"type": "plan", "revision": 7})
    late = hub.open(Viewer("b", "Viewer 2", ""), "notice")
    assert [json.loads(text)["type"] for text in late.waiting.values()] == ["hello", "plan"]


def test_a_revision_is_of_the_plan_and_each_item_knows_when_it_changed() -> None:
    plane, mark = CutPlane("p", (0, 0, 0), (0, 0, 1)), Landmark("m", (1, 2, 3))
    revisions = Revisions(Plan("", (plane,)))
    assert not revisions.follow(Plan("", (plane,)))
    seen = revisions.current
    assert revisions.follow(Plan("", (plane, mark)))
    assert not revisions.is_stale(plane.item_id, seen)
    assert revisions.is_stale(mark.item_id, seen)
    moved = CutPlane("p", (0, 0, 1), (0, 0, 1), item_id=plane.item_id)
    revisions.follow(Plan("", (moved, mark)))
    assert revisions.is_stale(plane.item_id, seen)
    assert not revisions.is_stale(plane.item_id, revisions.current)
    assert revisions.is_stale(plane.item_id, revisions.current + 1)


def _is_malformed(text: str) -> bool:
    try:
        parse(text)
    except Malformed:
        return True
    return False


def _is_beat(text: str) -> bool:
    return json.loads(text)["type"] == "beat"


def test_wishes_of_the_tests_are_messages() -> None:
    parse(wish("release"))
