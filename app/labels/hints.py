"""What the label tools are doing, in words: for the line below the views."""

from __future__ import annotations

from app.describe import structure_title
from app.labels.edited import stale_keys
from app.labels.editing import ANYTHING, BACKGROUND, structure_in_hand
from app.state import State
from app.tools import Tool, hint

SIZE_KEYS = "[ and ] or Shift+wheel"


def label_hint(state: State) -> str:
    """The tool, its structure and settings, and what the stroke in hand would do; empty without a label tool."""
    labels = state.anatomy.labels if state.anatomy is not None else None
    if not state.is_editing_labels or labels is None:
        return ""
    title, brush = structure_title(structure_in_hand(labels, state.brush)), state.brush
    if state.stroke is not None:
        return f"{state.stroke.name}: {state.stroke.volume_ml:+.2f} ml ({len(state.stroke.flat)} voxels)"
    parts = [title]
    if state.tool is Tool.PULL:
        through = f", {brush.through_mm:.0f} mm into the slices around" if brush.through_mm else ""
        parts.append(f"felt {brush.reach_mm:.1f} mm along the contour{through} ({SIZE_KEYS})")
    elif state.tool is not Tool.FILL:
        shape = "ball" if brush.is_ball else "disc"
        parts.append(f"{shape} of {brush.radius_mm:.1f} mm radius ({SIZE_KEYS})")
    if state.tool is not Tool.ERASE and brush.only_over != ANYTHING:
        over = BACKGROUND if brush.only_over == BACKGROUND else structure_title(brush.only_over)
        parts.append(f"only over {over}")
    if stale_keys(state.anatomy):
        parts.append("surfaces are being updated")
    return "  ·  ".join([*parts, hint(state.tool, 0)])
