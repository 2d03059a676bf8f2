from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import PlannerError
from core.volume import LabelMap
from plan.edits import Edit, add
from plan.history import History
from plan.items import Landmark
from plan.label_edits import (
    LabelEdit,
    LabelsReplaced,
    edit_of_voxels,
    map_id,
    step_from_bytes,
    step_to_bytes,
)
from plan.label_lineage import lineage_of
from plan.plan import Plan
from plan.storage import Journal

NAMES = {1: "lv", 2: "lv_myocardium"}


def make_map(labels: np.ndarray, spacing_mm: float = 2.0) -> LabelMap:
    return LabelMap(labels.astype(np.uint8), np.diag([spacing_mm, 1.0, 1.0, 1.0]), NAMES, "1.2.3")


def random_map(seed: int) -> LabelMap:
    return make_map(np.random.default_rng(seed).integers(0, 3, (7, 9, 11)))


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 200), value=st.integers(0, 255))
def test_an_edit_sets_its_voxels_and_no_other_and_undoing_it_returns_every_byte(
    seed: int, n: int, value: int
) -> None:
    before = random_map(seed)
    flat = np.random.default_rng(seed).integers(0, before.labels.size, n)
    if (before.labels.ravel()[flat] == value).all():
        return
    edit = edit_of_voxels(before, "a", 0, flat, value)
    expected = before.labels.copy()
    expected.ravel()[flat] = value
    after = edit.applied(before.labels)
    np.testing.assert_array_equal(after, expected)
    np.testing.assert_array_equal(edit.undone(after), before.labels)
    counts = {v: int((expected == v).sum() - (before.labels == v).sum()) for v in range(256)}
    assert dict(edit.n_changed) == {v: won for v, won in counts.items() if won}
    assert step_from_bytes(step_to_bytes(edit)) == edit


def test_an_edit_refuses_labels_that_it_was_not_made_on() -> None:
    before = random_map(1)
    flat = np.flatnonzero(before.labels.ravel() != 2)[:5]
    edit = edit_of_voxels(before, "a", 0, flat, 2)
    with pytest.raises(ValueError, match="not made on these labels"):
        edit.applied(edit.applied(before.labels))
    with pytest.raises(ValueError, match="outside"):
        edit.applied(np.zeros((1, 1, 1), np.uint8))


def test_a_stroke_that_changes_nothing_is_no_edit() -> None:
    label_map = make_map(np.ones((3, 3, 3)))
    with pytest.raises(PlannerError, match="nothing was changed"):
        edit_of_voxels(label_map, "a", 0, np.arange(5), 1)


def test_a_stroke_of_a_thousand_voxels_takes_less_than_a_kilobyte() -> None:
    labels = np.zeros((200, 200, 200), np.uint8)
    z, y, x = np.ogrid[:200, :200, :200]
    ball = (z - 90) ** 2 + (y - 100) ** 2 + (x - 100) ** 2 < 6.2**2
    edit = edit_of_voxels(make_map(labels), "a", 0, np.flatnonzero(ball), 1)
    assert sum(abs(n) for n in edit.n_changed.values()) == 2 * ball.sum() > 1800
    assert len(step_to_bytes(edit)) < 1000


def test_every_voxel_name_and_place_counts_for_the_name_of_a_map() -> None:
    first = random_map(3)
    other = first.labels.copy()
    other[6, 8, 10] ^= 1
    variants = [
        make_map(other),
        make_map(first.labels, 2.5),
        LabelMap(first.labels, first.patient_from_index, {1: "rv", 2: "la"}, "1.2.3"),
        LabelMap(first.labels, first.patient_from_index, NAMES, "1.2.4"),
    ]
    assert map_id(first) == map_id(random_map(3))
    assert len({map_id(first), *map(map_id, variants)}) == 5


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]\n",
        b'{"kind": "edit"}\n',
        b"[" * 100_000,
        json.dumps({"kind": "replaced", "map_id": "../x", "phase": 0}).encode() + b"\n",
        json.dumps({"kind": "replaced", "map_id": "a", "phase": -1}).encode() + b"\n",
        json.dumps(
            {"kind": "edit", "map_id": "a", "phase": 0, "step_id": "b", "start": [0, 0, 0], "shape": [2, 2, 2]}
        ).encode()
        + b"\nnot packed",
    ],
)
def test_what_is_no_step_is_refused(content: bytes) -> None:
    with pytest.raises(PlannerError, match="correction of labels"):
        step_from_bytes(content)


