"""Measurement reports (TID 1500) of this or another program as items of a plan and volumes of structures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from core.errors import Finding, PlannerError
from imaging.dicom.headers import quiet_parser
from imaging.dicom.objects import read_object
from imaging.given.report_codes import (
    ANGLE,
    ANGLE_DICOM,
    DEG_PER_UNIT,
    DISTANCE,
    FINDING_SITE,
    LENGTH,
    MEASUREMENT_GROUP,
    ML_PER_UNIT,
    MM_PER_UNIT,
    TRACKING_IDENTIFIER,
    VOLUME,
)  # fmt: skip
from imaging.given.structure_codes import code_of_item, key_of_structure
from plan.items import Angle, Distance, Item, Landmark, as_point
from plan.measure import angle_deg, distance_mm
from plan.plan import Plan
from plan.schema import LONGEST_TEXT

SOP_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.88.34",
    "1.2.840.10008.5.1.4.1.1.88.33",
    "1.2.840.10008.5.1.4.1.1.88.22",
)
"""Comprehensive 3D, Comprehensive and Enhanced SR Storage."""
WHAT = "cannot read the report"
DEEPEST = 32
MOST_ITEMS = 500
FARTHEST_MM = 1e6
"""From the origin of any patient space."""
AGREE_MM, AGREE_DEG = 0.01, 0.01


@dataclass(frozen=True)
class GivenMeasurements:
    """What a report says.

    Attributes:
        plan: its distances, angles and landmarks with 3-D coordinates, as items of a plan.
        volumes_ml: structure key -> volume.
        findings: values that contradict their coordinates, and what could not be taken over.
    """

    plan: Plan
    volumes_ml: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def read_report(path: Path) -> GivenMeasurements:
    """Read the measurement groups of a report.

    Raises PlannerError when it is damaged, no report of measurements, or its coordinates lie in several patient spaces.

    Source: DICOM PS3.16 TID 1500, 1501, 1410, 300.
    """
    dataset = read_object(path, SOP_CLASSES, WHAT)
    items: list[Item] = []
    volumes: dict[str, float] = {}
    spaces: set[str] = set()
    n_odd = n_left = 0
    with quiet_parser():
        for group in _containers(dataset, MEASUREMENT_GROUP):
            name = _name_of(group)
            for value in _children(group, "NUM"):
                item, is_odd = _measured(value, name, spaces)
                volume_ml = _volume_ml(value)
                if item is not None:
                    items.append(item)
                elif volume_ml is not None:
                    volumes[_structure(group, name, tuple(volumes))] = volume_ml
                n_odd += is_odd
                n_left += item is None and volume_ml is None
            for region in _children(group, "SCOORD3D"):
                points = _points(region, spaces)
                if len(points) == 1:
                    items.append(Landmark(name, as_point(points[0])))
    if len(spaces) > 1:
        raise PlannerError(
            WHAT, "its coordinates lie in several patient spaces", "open the images of one of them"
        )
    if len(items) > MOST_ITEMS:
        raise PlannerError(WHAT, f"it holds {len(items)} measurements", "split it in the program that made it")
    if not items and not volumes and not n_left:
        title = _concept(dataset)
        why = f"it is “{title.meaning if title else 'a text':.64}” and holds no measurement"
        raise PlannerError(WHAT, why, "read it where it was written")
    plan = Plan(spaces.pop() if spaces else "", tuple(items))
    return GivenMeasurements(plan, volumes, _findings(n_odd, n_left))


def _measured(value: Dataset, name: str, spaces: set[str]) -> tuple[Item | None, bool]:
    """A distance or angle as the item that its coordinates define, and whether its value contradicts them."""
    concept = _concept(value)
    lines = (_points(child, spaces) for child in _children(value, "SCOORD3D"))
    points = next((found for found in lines if len(found) > 1), np.zeros((0, 3)))
    if concept in (DISTANCE, LENGTH) and len(points) == 2:
        distance = Distance(name, as_point(points[0]), as_point(points[1]))
        stated = _number(value, MM_PER_UNIT)
        return distance, stated is None or abs(stated - distance_mm(distance)) > AGREE_MM
    if concept in (ANGLE, ANGLE_DICOM) and len(points) == 3:
        angle = Angle(name, as_point(points[0]), as_point(points[1]), as_point(points[2]))
        stated = _number(value, DEG_PER_UNIT)
        return angle, stated is None or abs(stated - angle_deg(angle)) > AGREE_DEG
    return None, False


def _volume_ml(value: Dataset) -> float | None:
    return _number(value, ML_PER_UNIT) if _concept(value) == VOLUME else None


def _structure(group: Dataset, name: str, taken: Sequence[str]) -> str:
    sites = (c for c in _children(group, "CODE") if _concept(c) == FINDING_SITE)
    site = next((code_of_item(c.ConceptCodeSequence[0]) for c in sites if c.get("ConceptCodeSequence")), None)
    return key_of_structure(site, name, taken)


def _number(value: Dataset, factors: Mapping[str, float]) -> float | None:
    """A numeric item in the unit whose factor is 1; None when it has no value or another unit."""
    measured = value.get("MeasuredValueSequence")
    if not measured:
        return None
    unit = code_of_item((measured[0].get("MeasurementUnitsCodeSequence") or [None])[0])
    try:
        number = float(str(measured[0].NumericValue))
    except (AttributeError, ValueError):
        return None
    factor = factors.get(unit.value) if unit is not None else None
    return number * factor if factor is not None and math.isfinite(number) else None


def _points(item: Dataset, spaces: set[str]) -> np.ndarray:
    """Points (n, 3) in LPS mm; empty when they are not triplets of positions."""
    data = item.get("GraphicData")
    values = np.array([float(v) for v in ([] if data is None else data)], dtype=np.float64)
    if not len(values) or len(values) % 3 or not (np.abs(values) < FARTHEST_MM).all():
        return np.zeros((0, 3))
    spaces.add(str(item.get("ReferencedFrameOfReferenceUID", "")))
    return values.reshape(-1, 3)


def _containers(item: Dataset, concept: Code, depth: int = 0) -> Iterator[Dataset]:
    if depth > DEEPEST:
        raise PlannerError(WHAT, "it is nested without end", "export it again")
    for child in item.get("ContentSequence") or []:
        if child.get("ValueType") == "CONTAINER":
            if _concept(child) == concept:
                yield child
            else:
                yield from _containers(child, concept, depth + 1)


def _children(item: Dataset, value_type: str) -> list[Dataset]:
    return [child for child in item.get("ContentSequence") or [] if child.get("ValueType") == value_type]


def _concept(item: Dataset) -> Code | None:
    return code_of_item((item.get("ConceptNameCodeSequence") or [None])[0])


def _name_of(group: Dataset) -> str:
    for child in _children(group, "TEXT"):
        if _concept(child) == TRACKING_IDENTIFIER:
            text = "".join(c for c in str(child.get("TextValue", "")) if c.isprintable()).strip()
            return text[:LONGEST_TEXT] or "unnamed"
    return "unnamed"


def _findings(n_odd: int, n_left: int) -> tuple[Finding, ...]:
    found = []
    if n_odd:
        what = f"{n_odd} values of the report do not follow from its points"
        why = "the plan measures between the points, the report says another number or unit"
        found.append(
            Finding("report_contradicts", what, why, "compare them in the program that made the report")
        )
    if n_left:
        what = f"{n_left} values of the report are not shown"
        why = "they have no points in the patient, or are of a kind that plans do not hold"
        found.append(Finding("report_left_out", what, why, "look at them in another viewer"))
    return tuple(found)
