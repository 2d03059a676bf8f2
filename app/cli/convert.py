"""`auricle convert INPUT --out FILE.nii.gz`: one series or image file as NIfTI in patient coordinates."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.console import progress_of, say
from core.errors import PlannerError
from imaging.load import load_path
from imaging.nifti import write_volume


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the input, the output and which series and frame."""
    parser.add_argument("input", type=Path, help="a DICOM folder or file, or a NIfTI, NRRD or MHA file")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="where to write (.nii or .nii.gz)"
    )
    parser.add_argument("--series", metavar="UID", help="which series, when the folder holds several")
    parser.add_argument("--frame", type=int, default=0, metavar="N", help="which cardiac phase, from 0")


def run(options: argparse.Namespace) -> None:
    """Load one volume and write it. Raises PlannerError when the input is not one volume."""
    if not options.out.name.endswith((".nii", ".nii.gz")):
        raise PlannerError(
            f"cannot write {options.out.name}", "only NIfTI is written", "end its name in .nii.gz"
        )
    volumes = load_path(options.input, options.frame, options.series, progress_of(options))
    if len(volumes) != 1:
        raise PlannerError(
            "cannot convert this as one volume",
            f"it is {len(volumes)} separate planes",
            "choose one series by its UID (--series; the command scan lists them)",
        )
    write_volume(volumes[0], options.out)
    slices, rows, columns = volumes[0].shape
    spacing = " x ".join(f"{v:.4g}" for v in volumes[0].spacing_mm)
    say(f"{options.out}: {slices} x {rows} x {columns} voxels, {spacing} mm")
