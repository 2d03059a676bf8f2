"""What `auricle export` is given, as content to write: a reconstruction's folder, a case, a plan, or a series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from app import case as cases
from app.exporting import Content
from core.anatomy import Anatomy
from core.errors import Finding, PlannerError
from core.progress import Progress
from core.study import Series
from plan.schema import parse_json, read_plan

ANATOMY, LABELS, REPORT = "anatomy.glb", "labels.nii.gz", "report.json"


def read_content(
    path: Path, source: Path | None, series_uid: str | None, phase: int, progress: Progress
) -> tuple[Content, tuple[Finding, ...]]:
    """Read an INPUT of the command, and find the images it belongs to.

    Args:
        source: folder or file of the source series; None looks where the input says that it came from.
        series_uid: which series of the source, when it holds several.
        phase: cardiac phase of the source, from 0.

    Raises PlannerError when the input is nothing that can be exported, or the source is not a DICOM series.
    """
    findings: tuple[Finding, ...] = ()
    if path.is_file() and path.suffix == ".json":
        content = Content(plan=read_plan(path))
    elif path.is_dir() and cases.is_case(path):
        case = cases.read_case(path, progress)
        files = _files(case.series, case.phase) if case.series is not None else ()
        content = Content(case.anatomy, case.plan, files, moving=case.moving)
        findings = case.findings
    elif (path / ANATOMY).is_file():
        anatomy, inputs = _reconstruction(path)
        content = Content(anatomy)
        if source is None:
            found, findings = _recorded_source(
                inputs, series_uid, phase, anatomy.frame_of_reference_uid, progress
            )
            content = replace(content, source_files=found)
    else:
        return Content(source_files=_source_files(path, series_uid, phase, progress)), ()
    if source is not None:
        content = replace(content, source_files=_source_files(source, series_uid, phase, progress))
    return content, findings


def _reconstruction(folder: Path) -> tuple[Anatomy, tuple[Path, ...]]:
    """The anatomy that `auricle reconstruct` wrote, and the inputs it was made from."""
    from imaging.formats.nifti import read_labels
    from imaging.guard.given import read_glb

    anatomy = read_glb(folder / ANATOMY)
    if (folder / LABELS).is_file():
        anatomy = replace(anatomy, labels=read_labels(folder / LABELS))
    report: object = {}
    if (folder / REPORT).is_file():
        try:
            report = parse_json((folder / REPORT).read_bytes())
        except OSError as error:
            raise PlannerError("cannot read the report", str(error.strerror), "reconstruct again") from error
    if not isinstance(report, dict):
        raise PlannerError(
            "cannot read the report", "it is not what a reconstruction writes", "reconstruct again"
        )
    rows = report.get("inputs")
    inputs = [Path(str(row["path"])) for row in rows if isinstance(row, dict) and "path" in row] if rows else []
    return replace(anatomy, report=report), tuple(inputs)


def _recorded_source(
    inputs: Sequence[Path], series_uid: str | None, phase: int, space: str, progress: Progress
) -> tuple[tuple[Path, ...], tuple[Finding, ...]]:
    """The source that a report names, where it is still there; a finding says when it is not."""
    files: list[Path] = []
    for path in inputs:
        try:
            files += _source_files(path, series_uid, phase, progress)
        except PlannerError as refusal:
            why = f"{refusal.what}: {refusal.why}"
            return (), (
                Finding("source_missing", "the source images were not found", why, "name them by --source"),
            )
    return tuple(files), ()


def _source_files(path: Path, series_uid: str | None, phase: int, progress: Progress) -> tuple[Path, ...]:
    from imaging.find.files import FileKind, file_kind
    from imaging.find.inputs import choose_input

    chosen = choose_input(path, series_uid, progress)
    files = tuple(file for series in chosen.series for file in _files(series, phase))
    if any(file_kind(file) is not FileKind.DICOM for file in files):
        raise PlannerError(
            "cannot use the source", "it is no DICOM series and names no patient", "give the DICOM series"
        )
    return files


def _files(series: Series, phase: int) -> tuple[Path, ...]:
    """The files of one phase; a series of several phases is about the whole only when the phase is not there."""
    if not 0 <= phase < series.n_phases:
        raise PlannerError(
            "cannot use the phase", f"the series has {series.n_phases}", "choose one of them, from 0"
        )
    return series.phases[phase]
