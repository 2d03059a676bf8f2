"""The colours in which millimetres of uncertainty are painted, the same in every picture so that they compare.

The colours lie on a curve through the OKLab space, at equal steps: equal millimetres look equally far apart. Lightness
only rises, from blue to yellow, so that the order survives in grey and for eyes that confuse red with green.

Source of the colour space: B. Ottosson, A perceptual color space for image processing, 2020.
"""

from __future__ import annotations

import numpy as np

from render.palette import Colour

MOST_MM = 4.0
"""Everything from here on has the last colour and is called "4+"."""
N_COLOURS = 256
UNKNOWN: Colour = (0.66, 0.66, 0.66)
UNKNOWN_STRIPE: Colour = (0.36, 0.36, 0.36)

STEADY: Colour = (0.23, 0.27, 0.66)
UNSTEADY: Colour = (1.00, 0.91, 0.34)
# Where the curve bends towards, in OKLab: a strong green, away from the grey that means unknown.
_BEND = (0.67, -0.20, 0.04)
_LMS_FROM_RGB = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LAB_FROM_ROOTS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def colours_of(uncertainty_mm: np.ndarray) -> np.ndarray:
    """Colours uint8 RGB (n, 3) of values (n,) in mm; NaN, which is unknown, has the colour `UNKNOWN`."""
    values = np.asarray(uncertainty_mm, dtype=np.float64)
    share = np.clip(np.nan_to_num(values / MOST_MM), 0.0, 1.0)
    steps = np.where(np.isnan(values), N_COLOURS, np.rint(share * (N_COLOURS - 1)))
    return _TABLE[steps.astype(np.int64)]


def oklab(rgb: np.ndarray) -> np.ndarray:
    """OKLab (n, 3): lightness and two axes of colour, of sRGB colours (n, 3) from 0 to 1."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    lab: np.ndarray = np.cbrt(linear @ _LMS_FROM_RGB.T) @ _LAB_FROM_ROOTS.T
    return lab


def _rgb(lab: np.ndarray) -> np.ndarray:
    linear = (lab @ np.linalg.inv(_LAB_FROM_ROOTS).T) ** 3 @ np.linalg.inv(_LMS_FROM_RGB).T
    linear = np.clip(linear, 0.0, 1.0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1.0 / 2.4) - 0.055)


def _table() -> np.ndarray:
    (start, end), bend = oklab(np.array([STEADY, UNSTEADY])), np.array(_BEND)
    t = np.linspace(0.0, 1.0, 20 * N_COLOURS)[:, None]
    curve = (1.0 - t) ** 2 * start + 2.0 * t * (1.0 - t) * bend + t**2 * end
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    at = np.linspace(0.0, length[-1], N_COLOURS)
    even = np.stack([np.interp(at, length, axis) for axis in curve.T], axis=1)
    return np.rint(255.0 * np.vstack([_rgb(even), UNKNOWN])).astype(np.uint8)


_TABLE = _table()
