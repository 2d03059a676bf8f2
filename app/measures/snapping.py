"""Where a cut plane can be laid: on what the slices show, the standard views, valves and contours."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from app.slices import ORIENTATIONS, Framing, frame_in
from app.state import State
from app.viewing.standard import known_landmarks
from core.anatomy import LANDMARKS
from core.errors import PlannerError
from plan.clinical.aortic_root import annular_plane, why_no_plane
from plan.formula import points_of
from plan.items import AorticRoot, Contour, CutPlane, MitralAnnulus, as_point
from plan.planes import plane_through
from plan.standard_views import standard_views

_ANY_SIZE_PX = (64, 64)
_FEWEST = 3


@dataclass(frozen=True, eq=False)
class Target:
    """A plane to be laid on: what people call it, a point (3,) and a unit normal (3,), LPS mm."""

    title: str
    origin_mm: np.ndarray
    normal: np.ndarray

    def put(self, plane: CutPlane) -> CutPlane:
        """The plane laid here, hiding the side that it hid before as well as that can be."""
        normal = self.normal if self.normal @ np.array(plane.normal) >= 0.0 else -self.normal
        return replace(plane, origin_mm=as_point(self.origin_mm), normal=as_point(normal))


def targets(state: State) -> tuple[Target, ...]:
    """All planes that are known now: slices, standard views, valves that were found, rings that were drawn."""
    return (*_slices(state), *_views(state), *_valves(state), *_rings(state))


def following(state: State, plane: CutPlane) -> Target | None:
    """The target after the one that a plane lies on; the first where it lies on none; None without any."""
    found = targets(state)
    here = [n for n, target in enumerate(found) if _lies_on(plane, target)]
    return found[(here[-1] + 1) % len(found)] if here else (found[0] if found else None)


def _lies_on(plane: CutPlane, target: Target) -> bool:
    is_parallel = abs(float(np.array(plane.normal) @ target.normal)) > 1.0 - 1e-9
    return is_parallel and abs(float((plane.origin_mm - target.origin_mm) @ target.normal)) < 1e-6


def _slices(state: State) -> list[Target]:
    found = []
    for name in ORIENTATIONS:
        frame = frame_in(state, name, _ANY_SIZE_PX, Framing())
        if frame is not None:
            normal = np.array(frame.plane.normal)
            found.append(Target(f"{name.capitalize()} slice", np.array(state.crosshair_mm), normal))
    return found


def _views(state: State) -> list[Target]:
    anatomy = state.anatomy
    if anatomy is None:
        return []
    views = standard_views(known_landmarks(state), anatomy.directions)
    return [Target(view.title, view.origin_mm, view.normal) for view in views]


def _valves(state: State) -> list[Target]:
    anatomy = state.anatomy
    if anatomy is None:
        return []
    return [
        Target(f"Ring of {kind.title[:1].lower()}{kind.title[1:]}", anatomy.landmarks[kind.key], direction)
        for kind in LANDMARKS
        if kind.key in anatomy.landmarks and (direction := anatomy.directions.get(kind.key)) is not None
    ]


def _rings(state: State) -> list[Target]:
    found = []
    for item in state.plan.items:
        if isinstance(item, AorticRoot) and not why_no_plane(item):
            found.append(Target(f"Annular plane of {item.name}", *annular_plane(points_of(item))))
        points = item.points_mm if isinstance(item, Contour) else ()
        points = item.annulus_mm if isinstance(item, MitralAnnulus) else points
        if len(points) >= _FEWEST:
            try:
                found.append(Target(f"Plane of {item.name}", *plane_through(np.array(points))))
            except PlannerError:  # A line has no plane to lie on; it stays in the plan as it is.
                continue
    return found
