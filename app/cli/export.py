"""`auricle export INPUT --format F --out DIR`: results as DICOM objects or surface files."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.cli.console import progress_of, say, say_findings, write_json
from app.exporting import FORMATS, Content, export
from core.errors import PlannerError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument(
        "input",
        type=Path,
        metavar="INPUT",
        help="a folder of `auricle reconstruct`, a case (*.auricle), a plan.json, or a DICOM series",
    )
    parser.add_argument(
        "--format",
        required=True,
        metavar="F[,F...]",
        type=_formats,
        help=f"one or more of {', '.join(FORMATS)}",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--source", type=Path, metavar="SERIES", help="the DICOM series that INPUT was made from"
    )
    parser.add_argument("--series", metavar="UID", help="which series, when the source holds several")
    parser.add_argument("--frame", type=int, default=0, metavar="N", help="cardiac phase of the source, from 0")
    parser.add_argument("--plan", type=Path, metavar="FILE", help="plan.json, to go with a reconstruction")
    parser.add_argument(
        "--for-printing",
        choices=("blood-pool", "wall"),
        help="one closed body in place of the structures: all blood, or a hollow wall around it",
    )
    parser.add_argument(
        "--wall-mm", type=float, default=2.0, metavar="MM", help="thickness of that wall (default: 2)"
    )
    parser.add_argument("--deidentify", action="store_true", help="take the patient out (PS3.15 Basic Profile)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write what was written as JSON")


def run(options: argparse.Namespace) -> None:
    """Read, write, and say what was written. Raises PlannerError when a format is not possible."""
    from app.export_input import read_content
    from plan.schema import read_plan

    progress = progress_of(options)
    content, findings = read_content(options.input, options.source, options.series, options.frame, progress)
    if options.plan is not None:
        content = replace(content, plan=read_plan(options.plan))
    if options.for_printing is not None:
        content = _for_printing(content, options.for_printing, options.wall_mm)
    if "sc" in options.format:
        content = replace(content, picture=_picture(content))
    done = export(content, options.format, options.out, options.deidentify, progress)
    findings += done.findings
    say_findings(findings)
    for path in done.files[:20]:
        say(str(path))
    if len(done.files) > 20:
        say(f"... and {len(done.files) - 20} more files")
    if options.json is not None:
        rows = [{"code": f.code, "what": f.what, "why": f.why, "fix": f.fix} for f in findings]
        write_json(options.json, {"files": [str(path) for path in done.files], "findings": rows})


def _for_printing(content: Content, kind: str, wall_mm: float) -> Content:
    """The content with one printable body in the place of its structures. Raises PlannerError without labels."""
    from recon.surfaces.printing import blood_pool_surface, wall_surface

    labels = content.anatomy.labels if content.anatomy is not None else None
    if content.anatomy is None or labels is None:
        raise PlannerError(
            "cannot make a surface for printing", "there is no label map", "give the folder of a reconstruction"
        )
    mesh = blood_pool_surface(labels) if kind == "blood-pool" else wall_surface(labels, wall_mm)
    return replace(content, anatomy=replace(content.anatomy, surfaces={kind.replace("-", "_"): mesh}))


def _formats(text: str) -> tuple[str, ...]:
    chosen = tuple(part.strip() for part in text.split(",") if part.strip())
    unknown = [key for key in chosen if key not in FORMATS]
    if unknown or not chosen:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown) or 'nothing'} is none of {', '.join(FORMATS)}")
    return chosen


def _picture(content: Content) -> np.ndarray | None:
    from app.pictures import heart, with_notice

    return with_notice(heart(content.anatomy, content.plan)) if content.anatomy is not None else None
