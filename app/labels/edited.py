"""An anatomy whose labels a person corrects: what follows at once, what is marked, what has yet to be made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np

from core.anatomy import HEART_BY_KEY, Anatomy
from core.errors import Finding
from core.mesh import SurfaceMesh
from core.volume import LabelMap
from plan.label_edits import map_id
from plan.label_lineage import Lineage

EDITED = "edited_by_hand"
_names: WeakKeyDictionary[LabelMap, str] = WeakKeyDictionary()


@dataclass(frozen=True)
class Mark:
    """What an anatomy's report says of the hand that edited it.

    Attributes:
        map_id: the label map before the first edit.
        last_step: id of the last edit in it; empty when there is none.
        structures: keys of those whose labels are not any more what the program or the file gave.
        stale: keys of those whose surface is older than their labels.
    """

    map_id: str
    last_step: str = ""
    structures: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()


def mark_of(anatomy: Anatomy) -> Mark:
    """The mark of an anatomy with labels; of one that nobody edited it says only which map it has."""
    found = anatomy.report.get(EDITED)
    if isinstance(found, Mapping):
        structures, stale = (tuple(map(str, found.get(name, ()))) for name in ("structures", "stale"))
        return Mark(str(found.get("map_id", "")), str(found.get("last_step", "")), structures, stale)
    assert anatomy.labels is not None
    return Mark(_map_id(anatomy.labels))


def edited_keys(anatomy: Anatomy | None) -> frozenset[str]:
    """The structures that a person edited."""
    is_marked = anatomy is not None and EDITED in anatomy.report
    return frozenset(mark_of(anatomy).structures) if anatomy is not None and is_marked else frozenset()


def stale_keys(anatomy: Anatomy | None) -> frozenset[str]:
    """The structures whose surface is older than their labels and is being made again."""
    is_marked = anatomy is not None and EDITED in anatomy.report
    return frozenset(mark_of(anatomy).stale) if anatomy is not None and is_marked else frozenset()


def without_stale(anatomy: Anatomy | None) -> Anatomy | None:
    """The anatomy without surfaces that are older than their labels: what can be measured."""
    stale = stale_keys(anatomy)
    if anatomy is None or not stale:
        return anatomy
    return replace(anatomy, surfaces={key: mesh for key, mesh in anatomy.surfaces.items() if key not in stale})


def as_own_map(anatomy: Anatomy) -> Anatomy:
    """The anatomy as the beginning of its own edits: what was edited before stays marked, its steps are not known."""
    if anatomy.labels is None or EDITED not in anatomy.report:
        return anatomy
    return _marked(anatomy, replace(mark_of(anatomy), map_id=_map_id(anatomy.labels), last_step=""))


def followed(
    begun: Anatomy, lineage: Lineage, shown: Anatomy | None = None, before: Lineage | None = None
) -> Anatomy:
    """The anatomy that a history has come to. Labels and volumes are those of now, touched surfaces are stale.

    With no edit left, the surfaces are the ones that it began with, bit for bit.

    Args:
        begun: the anatomy before the first edit.
        lineage: the edits to be in it.
        shown, before: an anatomy of the same map and the edits that are in it, to go on from; None: from `begun`.

    Raises:
        ValueError: the edits were not made on these labels.
    """
    assert begun.labels is not None
    if shown is None or shown.labels is None or before is None or before.map_id != lineage.map_id:
        shown, before = begun, Lineage(lineage.map_id)
    assert shown.labels is not None
    labels, touched = _labels_of(begun.labels, lineage, shown.labels, before)
    kept = frozenset().union(*(edit.values for edit in lineage.edits))
    return _with_labels(begun, shown, labels, touched, kept, lineage.last_step)


def with_surfaces(anatomy: Anatomy, made: Mapping[str, SurfaceMesh | None]) -> Anatomy:
    """The anatomy with surfaces that were made of its labels; None: nothing is left of that structure."""
    mark = mark_of(anatomy)
    surfaces = {key: mesh for key, mesh in {**anatomy.surfaces, **made}.items() if mesh is not None}
    stale = tuple(key for key in mark.stale if key not in made)
    return _marked(replace(anatomy, surfaces=_in_order(surfaces, anatomy.labels)), replace(mark, stale=stale))


def _in_order(surfaces: Mapping[str, SurfaceMesh], labels: LabelMap | None) -> dict[str, SurfaceMesh]:
    """In the order of the label values, then the others: a structure that comes back takes its old place."""
    order = [labels.names[value] for value in sorted(labels.names)] if labels is not None else []
    keys = sorted(surfaces, key=lambda key: order.index(key) if key in order else len(order))
    return {key: surfaces[key] for key in keys}


def _labels_of(
    begun: LabelMap, lineage: Lineage, shown: LabelMap, before: Lineage
) -> tuple[LabelMap, frozenset[int]]:
    """The labels of now, and the values that are not any more what the shown ones were."""
    n_common = 0
    for now, then in zip(lineage.edits, before.edits, strict=False):
        if now.step_id != then.step_id:
            break
        n_common += 1
    undone, done = before.edits[n_common:], lineage.edits[n_common:]
    labels = shown.labels
    for edit in reversed(undone):
        labels = edit.undone(labels)
    for edit in done:
        labels = edit.applied(labels)
    touched = frozenset().union(*(edit.values for edit in (*undone, *done)))
    if labels is shown.labels:
        return shown, touched
    if not lineage.edits:
        return begun, touched
    new = {value: key for edit in lineage.edits for value, key in edit.names}
    return replace(shown, labels=labels, names={**begun.names, **new}), touched


def _with_labels(
    begun: Anatomy, shown: Anatomy, labels: LabelMap, touched: frozenset[int], kept: frozenset[int], last: str
) -> Anatomy:
    names = {value: key for value, key in labels.names.items() if value}
    begun_mark, shown_mark = mark_of(begun), mark_of(shown)
    if kept:
        surfaces, stale = dict(shown.surfaces), set(shown_mark.stale)
        for key in _no_longer_named(shown.labels, labels):
            surfaces.pop(key, None)
            stale.discard(key)
        stale |= {names[value] for value in touched & names.keys()}
    else:
        surfaces, stale = dict(begun.surfaces), set(begun_mark.stale)
    edited = {names[value] for value in kept & names.keys()} | set(begun_mark.structures)
    mark = Mark(begun_mark.map_id, last, tuple(sorted(edited)), tuple(sorted(stale)))
    changed = replace(
        shown,
        surfaces=_in_order(surfaces, labels),
        labels=labels,
        report=_report(begun, shown, labels, touched, edited),
    )
    if not edited and not stale:
        return _unmarked(changed)
    return _marked(changed, mark)


def _no_longer_named(before: LabelMap | None, now: LabelMap) -> set[str]:
    """Structures that an edit had brought in and whose edit is undone."""
    return set(before.names.values()) - set(now.names.values()) if before is not None else set()


def _report(
    begun: Anatomy, shown: Anatomy, labels: LabelMap, touched: frozenset[int], edited: set[str]
) -> dict[str, object]:
    """The run's facts with the volumes that the labels have now; how sure the network was says nothing of a hand."""
    report = dict(shown.report)
    volumes, spread = report.get("volumes_ml"), begun.report.get("uncertainty_mm")
    if isinstance(volumes, Mapping):
        counted = {
            labels.names[value]: round(float(np.count_nonzero(labels.labels == value)) * labels.voxel_ml, 2)
            for value in sorted(touched & labels.names.keys() - {0})
        }
        report["volumes_ml"] = {**volumes, **counted}
    if isinstance(spread, Mapping):
        report["uncertainty_mm"] = {key: None if key in edited else value for key, value in spread.items()}
    return report


