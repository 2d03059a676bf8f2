"""The pictures that one slice view lays over each other, kept until something they show has changed."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from PyQt6.QtGui import QImage

from app.fusion.making import shown_fusion
from app.fusion.slices import fused_outlines, fused_veil, moved_slice
from app.labels.editing import structure_in_hand
from app.slice_outlines import Outline, change_tint, outlines, tint
from app.slices import Frame, grey_picture
from app.state import State
from core.volume import Volume

# Of the phases of one series; more than any heartbeat has, and some 100 MB on a large screen.
MOST_PICTURES = 64


class SlicePictures:
    """Grey values, outlines and veils of one view."""

    def __init__(self) -> None:
        self._grey: WeakKeyDictionary[Volume, QImage] = WeakKeyDictionary()
        self._grey_of: object = None
        self._outlines: tuple[object, tuple[Outline, ...]] | None = None
        self._tint: tuple[object, QImage | None] | None = None
        self._moved: tuple[object, np.ndarray | None] | None = None
        self._fused: tuple[object, QImage | None] | None = None

    def layers(self, state: State, frame: Frame, ratio: float) -> list[QImage]:
        """The slice, a second image over it, the structure in hand, and what a stroke would change; bottom first."""
        changed = _image_of(change_tint(state, frame), ratio)
        return [
            image
            for image in (
                self._slice(state, frame, ratio),
                self._second(state, frame, ratio),
                self._veil(state, frame, ratio),
                changed,
            )
            if image
        ]

    def lines(self, state: State, frame: Frame) -> tuple[Outline, ...]:
        """Where structures meet the slice."""
        key = (*_seen(state), frame)
        if self._outlines is None or self._outlines[0] != key:
            self._outlines = (key, (*outlines(state, frame), *fused_outlines(state, frame)))
        return self._outlines[1]

    def _slice(self, state: State, frame: Frame, ratio: float) -> QImage:
        """The picture of the volume; those of the other phases are kept, for the next turn of the loop."""
        volume, how = state.volume, (state.window, frame, ratio)
        assert volume is not None
        if how != self._grey_of or len(self._grey) >= MOST_PICTURES:
            self._grey.clear()
            self._grey_of = how
        if volume not in self._grey:
            grey = grey_picture(state, frame)
            assert grey is not None
            height, width = grey.shape
            image = QImage(grey.tobytes(), width, height, width, QImage.Format.Format_Grayscale8).copy()
            image.setDevicePixelRatio(ratio)
            self._grey[volume] = image
        return self._grey[volume]

    def _second(self, state: State, frame: Frame, ratio: float) -> QImage | None:
        """The second image; resampled for another slice only, not for another share or window."""
        fusion = shown_fusion(state)
        if fusion is None:
            self._moved = self._fused = None
            return None
        place = (fusion.volume, fusion.registration, fusion.share == 0.0, frame)
        if self._moved is None or self._moved[0] != place:
            self._moved, self._fused = (place, moved_slice(state, frame)), None
        moved, key = self._moved[1], (fusion.window, fusion.share, ratio)
        if self._fused is None or self._fused[0] != key:
            veil = fused_veil(state, moved) if moved is not None else None
            self._fused = (key, _image_of(veil, ratio))
        return self._fused[1]

    def _veil(self, state: State, frame: Frame, ratio: float) -> QImage | None:
        key = (*_seen(state), frame)
        if self._tint is None or self._tint[0] != key:
            self._tint = (key, _image_of(tint(state, frame), ratio))
        return self._tint[1]


def _image_of(veil: np.ndarray | None, ratio: float) -> QImage | None:
    if veil is None:
        return None
    height, width, _ = veil.shape
    image = QImage(veil.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
    image.setDevicePixelRatio(ratio)
    return image


def _seen(state: State) -> tuple[object, ...]:
    """What outlines and the veil of the structure in hand depend on, beside the frame."""
    labels = state.anatomy.labels if state.anatomy is not None else None
    in_hand = structure_in_hand(labels, state.brush) if labels is not None and state.is_editing_labels else None
    fusion = shown_fusion(state)
    second = (fusion.surfaces, fusion.has_outlines) if fusion is not None else None
    return state.anatomy, state.view, in_hand, second
