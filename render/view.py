"""What the user wants to see of an anatomy: plain settings, apart from the anatomy and the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.anatomy import HEART_BY_KEY, RESECTED, Anatomy
from render.palette import UNKNOWN_STRUCTURE, Colour


@dataclass(frozen=True)
class StructureView:
    """How one structure is shown: colour RGB 0-1, opacity 0-1."""

    is_visible: bool = True
    colour: Colour = UNKNOWN_STRUCTURE
    opacity: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.opacity <= 1.0:
            raise ValueError("opacity lies between 0 and 1")


@dataclass(frozen=True)
class ViewState:
    """How an anatomy and its plan are shown.

    Attributes:
        structures: structure key -> how it is shown; a key that is absent is shown in its own colour.
        paint_uncertainty: surfaces that have values are opaque and coloured by millimetres instead of their own colour.
        show_found_landmarks: the places that the network found.
        paint_thickness: the wall is coloured by its thickness; comes before `paint_uncertainty`.
    """

    structures: Mapping[str, StructureView] = field(default_factory=dict)
    show_cut_planes: bool = True
    show_measures: bool = True
    paint_uncertainty: bool = False
    show_found_landmarks: bool = False
    paint_thickness: bool = False

    @property
    def painted_by(self) -> str:
        """The field that surfaces are coloured by, a name of `render.painted_fields`; empty for none."""
        if self.paint_thickness:
            return "thickness_mm"
        return "uncertainty_mm" if self.paint_uncertainty else ""

    @classmethod
    def default(cls, anatomy: Anatomy) -> ViewState:
        """Everything of `anatomy` visible and opaque, in the colours of `core.anatomy`."""
        return cls({key: default_structure_view(key) for key in anatomy.surfaces})

    def structure(self, key: str) -> StructureView:
        """How structure `key` is shown."""
        return self.structures.get(key) or default_structure_view(key)

    def with_structure(
        self,
        key: str,
        *,
        is_visible: bool | None = None,
        colour: Colour | None = None,
        opacity: float | None = None,
    ) -> ViewState:
        """The same view with what is given changed for structure `key`."""
        old = self.structure(key)
        new = StructureView(
            old.is_visible if is_visible is None else is_visible,
            old.colour if colour is None else colour,
            old.opacity if opacity is None else opacity,
        )
        return replace(self, structures={**self.structures, key: new})


def default_structure_view(key: str) -> StructureView:
    """Visible, opaque, in the structure's own colour; a neutral one for a key Auricle does not know."""
    kind = RESECTED if key == RESECTED.key else HEART_BY_KEY.get(key)
    return StructureView(colour=kind.colour if kind else UNKNOWN_STRUCTURE)
