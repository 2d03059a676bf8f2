"""Where the border between ink and paper lies on short grey profiles across it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ndtr

SPREADS_PX = (0.5, 0.65, 0.8, 1.0, 1.25, 1.6, 2.0, 2.6)
PROFILES_FOR_SPREAD = 200


@dataclass(frozen=True, eq=False)
class ProfileFit:
    """For each of n profiles: the border's shift (px, towards paper), its contrast and the fit's misfit (grey)."""

    shift_px: np.ndarray
    contrast: np.ndarray
    misfit: np.ndarray


def sample(grey: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Grey values (...) between the pixel centres at (..., 2), bilinear; the picture's rim is repeated."""
    height, width = grey.shape
    x = np.clip(pixels[..., 0], 0.0, width - 1.001)
    y = np.clip(pixels[..., 1], 0.0, height - 1.001)
    column, row = x.astype(np.int32), y.astype(np.int32)
    fx, fy = (x - column).astype(np.float32), (y - row).astype(np.float32)
    flat = grey.ravel()
    first = row * width + column
    top = flat[first] * (1.0 - fx) + flat[first + 1] * fx
    bottom = flat[first + width] * (1.0 - fx) + flat[first + width + 1] * fx
    return top * (1.0 - fy) + bottom * fy


def fit_profiles(profiles: np.ndarray, offsets_px: np.ndarray, spread_px: float) -> ProfileFit:
    """Least squares of dark, contrast and shift of a blurred step on profiles (n, m) at even offsets (m,)."""
    design, inverse = _step_model(len(offsets_px), float(offsets_px[0]), float(offsets_px[-1]), spread_px)
    found = profiles @ inverse.T
    misfit = np.sqrt(((profiles - found @ design.T) ** 2).mean(axis=1))
    contrast = found[:, 1]
    safe = np.where(np.abs(contrast) < 1.0, 1.0, contrast)
    return ProfileFit(found[:, 2] / safe, contrast, misfit)


@lru_cache(maxsize=256)
def _step_model(n: int, first_px: float, last_px: float, spread_px: float) -> tuple[np.ndarray, np.ndarray]:
    """Design (n, 3) of a blurred step at evenly spaced offsets, and its pseudo-inverse (3, n)."""
    scaled = np.linspace(first_px, last_px, n) / spread_px
    slope = np.exp(-0.5 * scaled**2) / (np.sqrt(2.0 * np.pi) * spread_px)
    design = np.stack([np.ones_like(scaled), ndtr(scaled), -slope], axis=1)
    return design, np.linalg.pinv(design)


def best_spread_px(profiles: np.ndarray, offsets_px: np.ndarray) -> float:
    """The blur, one standard deviation in pixels, that explains the profiles with contrast best."""
    misfits = []
    profiles = profiles[:: max(len(profiles) // PROFILES_FOR_SPREAD, 1)]
    for spread in SPREADS_PX:
        fit = fit_profiles(profiles, offsets_px, spread)
        has_border = fit.contrast > 0.5 * np.percentile(fit.contrast, 75)
        misfits.append(float(np.median(fit.misfit[has_border])))
    return SPREADS_PX[int(np.argmin(misfits))]
