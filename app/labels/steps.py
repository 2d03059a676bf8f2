"""What a user does to labels, and what becomes of the anatomy when the history goes on, back, or to other labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from app.labels.edited import as_own_map, followed, mark_of, with_surfaces
from app.labels.editing import LABEL_TOOLS, Contours, LabelBrush, Touch, begin, moved, structure_in_hand
from app.patient_space import PatientSpaces
from app.shown import Shown
from app.tools import Tool
from core.anatomy import Anatomy
from core.errors import Finding, PlannerError
from core.mesh import SurfaceMesh
from core.volume import LabelMap
from plan.edits import Edit
from plan.history import History
from plan.label_edits import LabelsReplaced
from plan.label_lineage import Lineage, lineage_of


class LabelSteps:
    """Strokes of the label tools; `apply` does one step of the history."""

    def __init__(self, shown: Shown, spaces: PatientSpaces, apply: Callable[[Edit], None]) -> None:
        self._shown = shown
        self._spaces = spaces
        self._apply = apply

    def take(self, tool: Tool) -> None:
        """Take a label tool in hand; what the edits will begin with goes to the disk first.

        Raises:
            PlannerError: there are no labels, or the disk cannot be written.
        """
        state = self._shown.state
        anatomy = state.anatomy
        if anatomy is None or anatomy.labels is None:
            raise no_labels()
        self._keep_beginning(anatomy)
        brush = replace(state.brush, key=structure_in_hand(anatomy.labels, state.brush))
        self._shown.change(tool=tool, placed_mm=(), brush=brush)

    def use(self, brush: LabelBrush) -> None:
        """Correct labels in this way from now on."""
        self._shown.change(brush=brush)

    def resize(self, n_steps: float) -> None:
        """Make the brush, or the reach of a pull, larger or smaller."""
        self.use(self._shown.state.brush.resized(self._shown.state.tool, n_steps))

    def press(self, touch: Touch, contours: tuple[Contours, ...] = ()) -> None:
        """Begin a stroke. Raises PlannerError where there is nothing to correct."""
        state = self._shown.state
        if state.tool in LABEL_TOOLS and state.anatomy is not None and state.anatomy.labels is not None:
            stroke = begin(state.tool, state.brush, state.anatomy.labels, touch, contours)
            self._shown.change(stroke=stroke)

    def move(self, touch: Touch) -> None:
        """Go on with the stroke that is held."""
        if self._shown.state.stroke is not None:
            self._shown.change(stroke=moved(self._shown.state.stroke, touch))

    def let_go(self) -> None:
        """Drop the stroke that is held; nothing has changed."""
        if self._shown.state.stroke is not None:
            self._shown.change(stroke=None)

    def release(self) -> None:
        """End the stroke: one step. Raises PlannerError when it could not be saved; nothing has changed then."""
        state = self._shown.state
        stroke, anatomy = state.stroke, state.anatomy
        self.let_go()
        if stroke is None or anatomy is None or anatomy.labels is not stroke.labels or not len(stroke.flat):
            return
        self._keep_beginning(anatomy)
        edit = stroke.edit(mark_of(anatomy).map_id, state.phase)
        self._apply(Edit(stroke.name, state.plan, edit))

    def keep_beginning(self) -> None:
        """Keep on the disk what a step of labels begins with. Raises PlannerError when it cannot be written."""
        anatomy = self._shown.state.anatomy
        if anatomy is None or anatomy.labels is None:
            raise no_labels()
        self._keep_beginning(anatomy)

    def show_surfaces(self, labels: LabelMap, made: Mapping[str, SurfaceMesh | None]) -> None:
        """Show surfaces that were made of labels; dropped when these are not the ones of now."""
        state = self._shown.state
        if state.anatomy is not None and state.anatomy.labels is labels:
            anatomy = with_surfaces(state.anatomy, made)
            self._spaces.keep(self._spaces.key, state.phase, anatomy)
            self._shown.change(anatomy=anatomy, stroke=state.stroke)

    def beginning(self) -> Anatomy:
        """The shown anatomy as it was before the first edit. Raises PlannerError when that is gone."""
        anatomy = self._shown.state.anatomy
        if anatomy is None or anatomy.labels is None:
            raise no_labels()
        mark = mark_of(anatomy)
        return self._spaces.kept.find(mark.map_id) if mark.last_step else anatomy

    def after(self, history: History) -> Anatomy | None:
        """The anatomy of the shown phase as another history of this space has it.

        Raises:
            PlannerError: what its edits began with is gone.
        """
        state = self._shown.state
        before, now = (lineage_of(steps, state.phase) for steps in (state.history, history))
        if now is None or now == before:
            return state.anatomy
        return self._followed(now, state.anatomy, before)

    def restored(
        self, space: str, phase: int, history: History, is_moving: bool = False
    ) -> tuple[Anatomy | None, tuple[Finding, ...]]:
        """The anatomy of a phase as its history has it, from memory or from the disk, and what is to be said of it.

        Args:
            is_moving: there is a heart of all phases; labels whose edits are all undone do not take its place.
        """
        anatomy, now = self._spaces.anatomy(space, phase), lineage_of(history, phase)
        if now is None or (anatomy is None and is_moving and not now.edits):
            return anatomy, ()
        if anatomy is not None and anatomy.labels is not None:
            mark = mark_of(anatomy)
            if mark.map_id != now.map_id or mark.last_step == now.last_step:
                return anatomy, ()
        try:
            anatomy = self._followed(now, None, None)
        except PlannerError as refusal:
            return anatomy, (Finding("refused", refusal.what, refusal.why, refusal.fix),)
        self._spaces.keep(space, phase, anatomy)
        return anatomy, (_brought_back(len(now.edits)),) if now.edits else ()

    def arriving(
        self, anatomy: Anatomy, phase: int, history: History, is_saved: bool
    ) -> tuple[Anatomy, LabelsReplaced | None, tuple[Finding, ...]]:
        """What to show when an anatomy comes to a phase whose labels may have been edited.

        A saved one that the history has gone on from is shown as the history has it. Any other labels, the same
        ones before their edits among them, take the place of edited ones as one step: undo leads back.

        Raises:
            PlannerError: the labels to lead back from could not be kept.
        """
        lineage, present = lineage_of(history, phase), self._spaces.anatomy(self._spaces.key, phase)
        is_joined = present is not None and present.labels is anatomy.labels
        if anatomy.labels is None or is_joined:
            return anatomy, None, ()
        mark = mark_of(anatomy)
        if (
            is_saved
            and lineage is not None
            and mark.map_id == lineage.map_id
            and self._spaces.kept.has(mark.map_id)
        ):
            if mark.last_step == lineage.last_step:
                return anatomy, None, ()
            if mark.last_step in {"", *(edit.step_id for edit in lineage.edits)}:
                return self._followed(lineage, None, None), None, (_newer(),)
        anatomy = as_own_map(anatomy)
        if lineage is None or not lineage.edits:
            return anatomy, None, ()
        name = mark_of(anatomy).map_id
        self._spaces.kept.keep(name, anatomy)
        return anatomy, LabelsReplaced(name, phase), (_replaced(),)

    def _followed(self, now: Lineage, shown: Anatomy | None, before: Lineage | None) -> Anatomy:
        begun = self._spaces.kept.find(now.map_id)
        is_beside = shown is not None and shown.labels is not None and before is not None
        if not is_beside or mark_of(shown).map_id != now.map_id:  # type: ignore[arg-type]
            shown = before = None
        try:
            return followed(begun, now, shown, before)
        except ValueError as error:
            raise PlannerError(
                "the edited labels are not shown",
                f"the journal and the labels on the disk do not fit: {error}",
                "reconstruct again, or open a saved case",
            ) from error

    def _keep_beginning(self, anatomy: Anatomy) -> None:
        mark = mark_of(anatomy)
        if not mark.last_step:
            self._spaces.kept.keep(mark.map_id, anatomy)


def no_labels() -> PlannerError:
    """The refusal to correct labels where there are none."""
    return PlannerError(
        "there are no labels to correct",
        "surfaces alone do not say which voxels belong to a structure",
        "reconstruct the series, or open a segmentation",
    )


def _brought_back(n_edits: int) -> Finding:
    return Finding(
        "labels_restored",
        f"the labels were brought back with {n_edits} edit{'s' if n_edits != 1 else ''} by hand",
        "they are kept with every step of the plan",
        "undo leads back to the labels before them",
    )


def _newer() -> Finding:
    return Finding(
        "newer_than_case",
        "the labels are newer than the saved case",
        "they were edited after it was saved",
        "undo leads back to what was saved",
    )


def _replaced() -> Finding:
    return Finding(
        "edits_replaced",
        "these labels took the place of ones that were edited by hand",
        "the edits are not in them",
        "undo leads back to the edited ones",
    )
