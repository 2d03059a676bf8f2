"""What the 3-D view shows beside surfaces and plan: the image on cut planes, and the volume itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.state import State
from core.anatomy import Anatomy
from core.volume import Volume
from plan.items import CutPlane
from plan.plan import Plan

if TYPE_CHECKING:
    from render.scene import CutImage, Scene, VolumeLook


class ImagesInSpace:
    """Makes them, and keeps each as long as it stays the same: a plane that is dragged is the only one made anew."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[object, CutImage | None]] = {}

    def added(self, scene: Scene, state: State, anatomy: Anatomy, plan: Plan) -> Scene:
        """The scene with what the state wants to see of its volume in space."""
        return replace(scene, images=self._images(state, anatomy, plan), rendering=rendering(state, plan))

    def _images(self, state: State, anatomy: Anatomy, plan: Plan) -> tuple[CutImage, ...]:
        from render.compose import active_cuts, plane_widgets
        from render.cut_images import cut_image
        from render.cuts import geometry_of

        volume, window = shown_volume(state), state.window
        planes = _active(plan)
        if volume is None or window is None or not state.arrangement.has_cut_images:
            self._kept.clear()
            return ()
        kept: dict[str, tuple[object, CutImage | None]] = {}
        for plane, widget in zip(planes, plane_widgets(anatomy, plan), strict=True):
            others = tuple(other for other in active_cuts(plan) if other.item_id != plane.item_id)
            key = (volume, window, tuple(geometry_of(one) for one in (plane, *others)), widget.size_mm)
            old = self._kept.get(plane.item_id)
            if old is not None and old[0] == key:
                kept[plane.item_id] = old
            else:
                image = cut_image(volume, plane, others, widget.size_mm, (window.level, window.width))
                kept[plane.item_id] = key, image
        self._kept = kept
        return tuple(image for _, image in kept.values() if image is not None)


def rendering(state: State, plan: Plan) -> VolumeLook | None:
    """The volume rendering that is shown; None where it is off or means nothing for this volume."""
    from render.scene import VolumeLook

    volume, preset = shown_volume(state), state.arrangement.rendering
    if volume is None or not can_render(volume, preset):
        return None
    planes = tuple((plane.origin_mm, plane.normal) for plane in _active(plan))
    return VolumeLook(volume, preset, planes)


def can_render(volume: Volume | None, preset: str) -> bool:
    """Whether a preset can be shown of a volume; of a single plane nothing can."""
    from render.volume_looks import VOLUME_PRESETS, fits

    return volume is not None and preset in VOLUME_PRESETS and min(volume.shape) > 1 and fits(preset, volume)


def shown_volume(state: State) -> Volume | None:
    """The volume that belongs into the space of the 3-D view."""
    return state.volume if state.clip is None else None


def _active(plan: Plan) -> tuple[CutPlane, ...]:
    return tuple(plane for plane in plan.of_type(CutPlane) if plane.is_active)
