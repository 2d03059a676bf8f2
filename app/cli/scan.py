"""`auricle scan FOLDER`: what a folder holds, on the screen and as JSON; never a patient's name."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.console import progress_of, say, say_findings, write_json
from core.errors import Finding
from core.study import Patient, ScanResult, Series, Study
from imaging.find.scan import scan_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the folder and where the JSON goes."""
    parser.add_argument(
        "folder", type=Path, help="folder of images, searched with all below it, or a zip, tar or DICOMDIR"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write what was found as JSON")


def run(options: argparse.Namespace) -> None:
    """Scan, print one line per series, and write the JSON. Raises PlannerError when it is no folder."""
    result = scan_folder(options.folder, progress=progress_of(options))
    for number, patient in enumerate(result.patients, start=1):
        say(f"patient {number}")
        for study in patient.studies:
            say(f"  study {study.study_uid or '(no DICOM study)'} {study.date}".rstrip())
            for series in study.series:
                say(f"    {_line(series)}")
                for finding in series.findings:
                    say(f"      note [{finding.code}]: {finding.what}: {finding.why}")
    say_findings(result.findings)
    if options.json is not None:
        write_json(options.json, as_json(result))


def as_json(result: ScanResult) -> dict[str, object]:
    """The scan in the stable form of the command line; patients are numbered, not named."""
    return {
        "patients": [_patient(index, patient) for index, patient in enumerate(result.patients, start=1)],
        "findings": [_finding(finding) for finding in result.findings],
    }


def _line(series: Series) -> str:
    slices, rows, columns = series.shape
    spacing = " x ".join(f"{v:.3g}" for v in series.spacing_mm) + " mm" if series.spacing_mm else "size unknown"
    phases = f", {series.n_phases} phases" if series.n_phases > 1 else ""
    name = f" '{series.description}'" if series.description else ""
    return f"{series.series_uid} {series.modality}{name}: {slices} x {rows} x {columns}{phases}, {spacing}"


def _patient(index: int, patient: Patient) -> dict[str, object]:
    return {"index": index, "studies": [_study(study) for study in patient.studies]}


def _study(study: Study) -> dict[str, object]:
    series = [_series(one) for one in study.series]
    return {
        "study_uid": study.study_uid,
        "date": study.date,
        "description": study.description,
        "series": series,
    }


def _series(series: Series) -> dict[str, object]:
    return {
        "series_uid": series.series_uid,
        "modality": series.modality,
        "description": series.description,
        "n_images": series.n_images,
        "n_phases": series.n_phases,
        "shape": list(series.shape),
        "spacing_mm": None if series.spacing_mm is None else list(series.spacing_mm),
        "frame_of_reference_uid": series.frame_of_reference_uid,
        "findings": [_finding(finding) for finding in series.findings],
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {"code": finding.code, "what": finding.what, "why": finding.why, "fix": finding.fix}
