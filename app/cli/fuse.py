"""`auricle fuse`: two images of one patient, each reconstructed, the second registered to the first."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.console import progress_of, say, say_findings, write_json
from core.errors import PlannerError

if TYPE_CHECKING:
    from app.fusion.inputs import FusedPair


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument("fixed", type=Path, metavar="FIXED", help="stays where it is: DICOM folder, NIfTI, …")
    parser.add_argument("moving", type=Path, metavar="MOVING", help="is laid over it")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    parser.add_argument("--weights", type=Path, help="a folder of weights other than the shipped ones")
    for name in ("fixed", "moving"):
        parser.add_argument(f"--{name}-series", help=f"series UID, where {name.upper()} holds several")
        parser.add_argument(f"--{name}-frame", type=int, default=0, help="cardiac phase, from 0")
        parser.add_argument(f"--{name}-labels", type=Path, help="labels (NIfTI) instead of reconstructing")
    parser.add_argument("--rigid", action="store_true", help="turn and shift only, no deformation")
    parser.add_argument(
        "--same-patient", action="store_true", help="I have checked that both are of one patient"
    )


def run(options: argparse.Namespace) -> None:
    """Write registration.json (and its npz), fixed/, moving/, moved_surfaces/, fusion.json and blended.png."""
    from app.fusion.inputs import ImageInput, fuse
    from recon.weights import WEIGHTS_FOLDER

    fixed = ImageInput(options.fixed, options.fixed_series, options.fixed_frame, options.fixed_labels)
    moving = ImageInput(options.moving, options.moving_series, options.moving_frame, options.moving_labels)
    pair = fuse(
        fixed,
        moving,
        is_same_patient=options.same_patient,
        device=options.device,
        weights_folder=options.weights or WEIGHTS_FOLDER,
        is_smooth=not options.rigid,
        progress=progress_of(options),
    )
    write_pair(pair, (options.fixed, options.moving), options.out)
    say_pair(pair, options.out)


def run_both(options: argparse.Namespace) -> None:
    """What ``auricle reconstruct A B --fuse`` does: the same, with what that command knows.

    Raises PlannerError for another number of inputs than two, or options that do not go with it.
    """
    if len(options.inputs) != 2 or options.phases == "all" or options.series or options.compare:
        raise PlannerError(
            "cannot fuse these",
            "--fuse takes two INPUTs at one phase, without --series and --compare",
            "use `auricle fuse`, which lets each image have its own series and phase",
        )
    both = dict.fromkeys(("fixed_series", "moving_series", "fixed_labels", "moving_labels"))
    fixed, moving = options.inputs
    frames = {"fixed_frame": options.frame, "moving_frame": options.frame}
    run(
        argparse.Namespace(
            **{**vars(options), **both, **frames, "fixed": fixed, "moving": moving, "rigid": False}
        )
    )


def write_pair(pair: FusedPair, inputs: tuple[Path, Path], folder: Path) -> None:
    """Write everything of a fusion into a folder. Raises PlannerError when it cannot be written."""
    from app.fusion.pictures import blended_slices
    from app.fusion.registration_file import write_registration
    from app.fusion.report import fusion_report
    from app.pictures import save_picture
    from app.results import write_results
    from imaging.formats.surfaces import write_stl

    write_results(pair.fixed, folder / "fixed", inputs[:1], {})
    write_results(pair.moving, folder / "moving", inputs[1:], {})
    (folder / "moved_surfaces").mkdir(parents=True, exist_ok=True)
    for key, mesh in pair.moved.surfaces.items():
        write_stl(mesh, folder / "moved_surfaces" / f"{key}.stl")
    write_registration(pair.registration, folder / "registration.json")
    write_json(folder / "fusion.json", fusion_report(pair.registration))
    save_picture(blended_slices(pair), folder / "blended.png")


def say_pair(pair: FusedPair, folder: Path) -> None:
    """Print what the registration is worth."""
    from app.fusion.making import describe_error, error_lines

    for line in error_lines(pair.registration):
        say(line)
    say_findings(pair.registration.findings)
    say(f"{pair.registration.method}: {describe_error(pair.registration)}")
    say(f"wrote {folder}")
