"""`auricle convert SERIES --out FILE.nii.gz`: one series or image file as NIfTI in patient coordinates."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.console import progress_of, say, say_findings
from core.errors import Cancelled, PlannerError
from core.study import Series
from imaging.find.inputs import choose_input
from imaging.formats.nifti import write_volume
from imaging.slices.load import load_series


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the input, the output and which series and phase."""
    parser.add_argument("input", type=Path, help="a DICOM folder or file, or a NIfTI, NRRD or MHA file")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="where to write (.nii or .nii.gz)"
    )
    parser.add_argument("--series", metavar="UID", help="which series, when the folder holds several")
    parser.add_argument(
        "--phase", "--frame", type=int, default=0, metavar="N", help="which cardiac phase, from 0"
    )


def run(options: argparse.Namespace) -> None:
    """Load one volume and write it. Raises PlannerError when the input is not one volume, whatever it is."""
    try:
        _convert(options)
    except (PlannerError, Cancelled, MemoryError):
        raise
    except Exception as error:
        # What a parser or a file system makes of an odd file must not look like a success or a defect of the
        # caller's: nothing was written, and this is why.
        raise PlannerError(
            "cannot convert this",
            f"it is not what it claims to be ({type(error).__name__})",
            "copy it again from its source, or export it anew",
        ) from error


def _convert(options: argparse.Namespace) -> None:
    if not options.out.name.endswith((".nii", ".nii.gz")):
        raise PlannerError(
            f"cannot write {options.out.name}", "only NIfTI is written", "end its name in .nii.gz"
        )
    progress = progress_of(options)
    series = _only(choose_input(options.input, options.series, progress).series)
    volume = load_series(series, options.phase, progress)
    write_volume(volume, options.out)
    slices, rows, columns = volume.shape
    spacing = " x ".join(f"{v:.4g}" for v in volume.spacing_mm)
    label = f", phase {series.phase_labels[options.phase]}" if series.phase_labels else ""
    say(f"{options.out}: {slices} x {rows} x {columns} voxels, {spacing} mm{label}")
    say_findings(series.findings)


def _only(series: tuple[Series, ...]) -> Series:
    if len(series) != 1:
        raise PlannerError(
            "cannot convert this as one volume",
            f"it is {len(series)} series of separate planes",
            "choose one series by its UID (--series; the command scan lists them)",
        )
    return series[0]
