"""The pictures that one slice view lays over each other, kept until something they show has changed."""

from __future__ import annotations

import time
from weakref import WeakKeyDictionary

import numpy as np
from PyQt6.QtCore import QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QImage

from app.fusion.making import shown_fusion
from app.fusion.slices import fused_outlines, fused_veil, moved_slice
from app.labels.editing import structure_in_hand
from app.slice_outlines import Outline, change_tint, outlines, tint
from app.slices import Frame, grey_picture
from app.state import State
from app.viewing.slab_steps import Strips, is_slow, rough_frame
from app.windowing import Window
from core.volume import Volume

# Of the phases of one series; more than any heartbeat has, and some 100 MB on a large screen.
MOST_PICTURES = 64
_SlabKey = tuple[Volume, Window | None, Frame, float]


class SlicePictures:
    """Grey values, outlines and veils of one view."""

    def __init__(self) -> None:
        self._grey: WeakKeyDictionary[Volume, QImage] = WeakKeyDictionary()
        self._grey_of: object = None
        self._rough: tuple[_SlabKey, QImage] | None = None
        self._strips: tuple[_SlabKey, Strips] | None = None
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
        if volume in self._grey:
            return self._grey[volume]
        if is_slow(volume, frame):
            return self._rough_slab(state, volume, frame, ratio)
        self._rough = self._strips = None
        grey = grey_picture(state, frame)
        assert grey is not None
        self._grey[volume] = _grey_image(grey, ratio)
        return self._grey[volume]

    def _rough_slab(self, state: State, volume: Volume, frame: Frame, ratio: float) -> QImage:
        key = (volume, state.window, frame, ratio)
        if self._rough is None or self._rough[0] != key:
            rough, factor = rough_frame(volume, frame)
            grey = grey_picture(state, rough)
            assert grey is not None
            large = QSize(*rough.size_px) * factor
            how = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
            image = _grey_image(grey, 1.0).scaled(large, *how).copy(QRect(QPoint(), QSize(*frame.size_px)))
            image.setDevicePixelRatio(ratio)
            self._rough, self._strips = (key, image), (key, Strips(state, frame))
        return self._rough[1]

    @property
    def is_rough(self) -> bool:
        """Whether the slab that was asked for last is still a rough one; `refine` makes it a full one."""
        return self._strips is not None

    def refine(self, longest_s: float) -> None:
        """Work at the full picture of a slab for about this long; afterwards it may still be rough."""
        end_s = time.perf_counter() + longest_s
        while self._strips is not None and time.perf_counter() < end_s:
            (volume, _, _, ratio), strips = self._strips
            grey = strips.advance()
            if grey is not None:
                self._grey[volume] = _grey_image(grey, ratio)
                self._rough = self._strips = None

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


def _grey_image(grey: np.ndarray, ratio: float) -> QImage:
    height, width = grey.shape
    image = QImage(grey.tobytes(), width, height, width, QImage.Format.Format_Grayscale8).copy()
    image.setDevicePixelRatio(ratio)
    return image


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
