"""Turns what the views wish for into steps of the session and commands; a refusal becomes a notice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.commands import cutting, measuring, planning, playing, sheets, study
from app.fusion.making import shown_fusion
from app.labels.editing import Contours, Touch
from app.measures.snapping import targets
from app.views.viewing_wishes import connect_viewing
from core.errors import PlannerError
from core.study import Series
from plan.items import Cut, CutPlane, Point

if TYPE_CHECKING:
    from app.views.main_window import MainWindow


def connect_wishes(window: MainWindow) -> None:
    """Connect the signals of all views of a window, once."""
    wishes = _Wishes(window)
    session, desk = window.session, window.desk
    window.browser.browse_requested.connect(window.actions_.by_key["file.open"].trigger)
    window.browser.browse_file_requested.connect(window.actions_.by_key["file.open_file"].trigger)
    window.browser.folder_chosen.connect(window.open_folder)
    window.browser.menu_requested.connect(window.show_series_menu)
    window.browser.series_chosen.connect(wishes.open_series)
    window.thumbnails.made.connect(window.browser.show_thumbnail)
    window.planning.looked_at.connect(session.look_at)
    window.planning.placed.connect(lambda place: desk.attempt(lambda: measuring.place(desk, place)))
    window.planning.window_dragged.connect(wishes.drag_window)
    for view in (window.planning, window.sheet.plane):
        view.finished.connect(session.finish)
        view.point_dragged.connect(session.drag)
        view.point_dropped.connect(lambda: desk.attempt(session.drop))
    _connect_labels(window, wishes)
    connect_viewing(window)
    _connect_fusion(window)
    _connect_sheet(window)
    window.planning.clip.stepped.connect(lambda n_steps: playing.step(desk, n_steps))
    window.planning.clip.placed.connect(lambda column, row: session.rulers.place((column, row)))
    _connect_player(window)
    window.planning.scene.plane_moved.connect(wishes.move_plane)
    window.planning.scene.plane_wheeled.connect(wishes.wheel_plane)
    window.planning.scene.plane_rested.connect(lambda: desk.attempt(session.drop))
    window.planning.scene.refused.connect(session.refuse)
    window.structures.look_requested.connect(session.look)
    window.wall_updater.made.connect(lambda: window.planning.scene.show_state(session.state))
    window.wall_updater.refused.connect(session.refuse)
    _connect_plan_list(window, wishes)
    window.ar.refused.connect(session.refuse)
    window.ar.setup_used.connect(wishes.remember_ar)
    window.progress.cancel_requested.connect(desk.cancel)


def _connect_labels(window: MainWindow, wishes: _Wishes) -> None:
    session, planning_page, updater = window.session, window.planning, window.surface_updater
    planning_page.stroke_pressed.connect(wishes.begin_stroke)
    planning_page.stroke_moved.connect(session.labels.move)
    planning_page.stroke_released.connect(lambda: window.desk.attempt(session.labels.release))
    planning_page.brush_resized.connect(session.labels.resize)
    planning_page.label_tool.changed.connect(session.labels.use)
    updater.made.connect(session.labels.show_surfaces)
    updater.refused.connect(session.refuse)


def _connect_player(window: MainWindow) -> None:
    session, desk, bar, player = window.session, window.desk, window.planning.player, window.player
    bar.sought.connect(player.seek)
    window.planning.curve.sought.connect(player.seek)
    bar.play_requested.connect(lambda: playing.toggle_play(desk))
    bar.step_requested.connect(lambda n_steps: playing.step(desk, n_steps))
    bar.playback_requested.connect(session.set_playback)
    player.due.connect(lambda moment, content: desk.attempt(lambda: session.show_moment(moment, content)))
    player.ended.connect(lambda: session.set_playback(replace(session.state.playback, is_playing=False)))
    player.refused.connect(session.refuse)
    player.filled.connect(lambda key: window.suggester.look(session.state, player.cache, key))
    window.suggester.suggested.connect(session.suggest)


def _connect_fusion(window: MainWindow) -> None:
    bar, fusions = window.planning.fusion, window.session.fusions
    bar.mixed.connect(fusions.mix)
    bar.outlined.connect(fusions.outline)
    bar.window_taken.connect(fusions.take_window)
    bar.closed.connect(fusions.remove)


def _connect_sheet(window: MainWindow) -> None:
    session, desk, sheet = window.session, window.desk, window.sheet
    sheet.plane.placed.connect(lambda place: desk.attempt(lambda: session.place(place)))
    sheet.plane.looked_at.connect(session.look_at)
    sheet.plane.window_dragged.connect(lambda across, down: window.planning.window_dragged.emit(across, down))
    sheet.step_chosen.connect(session.sheets.choose)
    sheet.step_skipped.connect(session.sheets.skip)
    sheet.clear_requested.connect(lambda field: desk.attempt(lambda: planning.clear_step(desk, field)))
    sheet.closed.connect(session.sheets.close)
    sheet.pictures.profile.sought.connect(session.look_at)
    sheet.print_requested.connect(lambda: desk.attempt(lambda: sheets.write_pattern_of_sheet(desk)))
    sheet.numbers.changed.connect(
        lambda field, value: desk.attempt(lambda: sheets.set_number(desk, field, value))
    )
    window.sheet_worker.measured.connect(sheet.show_measured)


def _connect_plan_list(window: MainWindow, wishes: _Wishes) -> None:
    plans, desk = window.plan_list, window.desk
    plans.selected.connect(window.session.select)
    plans.visited.connect(lambda key: planning.go_to(desk, key))
    plans.renamed.connect(lambda key, name: wishes.change(key, "Rename", name=name))
    plans.shown_requested.connect(lambda key, on: wishes.change(key, "Show" if on else "Hide", is_active=on))
    plans.locked_requested.connect(lambda key, on: wishes.change(key, "Lock" if on else "Unlock", is_locked=on))
    plans.angle_requested.connect(
        lambda plane, other: desk.attempt(lambda: planning.add_plane_angle(desk, plane, other))
    )
    plans.find_targets = lambda: tuple(target.title for target in targets(window.session.state))
    plans.laid_requested.connect(lambda key, title: desk.attempt(lambda: cutting.lay_on(desk, key, title)))
    plans.spared_requested.connect(
        lambda key, name, on: desk.attempt(lambda: cutting.spare(desk, key, name, on))
    )
    plans.sheet_requested.connect(lambda key: desk.attempt(lambda: wishes.open_sheet(key)))
    plans.remove_requested.connect(lambda key: desk.attempt(lambda: planning.remove_item(desk, key)))


class _Wishes:
    """The wishes that need the state to be understood."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._session, self._desk = window.session, window.desk

    def open_series(self, series: Series) -> None:
        phase = study.phase_to_open(self._session.state, series)
        self._desk.attempt(lambda: study.open_series(self._desk, series, phase))

    def begin_stroke(self, touch: Touch, contours: tuple[Contours, ...]) -> None:
        if self._desk.is_busy:
            running = self._desk.jobs.current
            title = running.title.lower() if running is not None else "other work"
            self._session.refuse(
                PlannerError(
                    "the labels are locked", f"{title} is still running", "wait for it, or cancel it first"
                )
            )
            return
        self._desk.attempt(lambda: self._session.labels.press(touch, contours))

    def drag_window(self, across: float, down: float) -> None:
        state = self._session.state
        fusion = shown_fusion(state)
        if fusion is not None and fusion.takes_window:
            self._session.fusions.set_window(fusion.window.dragged(across, down))
            return
        window = state.clip.window if state.clip is not None else state.window
        if window is not None:
            self._session.set_window(window.dragged(across, down))

    def move_plane(self, item_id: str, origin_mm: Point, normal: Point) -> None:
        self.change(item_id, "Move", origin_mm=origin_mm, normal=normal)
        # A step that was refused leaves no preview behind.
        self._window.planning.scene.show_state(self._session.state)

    def wheel_plane(self, along_mm: float) -> None:
        """Show the selected plane further along its normal; one step when the wheel rests."""
        state = self._session.state
        plane = next((item for item in state.shown_plan.items if item.item_id == state.selected_id), None)
        if isinstance(plane, CutPlane) and not plane.is_locked:
            self._session.drag(cutting.moved_plane(plane, along_mm))

    def change(self, item_id: str, verb: str, **values: object) -> None:
        item = self._session.state.plan.find(item_id)
        if isinstance(item, Cut) or "name" in values:
            changed = replace(item, **values)  # type: ignore[arg-type]
            self._desk.attempt(lambda: planning.change_item(self._desk, changed, verb))

    def open_sheet(self, item_id: str) -> None:
        sheets.open_sheet_of(self._desk, item_id)

    def remember_ar(self, source: str, board: str, camera: str) -> None:
        settings = replace(self._session.settings, ar_source=source, ar_board=board, ar_camera=camera)
        self._session.remember(settings)
