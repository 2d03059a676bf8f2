"""All that the window shows, as one frozen snapshot; observers compare two of them and touch what changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from app.clips import OpenClip
from app.fusion.image import Fusion
from app.labels.editing import LABEL_TOOLS, LabelBrush, Stroke
from app.measures.seen import seen_on
from app.playback import Playback
from app.sheets.guides import is_guided
from app.sheets.steps import Sheet
from app.tools import Tool
from app.viewing.arrangement import Arrangement
from app.windowing import Window
from core.anatomy import Anatomy
from core.errors import Finding
from core.motion import MovingAnatomy
from core.study import ScanResult, Series
from core.volume import Volume
from plan.history import History
from plan.items import Item, Point
from plan.plan import Plan
from render.view import ViewState


@dataclass(frozen=True)
class State:
    """What is open and how it is shown.

    Attributes:
        folder, scan: the study folder and what was found in it.
        source, series, phase, volume: what the slices show, and the study folder it came from.
        clip: the picture without a place in the patient that is shown instead of the slices.
        playback: whether and how phases or frames follow each other.
        suggestions: phases that the images suggest to be end-diastole and end-systole, as (phase, "ED").
        anatomy: the reconstruction in the volume's patient space.
        moving: the heart at all phases, where it was reconstructed; `anatomy` is its phase that is shown.
        fusion: a second series over the open one; `app.fusion.making.shown_fusion` tells whether it is shown now.
        history: the plan of this patient space with its undo steps; every one of them is in the journal.
        view: how structures, planes and measures are shown.
        crosshair_mm: the point all slices pass through, LPS mm.
        window: grey values of the slices.
        along_image: slices follow the image's own axes instead of the patient's.
        tool, placed_mm: the tool in hand and the points it has placed so far, LPS mm.
        dragged: the item whose point is held right now, as it would be; not yet a step of the plan.
        brush: how the label tools correct labels.
        stroke: the correction of labels that is held right now; not yet a step.
        sheet: the guided sheet that is open.
        selected_id: the plan item that is selected.
        case, saved: the case folder last saved to or opened from, and the plan and anatomy that are in it.
        saved_moving: the heart at all phases that is in it.
        notices: what the user should know, newest last.
        arrangement: layout, turned slices, slabs and the looks of the 3-D view.
    """

    folder: Path | None = None
    scan: ScanResult | None = None
    source: Path | None = None
    series: Series | None = None
    phase: int = 0
    volume: Volume | None = None
    clip: OpenClip | None = None
    playback: Playback = field(default_factory=Playback)
    suggestions: tuple[tuple[int, str], ...] = ()
    anatomy: Anatomy | None = None
    moving: MovingAnatomy | None = None
    fusion: Fusion | None = None
    history: History = field(default_factory=History)
    view: ViewState = field(default_factory=ViewState)
    crosshair_mm: Point | None = None
    window: Window | None = None
    along_image: bool = False
    tool: Tool = Tool.NAVIGATE
    placed_mm: tuple[Point, ...] = ()
    dragged: Item | None = None
    brush: LabelBrush = field(default_factory=LabelBrush)
    stroke: Stroke | None = None
    sheet: Sheet | None = None
    selected_id: str | None = None
    case: Path | None = None
    saved: tuple[Plan, Anatomy | None] | None = None
    saved_moving: MovingAnatomy | None = None
    notices: tuple[Finding, ...] = ()
    arrangement: Arrangement = field(default_factory=Arrangement)

    @property
    def plan(self) -> Plan:
        """The plan as it is now."""
        return self.history.plan

    @property
    def shown_plan(self) -> Plan:
        """The plan as the views draw it: a dragged point where it is held, measures of another heart known as such."""
        plan = self.plan if self.dragged is None else self.plan.with_item(self.dragged)
        return seen_on(plan, self.anatomy)

    @property
    def sheet_item(self) -> Item | None:
        """The item of the open sheet as it is shown."""
        wanted = self.sheet.item_id if self.sheet is not None else None
        found = (item for item in self.shown_plan.items if item.item_id == wanted and is_guided(item))
        return next(found, None)

    @property
    def is_patient_open(self) -> bool:
        """True when there is a patient space to plan in."""
        return self.volume is not None or self.anatomy is not None

    @property
    def is_in_patient(self) -> bool:
        """False when what is shown lies in a space of its own: left and right, head and feet are not known."""
        return self.series is None or self.series.is_in_patient

    @property
    def can_plan(self) -> bool:
        """True when what is shown lies in a patient space."""
        return self.is_patient_open and self.clip is None

    @property
    def can_edit_labels(self) -> bool:
        """True when slices of a patient and labels in the same space are shown."""
        has_labels = self.anatomy is not None and self.anatomy.labels is not None
        return self.volume is not None and self.clip is None and has_labels

    @property
    def is_editing_labels(self) -> bool:
        """True while a label tool is in hand."""
        return self.tool in LABEL_TOOLS and self.can_edit_labels

    @property
    def shown_series(self) -> Series | None:
        """The series whose images are in the middle of the window."""
        return self.clip.series if self.clip is not None else self.series

    @property
    def n_moments(self) -> int:
        """How many phases or frames the player has."""
        if self.clip is not None:
            return self.clip.clip.n_frames
        return self.series.n_phases if self.series is not None and self.volume is not None else 0

    @property
    def moment(self) -> int:
        """The phase or frame that is shown."""
        return self.clip.index if self.clip is not None else self.phase

    @property
    def is_saved(self) -> bool:
        """True when nothing would be missing from a case opened later."""
        if self.saved is None:
            return not self.plan.items and self.anatomy is None
        is_same_heart = self.saved_moving is self.moving
        is_same_phase = (is_same_heart and self.is_of_moving) or _is_same(self.saved[1], self.anatomy)
        return self.saved[0] == self.plan and is_same_heart and is_same_phase

    @property
    def is_of_moving(self) -> bool:
        """True when the anatomy that is shown is the moving heart's own phase, and nothing was done to it."""
        moving = self.moving
        return moving is not None and self.phase < moving.n_phases and self.anatomy is moving.at(self.phase)


def _is_same(saved: Anatomy | None, now: Anatomy | None) -> bool:
    """Whether an anatomy is what was saved; surfaces made again of the same labels are no change."""
    if saved is None or now is None or saved.labels is None:
        return saved is now
    return saved.labels is now.labels and saved.surfaces.keys() == now.surfaces.keys()
