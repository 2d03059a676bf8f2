"""What the session does with a second series over the open one: show it, mix it, put it away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.fusion.image import Fusion
from app.fusion.making import Fused, describe_error, shown_fusion
from app.fusion.store import KeptFusion, folder_of, read_fusion, write_fusion
from app.shown import Shown
from app.windowing import Window
from core.errors import Finding, PlannerError


class FusionSteps:
    """The steps of fusing, on the state of a session."""

    def __init__(self, shown: Shown, data_folder: Path) -> None:
        self._shown = shown
        self._data_folder = data_folder

    def keep(self, fused: Fused) -> None:
        """Put a new fusion on the disk. Raises PlannerError when it cannot be written."""
        key = fused.fusion.registration.fixed
        write_fusion(fused.fusion, folder_of(self._data_folder, key.series_uid, key.phase))

    def show(self, fusion: Fusion) -> None:
        """Lay a second series over the open one.

        Raises:
            PlannerError: it was registered to other images than those that are open; nothing has changed.
        """
        if shown_fusion(replace(self._shown.state, fusion=fusion)) is None:
            raise PlannerError(
                "the second series is not shown",
                "it was registered to another series or phase than the one that is open",
                "open the series it was registered to",
            )
        self._shown.change(fusion=fusion)
        told = Finding(
            "fusion_error",
            f"{fusion.registration.fixed.modality} and {fusion.registration.moving.modality} are blended",
            describe_error(fusion.registration),
            "compare edges that both images show before relying on it",
        )
        self._shown.note(*fusion.registration.findings, told)

    def kept(self) -> KeptFusion:
        """What is kept for the open series and phase. Raises PlannerError when there is nothing, or it is damaged."""
        state = self._shown.state
        found = None
        if state.series is not None:
            found = read_fusion(folder_of(self._data_folder, state.series.series_uid, state.phase))
        if found is None:
            raise PlannerError(
                "nothing is blended",
                "no series was registered to this one",
                "mark a second series and choose Blend with marked series",
            )
        return found

    def remove(self) -> None:
        """Show the open series alone; the registration stays on the disk."""
        self._shown.change(fusion=None)

    def mix(self, share: float) -> None:
        """Show more or less of the moving image, 0 to 1."""
        self._change(share=min(max(share, 0.0), 1.0))

    def set_window(self, window: Window) -> None:
        """Show the moving image with this window."""
        self._change(window=window)

    def outline(self, has_outlines: bool) -> None:
        """Draw the moving structures, or do not."""
        self._change(has_outlines=has_outlines)

    def take_window(self, takes_window: bool) -> None:
        """Let a drag on the slices change the moving image's window, or the fixed one's."""
        self._change(takes_window=takes_window)

    def _change(self, **changes: object) -> None:
        fusion = self._shown.state.fusion
        if fusion is not None:
            self._shown.change(fusion=replace(fusion, **changes))  # type: ignore[arg-type]
