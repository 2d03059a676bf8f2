"""What a report says, worked out from what is open before anything is drawn; knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from app.describe import structure_title
from app.labels.edited import edited_keys, without_stale
from app.measures.density import density_of
from app.measuring import item_readings, plane_shapes
from app.report.method import WHERE, case_facts, method_lines, software_line
from app.report.privacy import Privacy
from app.state import State
from core.anatomy import Anatomy
from core.errors import Finding
from core.progress import Progress, Silent
from plan.edits import kind_title
from plan.items import CutPlane, Item
from plan.surface_items import Gap, Resection, StructureVolume, SurfacePath
from plan.versions import name_of


@dataclass(frozen=True)
class Row:
    """One measured value: what, the value with its band, where it comes from (a key of `WHERE`), why there is none."""

    title: str
    value: str
    source: str
    why_not: str = ""


@dataclass(frozen=True)
class Part:
    """One item of the plan with all that it measures."""

    title: str
    kind: str
    rows: tuple[Row, ...]
    item_id: str = ""


@dataclass(frozen=True)
class StructureRow:
    """One structure: its title, its volume, the spread of its surface in mm, and whether it was edited by hand."""

    title: str
    volume: str
    spread: str
    remark: str


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture (height, width, 3) uint8 RGB with what it shows."""

    caption: str
    rgb: np.ndarray


@dataclass(frozen=True, eq=False)
class Report:
    """All that a report says, in the order in which it says it.

    Attributes:
        patient: the patient in one line, or that no name is given.
        facts: pairs of what and which, of images and plan.
        views: of the heart. slices: through measures.
        findings: sentences that limit what the numbers mean.
        method: how the numbers came about.
    """

    patient: str
    software: str
    facts: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    structures: tuple[StructureRow, ...]
    findings: tuple[str, ...]
    method: tuple[str, ...]
    notes: str = ""
    views: tuple[Picture, ...] = ()
    slices: tuple[Picture, ...] = ()


def report_of(
    state: State,
    sd_mm: float | None,
    when: datetime,
    with_patient: bool = False,
    progress: Progress | None = None,
) -> Report:
    """What is to be said of what is open, without pictures.

    Args:
        sd_mm: standard deviation of a placed landmark per axis, for the bands; None: no bands.
        with_patient: name the patient. Otherwise the name and number are taken out of everything that was typed.
        progress: may cancel.
    """
    progress = progress or Silent()
    privacy = Privacy.of(state, with_patient)
    anatomy, plan = without_stale(state.anatomy), state.shown_plan
    parts = []
    for n, item in enumerate(plan.items):
        progress.report("Measuring", n / len(plan.items))
        rows = item_rows(item, state, anatomy, sd_mm, progress)
        if rows:
            parts.append(Part(privacy.cleaned(item.name), kind_title(item), rows, item.item_id))
    return Report(
        privacy.heading,
        software_line(when),
        (*case_facts(state, anatomy, with_patient), ("Plan", privacy.cleaned(name_of(state.plan)))),
        tuple(parts),
        structure_rows(anatomy),
        tuple(privacy.cleaned(_sentence(one)) for one in (*privacy.findings, *findings_of(state, anatomy))),
        method_lines(anatomy, sd_mm),
        privacy.cleaned(state.plan.notes),
    )


def item_rows(
    item: Item, state: State, anatomy: Anatomy | None, sd_mm: float | None, progress: Progress
) -> tuple[Row, ...]:
    """The values of one item as rows; those of points that nobody has placed yet are left out."""
    plan = state.shown_plan
    if isinstance(item, CutPlane):
        shapes = plane_shapes(anatomy, item) if anatomy is not None else {}
        return tuple(
            Row(f"{structure_title(key)}: {one.title[:1].lower()}{one.title[1:]}", one.text, "S", one.why_not)
            for key, shape in shapes.items()
            for one in shape
        )
    on_surfaces, by_plan = item_readings(item, plan, anatomy, state.moving, sd_mm, progress)
    sourced = [*((one, "S") for one in on_surfaces), *((one, _source_of(item)) for one in by_plan)]
    rows = [
        Row(one.title, one.text, source, one.why_not)
        for one, source in sourced
        if one.value is not None or not one.why_not.endswith("yet")
    ]
    density = density_of(item, state.volume) if state.volume is not None else None
    return (*rows, Row("Grey values", density.text, "I")) if density is not None else tuple(rows)


def structure_rows(anatomy: Anatomy | None) -> tuple[StructureRow, ...]:
    """Every structure of an anatomy with its enclosed volume and how steady its surface is."""
    if anatomy is None:
        return ()
    spreads, edited = anatomy.report.get("uncertainty_mm"), edited_keys(anatomy)
    known = spreads if isinstance(spreads, dict) else {}
    rows = []
    for key, mesh in anatomy.surfaces.items():
        volume = f"{mesh.volume_ml:.1f} ml" if mesh.is_closed else "–"
        # Of what was edited by hand, the network's steadiness says nothing any more.
        spread = f"{float(known[key]):.1f} mm" if key in known and key not in edited else "–"
        remark = "edited by hand" if key in edited else "" if mesh.is_closed else "open surface: no volume"
        rows.append(StructureRow(structure_title(key), volume, spread, remark))
    return tuple(rows)


def findings_of(state: State, anatomy: Anatomy | None) -> tuple[Finding, ...]:
    """What limits the numbers: of the images, of the reconstruction, of what has been edited since."""
    series = state.series.findings if state.series is not None else ()
    found = [*series, *(anatomy.findings if anatomy is not None else ())]
    if (
        state.anatomy is not None
        and anatomy is not None
        and len(anatomy.surfaces) < len(state.anatomy.surfaces)
    ):
        missing = sorted(set(state.anatomy.surfaces) - set(anatomy.surfaces))
        titles = ", ".join(structure_title(key) for key in missing)
        found.append(
            Finding(
                "stale", f"nothing is measured on: {titles}", "labels were edited since", "wait and repeat it"
            )
        )
    return tuple(dict.fromkeys(found))


def _source_of(item: Item) -> str:
    """Key of `WHERE` for what the plan alone tells of an item."""
    if isinstance(item, Gap | StructureVolume | Resection):
        return "S"
    return "PS" if isinstance(item, SurfacePath) else "P"


def _sentence(finding: Finding) -> str:
    what = finding.what[:1].upper() + finding.what[1:]
    return f"{what}: {finding.why}."


def source_titles(parts: Sequence[Part]) -> tuple[str, ...]:
    """What the letters of the rows mean, for those that occur."""
    used = {row.source for part in parts for row in part.rows}
    return tuple(f"{key}: {text}" for key, text in WHERE.items() if key in used)