def strokes(label_map: LabelMap, name: str, *places: int) -> list[Edit]:
    """One edit of the labels after another, one voxel each."""
    labels, found = label_map.labels, []
    for place in places:
        edit = edit_of_voxels(make_map(labels), name, 0, np.array([place]), 9)
        labels = edit.applied(labels)
        found.append(Edit("Paint", Plan(), edit))
    return found


def ids(history: History) -> tuple[str, list[str]] | None:
    lineage = lineage_of(history, 0)
    return None if lineage is None else (lineage.map_id, [edit.step_id for edit in lineage.edits])


def test_a_history_leads_to_the_labels_of_its_done_steps() -> None:
    first, second = strokes(random_map(4), "a", 3, 4)
    history = History()
    assert ids(history) is None
    history = history.push(first).push(Edit("Add", Plan())).push(second)
    assert ids(history) == ("a", [first.labels.step_id, second.labels.step_id])
    history = history.undo()
    assert ids(history) == ("a", [first.labels.step_id])
    history = history.undo().undo()
    assert ids(history) == ("a", [])
    assert lineage_of(history, 1) is None


def test_undoing_the_change_to_other_labels_returns_to_the_edited_ones() -> None:
    (first,), (other,) = strokes(random_map(4), "a", 3), strokes(random_map(5), "b", 7)
    history = History().push(first).push(Edit("Reconstruct", Plan(), LabelsReplaced("b", 0))).push(other)
    assert ids(history) == ("b", [other.labels.step_id])
    history = history.undo()
    assert ids(history) == ("b", [])
    history = history.undo()
    assert ids(history) == ("a", [first.labels.step_id])
    assert ids(history.redo()) == ("b", [])


def test_the_journal_keeps_steps_of_labels_beside_those_of_the_plan(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    plan = add(Plan(), Landmark("apex", (1.0, 2.0, 3.0))).plan
    journal.push(Edit("Add landmark", plan))
    edit = edit_of_voxels(random_map(6), "a", 2, np.array([3, 50]), 9)
    journal.push(Edit("Paint LV", plan, edit))
    journal.push(Edit("Reconstruct", plan, LabelsReplaced("b", 2)))
    journal.undo()
    history = journal.history
    journal.close()
    database = sqlite3.connect(path)
    rows = database.execute("SELECT plan IS NULL, length(labels) FROM journal").fetchall()
    database.close()
    assert rows[2] == (1, len(step_to_bytes(edit)))
    again = Journal(path)
    assert again.history == history
    assert again.history.plan == plan
    assert isinstance(again.history.edits[1].labels, LabelEdit)
    assert again.history.redo_name == "Reconstruct"
    again.close()


def test_a_journal_that_knew_no_labels_is_taken_over_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    plan = add(Plan(), Landmark("apex", (1.0, 2.0, 3.0))).plan
    journal.push(Edit("Add landmark", plan))
    history = journal.history
    journal.close()
    database = sqlite3.connect(path)
    database.executescript("ALTER TABLE journal DROP COLUMN labels; PRAGMA user_version = 1;")
    database.close()
    again = Journal(path)
    assert again.history == history
    again.push(Edit("Paint", plan, edit_of_voxels(random_map(7), "a", 0, np.array([1]), 9)))
    history = again.history
    again.close()
    once_more = Journal(path)
    assert once_more.history == history
    once_more.close()


def test_a_structure_that_an_edit_brings_in_keeps_its_name_in_the_journal() -> None:
    grid = LabelMap(np.ones((2, 2, 2), dtype=np.uint8), np.eye(4), {0: "background", 1: "lv"})
    edit = edit_of_voxels(grid, "a1", 0, np.array([3]), np.array(200), names=((200, "resected"),))
    assert step_from_bytes(step_to_bytes(edit)) == edit
    for bad in (b'"names": [[0, "x"]]', b'"names": [[300, "x"]]', b'"names": [[2, 5]]', b'"names": 3'):
        with pytest.raises(PlannerError):
            step_from_bytes(step_to_bytes(edit).replace(b'"names": [[200, "resected"]]', bad))
