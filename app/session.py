"""The one object of the program that changes: what is open, the plan with its journal, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.carrying_over import is_shown, looks_of, with_volume
from app.case import Case
from app.clip_steps import ClipSteps
from app.clips import OpenClip
from app.fusion.steps import FusionSteps
from app.given import (
    Measurements,
    joined,
    no_images_for_report,
    other_space,
    other_space_of_report,
    shown_with_phase,
)
from app.labels.editing import LABEL_TOOLS
from app.labels.steps import LabelSteps
from app.patient_space import PatientSpaces
from app.playback import Moment, Playback
from app.settings import Settings, save_settings
from app.sheet_steps import SheetSteps
from app.shown import Observer, Shown
from app.state import State
from app.tools import Tool, item_of, line_of
from app.viewing.steps import ViewingSteps
from app.windowing import Window
from core.anatomy import Anatomy
from core.errors import Finding, PlannerError
from core.motion import MovingAnatomy
from core.study import ScanResult, Series
from core.volume import Volume
from plan import edits
from plan.edits import Edit
from plan.history import History
from plan.items import CutPlane, Item, Point, as_point
from plan.plan import Plan
from render.view import ViewState


class Session:
    """Holds the state and replaces it; knows no Qt and starts no work.

    Attributes:
        sheets: the guided sheet's steps.
        rulers: those on a picture without a place in the patient.
        labels: corrections of labels.
        fusions: a second series over the open one.
        viewing: layout, turned slices, slabs, standard views.
    """

    def __init__(
        self, data_folder: Path, settings: Settings | None = None, settings_path: Path | None = None
    ) -> None:
        self.settings = settings or Settings()
        self._settings_path = settings_path
        self._data_folder = data_folder
        self._spaces = PatientSpaces(data_folder)
        self._shown = Shown()
        self.sheets = SheetSteps(self._shown, self.apply)
        self.rulers = ClipSteps(self._shown)
        self.labels = LabelSteps(self._shown, self._spaces, self.apply)
        self.fusions = FusionSteps(self._shown, data_folder)
        self.viewing = ViewingSteps(self._shown, self.apply, self._remember_layout)
        self.viewing.restore(self.settings.layout)

    @property
    def state(self) -> State:
        """What is open and how it is shown, now."""
        return self._shown.state

    @property
    def data_folder(self) -> Path:
        """Where journals and the case library live."""
        return self._data_folder

    def watch(self, observer: Observer) -> Callable[[], None]:
        """Call `observer(before, after)` at every change; returns what ends that."""
        return self._shown.watch(observer)

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
        arrangement = self.state.arrangement.for_other_patient()
        self._shown.replace(State(folder=folder, scan=scan, notices=scan.findings, arrangement=arrangement))

    def show_volume(self, series: Series, phase: int, volume: Volume) -> None:
        """Show a volume with the plan and the anatomy of its patient space.

        Raises:
            PlannerError: the journal of this patient space cannot be opened; nothing has changed.
        """
        uid = volume.frame_of_reference_uid
        space = uid or series.series_uid
        history = self._spaces.enter(space, uid)
        moving = self._spaces.moving(space, series.n_phases)
        anatomy, findings = self.labels.restored(space, phase, history, moving is not None)
        if anatomy is None and moving is not None:
            anatomy = moving.at(phase)
        shown = with_volume(self.state, series, phase, volume, anatomy, history)
        # Said once when a series is opened, not again at each of its phases.
        said = () if is_shown(self.state, series) else series.findings
        notices = (*self.state.notices, *said, *findings)
        self._shown.replace(replace(shown, moving=moving, notices=notices))

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

    def show_anatomy(self, anatomy: Anatomy, phase: int | None = None, is_saved: bool = False) -> None:
        """Show a reconstruction together with the volume that is open.

        Where it takes the place of labels that were edited by hand that is one step, and undo leads back to them.

        Args:
            anatomy: what was reconstructed.
            phase: the phase that it was made from; None for the one that is shown. Made from another one, it is
                kept until that phase is shown.
            is_saved: it comes from a case: where the history has gone on from it, that is what is shown.

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
        anatomy, step, said = self.labels.arriving(anatomy, made_from, history, is_saved)
        if step is not None:
            history = self._spaces.journal.push(
                Edit("Open saved labels" if is_saved else "Reconstruct", history.plan, step)
            )
        self._spaces.keep(space, made_from, anatomy)
        if made_from != state.phase:
            self._change(history=history)
            self._shown.note(_ready_at(made_from), *said)
            return
        crosshair = state.crosshair_mm or as_point(anatomy.bounds_mm.mean(axis=0))
        self._change(
            anatomy=anatomy,
            history=history,
            view=looks_of(anatomy, state.view),
            crosshair_mm=crosshair,
            notices=(*state.notices, *anatomy.findings, *said),
        )

    def show_moving(self, moving: MovingAnatomy) -> None:
        """Show a heart at all phases: at each phase of the images the surfaces of that phase.

        Where the series that is open has another number of phases, it is kept until one of as many is opened.
        A phase whose labels were edited by hand goes on showing these.

        Raises:
            PlannerError: it belongs to another patient space than the volume; nothing has changed.
        """
        state, uid = self.state, moving.frame_of_reference_uid
        is_in_step = state.series is None or state.series.n_phases == moving.n_phases
        if is_in_step:
            self.show_anatomy(moving.at(state.phase))
        elif state.volume is not None and state.volume.frame_of_reference_uid != uid:
            raise other_space()
        space = uid or self._spaces.key
        self._spaces.keep_moving(space, moving)
        if is_in_step:
            self._change(moving=moving)
            self._show_edited(space)
        else:
            self.note(_ready_with(moving.n_phases))

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
        if case.moving is not None:
            self.show_moving(case.moving)
        if case.anatomy is not None:
            self.show_anatomy(case.anatomy, is_saved=True)
            self.look(case.view)
        if case.fusion is not None:
            self.fusions.show(case.fusion)
        if case.plan != self.state.plan:
            self.apply(Edit("Open saved plan", case.plan))
        self._change(notices=(*self.state.notices, *case.findings))
        self.saved_as(folder, case.plan, case.anatomy, case.moving)

    def apply(self, edit: Edit) -> None:
        """Do one step. Raises PlannerError when no patient is open or the step could not be saved."""
        journal = self._spaces.journal
        self._go(journal.history.push(edit), lambda: journal.push(edit))

    def undo(self) -> None:
        """Take the last step back. Raises PlannerError when that could not be saved."""
        journal = self._spaces.journal
        self._go(journal.history.undo(), journal.undo)
        self.sheets.follow_history()

    def redo(self) -> None:
        """Do the next undone step again. Raises PlannerError when that could not be saved."""
        journal = self._spaces.journal
        self._go(journal.history.redo(), journal.redo)
        self.sheets.follow_history()

    def take(self, tool: Tool) -> None:
        """Take a tool in hand; points that were placed for another item are dropped.

        Raises:
            PlannerError: as `LabelSteps.take`, for a label tool.
        """
        if tool in LABEL_TOOLS:
            self.labels.take(tool)
        else:
            self._change(tool=tool, placed_mm=())

    def place(self, position_mm: np.ndarray | Point) -> None:
        """Place one point with the tool in hand; the last one of an item adds it to the plan."""
        if self.state.tool in (Tool.NAVIGATE, *LABEL_TOOLS):
            return
        if self.state.tool is Tool.SHEET:
            self.sheets.place(position_mm)
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
            self.sheets.skip()
            return
        line = line_of(state.tool, state.placed_mm, state.plan)
        if line is not None:
            self._add(line)

    def drag(self, item: Item | None) -> None:
        """Show an item as it would be if it were let go, whether or not the plan has it; no step. None: nothing."""
        self._change(dragged=item)

    def drop(self) -> None:
        """Let go of the dragged point: one step. Raises PlannerError when the step could not be saved."""
        item = self.state.dragged
        self._change(dragged=None)
        # What a hand before the camera holds is not in the plan before it is placed.
        known = [old for old in self.state.plan.items if item is not None and old.item_id == item.item_id]
        if item is not None and known and known[0] != item:
            verb = "Move" if isinstance(item, CutPlane) else "Move point of"
            self.apply(edits.change(self.state.plan, item, verb))

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
        self._change(along_image=along_image, arrangement=replace(self.state.arrangement, axes=None))

    def saved_as(
        self, case: Path, plan: Plan, anatomy: Anatomy | None, moving: MovingAnatomy | None = None
    ) -> None:
        """Note what `case` holds now."""
        self._change(case=case, saved=(plan, anatomy), saved_moving=moving)

    def note(self, finding: Finding) -> None:
        """Tell the user something that does not stop the work."""
        self._shown.note(finding)

    def refuse(self, refusal: PlannerError) -> None:
        """Tell the user what was refused, why, and what to do."""
        self.note(Finding("refused", refusal.what, refusal.why, refusal.fix))

    def close(self) -> None:
        """Release the journal; the session shows nothing afterwards."""
        self._shown.leave()
        self._spaces.leave()

    def _remember_layout(self, layout: str) -> None:
        self.remember(replace(self.settings, layout=layout))

    def _add(self, item: Item) -> None:
        self._change(placed_mm=())
        self.apply(edits.add(self.state.plan, item))
        self.select(item.item_id)

    def _change(self, **changes: object) -> None:
        self._shown.change(**changes)

    def _go(self, history: History, commit: Callable[[], object]) -> None:
        """Go to another history: what it shows is worked out first, then it is saved, then it is shown."""
        anatomy = self.labels.after(history)
        commit()
        changes: dict[str, object] = {"history": self._spaces.journal.history}
        if anatomy is not None and anatomy is not self.state.anatomy:
            self._spaces.keep(self._spaces.key, self.state.phase, anatomy)
            changes |= {"anatomy": anatomy, "view": looks_of(anatomy, self.state.view)}
        ids = {item.item_id for item in history.plan.items}
        self._change(**changes, selected_id=self.state.selected_id if self.state.selected_id in ids else None)

    def _show_edited(self, space: str) -> None:
        """Show the labels that were edited at this phase; the moving heart takes nobody's work away."""
        edited, said = self.labels.restored(space, self.state.phase, self.state.history, True)
        if edited is not None:
            view = looks_of(edited, self.state.view)
            self._change(anatomy=edited, view=view, notices=(*self.state.notices, *said))

    def _show_space_of(self, folder: Path, case: Case) -> None:
        uid = case.plan.frame_of_reference_uid
        history = self._spaces.enter(uid or case.series_uid or str(folder.resolve()), uid)
        empty = State(
            folder=self.state.folder,
            scan=self.state.scan,
            notices=self.state.notices,
            arrangement=self.state.arrangement.for_other_patient(),
        )
        self._shown.replace(replace(empty, history=history))

    def _stopped(self) -> Playback:
        return replace(self.state.playback, is_playing=False)


def _ready_with(n_phases: int) -> Finding:
    return Finding(
        "moving_ready",
        "the moving heart is ready",
        f"it has {n_phases} phases, and the series that is open has another number",
        f"open one of the series with {n_phases} phases",
    )


def _ready_at(phase: int) -> Finding:
    return Finding(
        "ready_at_phase",
        f"the reconstruction of phase {phase + 1} is ready",
        "another phase is shown now",
        f"go to phase {phase + 1} to see it",
    )
