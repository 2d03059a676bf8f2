"""A virtual valve as a solid, a cylinder in the atrium and a frustum below: what lines and planes meet of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

N_AROUND = 72
FAR_MM = 1e4


@dataclass(frozen=True, eq=False)
class Frustum:
    """The solid that a valve fills, LPS mm.

    Attributes:
        centre_mm: (3,) where its axis meets the annular plane.
        axis: (3,) unit, into the ventricle.
        height_mm, depth_mm: how far it reaches into atrium and ventricle.
        radius_mm: in the atrium and in the annular plane; outlet_radius_mm: at its ventricular end.
    """

    centre_mm: np.ndarray
    axis: np.ndarray
    height_mm: float
    depth_mm: float
    radius_mm: float
    outlet_radius_mm: float

    def contains(self, points_mm: np.ndarray, margin_mm: float = 0.0) -> np.ndarray:
        """Whether points (n, 3) lie inside, or within `margin_mm` of its mantle or its ventricular end; bool (n,)."""
        apart = points_mm - self.centre_mm
        along = apart @ self.axis
        away = np.linalg.norm(apart - along[:, None] * self.axis, axis=1)
        share = np.clip(along / self.depth_mm, 0.0, 1.0)
        radius = self.radius_mm + share * (self.outlet_radius_mm - self.radius_mm)
        is_beside = (along >= -self.height_mm) & (along <= self.depth_mm + margin_mm)
        return np.asarray(is_beside & (away <= radius + margin_mm))

    def spans(self, starts_mm: np.ndarray, direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where parallel lines run inside it: (n, 2) mm along each line, of its cylinder and of its frustum.

        Args:
            starts_mm: (n, 3) a point on each line. direction: (3,) unit.

        Returns:
            Two arrays of entry and exit; the exit lies before the entry where a line misses that part.
        """
        slope = (self.outlet_radius_mm - self.radius_mm) / self.depth_mm
        return (
            self._span(starts_mm, direction, -self.height_mm, 0.0, 0.0),
            self._span(starts_mm, direction, 0.0, self.depth_mm, slope),
        )

    def rings_mm(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Its closed outlines (k, 3): at the atrial end, in the annular plane, at the ventricular end."""
        turn = 2.0 * np.pi * np.arange(N_AROUND) / N_AROUND
        across = np.cross(self.axis, np.eye(3)[np.abs(self.axis).argmin()])
        across /= np.linalg.norm(across)
        around = np.cos(turn)[:, None] * across + np.sin(turn)[:, None] * np.cross(self.axis, across)
        places = (
            (-self.height_mm, self.radius_mm),
            (0.0, self.radius_mm),
            (self.depth_mm, self.outlet_radius_mm),
        )
        atrial, annular, ventricular = (
            self.centre_mm + along * self.axis + radius * around for along, radius in places
        )
        return atrial, annular, ventricular

    def outline_mm(self, origin_mm: np.ndarray, normal: np.ndarray, step_mm: float = 0.1) -> np.ndarray:
        """The closed line (k, 3) in which a plane meets its skin; empty where it misses it.

        Args:
            origin_mm: (3,) a point of the plane. normal: (3,) unit.
        """
        # Rows along the axis as it is seen in the plane: each meets the solid in one piece.
        down = self.axis - (self.axis @ normal) * normal
        if np.linalg.norm(down) < 1e-6:
            down = np.eye(3)[np.abs(normal).argmin()] - normal[np.abs(normal).argmin()] * normal
        down /= np.linalg.norm(down)
        right = np.cross(down, normal)
        start = self.centre_mm - ((self.centre_mm - origin_mm) @ normal) * normal
        reach = max(self.height_mm, self.depth_mm) + max(self.radius_mm, self.outlet_radius_mm)
        reach += float(np.linalg.norm(start - self.centre_mm))
        rows = start + np.arange(-reach, reach, step_mm)[:, None] * down
        spans = np.stack(self.spans(rows, right))
        is_met = spans[..., 1] > spans[..., 0]
        low = np.where(is_met, spans[..., 0], np.inf).min(axis=0)
        high = np.where(is_met, spans[..., 1], -np.inf).max(axis=0)
        met = high > low
        left_side = rows[met] + low[met][:, None] * right
        return np.concatenate([left_side, (rows[met] + high[met][:, None] * right)[::-1]])

    def _span(
        self, starts_mm: np.ndarray, direction: np.ndarray, low_mm: float, high_mm: float, slope: float
    ) -> np.ndarray:
        """Entry and exit (n, 2) of lines in the part between two heights whose radius grows by `slope`."""
        apart = starts_mm - self.centre_mm
        height, climb = apart @ self.axis, float(direction @ self.axis)
        across, turn = apart - height[:, None] * self.axis, direction - climb * self.axis
        radius = self.radius_mm + slope * height
        a = float(turn @ turn) - (slope * climb) ** 2
        b = across @ turn - slope * climb * radius
        c = (across * across).sum(axis=1) - radius**2
        with np.errstate(divide="ignore", invalid="ignore"):
            root = np.sqrt(b * b - a * c)
            roots = [(-b - root) / a, (-b + root) / a] if abs(a) > 1e-12 else [-c / (2.0 * b)] * 2
            ends = (np.array([[low_mm], [high_mm]]) - height) / climb if abs(climb) > 1e-9 else None
        if ends is None:
            is_level = (height >= low_mm) & (height <= high_mm)
            ends = np.where(is_level, np.array([[-FAR_MM], [FAR_MM]]), 0.0)
        # The part is convex: between neighbouring places where a line meets one of its sides it is inside or outside.
        places = np.sort(np.nan_to_num(np.stack([*ends, *roots], axis=1), nan=0.0), axis=1)
        places = np.clip(places, ends.min(axis=0)[:, None], ends.max(axis=0)[:, None])
        middles = (places[:, 1:] + places[:, :-1]) / 2.0
        lengths = places[:, 1:] - places[:, :-1]
        at = height[:, None] + middles * climb
        away = np.linalg.norm(across[:, None] + middles[..., None] * turn, axis=-1)
        inside = (away <= self.radius_mm + slope * at) & (lengths > 0.0)
        found = np.stack([np.full(len(places), 1.0), np.full(len(places), 0.0)], axis=1)
        hit = inside.any(axis=1)
        first, last = inside.argmax(axis=1), inside.shape[1] - inside[:, ::-1].argmax(axis=1)
        ids = np.flatnonzero(hit)
        found[ids] = np.stack([places[ids, first[ids]], places[ids, last[ids]]], axis=1)
        return found
