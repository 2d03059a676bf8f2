"""What a plan measures as a DICOM Structured Report that other programs can read: TID 1500 with 3-D coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import generate_uid

from core.errors import PlannerError
from imaging.given.report_codes import (
    ANGLE,
    DEGREE,
    DISTANCE,
    LANDMARK,
    MILLILITRE,
    MILLIMETRE,
    PLANNING,
    SOURCE_OF_MEASUREMENT,
    VOLUME,
)  # fmt: skip
from imaging.given.structure_codes import ANATOMICAL_STRUCTURE, code_of_structure
from imaging.outputs.made import MAKER, MadeSeries, program_version, quiet_writer
from imaging.outputs.source import Source
from plan.items import Angle, Distance, Landmark
from plan.measure import angle_deg, distance_mm
from plan.plan import Plan


def make_report(plan: Plan, volumes_ml: Mapping[str, float], source: Source, series: MadeSeries) -> Dataset:
    """A Comprehensive 3D SR of the plan's distances, angles and landmarks, and of structures' volumes.

    Cut planes measure nothing and are left out.

    Args:
        volumes_ml: structure key -> volume.

    Raises PlannerError when there is nothing to report, the plan belongs to another patient space than the
    source, or an item measures nothing.

    Source: DICOM PS3.16 TID 1500, 1501, 1410, 300; PS3.3 A.35.13, C.18.9 (SCOORD3D).
    """
    from highdicom.sr import Comprehensive3DSR, MeasurementReport

    frame_uid = plan.frame_of_reference_uid or source.frame_of_reference_uid or generate_uid()
    with quiet_writer():
        groups = _groups(plan, volumes_ml, frame_uid)
        if not groups:
            why = "there is no distance, angle, landmark or volume"
            raise PlannerError("cannot write the report", why, "measure something first")
        content = MeasurementReport(_context(), PLANNING, groups)
        made = Comprehensive3DSR(
            evidence=list(source.images),
            content=content[0],
            **series.arguments(),
            is_complete=True,
            is_final=False,
        )
    if source.is_anonymous and "CurrentRequestedProcedureEvidenceSequence" in made:
        del made.CurrentRequestedProcedureEvidenceSequence
    return made


def _context() -> Any:
    from highdicom.sr import DeviceObserverIdentifyingAttributes, ObservationContext, ObserverContext
    from pydicom.sr.codedict import codes

    attributes = DeviceObserverIdentifyingAttributes(
        uid=generate_uid(), name=MAKER, manufacturer_name=MAKER, model_name=f"{MAKER} {program_version()}"
    )
    return ObservationContext(ObserverContext(codes.DCM.Device, attributes))


def _groups(plan: Plan, volumes_ml: Mapping[str, float], frame_uid: str) -> list[Any]:
    groups: list[Any] = []
    for item in plan.items:
        if isinstance(item, Distance):
            points = [item.start_mm, item.end_mm]
            groups.append(_measured(item.name, DISTANCE, distance_mm(item), MILLIMETRE, points, frame_uid))
        elif isinstance(item, Angle):
            points = [item.start_mm, item.vertex_mm, item.end_mm]
            groups.append(_measured(item.name, ANGLE, angle_deg(item), DEGREE, points, frame_uid))
        elif isinstance(item, Landmark):
            groups.append(_landmark(item, frame_uid))
    return groups + [_volume(key, volume_ml) for key, volume_ml in volumes_ml.items()]


def _measured(
    name: str, concept: Code, value: float, unit: Code, points: Sequence[Sequence[float]], frame_uid: str
) -> Any:
    from highdicom.sr import (
        CoordinatesForMeasurement3D,
        GraphicTypeValues3D,
        Measurement,
        MeasurementsAndQualitativeEvaluations,
    )  # fmt: skip

    where = CoordinatesForMeasurement3D(
        GraphicTypeValues3D.POLYLINE, np.array(points), frame_uid, purpose=SOURCE_OF_MEASUREMENT
    )
    measurement = Measurement(concept, value, unit, referenced_coordinates=[where])
    return MeasurementsAndQualitativeEvaluations(_tracking(name), measurements=[measurement])


def _landmark(item: Landmark, frame_uid: str) -> Any:
    from highdicom.sr import GraphicTypeValues3D, ImageRegion3D, PlanarROIMeasurementsAndQualitativeEvaluations

    region = ImageRegion3D(GraphicTypeValues3D.POINT, np.array([item.position_mm]), frame_uid)
    return PlanarROIMeasurementsAndQualitativeEvaluations(
        _tracking(item.name), referenced_region=region, finding_type=LANDMARK
    )


def _volume(key: str, volume_ml: float) -> Any:
    from highdicom.sr import FindingSite, Measurement, MeasurementsAndQualitativeEvaluations

    return MeasurementsAndQualitativeEvaluations(
        _tracking(key),
        finding_category=ANATOMICAL_STRUCTURE,
        finding_type=code_of_structure(key),
        finding_sites=[FindingSite(code_of_structure(key))],
        measurements=[Measurement(VOLUME, volume_ml, MILLILITRE)],
    )


def _tracking(name: str) -> Any:
    from highdicom.sr import TrackingIdentifier

    return TrackingIdentifier(uid=generate_uid(), identifier=name or "unnamed")
