"""The colours of what stands around the images; they follow the theme that is in use, also while the window is open.

Pictures keep the dark colours of `app.views.theme` in every theme: grey values are judged on black.
"""

from __future__ import annotations

from dataclasses import asdict

from PyQt6.QtGui import QColor

from app.colours import DARK, Colours


class Shade(QColor):
    """A colour that is another one after the theme has changed; in a style sheet it is written as #rrggbb."""

    def __format__(self, spec: str) -> str:
        return format(self.name(), spec)


_SHADES = {name: Shade(colour) for name, colour in asdict(DARK).items()}
GROUND, PANEL, RAISED, LINE = (_SHADES[name] for name in ("ground", "panel", "raised", "line"))
TEXT, QUIET, FAINT, ACCENT = (_SHADES[name] for name in ("text", "quiet", "faint", "accent"))
WARNING, STOP, GOOD = (_SHADES[name] for name in ("warning", "stop", "good"))
MARKED, PRESSED = _SHADES["marked"], _SHADES["pressed"]


def use_colours(colours: Colours) -> None:
    """Show these colours wherever a shade is used from now on."""
    for name, colour in asdict(colours).items():
        _SHADES[name].setRgba(QColor(colour).rgba())
