"""How a synthetic picture is lit, taken and packed: everything between the scene and the bytes of a frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ar.opencv import cv2

TINT = np.array([1.0, 0.99, 0.96])


@dataclass(frozen=True)
class Look:
    """How a synthetic picture is lit and taken.

    Attributes:
        black, white, table: grey levels of ink, paper and what lies behind, as the camera encodes them.
        blur_px: standard deviation of the lens blur.
        noise: standard deviation of the sensor noise, grey levels, the same in the three colours.
        oversampling: rays along each axis of a pixel, averaged as a sensor does.
        gamma: the camera encodes light to the power of 1 / gamma; blur happens before, noise after.
        shade: how much darker the right edge of the picture is lit than the left one, as a fraction.
        glare: lamps mirrored in the picture, each (column, row, radius) in pixels; white in their middle.
        covers: things before the bodies, each (column, row, half width, half height, angle in degrees) of an
            ellipse in pixels, coloured as skin with texture.
        clutter: amplitude in grey levels of the edges and patches on the table.
        jpeg_quality: 1 to 100 of a Motion JPEG camera; None for none.
    """

    black: float = 35.0
    white: float = 215.0
    table: float = 110.0
    blur_px: float = 0.7
    noise: float = 5.0
    oversampling: int = 4
    gamma: float = 1.0
    shade: float = 0.0
    glare: tuple[tuple[float, float, float], ...] = ()
    covers: tuple[tuple[float, float, float, float, float], ...] = ()
    clutter: float = 0.0
    jpeg_quality: int | None = None

    def light(self, level: float | np.ndarray) -> float | np.ndarray:
        """Light, 0 to 1, that the camera encodes as a grey level."""
        return np.power(np.asarray(level, dtype=np.float64) / 255.0, self.gamma)


def table_light(look: Look, height: int, width: int) -> np.ndarray:
    """What lies behind the bodies, float32 (height, width); with clutter always the same patches and lines."""
    if look.clutter <= 0.0:
        return np.full((height, width), look.light(look.table), dtype=np.float32)
    random = np.random.default_rng(7)
    grey = np.full((height, width), look.table)
    for _ in range(40):
        centre = random.uniform(0, (width, height))
        size = random.uniform(20, 220, 2)
        box = cv2.boxPoints((centre.tolist(), size.tolist(), float(random.uniform(0, 180))))
        level = float(np.clip(look.table + random.uniform(-look.clutter, look.clutter), 5, 250))
        cv2.fillPoly(grey, [np.round(box).astype(np.int32)], level, cv2.LINE_8)
    return np.asarray(look.light(grey), dtype=np.float32)


def cover(light: np.ndarray, look: Look) -> None:
    """Paint the things that lie before the bodies into light (height, width)."""
    height, width = light.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    texture = np.asarray(look.light(135.0 + 25.0 * np.sin(0.21 * x + 0.1 * y) * np.sin(0.13 * y)))
    for column, row, half_width, half_height, angle_deg in look.covers:
        c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
        u = ((x - column) * c + (y - row) * s) / half_width
        v = ((y - row) * c - (x - column) * s) / half_height
        soft_px = min(half_width, half_height)
        share = np.clip((1.0 - np.sqrt(u * u + v * v)) * soft_px + 0.5, 0.0, 1.0)
        light += share * (texture - light)


def develop(light: np.ndarray, look: Look, seed: int) -> np.ndarray:
    """Light (height, width) as the camera's picture, uint8 (height, width, 3) rgb."""
    random = np.random.default_rng(seed)
    height, width = light.shape
    if look.blur_px > 0:
        light = cv2.GaussianBlur(light, (0, 0), look.blur_px)
    if look.shade:
        light = light * (1.0 - look.shade * np.arange(width, dtype=np.float32) / width)
    for column, row, radius in look.glare:
        y, x = np.ogrid[0:height, 0:width]
        light = light + 1.3 * np.exp(-((((x - column) ** 2 + (y - row) ** 2) / radius**2) ** 2))
    level = 255.0 * np.clip(light, 0.0, None) ** (1.0 / look.gamma)
    noise = random.normal(0.0, look.noise, level.shape)
    rgb = np.clip(np.round((level + noise)[..., None] * TINT), 0, 255).astype(np.uint8)
    if look.jpeg_quality is None:
        return rgb
    _, packed = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, look.jpeg_quality])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))[..., ::-1])
