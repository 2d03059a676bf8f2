"""What the session does with the way things are looked at: turn slices, thicken them, share the page, aim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from app.shown import Shown
from app.slices import ORIENTATIONS, can_turn, shown_axes
from app.viewing.arrangement import Aim, Arrangement, Layout
from app.viewing.axes import SliceAxes, axes_facing, straight_axes
from app.viewing.curve import CurvedView, shown_curve
from app.viewing.slab import Slab
from app.viewing.standard import aim_at, view_of, why_not
from core.errors import PlannerError
from plan.edits import Edit, next_name
from plan.items import CutPlane, as_point

AROUND_VESSEL_MM = 35.0


class ViewingSteps:
    """The steps of looking, on the state of a session; only a cut is a step of the plan."""

    def __init__(self, shown: Shown, apply: Callable[[Edit], None], remember: Callable[[str], None]) -> None:
        self._shown, self._apply, self._remember = shown, apply, remember

    @property
    def _arrangement(self) -> Arrangement:
        return self._shown.state.arrangement

    def restore(self, layout: str) -> None:
        """Show the layout of the last time; an unknown one is as if there were none."""
        known = {one.value: one for one in Layout}
        self._change(layout=known.get(layout, Layout.GRID))

    def lay_out(self, layout: Layout) -> None:
        """Share the page in this way, now and at the next start."""
        self._change(layout=layout, alone="")
        self._remember(layout.value)

    def show_alone(self, view: str) -> None:
        """Make one view ("scene" or an orientation) the only one; the second time all come back."""
        is_only = self._arrangement.shown_views(ORIENTATIONS) == (view,)
        if is_only and self._arrangement.alone == "":
            # Of a layout of one view there is nothing to come back to but all of them.
            self.lay_out(Layout.GRID)
        else:
            self._change(alone="" if is_only else view)

    def turn(self, axes: SliceAxes) -> None:
        """Show the slices along these axes; nothing happens where there is no stack to turn in."""
        if can_turn(self._shown.state):
            self._change(axes=axes)

    def turn_by(self, orientation: str, angle_deg: float) -> None:
        """Turn the crosshair of one view clockwise."""
        state = self._shown.state
        if state.volume is not None:
            axes = shown_axes(state) or straight_axes(state.volume, state.along_image)
            self.turn(axes.turned(orientation, angle_deg))

    def straighten(self) -> None:
        """Show the slices along the patient or the image again."""
        self._change(axes=None)

    def thicken(self, slabs: Mapping[str, Slab]) -> None:
        """Give some views (orientations) a slab."""
        self._change(slabs={**self._arrangement.slabs, **slabs})

    def show_standard(self, key: str) -> None:
        """Aim the 3-D view at a standard view and lay the slices into it.

        Raises:
            PlannerError: its landmarks are not known.
        """
        state = self._shown.state
        view = view_of(state, key)
        if view is None:
            raise PlannerError(
                "this view cannot be shown",
                why_not(state, key) or "its landmarks are not known",
                "reconstruct the heart, or place landmarks of these names by hand",
            )
        arrangement = replace(state.arrangement, aim=aim_at(state, view))
        if can_turn(state):
            arrangement = replace(arrangement, axes=axes_facing(view.normal, view.up, view.title))
        self._shown.change(arrangement=arrangement, crosshair_mm=as_point(view.origin_mm))

    def follow(self, curve: CurvedView) -> None:
        """Show a vessel straight, and the slices across it in its middle."""
        self._change(curved=curve)
        self.travel(curve.length_mm / 2.0, 0.0)

    def travel(self, along_mm: float, beside_mm: float = 0.0) -> None:
        """Move the crosshair to a place along the vessel, `beside_mm` off its middle line; the slices lie across it."""
        curve = shown_curve(self._shown.state)
        if curve is not None:
            along_mm = min(max(along_mm, 0.0), curve.length_mm)
            at = as_point(curve.position_mm(along_mm, beside_mm))
            axes = curve.axes(along_mm)
            normal, up = as_point(-axes.normal("axial")), as_point(-np.array(axes.axial[1]))
            aim = Aim(at, normal, up, AROUND_VESSEL_MM, axes.title, is_for_scene=False)
            self._shown.change(crosshair_mm=at, arrangement=replace(self._arrangement, axes=axes, aim=aim))

    def roll(self, angle_deg: float) -> None:
        """Cut the vessel open in another direction; the slices across it turn along."""
        state = self._shown.state
        curve = shown_curve(state)
        if curve is not None and state.crosshair_mm is not None:
            along_mm, _ = curve.nearest(state.crosshair_mm)
            self._change(curved=curve.rolled(angle_deg))
            self.travel(along_mm)

    def leave_curve(self) -> None:
        """Put the straight vessel away; the slices are straightened."""
        self._change(curved=None, axes=None)

    def render(self, preset: str) -> None:
        """Show the volume itself in the 3-D view with a preset; none for an empty one."""
        self._change(rendering=preset)

    def show_cut_images(self, is_shown: bool) -> None:
        """Show the image on the cut planes in the 3-D view, or not."""
        self._change(has_cut_images=is_shown)

    def cut(self) -> CutPlane:
        """Cut the surfaces along the first slice, open towards its viewer, as one step; returns the plane.

        A plane that was made of the same standard view is moved there instead of a second one being added.

        Raises:
            PlannerError: that plane is locked, or the step could not be saved.
        """
        state = self._shown.state
        title = self._cut_title()
        name = title or next_name(state.plan, CutPlane)
        towards = self._towards_viewer()
        plane = CutPlane(name, state.crosshair_mm or (0.0, 0.0, 0.0), as_point(towards))
        old = next((one for one in state.plan.of_type(CutPlane) if title and one.name == title), None)
        if old is not None:
            if old.is_locked:
                raise PlannerError(f"cannot move “{name}”", "it is locked", "unlock it in the plan list first")
            plane = replace(plane, item_id=old.item_id)
        self._apply(
            Edit(f"Cut at {_lowered(title)}" if title else "Cut along slice", state.plan.with_item(plane))
        )
        return plane

    def _cut_title(self) -> str:
        state = self._shown.state
        axes, aim = shown_axes(state), state.arrangement.aim
        if axes is not None:
            return axes.title
        return aim.title if aim is not None and not can_turn(state) else ""

    def _towards_viewer(self) -> np.ndarray:
        state = self._shown.state
        if not can_turn(state) and state.arrangement.aim is not None:
            return np.array(state.arrangement.aim.normal)
        axes = shown_axes(state)
        if axes is None and state.volume is not None:
            axes = straight_axes(state.volume, state.along_image)
        return np.array((0.0, 0.0, -1.0)) if axes is None else -axes.normal("axial")

    def _change(self, **changes: object) -> None:
        self._shown.change(arrangement=replace(self._arrangement, **changes))  # type: ignore[arg-type]


def _lowered(title: str) -> str:
    return title[:1].lower() + title[1:] if not title.startswith("LV") else title
