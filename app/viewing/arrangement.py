"""What the planning page shows of a patient and from where, as one frozen part of the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from app.viewing.axes import SliceAxes
from app.viewing.slab import PLAIN, Slab
from plan.items import Point

if TYPE_CHECKING:
    from app.viewing.curve import CurvedView

SCENE = "scene"


class Layout(Enum):
    """How the views share the page."""

    ONE = "one"
    SIDE = "side"
    GRID = "grid"
    SCENE = "scene"


@dataclass(frozen=True, eq=False)
class Aim:
    """A look that was asked for: views that see a new one go there once and stay free afterwards.

    Attributes:
        focal_mm: LPS, in the middle of what is to be seen.
        normal, up: unit directions towards the viewer and to the top of the picture.
        reach_mm: how far around the middle is to be seen.
        title: "Four-chamber view".
        is_for_scene: the 3-D view goes there too; else only the slices do.
    """

    focal_mm: Point
    normal: Point
    up: Point
    reach_mm: float
    title: str
    is_for_scene: bool = True


@dataclass(frozen=True)
class Arrangement:
    """Layout, turned slices, slabs and the looks of the 3-D view.

    Attributes:
        layout: how the views share the page.
        alone: the view that a double click made the only one, "scene" or an orientation; empty for none.
        axes: the directions of turned slices; None along the patient or the image.
        slabs: orientation -> its slab; a plain slice where there is none.
        aim: the last standard view that was asked for.
        rendering: preset of the volume rendering; empty for none.
        has_cut_images: the image is shown on the cut planes in the 3-D view.
        curved: the slices along a vessel; None for none.
    """

    layout: Layout = Layout.GRID
    alone: str = ""
    axes: SliceAxes | None = None
    slabs: Mapping[str, Slab] = field(default_factory=dict)
    aim: Aim | None = None
    rendering: str = ""
    has_cut_images: bool = True
    curved: CurvedView | None = None

    def slab(self, orientation: str) -> Slab:
        """The slab of one view."""
        return self.slabs.get(orientation, PLAIN)

    def for_other_patient(self) -> Arrangement:
        """What stays when another patient space is opened: nothing that has a place in the old one."""
        return replace(self, alone="", axes=None, aim=None, rendering="", curved=None)

    def shown_views(self, orientations: tuple[str, ...]) -> tuple[str, ...]:
        """Which of the views with something to show have a place on the page, "scene" among them."""
        if self.alone == SCENE or self.alone in orientations:
            return (self.alone,)
        if self.layout is Layout.SCENE or not orientations:
            return (SCENE,)
        return orientations[:1] if self.layout is Layout.ONE else (SCENE, *orientations)
