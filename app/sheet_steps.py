"""The guided sheet that is open: which of its points the next click places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from app.sheets.steps import Sheet, after_change, following, waiting
from app.sheets.steps import place as place_in_sheet
from app.shown import Shown
from app.tools import Tool
from plan import edits
from plan.edits import Edit
from plan.items import Item, Point


class SheetSteps:
    """The sheet that is open; `apply` does one step of the plan."""

    def __init__(self, shown: Shown, apply: Callable[[Edit], None]) -> None:
        self._shown = shown
        self._apply = apply

    def open(self, item: Item) -> None:
        """Lead through the points of an item; it joins the plan when it is not in it yet."""
        if item not in self._shown.state.plan.items:
            self._apply(edits.add(self._shown.state.plan, item))
        field = waiting(item)
        tool = Tool.SHEET if field is not None else Tool.NAVIGATE
        sheet = Sheet(item.item_id, field)
        self._shown.change(sheet=sheet, selected_id=item.item_id, tool=tool, placed_mm=())

    def choose(self, field: str | None) -> None:
        """Let the next click place the point of this step of the sheet; None: all is placed."""
        if self._shown.state.sheet is not None:
            tool = Tool.NAVIGATE if field is None else Tool.SHEET
            sheet = replace(self._shown.state.sheet, field=field)
            self._shown.change(sheet=sheet, tool=tool, placed_mm=())

    def skip(self) -> None:
        """Go on to the step after the present one."""
        sheet, item = self._shown.state.sheet, self._shown.state.sheet_item
        if sheet is not None and sheet.field is not None and item is not None:
            self.choose(following(item, sheet.field))

    def place(self, position_mm: np.ndarray | Point) -> None:
        """Place the point of the step in hand, LPS mm."""
        if self._shown.state.sheet is not None:
            edit, sheet = place_in_sheet(self._shown.state.plan, self._shown.state.sheet, position_mm)
            self._apply(edit)
            self.choose(sheet.field)

    def follow_history(self) -> None:
        """After undo or redo wait for the point that is missing now."""
        sheet, item = self._shown.state.sheet, self._shown.state.sheet_item
        if sheet is not None and item is not None:
            self.choose(after_change(item, sheet.field))

    def close(self) -> None:
        """Stop placing the sheet's points; what was placed stays in the plan."""
        tool = Tool.NAVIGATE if self._shown.state.tool is Tool.SHEET else self._shown.state.tool
        self._shown.change(sheet=None, tool=tool)
