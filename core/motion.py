"""A heart that moves: one set of triangles per structure whose vertices have a place at every phase of the cycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from core.anatomy import Anatomy
from core.errors import Finding
from core.mesh import SurfaceMesh
from core.volume import LabelMap


@dataclass(frozen=True, eq=False)
class MovingSurface:
    """A triangle surface through the cycle: the same point of the heart is the same vertex at every phase.

    Attributes:
        vertices: (phases, n, 3) float32, LPS mm.
        faces: (m, 3) int, normals outward, the same at every phase.
    """

    vertices: np.ndarray
    faces: np.ndarray

    def __post_init__(self) -> None:
        vertices = np.array(self.vertices, dtype=np.float32)
        faces = np.array(self.faces, dtype=np.int64).reshape(-1, 3)
        if vertices.ndim != 3 or vertices.shape[2] != 3 or not np.isfinite(vertices).all():
            raise ValueError("vertices are finite, with the shape (phases, n, 3)")
        if faces.size and (faces.min() < 0 or faces.max() >= vertices.shape[1]):
            raise ValueError("a face names a vertex that does not exist")
        vertices.setflags(write=False)
        faces.setflags(write=False)
        object.__setattr__(self, "vertices", vertices)
        object.__setattr__(self, "faces", faces)

    @property
    def n_phases(self) -> int:
        """Number of phases."""
        return self.vertices.shape[0]

    def at(self, phase: int) -> SurfaceMesh:
        """The surface of one phase. Raises IndexError beyond the cycle."""
        if not 0 <= phase < self.n_phases:
            raise IndexError(phase)
        return SurfaceMesh(self.vertices[phase], self.faces)

    @cached_property
    def volumes_ml(self) -> np.ndarray:
        """Enclosed volume (phases,) in millilitres; only meaningful for a closed surface."""
        return np.array([self.at(phase).volume_ml for phase in range(self.n_phases)])


@dataclass(frozen=True)
class SliceShift:
    """How far one slice was found to lie from where the others say the heart is: it was taken in another breath.

    Attributes:
        name: which slice, as a person finds it again.
        shift_mm: what was added to its place, LPS mm; zero where it was left where its header has it.
        is_reliable: False when the images did not tell, and the slice was left where it is.
    """

    name: str
    shift_mm: tuple[float, float, float]
    is_reliable: bool = True

    @property
    def distance_mm(self) -> float:
        """Length of the shift."""
        return float(np.linalg.norm(self.shift_mm))


@dataclass(frozen=True)
class Ejection:
    """What a ventricle ejects: volumes at its largest and smallest in ml, and the share in percent."""

    end_diastolic_ml: float
    end_systolic_ml: float

    @property
    def stroke_ml(self) -> float:
        """Stroke volume."""
        return self.end_diastolic_ml - self.end_systolic_ml

    @property
    def fraction_percent(self) -> float:
        """Ejection fraction."""
        return 100.0 * self.stroke_ml / self.end_diastolic_ml


@dataclass(frozen=True, eq=False)
class MovingAnatomy:
    """The structures of one heart at all phases of its cycle, in one patient space.

    Attributes:
        surfaces: structure key -> surface through the cycle, all of one number of phases.
        frame_of_reference_uid: the patient space.
        end_diastole, end_systole: phases of the largest and the smallest left ventricle.
        times_ms: of each phase after the R peak; empty when the files do not say.
        labels: label map of each phase, or none.
        shifts: how every slice was realigned.
        findings: what the user should know about this reconstruction.
        report: plain JSON-ready facts about the run.
    """

    surfaces: Mapping[str, MovingSurface]
    frame_of_reference_uid: str
    end_diastole: int
    end_systole: int
    times_ms: tuple[float, ...] = ()
    labels: tuple[LabelMap, ...] = ()
    shifts: tuple[SliceShift, ...] = ()
    findings: tuple[Finding, ...] = ()
    report: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n_phases = {surface.n_phases for surface in self.surfaces.values()}
        if len(n_phases) != 1:
            raise ValueError("a moving anatomy has surfaces, all of one number of phases")
        if any(values and len(values) != self.n_phases for values in (self.times_ms, self.labels)):
            raise ValueError("times and labels belong to every phase, or to none")
        if not (0 <= self.end_diastole < self.n_phases and 0 <= self.end_systole < self.n_phases):
            raise ValueError("end-diastole and end-systole are phases of the cycle")

    @property
    def n_phases(self) -> int:
        """Number of phases."""
        return next(iter(self.surfaces.values())).n_phases

    @cached_property
    def volumes_ml(self) -> Mapping[str, np.ndarray]:
        """Structure key -> enclosed volume (phases,) in millilitres."""
        return {key: surface.volumes_ml for key, surface in self.surfaces.items()}

    def ejection(self, key: str) -> Ejection | None:
        """What a chamber ejects between its own largest and smallest volume; None where it is absent."""
        if key not in self.surfaces:
            return None
        volumes = self.volumes_ml[key]
        return Ejection(float(volumes.max()), float(volumes.min()))

    def at(self, phase: int) -> Anatomy:
        """The anatomy of one phase, the same object at every call. Raises IndexError beyond the cycle."""
        if not 0 <= phase < self.n_phases:
            raise IndexError(phase)
        if phase not in self._anatomies:
            self._anatomies[phase] = self._anatomy(phase)
        return self._anatomies[phase]

    @cached_property
    def _anatomies(self) -> dict[int, Anatomy]:
        return {}

    def _anatomy(self, phase: int) -> Anatomy:
        volumes = {key: round(float(values[phase]), 2) for key, values in self.volumes_ml.items()}
        return Anatomy(
            {key: surface.at(phase) for key, surface in self.surfaces.items()},
            self.frame_of_reference_uid,
            self.labels[phase] if self.labels else None,
            findings=self.findings,
            report={**self.report, "volumes_ml": volumes, "phase": phase},
        )
