"""The colours of everything in a scene that is not anatomy, in one place so that views agree."""

from __future__ import annotations

Colour = tuple[float, float, float]

BACKGROUND: Colour = (0.09, 0.10, 0.12)
CUBE: Colour = (0.27, 0.31, 0.36)
DISTANCE: Colour = (1.00, 0.88, 0.35)
ANGLE: Colour = (0.45, 0.95, 0.75)
LANDMARK: Colour = (1.00, 1.00, 1.00)
FOUND: Colour = (0.75, 0.95, 0.30)
POLYLINE: Colour = (1.00, 0.72, 0.35)
CONTOUR: Colour = (0.98, 0.55, 0.85)
AORTIC_ROOT: Colour = (0.55, 0.90, 1.00)
SHEET: Colour = (0.70, 0.85, 1.00)
VIRTUAL_VALVE: Colour = (1.00, 0.78, 0.25)
CUT_PLANE: Colour = (0.35, 0.75, 1.00)
CUT_PLANE_LOCKED: Colour = (0.60, 0.62, 0.65)
UNKNOWN_STRUCTURE: Colour = (0.75, 0.75, 0.72)
LABEL: Colour = (1.00, 1.00, 1.00)
SURFACE_PATH: Colour = (1.00, 0.62, 0.20)
GAP: Colour = (0.70, 0.85, 1.00)
BALL: Colour = (0.85, 0.75, 1.00)
RESECTION: Colour = (1.00, 0.35, 0.55)
