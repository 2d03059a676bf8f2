"""`auricle report CASE --out FILE`: the plan of a case as a PDF to print or to keep."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.console import progress_of, say, say_findings
from core.errors import PlannerError
from plan.formula import LANDMARK_SD_MM

VIEW_PX = (1100, 880)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    from app.cli.measure import spread

    parser.add_argument("case", type=Path, metavar="CASE", help="a saved case (*.auricle)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the PDF to write")
    parser.add_argument("--with-patient", action="store_true", help="name the patient (default: anonymous)")
    parser.add_argument(
        "--landmark-sd",
        type=spread,
        default=LANDMARK_SD_MM,
        metavar="MM",
        help="how far per axis a point is placed differently the next time, for the bands (default %(default)s)",
    )


def run(options: argparse.Namespace) -> None:
    """Write the report. Raises PlannerError when the case cannot be read or the file not be written."""
    from app.report.making import make_report
    from app.report.offscreen import qt_without_display, view_of_heart
    from app.report.opened import state_of_case

    if options.out.suffix.lower() != ".pdf":
        raise PlannerError(f"cannot write {options.out.name}", "a report is a PDF", "end the name in .pdf")
    progress = progress_of(options)
    state = state_of_case(options.case, progress)
    with qt_without_display():
        views = [view_of_heart(state, VIEW_PX)] if state.anatomy is not None and state.anatomy.surfaces else []
        n_pages = make_report(state, options.out, options.landmark_sd, progress, views, options.with_patient)
    say_findings(state.notices)
    say(f"{options.out}: {n_pages} page{'s' if n_pages != 1 else ''}")
