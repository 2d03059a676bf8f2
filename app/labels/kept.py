"""The anatomies that edits began with, on the disk before the first edit: the journal only tells what changed."""

from __future__ import annotations

from pathlib import Path

from app.anatomy_file import read_anatomy, write_anatomy
from core.anatomy import Anatomy
from core.errors import PlannerError


class KeptAnatomies:
    """One file for each label map that was edited, named by the map; the ones in use stay in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, Anatomy] = {}

    def keep(self, name: str, anatomy: Anatomy) -> None:
        """Put an anatomy on the disk, once. Raises PlannerError when it cannot be written."""
        if not self._path(name).is_file():
            write_anatomy(anatomy, self._path(name), is_quick=True)
        self._kept.setdefault(name, anatomy)

    def has(self, name: str) -> bool:
        """Whether the anatomy of this map is here."""
        return name in self._kept or self._path(name).is_file()

    def find(self, name: str) -> Anatomy:
        """The anatomy that the edits of this map began with.

        Raises:
            PlannerError: its file is gone or damaged.
        """
        if name not in self._kept:
            if not self._path(name).is_file():
                raise PlannerError(
                    "the edited labels are not shown",
                    "the reconstruction that they began with is gone from the disk",
                    "reconstruct again, or open a saved case",
                )
            self._kept[name] = read_anatomy(self._path(name))
        return self._kept[name]

    def forget(self) -> None:
        """Free the memory; the files stay."""
        self._kept.clear()

    def _path(self, name: str) -> Path:
        # The name comes from a journal, which allows letters and digits only.
        return self._folder / f"{name}.npz"
