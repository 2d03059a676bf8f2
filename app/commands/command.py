"""One action of the user as data, and the desk it acts on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from app.exporting import ExportChoice
from app.given import SurfaceFacts
from app.identity import Sameness
from app.measures.resecting import ResectionWish
from app.moving import ReconstructCine
from app.reconstruction import Reconstruct
from app.report.choice import ReportChoice
from app.session import Session
from app.state import State
from core.progress import Progress
from core.study import Patient, Series
from render.scene import CameraView

if TYPE_CHECKING:
    from app.commands.helping import Aid

ResultT = TypeVar("ResultT")


class Desk(Protocol):
    """Where commands act: the session, one place for long work, and the questions to the user."""

    session: Session
    reconstruct: Reconstruct
    reconstruct_cine: ReconstructCine

    @property
    def is_busy(self) -> bool:
        """True while long work runs."""

    @property
    def chosen_series(self) -> tuple[Series, ...]:
        """The series marked in the study browser."""

    def run(self, title: str, work: Callable[[Progress], ResultT], then: Callable[[ResultT], None]) -> None:
        """Start long work; `then` gets its result, a refusal is shown to the user.

        Raises:
            PlannerError: other work is still running.
        """

    def cancel(self) -> None:
        """Stop the long work that runs."""

    def ask_folder(self, title: str) -> Path | None:
        """Let the user choose a folder that exists; None when they changed their mind."""

    def ask_new_folder(self, title: str, name: str) -> Path | None:
        """Let the user name a new folder; None when they changed their mind."""

    def ask_new_file(self, title: str, name: str, pattern: str) -> Path | None:
        """Let the user name a file to write; `pattern` as Qt writes it. None when they changed their mind."""

    def ask_file(self, title: str, pattern: str) -> Path | None:
        """Let the user choose a file that exists; `pattern` as Qt writes it. None when they changed their mind."""

    def ask_surface_facts(self, paths: Sequence[Path]) -> SurfaceFacts | None:
        """Let the user say what a surface file does not: its unit and its space. None: changed their mind."""

    def ask_export(self, formats: tuple[str, ...]) -> ExportChoice | None:
        """Let the user choose formats, folder and whether the patient stays in; None: changed their mind."""

    def ask_report(self, is_patient_known: bool, then: Callable[[ReportChoice], None]) -> None:
        """Let the user name the file of a report and say whether it names the patient; `then` is done on a yes."""

    def ask_text(self, title: str, text: str, then: Callable[[str], None]) -> None:
        """Let the user write a text, `text` at first; `then` is done when it is kept."""

    def camera(self) -> CameraView | None:
        """Where the 3-D view looks from; None while there is none."""

    def picture(self) -> np.ndarray | None:
        """The 3-D view as uint8 RGB (rows, columns, 3); None while there is none."""

    def confirm(self, question: str, consequence: str) -> bool:
        """Ask before something is lost."""

    def confirm_same_patient(self, fixed: Patient | None, moving: Patient | None, found: Sameness) -> bool:
        """Let the user compare both identities, as the files give them, and say whether they are one patient."""

    def ask_first(self, question: str, consequence: str, then: Callable[[], None]) -> None:
        """Ask before something is put aside and go on meanwhile; `then` is done when the user agrees."""

    def seek(self, moment: int) -> None:
        """Show another phase of the series or frame of the clip as soon as it is loaded."""

    def ask_resection(
        self, preview: Callable[[ResectionWish], str], then: Callable[[ResectionWish], None]
    ) -> None:
        """Let the user choose depth and least wall; `preview` says what a choice means, `then` does it."""

    def show_table(self, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show numbers in a window of their own."""

    def reset_views(self) -> None:
        """Show everything again, in all views."""

    def show_library(self) -> None:
        """Bring the case library to the front, as it is now."""

    def show_planning(self) -> None:
        """Bring slices and 3-D view to the front."""

    def show_pacs(self) -> None:
        """Open the window on archives."""

    def show_aid(self, aid: Aid) -> None:
        """Open a window that helps and changes nothing of the patient."""

    def show_about(self) -> None:
        """Say what this program is and what it is not for."""

    def quit(self) -> None:
        """Close the window."""


PICTURE_SHOWN = "the picture that is shown lies in no patient space: open slices to plan on"


@dataclass(frozen=True)
class Command:
    """One row of the table.

    Attributes:
        key: stable name, ``group.action``; the group is the menu.
        title: what menus say, or a function of the state that says it.
        run: does it. May raise PlannerError, which is shown to the user.
        shortcuts: key sequences as Qt writes them, the first one is shown.
        icon: name of a drawing in `app.views.icons`; empty for none.
        is_enabled: whether it makes sense now.
        is_checked: for a switch: whether it is on; None for a plain action.
        while_busy: also offered while long work runs.
        why_not: what its tip adds while it is not enabled; empty for nothing.
    """

    key: str
    title: str | Callable[[State], str]
    run: Callable[[Desk], None]
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    is_enabled: Callable[[State], bool] = lambda state: True
    is_checked: Callable[[State], bool] | None = None
    while_busy: bool = True
    why_not: Callable[[State], str] = lambda state: ""

    def title_for(self, state: State) -> str:
        """What menus say now."""
        return self.title if isinstance(self.title, str) else self.title(state)
