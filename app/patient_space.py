"""The patient space that is open: its journal on the disk, and the hearts that were made in it, by phase."""

from __future__ import annotations

import hashlib
from pathlib import Path

from app.labels.kept import KeptAnatomies
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.motion import MovingAnatomy
from plan.history import History
from plan.plan import Plan
from plan.storage import Journal


class PatientSpaces:
    """Holds at most one journal open; anatomies stay in memory until their space is entered again."""

    def __init__(self, data_folder: Path) -> None:
        self._folder = data_folder / "journals"
        self.kept = KeptAnatomies(data_folder / "anatomies")
        self._journal: Journal | None = None
        self._path: Path | None = None
        self._key = ""
        # A heart of one phase is not drawn over images of another.
        self._anatomies: dict[tuple[str, int], Anatomy] = {}
        self._moving: dict[str, MovingAnatomy] = {}

    @property
    def key(self) -> str:
        """What names the open space; empty when none is."""
        return self._key

    @property
    def journal(self) -> Journal:
        """The journal of the open space. Raises PlannerError when no patient is open."""
        if self._journal is None:
            raise PlannerError("nothing to plan on", "no patient is open", "open a series first")
        return self._journal

    def enter(self, key: str, uid: str) -> History:
        """Open the journal of a space; the one before is closed.

        Args:
            key: what names the space: its frame of reference, or what stands for it where files give none.
            uid: the frame of reference, empty when unknown.

        Raises:
            PlannerError: nothing names the space, or its journal cannot be opened; the one before stays open.
        """
        if not key:
            raise PlannerError(
                "it is not opened",
                "nothing tells whose heart it is",
                "open the images it was made from",
            )
        # The UID comes from a file: hashed, it can name no other place on the disk.
        name = hashlib.sha256(key.encode()).hexdigest()[:24]
        path = self._folder / f"{name}.sqlite"
        if self._journal is None or path != self._path:
            opened = Journal(path, Plan(uid))
            if opened.history.plan.frame_of_reference_uid != uid:
                opened.close()
                raise PlannerError(
                    "the plan is not opened",
                    "its journal belongs to another patient space",
                    f"move {path.name} aside",
                )
            self.leave()
            self._journal, self._path, self._key = opened, path, key
        return self._journal.history

    def leave(self) -> None:
        """Close the journal; every step is in it."""
        if self._journal is not None:
            self._journal.close()
            self._journal, self._key = None, ""
            self.kept.forget()

    def keep(self, key: str, phase: int, anatomy: Anatomy) -> None:
        """Remember what was made of one phase in a space."""
        self._anatomies[key, phase] = anatomy

    def anatomy(self, key: str, phase: int) -> Anatomy | None:
        """What was made of this phase alone."""
        return self._anatomies.get((key, phase))

    def keep_moving(self, key: str, moving: MovingAnatomy) -> None:
        """Remember a heart of all phases; what was made of single ones before goes."""
        self._moving[key] = moving
        for of_phase in [kept for kept in self._anatomies if kept[0] == key]:
            del self._anatomies[of_phase]

    def moving(self, key: str, n_phases: int) -> MovingAnatomy | None:
        """The heart of all phases in a space, for a series of as many phases; another one's phases are not its."""
        moving = self._moving.get(key)
        return moving if moving is not None and moving.n_phases == n_phases else None
