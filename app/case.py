"""A saved case: a folder with the reference to its study, the reconstruction and the plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.anatomy_file import read_anatomy, write_anatomy
from app.fusion.image import Fusion
from app.fusion.making import shown_fusion
from app.fusion.store import read_fusion, with_images, write_fusion
from app.library.header_index import HeaderIndex
from app.motion_file import read_motion, write_motion
from app.state import State
from core.anatomy import Anatomy
from core.errors import Finding, PlannerError
from core.motion import MovingAnatomy
from core.progress import Progress
from core.staging import replace_file
from core.study import ScanResult, Series
from core.volume import Volume
from plan.plan import Plan
from plan.schema import parse_json, read_plan, write_plan
from render.view import StructureView, ViewState

SUFFIX = ".auricle"
FORMAT, SCHEMA = "auricle-case", 1
INDEX, PLAN, ANATOMY, MOTION, FUSION = "case.json", "plan.json", "anatomy.npz", "motion.npz", "fusion"


@dataclass(frozen=True)
class Case:
    """What a case holds.

    Attributes:
        study: the folder of the images; they stay where they are.
        scan, series, volume: what was found there; None when the images are gone.
        moving: the heart at all phases; `anatomy` is the phase that was shown.
        fusion: a second series of the same study folder over this one.
    """

    plan: Plan
    anatomy: Anatomy | None = None
    view: ViewState = field(default_factory=ViewState)
    study: Path | None = None
    series_uid: str = ""
    phase: int = 0
    scan: ScanResult | None = None
    series: Series | None = None
    volume: Volume | None = None
    findings: tuple[Finding, ...] = ()
    moving: MovingAnatomy | None = None
    fusion: Fusion | None = None


def case_of(state: State) -> Case:
    """What there is to save."""
    uid = state.series.series_uid if state.series else ""
    return Case(
        state.plan,
        state.anatomy,
        state.view,
        state.source,
        uid,
        state.phase,
        moving=state.moving,
        fusion=shown_fusion(state),
    )


def is_case(folder: Path) -> bool:
    """True for a folder that a case was saved to."""
    return (folder / INDEX).is_file()


def write_case(case: Case, folder: Path, progress: Progress) -> None:
    """Write a case; the index comes last, so that a folder with an index is whole. Raises PlannerError."""
    progress.report("Saving case", 0.0)
    write_plan(case.plan, folder / PLAN)
    if case.anatomy is not None:
        write_anatomy(case.anatomy, folder / ANATOMY)
    if case.moving is not None:
        progress.report("Saving all phases", 0.5)
        write_motion(case.moving, folder / MOTION)
    if case.fusion is not None:
        write_fusion(case.fusion, folder / FUSION)
    index = {
        "format": FORMAT,
        "schema": SCHEMA,
        "study_folder": str(case.study.resolve()) if case.study else "",
        "series_uid": case.series_uid,
        "phase": case.phase,
        "has_anatomy": case.anatomy is not None,
        "has_motion": case.moving is not None,
        "has_fusion": case.fusion is not None,
        "structures": {key: _look_to_json(look) for key, look in case.view.structures.items()},
    }
    replace_file(folder / INDEX, (json.dumps(index, indent=2) + "\n").encode())
    progress.report("Saving case", 1.0)


def read_case(folder: Path, progress: Progress, cache: HeaderIndex | None = None) -> Case:
    """Read a case, and its images when they are still where they were; headers that `cache` knows are not read again.

    Raises:
        PlannerError: a file of the case is damaged, or its parts belong to different patients.
    """
    index = _read_index(folder / INDEX)
    plan = read_plan(folder / PLAN)
    progress.report("Reading reconstruction", 0.0)
    anatomy = read_anatomy(folder / ANATOMY) if index["has_anatomy"] is True else None
    if anatomy is not None and anatomy.frame_of_reference_uid != plan.frame_of_reference_uid:
        raise _damaged("its plan and its reconstruction belong to different patient spaces")
    # Cases of versions before hearts moved do not speak of it.
    moving = read_motion(folder / MOTION) if index.get("has_motion") is True else None
    if moving is not None and moving.frame_of_reference_uid != plan.frame_of_reference_uid:
        raise _damaged("its plan and its moving heart belong to different patient spaces")
    case = Case(plan, anatomy, _view_from_json(index["structures"]), moving=moving)
    case = _with_images(case, index, progress, cache)
    return _with_fusion(case, folder, progress) if index.get("has_fusion") is True else case


def _with_images(
    case: Case, index: Mapping[str, object], progress: Progress, cache: HeaderIndex | None
) -> Case:
    uid, phase = str(index["series_uid"]), _whole(index["phase"])
    study = Path(str(index["study_folder"])) if index["study_folder"] else None
    case = replace(case, study=study, series_uid=uid, phase=phase)
    try:
        scan, series, volume = _images(study, uid, phase, progress, cache)
    except PlannerError as refusal:
        missing = Finding(
            "images_missing", "the images of this case are not shown", str(refusal), "open their folder"
        )
        return replace(case, findings=(missing,))
    if volume.frame_of_reference_uid != case.plan.frame_of_reference_uid:
        raise _damaged("its plan and its images belong to different patient spaces")
    return replace(case, scan=scan, series=series, volume=volume)


def _with_fusion(case: Case, folder: Path, progress: Progress) -> Case:
    kept = read_fusion(folder / FUSION)
    try:
        return replace(case, fusion=with_images(kept, case.scan, progress)) if kept is not None else case
    except PlannerError as refusal:
        missing = Finding("fusion_missing", refusal.what, refusal.why, refusal.fix)
        return replace(case, findings=(*case.findings, missing))


def _images(
    study: Path | None, uid: str, phase: int, progress: Progress, cache: HeaderIndex | None
) -> tuple[ScanResult, Series, Volume]:
    from imaging.find.scan import scan_folder
    from imaging.slices.load import load_series

    if study is None:
        raise PlannerError(
            "there are no images", "the case was saved without a study folder", "open their folder"
        )
    scan = scan_folder(study, progress, cache)
    series = next((found for found in scan.series if found.series_uid == uid), None)
    if series is None:
        raise PlannerError("the series is gone", "its folder no longer holds it", "open the folder it is in")
    return scan, series, load_series(series, phase, progress)


def _read_index(path: Path) -> Mapping[str, object]:
    try:
        index = parse_json(path.read_bytes())
    except OSError as error:
        raise _damaged(str(error.strerror or error)) from error
    names = {"format", "schema", "study_folder", "series_uid", "phase", "has_anatomy", "structures"}
    if not isinstance(index, Mapping) or index.get("format") != FORMAT or not names <= set(index):
        raise _damaged("it is not an Auricle case")
    if index["schema"] != SCHEMA:
        raise _damaged(f"its schema is {index['schema']!r:.20}, this version reads {SCHEMA}")
    return index


def _look_to_json(look: StructureView) -> dict[str, object]:
    return {"is_visible": look.is_visible, "colour": list(look.colour), "opacity": look.opacity}


def _view_from_json(content: object) -> ViewState:
    if not isinstance(content, Mapping):
        raise _damaged("its structures are not readable")
    try:
        return ViewState({str(key): _look_from_json(look) for key, look in content.items()})
    except (ValueError, TypeError, KeyError) as error:
        raise _damaged("its structures are not readable") from error


def _look_from_json(look: Mapping[str, object]) -> StructureView:
    red, green, blue = (min(max(float(part), 0.0), 1.0) for part in look["colour"])  # type: ignore[attr-defined]
    return StructureView(look["is_visible"] is True, (red, green, blue), float(look["opacity"]))  # type: ignore[arg-type]


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _damaged("its phase is not a number")
    return value


def _damaged(why: str) -> PlannerError:
    return PlannerError("cannot open the case", why, "choose another case")
