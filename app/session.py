"""The one object of the program that changes: what is open, the plan with its journal, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.carrying_over import is_shown, kept_axes, kept_crosshair, kept_window, looks_of
from app.case import Case
from app.clips import OpenClip, Pixel
from app.given import (
    Measurements,
    joined,
    no_images_for_report,
    other_space,
    other_space_of_report,
    shown_with_phase,
)
from app.patient_space import PatientSpaces
from app.playback import Moment, Playback
from app.root_steps import Sheet, after_change, first_open, following
from app.root_steps import place as place_in_sheet
from app.settings import Settings, save_settings
from app.state import State
from app.tools import Tool, item_of, line_of
from app.windowing import Window
from core.anatomy import Anatomy
from core.errors import Finding, PlannerError
from core.study import ScanResult, Series
from core.volume import Volume
from plan import edits
from plan.edits import Edit
from plan.history import History
from plan.items import AorticRoot, Item, Point, as_point
from plan.plan import Plan
from render.view import ViewState

Observer = Callable[[State, State], None]


class Session:
    """Holds the state and replaces it; knows no Qt and starts no work.

    An observer is a plain callable that gets the state before and after each change.
    """

    def __init__(
        self, data_folder: Path, settings: Settings | None = None, settings_path: Path | None = None
    ) -> None:
        self.state = State()
        self.settings = settings or Settings()
        self._settings_path = settings_path
        self._data_folder = data_folder
        self._spaces = PatientSpaces(data_folder)
        self._observers: list[Observer] = []

    @property
    def data_folder(self) -> Path:
        """Where journals and the case library live."""
        return self._data_folder

    def watch(self, observer: Observer) -> Callable[[], None]:
        """Call `observer(before, after)` at every change; returns what ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def remember(self, settings: Settings) -> None:
        """Keep these settings for the next start."""
        self.settings = settings
        if self._settings_path is not None:
            save_settings(settings, self._settings_path)

    def show_study(self, folder: Path, scan: ScanResult) -> None:
        """Show what was found in a folder. What was open is closed: no list stands beside another patient's images.

        Reconstructions stay in memory, and steps in their journal, until their patient space is opened again.
        """
        self.remember(self.settings.with_recent(folder))
        self._spaces.leave()
        # What was said of the study before would be read as said of this one.
        self._replace(State(folder=folder, scan=scan, notices=scan.findings))

    def show_volume(self, series: Series, phase: int, volume: Volume) -> None:
        """Show a volume with the plan and the anatomy of its patient space.

        Raises:
            PlannerError: the journal of this patient space cannot be opened; nothing has changed.
        """
        uid = volume.frame_of_reference_uid
        space = uid or series.series_uid
        history = self._spaces.enter(space, uid)
        is_same_space = history is self.state.history
        is_same_series = is_shown(self.state, series)
        middle = as_point(volume.centre_mm)
        anatomy = self._spaces.anatomy(space, phase)
        self._change(
            source=self.state.folder,
            series=series,
            phase=phase,
            volume=volume,
            clip=None,
            playback=self.state.playback if is_same_series else self._stopped(),
            suggestions=self.state.suggestions if is_same_series else (),
            anatomy=anatomy,
            history=history,
            view=looks_of(anatomy, self.state.view),
            crosshair_mm=kept_crosshair(self.state, volume) if is_same_space else middle,
            window=kept_window(self.state, series, volume),
            along_image=kept_axes(self.state, series, volume),
            placed_mm=(),
            selected_id=self.state.selected_id if is_same_space else None,
            case=self.state.case if is_same_space else None,
            saved=self.state.saved if is_same_space else None,
            # Said once when a series is opened, not again at each of its phases.
            notices=self.state.notices if is_same_series else (*self.state.notices, *series.findings),
        )

    def show_clip(self, clip: OpenClip) -> None:
        """Show a picture without a place in the patient instead of the slices; surfaces and plan stay."""
        self._change(
            clip=clip,
            playback=self._stopped(),
            tool=Tool.NAVIGATE,
            placed_mm=(),
            notices=(*self.state.notices, *dict.fromkeys((*clip.series.findings, *clip.clip.findings))),
        )

    def show_moment(self, index: int, content: Moment) -> None:
        """Show another phase of the open series, or another frame of the open clip.

        Raises:
            PlannerError: as `show_volume`.
        """
        if self.state.clip is not None and isinstance(content, np.ndarray):
            self._change(clip=self.state.clip.at(index, content))
        elif self.state.series is not None and isinstance(content, Volume):
            self.show_volume(self.state.series, index, content)

    def set_playback(self, playback: Playback) -> None:
        """Play, pause, loop, or change the speed."""
        self._change(playback=playback)

    def suggest(self, series: Series, suggestions: tuple[tuple[int, str], ...]) -> None:
        """Note which phases of a series the images suggest to be ED and ES; dropped when it is not open any more."""
        if is_shown(self.state, series):
            self._change(suggestions=suggestions)

    def measure_clip(self, is_measuring: bool) -> None:
        """Take the ruler for the picture in hand, or put it away."""
        if self.state.clip is not None:
            self._change(clip=replace(self.state.clip, is_measuring=is_measuring, start=None))

    def place_on_clip(self, at: Pixel) -> None:
        """Place one end of a ruler on the picture, (column, row)."""
        clip = self.state.clip
        if clip is not None and clip.is_measuring:
            self._change(clip=clip.with_point(at), playback=self._stopped())

    def remove_rulers(self) -> None:
        """Take all rulers off the picture."""
        if self.state.clip is not None:
            self._change(clip=replace(self.state.clip, rulers=(), start=None))

    def show_given(self, given: Anatomy) -> None:
        """Show structures that came as a file beside those that are there, marked as given.

        Raises:
            PlannerError: as `show_anatomy`.
        """
        volume = self.state.volume
        if volume is not None and volume.frame_of_reference_uid != given.frame_of_reference_uid:
            raise other_space()
        self.show_anatomy(joined(self.state.anatomy, given))
        if self.state.n_moments > 1 and self.state.clip is None:
            self.note(shown_with_phase(self.state.phase))

    def add_measurements(self, given: Measurements) -> None:
        """Add what a report measured to the plan, as one step, and tell what could not be taken over.

        Raises:
            PlannerError: no images are open, or they lie in another patient space; nothing has changed.
        """
        plan = self.state.plan
        if given.plan.items:
            if not self.state.is_patient_open:
                raise no_images_for_report()
            if given.plan.frame_of_reference_uid not in {plan.frame_of_reference_uid} - {""}:
                raise other_space_of_report()
            edit = edits.add_measurements(plan, given.plan.items)
            if edit.plan != plan:
                self.apply(edit)
        self._change(notices=(*self.state.notices, *given.findings))

    def show_anatomy(self, anatomy: Anatomy, phase: int | None = None) -> None:
        """Show a reconstruction together with the volume that is open.

        Args:
            anatomy: what was reconstructed.
            phase: the phase that it was made from; None for the one that is shown. Made from another one, it is
                kept until that phase is shown.

        Raises:
            PlannerError: it belongs to another patient space than the volume; nothing has changed.
        """
        state = self.state
        uid = anatomy.frame_of_reference_uid
        if state.volume is not None and state.volume.frame_of_reference_uid != uid:
            raise PlannerError(
                "the reconstruction is not shown",
                "it lies in another patient space than the images that are open",
                "open the series it was made from",
            )
        space = uid or self._spaces.key
        history = state.history if state.volume is not None else self._spaces.enter(space, uid)
        made_from = state.phase if phase is None else phase
        self._spaces.keep(space, made_from, anatomy)
        if made_from != state.phase:
            self.note(_ready_at(made_from))
            return
        crosshair = state.crosshair_mm or as_point(anatomy.bounds_mm.mean(axis=0))
        self._change(
            anatomy=anatomy,
            history=history,
            view=looks_of(anatomy, state.view),
            crosshair_mm=crosshair,
            notices=(*state.notices, *anatomy.findings),
        )

    def show_case(self, folder: Path, case: Case) -> None:
        """Show a saved case. A plan with steps that are not in the case stays one undo away.

        Raises:
            PlannerError: its journal cannot be opened.
        """
        if case.scan is not None and case.study is not None:
            self.show_study(case.study, case.scan)
        if case.series is not None and case.volume is not None:
            self.show_volume(case.series, case.phase, case.volume)
        else:
            self._show_space_of(folder, case)
        if case.anatomy is not None:
            self.show_anatomy(case.anatomy)
            self.look(case.view)
        if case.plan != self.state.plan:
            self.apply(Edit("Open saved plan", case.plan))
        self._change(notices=(*self.state.notices, *case.findings))
        self.saved_as(folder, case.plan, case.anatomy)

    def apply(self, edit: Edit) -> None:
        """Do one step. Raises PlannerError when no patient is open or the step could not be saved."""
        self._change(history=self._spaces.journal.push(edit))

    def undo(self) -> None:
        """Take the last step back. Raises PlannerError when that could not be saved."""
        self._after_history(self._spaces.journal.undo())

    def redo(self) -> None:
        """Do the next undone step again. Raises PlannerError when that could not be saved."""
        self._after_history(self._spaces.journal.redo())

    def take(self, tool: Tool) -> None:
        """Take a tool in hand; points that were placed for another item are dropped."""
        self._change(tool=tool, placed_mm=())

    def place(self, position_mm: np.ndarray | Point) -> None:
        """Place one point with the tool in hand; the last one of an item adds it to the plan."""
        if self.state.tool is Tool.NAVIGATE:
            return
        if self.state.tool is Tool.SHEET:
            self._place_in_sheet(position_mm)
            return
        placed = (*self.state.placed_mm, as_point(position_mm))
        item = item_of(self.state.tool, placed, self.state.plan)
        if item is None:
            self._change(placed_mm=placed)
            return
        self._add(item)

    def finish(self) -> None:
        """End the line in hand, or the ring of the sheet's step; nothing happens while points are missing."""
        state = self.state
        if state.tool is Tool.SHEET:
            self.skip_step()
            return
        line = line_of(state.tool, state.placed_mm, state.plan)
        if line is not None:
            self._add(line)

    def drag(self, item: Item) -> None:
        """Show an item as it would be if the point that is held were let go; no step of the plan."""
        self._change(dragged=item)

    def drop(self) -> None:
        """Let go of the dragged point: one step. Raises PlannerError when the step could not be saved."""
        item = self.state.dragged
        self._change(dragged=None)
        if item is not None and self.state.plan.find(item.item_id) != item:
            self.apply(edits.change(self.state.plan, item, "Move point of"))

    def open_sheet(self, root: AorticRoot) -> None:
        """Lead through the points of a root; it joins the plan when it is not in it yet."""
        if root not in self.state.plan.items:
            self.apply(edits.add(self.state.plan, root))
        field = first_open(root)
        tool = Tool.SHEET if field is not None else Tool.NAVIGATE
        self._change(sheet=Sheet(root.item_id, field), selected_id=root.item_id, tool=tool, placed_mm=())

    def choose_step(self, field: str | None) -> None:
        """Let the next click place the point of this step of the sheet; None: all is placed."""
        if self.state.sheet is not None:
            tool = Tool.NAVIGATE if field is None else Tool.SHEET
            self._change(sheet=replace(self.state.sheet, field=field), tool=tool, placed_mm=())

    def skip_step(self) -> None:
        """Go on to the step after the present one."""
        sheet, root = self.state.sheet, self.state.sheet_root
        if sheet is not None and sheet.field is not None and root is not None:
            self.choose_step(following(root, sheet.field))

    def close_sheet(self) -> None:
        """Stop placing the sheet's points; what was placed stays in the plan."""
        tool = Tool.NAVIGATE if self.state.tool is Tool.SHEET else self.state.tool
        self._change(sheet=None, tool=tool)

    def select(self, item_id: str | None) -> None:
        """Select one item of the plan, or none."""
        self._change(selected_id=item_id)

    def look(self, view: ViewState) -> None:
        """Show structures, planes and measures in this way."""
        self._change(view=view)

    def look_at(self, position_mm: np.ndarray | Point) -> None:
        """Move the crosshair, and with it all slices, to an LPS position in mm."""
        self._change(crosshair_mm=as_point(position_mm))

    def set_window(self, window: Window) -> None:
        """Show the slices, or the picture in their place, with this window."""
        if self.state.clip is not None:
            self._change(clip=replace(self.state.clip, window=window))
        else:
            self._change(window=window)

    def turn_slices(self, along_image: bool) -> None:
        """Let the slices follow the image's own axes, or the patient's."""
        self._change(along_image=along_image)

    def saved_as(self, case: Path, plan: Plan, anatomy: Anatomy | None) -> None:
        """Note what `case` holds now."""
        self._change(case=case, saved=(plan, anatomy))

    def note(self, finding: Finding) -> None:
        """Tell the user something that does not stop the work."""
        self._change(notices=(*self.state.notices, finding))

    def refuse(self, refusal: PlannerError) -> None:
        """Tell the user what was refused, why, and what to do."""
        self.note(Finding("refused", refusal.what, refusal.why, refusal.fix))

    def close(self) -> None:
        """Release the journal; the session shows nothing afterwards."""
        self._observers.clear()
        self._spaces.leave()

    def _add(self, item: Item) -> None:
        self._change(placed_mm=())
        self.apply(edits.add(self.state.plan, item))
        self.select(item.item_id)

    def _place_in_sheet(self, position_mm: np.ndarray | Point) -> None:
        if self.state.sheet is not None:
            edit, sheet = place_in_sheet(self.state.plan, self.state.sheet, position_mm)
            self.apply(edit)
            self.choose_step(sheet.field)

    def _change(self, **changes: object) -> None:
        if "history" in changes:
            # What was held belonged to the plan as it was.
            changes.setdefault("dragged", None)
        self._replace(replace(self.state, **changes))  # type: ignore[arg-type]

    def _replace(self, state: State) -> None:
        if state.sheet is not None and state.sheet_root is None:
            tool = Tool.NAVIGATE if state.tool is Tool.SHEET else state.tool
            state = replace(state, sheet=None, tool=tool)
        before, self.state = self.state, state
        for observer in list(self._observers):
            observer(before, self.state)

    def _after_history(self, history: History) -> None:
        ids = {item.item_id for item in history.plan.items}
        selected = self.state.selected_id if self.state.selected_id in ids else None
        self._change(history=history, selected_id=selected)
        sheet, root = self.state.sheet, self.state.sheet_root
        if sheet is not None and root is not None:
            self.choose_step(after_change(root, sheet.field))

    def _show_space_of(self, folder: Path, case: Case) -> None:
        uid = case.plan.frame_of_reference_uid
        history = self._spaces.enter(uid or case.series_uid or str(folder.resolve()), uid)
        empty = State(folder=self.state.folder, scan=self.state.scan, notices=self.state.notices)
        self._replace(replace(empty, history=history))

    def _stopped(self) -> Playback:
        return replace(self.state.playback, is_playing=False)


def _ready_at(phase: int) -> Finding:
    return Finding(
        "ready_at_phase",
        f"the reconstruction of phase {phase + 1} is ready",
        "another phase is shown now",
        f"go to phase {phase + 1} to see it",
    )
