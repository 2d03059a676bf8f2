"""The command table, driven by a desk without Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.commands import study
from app.commands.planning import change_item, go_to
from app.commands.table import BY_KEY, COMMANDS, MENUS, TOOLBAR
from app.given import SurfaceFacts
from app.session import Session
from app.state import State
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.progress import Progress, Silent
from core.study import Patient, ScanResult, Series, Study
from core.volume import Volume
from plan.items import CutPlane
from tests.support.ball_patient import CENTRE_MM, make_anatomy, make_series, make_volume


@dataclass
class FakeDesk:
    """Does long work at once and answers questions from a list."""

    session: Session
    answers: list[Any] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    chosen_series: tuple[Series, ...] = ()
    is_busy: bool = False
    given: list[Volume] = field(default_factory=list)

    def reconstruct(self, key: str, volumes: list[Volume], device: str, progress: Progress) -> Anatomy:
        self.given = list(volumes)
        return make_anatomy(volumes[0].frame_of_reference_uid)

    def run(self, title: str, work: Callable[[Progress], Any], then: Callable[[Any], None]) -> None:
        then(work(Silent()))

    def cancel(self) -> None:
        self.asked.append("cancel")

    def ask_folder(self, title: str) -> Path | None:
        return self.answers.pop(0)

    def ask_new_folder(self, title: str, name: str) -> Path | None:
        return self.answers.pop(0)

    def ask_file(self, title: str, pattern: str) -> Path | None:
        return self.answers.pop(0)

    def ask_surface_facts(self, paths: Sequence[Path]) -> SurfaceFacts | None:
        self.asked.append(" ".join(path.name for path in paths))
        return self.answers.pop(0)

    def seek(self, moment: int) -> None:
        self.asked.append(f"seek {moment}")

    def confirm(self, question: str, consequence: str) -> bool:
        self.asked.append(question)
        return bool(self.answers.pop(0))

    def ask_first(self, question: str, consequence: str, then: Callable[[], None]) -> None:
        self.asked.append(question)
        if self.answers.pop(0):
            then()

    def reset_views(self) -> None:
        self.asked.append("reset")

    def show_about(self) -> None:
        self.asked.append("about")

    def quit(self) -> None:
        self.asked.append("quit")


@pytest.fixture
def desk(open_session: Session) -> FakeDesk:
    return FakeDesk(open_session)


def do(desk: FakeDesk, key: str) -> None:
    assert BY_KEY[key].is_enabled(desk.session.state)
    BY_KEY[key].run(desk)


def test_keys_are_unique_and_every_command_has_a_menu_and_every_button_a_command() -> None:
    assert len(BY_KEY) == len(COMMANDS)
    assert {key.split(".")[0] for key in BY_KEY} == set(MENUS)
    assert {key for group in TOOLBAR for key in group} <= set(BY_KEY)


def test_no_two_commands_share_a_shortcut() -> None:
    keys = [shortcut for command in COMMANDS for shortcut in command.shortcuts]
    assert len(keys) == len(set(keys))


def test_no_shortcut_takes_the_letter_of_a_menu() -> None:
    letters = {f"Alt+{title[title.index('&') + 1].upper()}" for title in MENUS.values()}
    assert len(letters) == len(MENUS)
    assert letters.isdisjoint(shortcut for command in COMMANDS for shortcut in command.shortcuts)


def test_without_a_patient_only_what_needs_none_is_offered() -> None:
    offered = {command.key for command in COMMANDS if command.is_enabled(State())}
    assert "file.open" in offered
    assert offered.isdisjoint(
        {"reconstruct.heart", "plan.distance", "plan.cut_coronal", "edit.undo", "file.save"}
    )


def test_a_new_cut_plane_passes_through_the_crosshair_and_undo_names_it(desk: FakeDesk) -> None:
    do(desk, "plan.cut_coronal")
    (plane,) = desk.session.state.plan.of_type(CutPlane)
    assert plane.origin_mm == pytest.approx(tuple(CENTRE_MM))
    assert plane.normal == (0.0, -1.0, 0.0)
    assert BY_KEY["edit.undo"].title_for(desk.session.state) == "Undo add cut plane"
    do(desk, "edit.undo")
    assert BY_KEY["edit.undo"].title_for(desk.session.state) == "Undo"
    assert BY_KEY["edit.redo"].title_for(desk.session.state) == "Redo add cut plane"


def test_flip_and_lock_act_on_the_selected_plane(desk: FakeDesk) -> None:
    do(desk, "plan.cut_axial")
    do(desk, "plan.flip")
    assert desk.session.state.plan.of_type(CutPlane)[0].normal == (0.0, 0.0, -1.0)
    do(desk, "plan.lock")
    with pytest.raises(PlannerError, match="locked"):
        do(desk, "plan.flip")
    do(desk, "plan.lock")
    assert desk.session.state.history.undo_name == "Unlock cut plane"


def test_an_item_that_did_not_change_makes_no_step(desk: FakeDesk) -> None:
    do(desk, "plan.cut_coronal")
    (plane,) = desk.session.state.plan.items
    change_item(desk, plane, "Move")
    assert len(desk.session.state.history.edits) == 1


def test_going_to_an_item_brings_the_slices_there(desk: FakeDesk) -> None:
    do(desk, "plan.distance")
    desk.session.place(CENTRE_MM)
    desk.session.place(CENTRE_MM + [10, 0, 4])
    (item,) = desk.session.state.plan.items
    go_to(desk, item.item_id)
    assert desk.session.state.crosshair_mm == pytest.approx(tuple(CENTRE_MM + [5, 0, 2]))
    do(desk, "edit.remove")
    assert desk.session.state.plan.items == ()


def test_the_open_volume_is_what_gets_reconstructed(desk: FakeDesk) -> None:
    do(desk, "reconstruct.heart")
    assert desk.given == [desk.session.state.volume]
    assert desk.session.state.anatomy is not None


def test_series_of_different_patient_spaces_are_not_joined(desk: FakeDesk) -> None:
    desk.chosen_series = (make_series(), make_series("9.2", "8.8.8"))
    with pytest.raises(PlannerError, match="one patient space"):
        do(desk, "reconstruct.heart")


def test_all_cine_planes_of_a_study_go_in_together(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    phased = [make_series(f"9.{n}", n_phases=25) for n in range(3)]
    cine = tuple(replace(series, modality="MR", shape=(1, 40, 40)) for series in phased)
    others = (
        make_series("9.8"),
        make_series("9.9", n_phases=25),
        replace(cine[0], frame_of_reference_uid="7.7"),
    )
    scan = ScanResult((Patient("", "", (Study("1", "", "", (*cine, *others)),)),))
    loaded: list[tuple[str, int]] = []

    def planes(series: Series, phase: int) -> tuple[Volume, ...]:
        loaded.append((series.series_uid, phase))
        return (make_volume(),)

    monkeypatch.setattr("imaging.slices.load.load_planes", planes)
    session.show_study(Path("somewhere"), scan)
    session.show_volume(cine[1], 4, make_volume())
    desk = FakeDesk(session)
    do(desk, "reconstruct.heart")
    assert loaded == [("9.0", 4), ("9.1", 4), ("9.2", 4)]
    assert len(desk.given) == 3


def test_volumes_at_several_phases_are_never_cut_into_planes(desk: FakeDesk) -> None:
    volumes = tuple(make_series(f"9.{n}", n_phases=10) for n in range(2))
    session = desk.session
    session.show_study(Path("somewhere"), ScanResult((Patient("", "", (Study("1", "", "", volumes),)),)))
    session.show_volume(volumes[1], 4, make_volume())
    do(desk, "reconstruct.heart")
    assert desk.given == [session.state.volume]
    desk.chosen_series = volumes
    with pytest.raises(PlannerError, match=r"volumes: 9\.0, 9\.1"):
        do(desk, "reconstruct.heart")


def test_a_case_saves_and_opens_again_with_the_same_plan(desk: FakeDesk, tmp_path: Path) -> None:
    do(desk, "reconstruct.heart")
    do(desk, "plan.cut_sagittal")
    desk.answers = [tmp_path / "mine"]
    do(desk, "file.save")
    assert desk.session.state.case == tmp_path / "mine.auricle"
    plan = desk.session.state.plan
    desk.session.undo()
    do(desk, "file.save")
    desk.session.redo()
    desk.answers = [True, tmp_path / "mine.auricle"]
    study.open_study(desk, tmp_path / "mine.auricle")
    assert desk.asked == ["Leave without saving?"]
    assert desk.session.state.plan == plan.without_item(plan.items[0].item_id)
    assert np.array_equal(
        desk.session.state.anatomy.surfaces["lv"].vertices, make_anatomy().surfaces["lv"].vertices
    )


def test_a_changed_mind_changes_nothing(desk: FakeDesk) -> None:
    before = desk.session.state
    desk.answers = [None, None]
    do(desk, "file.open")
    do(desk, "file.save")
    assert desk.session.state is before


def test_window_presets_are_those_of_the_modality(desk: FakeDesk) -> None:
    do(desk, "view.window_3")
    assert desk.session.state.window.level == -600.0
    assert BY_KEY["view.window_3"].title_for(desk.session.state) == "Window: Lung"
    do(desk, "view.along_image")
    do(desk, "view.measures")
    do(desk, "view.cut_planes")
    state = desk.session.state
    assert (state.along_image, state.view.show_measures, state.view.show_cut_planes) == (True, False, False)


def surface_files(folder: Path, *names: str) -> list[Path]:
    from imaging.formats.surfaces import write_stl

    folder.mkdir(exist_ok=True)
    paths = [folder / name for name in names]
    for path in paths:
        write_stl(make_anatomy().surfaces["lv"], path)
    return paths


def test_surfaces_that_are_dropped_together_are_all_shown_after_one_question(
    desk: FakeDesk, tmp_path: Path
) -> None:
    desk.answers.append(SurfaceFacts("mm", "LPS"))
    study.open_paths(desk, surface_files(tmp_path, "valve.stl", "patch.stl", "stent.stl"))
    assert desk.asked == ["valve.stl patch.stl stent.stl"]
    assert set(desk.session.state.anatomy.surfaces) == {"valve", "patch", "stent"}


def test_two_surfaces_of_one_name_are_refused_rather_than_one_of_them_lost(
    desk: FakeDesk, tmp_path: Path
) -> None:
    paths = surface_files(tmp_path / "a", "valve.stl") + surface_files(tmp_path / "b", "valve.stl")
    with pytest.raises(PlannerError, match="two of them are called valve"):
        study.open_paths(desk, paths)
    assert desk.session.state.anatomy is None
    assert desk.asked == []
