"""Landmarks that the network found begin the sheet of an aortic root; a person confirms or moves them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pytestqt.qtbot import QtBot

from app.found_root import LANDMARK_OF, STEP
from app.sheets.guides import ROOT_STEPS as STEPS
from app.views.main_window import MainWindow
from plan.items import AorticRoot
from tests.support.ball_patient import CENTRE_MM, make_anatomy
from tests.support.gui import trigger

AROUND_MM = np.array([[0, -10, 0], [9, 5, 0], [-9, 5, 0], [8, 3, 12], [0, -9, 13]], dtype=float)


def test_found_landmarks_begin_a_root_that_says_so_and_undo_takes_it_away(
    ball_window: MainWindow, qtbot: QtBot
) -> None:
    window, state = ball_window, lambda: ball_window.session.state
    assert not window.actions_.by_key["plan.found_root"].isEnabled()
    places = dict(zip(LANDMARK_OF.values(), CENTRE_MM + AROUND_MM, strict=True))
    facts = {key: {"sd_mm": 2.0} for key in places}
    anatomy = make_anatomy(state().volume.frame_of_reference_uid)
    window.session.show_anatomy(replace(anatomy, landmarks=places, report={"landmarks": facts}))
    trigger(window, "plan.found_root")
    (root,) = state().plan.of_type(AorticRoot)
    assert state().history.undo_name == STEP
    assert window.plan_list.texts()[0][0] == "Aortic root 1 (found)"
    assert state().sheet.field == "annulus_mm", "the ring is what a person still draws"
    assert state().notices[-1].code == "root_from_landmarks"
    column = [window.sheet.steps.topLevelItem(n).text(1) for n in range(len(STEPS))]
    assert column[0] == "found, sd 2.0 mm"
    assert column.count("found, sd 2.0 mm") == 5
    assert "landmark error 1.15 mm per axis" in window.sheet.text()

    # What a person moves is a person's; the same points are not put there twice.
    trigger(window, "plan.found_root")
    assert len(state().plan.items) == 1
    window.session.drag(replace(root, right_hinge_mm=tuple(places["right_hinge"] + [1.0, 0, 0])))
    window.session.drop()
    assert window.sheet.steps.topLevelItem(0).text(1) == "placed"
    trigger(window, "edit.undo")
    trigger(window, "edit.undo")
    assert state().plan.items == ()
    assert state().sheet is None