def _marked(anatomy: Anatomy, mark: Mark) -> Anatomy:
    content = {
        "map_id": mark.map_id,
        "last_step": mark.last_step,
        "structures": list(mark.structures),
        "stale": list(mark.stale),
    }
    findings = tuple(finding for finding in anatomy.findings if finding.code != EDITED)
    if mark.structures:
        findings += (_edited(mark.structures),)
    return replace(anatomy, findings=findings, report={**anatomy.report, EDITED: content})


def _unmarked(anatomy: Anatomy) -> Anatomy:
    """Nothing of a hand is left in it."""
    report = {name: value for name, value in anatomy.report.items() if name != EDITED}
    findings = tuple(finding for finding in anatomy.findings if finding.code != EDITED)
    return replace(anatomy, report=report, findings=findings)


def _edited(keys: tuple[str, ...]) -> Finding:
    titles = ", ".join(HEART_BY_KEY[key].title if key in HEART_BY_KEY else key for key in keys)
    return Finding(
        EDITED,
        f"edited by hand: {titles}",
        "a person corrected the labels; their certainty is not the network's",
        "judge these structures by the images",
    )


def _map_id(labels: LabelMap) -> str:
    # Of a large map the name takes a tenth of a second: worked out once.
    if labels not in _names:
        _names[labels] = map_id(labels)
    return _names[labels]
