"""The colours of each theme, and how well a text can be read on its ground."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Colours:
    """One theme, colours as #rrggbb.

    Attributes:
        ground, panel, raised: what texts stand on: lists, panels, buttons.
        line: borders.
        text, quiet, faint: words, words of less weight, words of what cannot be used now.
        accent, warning, stop, good: what is chosen, what to look at, what was refused, what is well.
        marked, pressed: the ground of what is chosen, and of the button that leads on.
    """

    ground: str
    panel: str
    raised: str
    line: str
    text: str
    quiet: str
    faint: str
    accent: str
    warning: str
    stop: str
    good: str
    marked: str
    pressed: str


DARK = Colours(
    ground="#16181c",
    panel="#1d2025",
    raised="#272b32",
    line="#343a43",
    text="#e4e7eb",
    quiet="#98a1ad",
    faint="#666d77",
    accent="#4fb0e8",
    warning="#e8b04f",
    stop="#f0857d",
    good="#62c48b",
    marked="#24394a",
    pressed="#1f5d86",
)
LIGHT = Colours(
    ground="#ffffff",
    panel="#f1f3f5",
    raised="#e3e7eb",
    line="#b9c0c8",
    text="#1a1d21",
    quiet="#4d5661",
    faint="#8b939d",
    accent="#0b5f97",
    warning="#7a4b00",
    stop="#a61b12",
    good="#17603a",
    marked="#cfe4f4",
    pressed="#b5d8f0",
)
CONTRAST = Colours(
    ground="#000000",
    panel="#000000",
    raised="#141414",
    line="#c8c8c8",
    text="#ffffff",
    quiet="#e6e6e6",
    faint="#9a9a9a",
    accent="#5fd0ff",
    warning="#ffd84a",
    stop="#ffb3ac",
    good="#7dfaa8",
    marked="#00324d",
    pressed="#00405f",
)
THEMES = {"dark": DARK, "light": LIGHT, "contrast": CONTRAST}


def contrast_ratio(one: str, other: str) -> float:
    """WCAG 2.2 contrast of two colours #rrggbb, from 1 (the same) to 21 (black and white).

    Source: WCAG 2.2, definitions of contrast ratio and relative luminance.
    """
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    shares = [int(colour[n : n + 2], 16) / 255.0 for n in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
