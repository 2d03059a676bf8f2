"""`auricle score`: a label map against another one that is taken for the truth."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from app.cli.console import say, write_json
from app.scoring import LABEL_SETS, StructureError, read_labels, score, score_unions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    what = "a label map (NIfTI, NRRD, MHA), a DICOM segmentation, or a folder of `auricle reconstruct`"
    parser.add_argument("pred", type=Path, metavar="PRED", help=what)
    parser.add_argument("truth", type=Path, metavar="TRUTH", help=what)
    parser.add_argument("--pred-labels", choices=sorted(LABEL_SETS), help="what the values of PRED mean")
    parser.add_argument("--truth-labels", choices=sorted(LABEL_SETS), help="what the values of TRUTH mean")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all values to FILE")


def run(options: argparse.Namespace) -> None:
    """Score and print. Raises PlannerError when a file cannot be read or the two do not belong together."""
    found = read_labels(options.pred, options.pred_labels)
    truth = read_labels(options.truth, options.truth_labels)
    errors = score(found, truth) | score_unions(found, truth)
    say(f"{'structure':<18} {'Dice':>6} {'ASSD mm':>8} {'HD95 mm':>8} {'volume %':>9}")
    for key, error in errors.items():
        say(f"{key:<18} {_row(error)}")
    if options.json is not None:
        write_json(options.json, {key: asdict(error) for key, error in errors.items()})


def _row(error: StructureError) -> str:
    cells = ((error.assd_mm, 8, ".2f"), (error.hd95_mm, 8, ".2f"), (error.volume_error_percent, 9, "+.1f"))
    rest = " ".join(f"{'-' if value is None else format(value, form):>{width}}" for value, width, form in cells)
    return f"{error.dice:6.3f} {rest}"
