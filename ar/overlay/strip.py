"""The status strip: what the picture is worth, in words, on every frame."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ar.overlay.text import Colour, text_image
from ar.poses import Pose, PoseState
from ar.registration import Registration
from core.resources import RESEARCH_NOTICE

STATE_COLOURS: Mapping[PoseState, Colour] = {
    PoseState.TRACKED: (0.45, 0.92, 0.55),
    PoseState.STALE: (1.00, 0.78, 0.30),
    PoseState.LOST: (1.00, 0.42, 0.38),
}
_QUIET: Colour = (0.90, 0.91, 0.93)
_BACKGROUND_ALPHA = 0.72


def strip_height_px(window: tuple[int, int]) -> int:
    """Height of the strip for a window (width, height)."""
    return int(np.clip(round(window[1] / 30.0), 18, 48)) * 2


def status_words(
    pose: Pose, registration: Registration | None, milliseconds: Mapping[str, float]
) -> tuple[str, str, str]:
    """State, figures, and what else must be known, as three texts."""
    state = "AMBIGUOUS" if pose.is_ambiguous else pose.state.value
    figures = []
    if pose.state is PoseState.TRACKED:
        figures = [f"{pose.reprojection_px or 0.0:.2f} px", pose.sigma_words]
    if pose.reason:
        figures.append(pose.reason)
    figures += [f"{stage} {ms:.0f} ms" for stage, ms in milliseconds.items()]
    notes = [registration.note] if registration is not None else ["No anatomy is placed."]
    return state, "   ".join(filter(None, figures)), "   ".join([*notes, RESEARCH_NOTICE])


def strip_image(
    pose: Pose, registration: Registration | None, milliseconds: Mapping[str, float], window: tuple[int, int]
) -> np.ndarray:
    """The strip, uint8 (height, window width, 4) rgba, premultiplied."""
    height = strip_height_px(window)
    line = height // 2 - 4
    strip = np.zeros((height, window[0], 4), dtype=np.uint8)
    strip[..., :3] = round(18 * _BACKGROUND_ALPHA)
    strip[..., 3] = round(255 * _BACKGROUND_ALPHA)
    state, figures, notes = status_words(pose, registration, milliseconds)
    x = _put(strip, text_image(state, line, STATE_COLOURS[_shown_state(pose)], halo=False), 8, 0)
    _put(strip, text_image(figures, line, _QUIET, halo=False), x + 12, 0)
    _put(strip, text_image(notes, line, _QUIET, halo=False), 8, height // 2 - 2)
    return strip


def _shown_state(pose: Pose) -> PoseState:
    return PoseState.STALE if pose.is_ambiguous and pose.state is PoseState.TRACKED else pose.state


def _put(strip: np.ndarray, words: np.ndarray, x: int, y: int) -> int:
    """Lay words over the strip at (x, y), cut at its rim; returns where they end."""
    part = strip[y : y + words.shape[0], x : x + words.shape[1]]
    words = words[: part.shape[0], : part.shape[1]]
    rest = 1.0 - words[..., 3:] / 255.0
    part[:] = np.minimum(np.round(words + part * rest), 255).astype(np.uint8)
    return x + words.shape[1]
