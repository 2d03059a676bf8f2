"""The structures Auricle knows, and an anatomy: their surfaces and landmarks in one patient space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from core.errors import Finding
from core.mesh import SurfaceMesh
from core.volume import LabelMap


@dataclass(frozen=True)
class StructureKind:
    """One structure of the heart: stable key, label value, title, colour (RGB 0-1) and SNOMED CT code."""

    key: str
    value: int
    title: str
    colour: tuple[float, float, float]
    snomed: str


HEART: tuple[StructureKind, ...] = (
    StructureKind("lv", 1, "Left ventricle", (0.86, 0.27, 0.25), "87878005"),
    StructureKind("lv_myocardium", 2, "LV myocardium", (0.80, 0.58, 0.45), "74281007"),
    StructureKind("rv", 3, "Right ventricle", (0.27, 0.47, 0.80), "53085002"),
    StructureKind("la", 4, "Left atrium", (0.93, 0.55, 0.60), "82471001"),
    StructureKind("ra", 5, "Right atrium", (0.45, 0.70, 0.90), "73829009"),
    StructureKind("aorta", 6, "Aorta", (0.95, 0.72, 0.30), "15825003"),
    StructureKind("pulmonary_artery", 7, "Pulmonary artery", (0.45, 0.35, 0.75), "81040000"),
)

RESECTED = StructureKind("resected", 200, "Resected muscle", (0.95, 0.35, 0.55), "")
"""Muscle that a plan takes away; no network knows it, so it is none of `HEART`."""


@dataclass(frozen=True)
class LandmarkKind:
    """A named place of the heart: stable key, title, and whether a direction belongs to it.

    A direction runs with the blood: through a valve from the chamber it drains to where it leads, and from the left
    atrium into its appendage.
    """

    key: str
    title: str
    has_direction: bool = False


LANDMARKS: tuple[LandmarkKind, ...] = (
    LandmarkKind("mitral_valve", "Mitral valve, centre", has_direction=True),
    LandmarkKind("aortic_valve", "Aortic valve, centre", has_direction=True),
    LandmarkKind("tricuspid_valve", "Tricuspid valve, centre", has_direction=True),
    LandmarkKind("pulmonary_valve", "Pulmonary valve, centre", has_direction=True),
    LandmarkKind("appendage_ostium", "Left atrial appendage, ostium", has_direction=True),
    LandmarkKind("lv_apex", "LV apex"),
    LandmarkKind("left_coronary_ostium", "Left coronary ostium"),
    LandmarkKind("right_coronary_ostium", "Right coronary ostium"),
    LandmarkKind("anterior_rv_insertion", "Anterior RV insertion"),
    LandmarkKind("inferior_rv_insertion", "Inferior RV insertion"),
    LandmarkKind("left_hinge", "Hinge point, left coronary cusp"),
    LandmarkKind("right_hinge", "Hinge point, right coronary cusp"),
    LandmarkKind("non_coronary_hinge", "Hinge point, non-coronary cusp"),
)
HEART_BY_KEY: Mapping[str, StructureKind] = {kind.key: kind for kind in HEART}
HEART_NAMES: Mapping[int, str] = {kind.value: kind.key for kind in HEART}


@dataclass(frozen=True, eq=False)
class Anatomy:
    """Surfaces and landmarks of one patient space.

    Attributes:
        surfaces: structure key -> closed surface in LPS mm.
        frame_of_reference_uid: the patient space; two anatomies join only when it is the same.
        labels: the label map the surfaces were made from, when there is one.
        landmarks: name -> LPS position (3,) in mm; found ones are named by the keys of `LANDMARKS`.
        findings: what the user should know about this reconstruction.
        report: plain JSON-ready facts about the run (volumes_ml, seconds, device, weights, ...).
        directions: name of a landmark -> unit vector (3,), LPS, for those of `LANDMARKS` that have one.
    """

    surfaces: Mapping[str, SurfaceMesh]
    frame_of_reference_uid: str = ""
    labels: LabelMap | None = None
    landmarks: Mapping[str, np.ndarray] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    report: Mapping[str, object] = field(default_factory=dict)
    directions: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def bounds_mm(self) -> np.ndarray:
        """Lowest and highest corner (2, 3) over all surfaces, LPS mm. Raises ValueError when empty."""
        bounds = [mesh.bounds_mm for mesh in self.surfaces.values() if len(mesh.vertices)]
        if not bounds:
            raise ValueError("an anatomy without surfaces has no bounds")
        stacked = np.stack(bounds)
        return np.stack([stacked[:, 0].min(axis=0), stacked[:, 1].max(axis=0)])
