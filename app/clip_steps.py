"""What a user does on a picture without a place in the patient: rulers, which no plan holds."""

from __future__ import annotations

from dataclasses import replace

from app.clips import Pixel
from app.shown import Shown


class ClipSteps:
    """The rulers of the clip that is shown."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown

    def measure(self, is_measuring: bool) -> None:
        """Take the ruler for the picture in hand, or put it away."""
        clip = self._shown.state.clip
        if clip is not None:
            self._shown.change(clip=replace(clip, is_measuring=is_measuring, start=None))

    def place(self, at: Pixel) -> None:
        """Place one end of a ruler on the picture, (column, row)."""
        state = self._shown.state
        if state.clip is not None and state.clip.is_measuring:
            stopped = replace(state.playback, is_playing=False)
            self._shown.change(clip=state.clip.with_point(at), playback=stopped)

    def clear(self) -> None:
        """Take all rulers off the picture."""
        clip = self._shown.state.clip
        if clip is not None:
            self._shown.change(clip=replace(clip, rulers=(), start=None))
