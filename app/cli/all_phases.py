"""`auricle reconstruct --phases all`: a cine study to one moving heart, its curve and its files."""

from __future__ import annotations

import argparse
import time

from app.cli.console import progress_of, say, say_findings, write_json


def run(options: argparse.Namespace) -> None:
    """Reconstruct every phase and write report.json, motion/ and the files of end-diastole.

    Raises:
        PlannerError: an input is no cine of planes, or as `recon.cine.run.reconstruct_cine` does.
    """
    from app.moving import as_cine, check_cine, ejection_lines, motion_report, write_motion_files
    from app.reconstruction import engine_cache
    from app.results import write_results
    from imaging.find.inputs import choose_input
    from recon.cine.run import reconstruct_cine
    from recon.weights import WEIGHTS_FOLDER

    progress = progress_of(options)
    started = time.perf_counter()
    series = [one for path in options.inputs for one in choose_input(path, options.series, progress).series]
    check_cine(series)
    moving = reconstruct_cine(
        options.task,
        [as_cine(one) for one in series],
        options.device,
        progress,
        options.weights or WEIGHTS_FOLDER,
        engine_cache(),
        is_one_space_by_user=options.same_space,
    )
    seconds = {"all": time.perf_counter() - started}
    report = write_results(moving.at(moving.end_diastole), options.out, options.inputs, seconds)
    write_json(options.out / "report.json", {**report, **motion_report(moving)})
    write_motion_files(moving, options.out / "motion", progress)
    for line in ejection_lines(moving):
        say(line)
    for shift in moving.shifts:
        moved = f"{shift.distance_mm:4.1f} mm" if shift.is_reliable else "left where it is"
        say(f"{shift.name:<32} {moved}")
    say_findings(moving.findings)
    say(f"wrote {options.out}: {moving.n_phases} phases")
