"""A reconstruction as files: labels, surfaces, GLB and the report, in the formats that scripts rely on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from app.cli.console import write_json
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.resources import RESEARCH_NOTICE


def write_results(
    anatomy: Anatomy, folder: Path, inputs: Sequence[Path], extra_seconds: Mapping[str, float]
) -> dict[str, object]:
    """Write labels, surfaces (STL, PLY), anatomy.glb and report.json into a folder; returns the report.

    Raises PlannerError when the folder cannot be written.
    """
    from imaging.formats.nifti import write_labels
    from imaging.formats.surfaces import write_glb, write_ply, write_stl

    try:
        (folder / "surfaces").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlannerError(
            f"cannot write {folder.name}", str(error.strerror), "choose another folder"
        ) from error
    if anatomy.labels is not None:
        write_labels(anatomy.labels, folder / "labels.nii.gz")
    for key, mesh in anatomy.surfaces.items():
        write_stl(mesh, folder / "surfaces" / f"{key}.stl")
        write_ply(mesh, folder / "surfaces" / f"{key}.ply")
    write_glb(anatomy, folder / "anatomy.glb")
    report = report_of(anatomy, inputs, extra_seconds)
    write_json(folder / "report.json", report)
    return report


def report_of(
    anatomy: Anatomy, inputs: Sequence[Path], extra_seconds: Mapping[str, float]
) -> dict[str, object]:
    """The report of a run, ready for JSON: what the run said of itself, its inputs and its findings."""
    report = dict(anatomy.report)
    seconds = report.get("seconds")
    timed = dict(seconds) if isinstance(seconds, Mapping) else {}
    report["seconds"] = {**{stage: round(value, 3) for stage, value in extra_seconds.items()}, **timed}
    report["inputs"] = [{"path": str(path)} for path in inputs]
    report["findings"] = [asdict(finding) for finding in anatomy.findings]
    report["version"] = version("auricle")
    report["notice"] = RESEARCH_NOTICE
    return report
