"""Registering step by step: every touch, fit and push is one named step that can be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ar.registration.by_hand import nudge
from ar.registration.landmarks import register_fiducials
from ar.registration.model import Fiducial, Registration
from ar.registration.pivot import PivotFit
from ar.registration.surface import refine_on_surface
from ar.registration.touching import TouchedPoint
from core.mesh import SurfaceMesh

LANDMARK_SIGMA_MM = 1.0


@dataclass(frozen=True, eq=False)
class Draft:
    """One moment of registering.

    Attributes:
        pointer: the calibrated pointer; None before.
        touched: landmark name -> where it was touched.
        surface_mm: (n, 3) touched surface points in the body's frame.
        registration: what the steps so far give; None before the first fit.
    """

    pointer: PivotFit | None = None
    touched: Mapping[str, TouchedPoint] = field(default_factory=dict)
    surface_mm: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    registration: Registration | None = None


@dataclass(frozen=True, eq=False)
class Step:
    """One step: its name for "Undo ...", and what it led to."""

    name: str
    draft: Draft


class Registering:
    """The way to one registration. Refused steps (PlannerError) leave everything as it was."""

    def __init__(
        self,
        landmarks: Mapping[str, np.ndarray],
        body: str,
        frame_of_reference_uid: str = "",
        landmark_sigma_mm: float = LANDMARK_SIGMA_MM,
    ) -> None:
        """Begin.

        Args:
            landmarks: name -> LPS position (3,) in mm, those that may be touched.
            body: the reference body on the patient.
            landmark_sigma_mm: how well a landmark is found in the images and again by the tip, along one axis.
        """
        self.landmarks = {name: np.asarray(place, dtype=np.float64) for name, place in landmarks.items()}
        self.body = body
        self._uid, self._sigma_mm = frame_of_reference_uid, landmark_sigma_mm
        self._steps = [Step("begin", Draft())]
        self._at = 0

    @property
    def draft(self) -> Draft:
        """Where it stands."""
        return self._steps[self._at].draft

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps taken so far and not taken back, the beginning first."""
        return tuple(self._steps[: self._at + 1])

    @property
    def undo_name(self) -> str:
        """The step that `undo` takes back; empty when there is none."""
        return self._steps[self._at].name if self._at else ""

    @property
    def redo_name(self) -> str:
        """The step that `redo` takes again; empty when there is none."""
        return self._steps[self._at + 1].name if self._at + 1 < len(self._steps) else ""

    def undo(self) -> None:
        """Take the last step back."""
        self._at = max(self._at - 1, 0)

    def redo(self) -> None:
        """Take it again."""
        self._at = min(self._at + 1, len(self._steps) - 1)

    def set_pointer(self, fit: PivotFit) -> None:
        """Use a calibrated pointer; what was touched with another one is dropped."""
        self._push("calibrate the pointer", Draft(pointer=fit))

    def touch(self, name: str, point: TouchedPoint) -> None:
        """Touch a landmark, again if need be; the fit is made anew by `fit`. Raises KeyError for an unknown name."""
        if name not in self.landmarks:
            raise KeyError(name)
        touched = {**self.draft.touched, name: point}
        self._push(f"touch {name}", replace(self.draft, touched=touched, registration=None))

    def forget(self, name: str) -> None:
        """Leave a touched landmark out. Raises KeyError when it was not touched."""
        touched = dict(self.draft.touched)
        del touched[name]
        self._push(f"leave out {name}", replace(self.draft, touched=touched, registration=None))

    def fit(self) -> Registration:
        """Register by the touched landmarks. Raises PlannerError as `register_fiducials`."""
        found = register_fiducials(self.fiducials(), self.body, self._uid)
        self._push("register by landmarks", replace(self.draft, registration=found))
        return found

    def fiducials(self) -> tuple[Fiducial, ...]:
        """The touched landmarks as pairs, in the order of the landmarks."""
        pairs = []
        for name, place in self.landmarks.items():
            point = self.draft.touched.get(name)
            if point is not None:
                sigma = float(np.hypot(point.sigma_mm, self._sigma_mm))
                pairs.append(Fiducial(name, _triple(place), _triple(point.body_mm), sigma))
        return tuple(pairs)

    def touch_surface(self, points_mm: np.ndarray) -> None:
        """Add touched surface points (n, 3) in the body's frame."""
        surface = np.concatenate(
            [self.draft.surface_mm, np.asarray(points_mm, dtype=np.float64).reshape(-1, 3)]
        )
        self._push("touch the surface", replace(self.draft, surface_mm=surface))

    def clear_surface(self) -> None:
        """Drop the touched surface points."""
        self._push("drop the surface points", replace(self.draft, surface_mm=np.zeros((0, 3))))

    def refine(self, surfaces: Sequence[SurfaceMesh], tip_radius_mm: float = 0.0) -> Registration:
        """Refine on the surface, from the landmarks' fit. Raises PlannerError as `refine_on_surface`."""
        start = register_fiducials(self.fiducials(), self.body, self._uid)
        found = refine_on_surface(start, self.draft.surface_mm, surfaces, tip_radius_mm=tip_radius_mm)
        self._push("refine on the surface", replace(self.draft, registration=found))
        return found

    def nudge(self, shift_mm: np.ndarray, turn_deg: np.ndarray, about_mm: np.ndarray) -> Registration:
        """Push by hand, as `by_hand.nudge`. Raises ValueError before there is a registration."""
        if self.draft.registration is None:
            raise ValueError("there is nothing to push yet")
        found = nudge(self.draft.registration, shift_mm, turn_deg, about_mm)
        self._push("move by hand", replace(self.draft, registration=found))
        return found

    def _push(self, name: str, draft: Draft) -> None:
        self._steps = [*self._steps[: self._at + 1], Step(name, draft)]
        self._at += 1


def _triple(point: np.ndarray) -> tuple[float, float, float]:
    x, y, z = np.asarray(point, dtype=np.float64).tolist()
    return x, y, z
