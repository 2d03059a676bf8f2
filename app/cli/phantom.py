"""`auricle phantom`: a synthetic patient as a DICOM study, with its exact truth beside it."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.console import progress_of, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0, help="which patient; the same seed gives the same one")
    parser.add_argument("--n", type=int, default=1, help="so many patients, from this seed on, a folder each")
    parser.add_argument(
        "--modality",
        action="append",
        choices=("ct", "mr", "cine", "echo"),
        help="may be given several times; CT and MR when it is not",
    )
    parser.add_argument("--spacing-mm", type=float, default=1.5)


def run(options: argparse.Namespace) -> None:
    """Write study/<modality> and truth/<modality>; for several patients in one folder each."""
    from app.phantom import write_phantom
    from core.errors import PlannerError

    if not 0.4 <= options.spacing_mm <= 5.0:
        raise PlannerError(
            "cannot make this patient", f"a spacing of {options.spacing_mm} mm", "choose 0.4 to 5 mm"
        )
    if options.n < 1:
        raise PlannerError(
            "cannot make these patients", f"{options.n} is no number of patients", "choose 1 or more"
        )
    modalities = tuple(dict.fromkeys(options.modality or ("ct", "mr")))
    for seed in range(options.seed, options.seed + options.n):
        folder = options.out if options.n == 1 else options.out / f"patient-{seed}"
        files = write_phantom(folder, seed, options.spacing_mm, modalities, progress_of(options))
        for modality, truth in files.truth.items():
            for key, volume_ml in truth.volumes_ml().items():
                say(f"{modality} {key:<18} {volume_ml:8.1f} ml")
        say(f"wrote {files.study}")
