"""`auricle reconstruct`: images to labels, surfaces and a report, in one folder."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path

from app.cli import all_phases, fuse
from app.cli.console import progress_of, say, say_findings, write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument(
        "inputs", nargs="+", type=Path, metavar="INPUT", help="DICOM folders, NIfTI, NRRD or MHA"
    )
    parser.add_argument("--task", default="heart")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    parser.add_argument("--frame", type=int, default=0, help="cardiac phase, from 0")
    parser.add_argument(
        "--phases",
        choices=["one", "all"],
        default="one",
        help="all: every phase of a cine, as one moving heart",
    )
    parser.add_argument("--series", help="series UID, where an input holds several")
    parser.add_argument("--weights", type=Path, help="a folder of weights other than the shipped ones")
    parser.add_argument(
        "--fuse",
        action="store_true",
        help="two INPUTs of one patient: both are reconstructed, the second is laid over the first",
    )
    parser.add_argument(
        "--same-patient", action="store_true", help="with --fuse: I have checked that both are of one patient"
    )
    parser.add_argument(
        "--same-space",
        action="store_true",
        help="I know that INPUTs whose files name no patient space (NIfTI, NRRD, MHA) share the scanner's coordinates",
    )
    parser.add_argument(
        "--compare", type=Path, help="reference surfaces (.vtk, LPS mm), e.g. 'surfaces/*_000.vtk'"
    )


def run(options: argparse.Namespace) -> None:
    """Reconstruct and write labels.nii.gz, labels.json, surfaces/, anatomy.glb, report.json and contours.png."""
    if options.fuse:
        fuse.run_both(options)
        return
    if options.phases == "all":
        all_phases.run(options)
        return
    from app.comparison import compare_with_references
    from app.pictures import save_picture, slices_with_contours
    from app.reconstruction import check_place, engine_cache
    from app.results import write_results
    from imaging.slices.load import load_path
    from recon.run import reconstruct
    from recon.weights import WEIGHTS_FOLDER

    progress = progress_of(options)
    started = time.perf_counter()
    volumes = [
        volume
        for path in options.inputs
        for volume in load_path(path, options.frame, series_uid=options.series, check=check_place)
    ]
    loaded = time.perf_counter() - started
    weights = options.weights or WEIGHTS_FOLDER
    anatomy = reconstruct(
        options.task, volumes, options.device, progress, weights, engine_cache(), options.same_space
    )
    report = write_results(anatomy, options.out, options.inputs, {"load": loaded})
    save_picture(slices_with_contours(volumes, anatomy), options.out / "contours.png")
    for key, volume_ml in anatomy.labels.volumes_ml().items() if anatomy.labels else ():
        say(f"{key:<18} {volume_ml:8.1f} ml")
    _say_trust(report)
    say_findings(anatomy.findings)
    if options.compare:
        compared = compare_with_references(anatomy, options.compare)
        write_json(options.out / "comparison.json", compared)
        for name, row in compared.items():
            say(name + ": " + ", ".join(f"{key} {value:.2f}" for key, value in row.items()))
    say(f"wrote {options.out} on {report['device']} with {report['engine']}")


def _say_trust(report: Mapping[str, object]) -> None:
    """How sure it is that this is a heart, how steady each surface is, and which landmarks were found."""
    heart, spread, landmarks = (report[key] for key in ("heart", "uncertainty_mm", "landmarks"))
    assert isinstance(heart, Mapping)
    assert isinstance(spread, Mapping)
    assert isinstance(landmarks, Mapping)
    say(f"heart score {heart['score']:.2f} (least {heart['least_score']:.2f})")
    told = [f"{key} {'unknown' if mm is None else f'{mm:.2f}'}" for key, mm in spread.items()]
    say("steady to, mm: " + ", ".join(told))
    if landmarks:
        say("landmarks: " + ", ".join(f"{key} ±{facts['sd_mm']:.1f} mm" for key, facts in landmarks.items()))
