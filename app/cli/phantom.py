"""`auricle phantom`: a synthetic patient as a DICOM study, with its exact truth beside it."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.console import progress_of, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0, help="which patient; the same seed gives the same one")
    parser.add_argument("--spacing-mm", type=float, default=1.5)


def run(options: argparse.Namespace) -> None:
    """Write study/ct, study/mr and truth/."""
    from app.phantom import write_phantom
    from core.errors import PlannerError

    if not 0.4 <= options.spacing_mm <= 5.0:
        raise PlannerError(
            "cannot make this patient", f"a spacing of {options.spacing_mm} mm", "choose 0.4 to 5 mm"
        )
    files = write_phantom(options.out, options.seed, options.spacing_mm, progress_of(options))
    for modality, truth in files.truth.items():
        for key, volume_ml in truth.volumes_ml().items():
            say(f"{modality} {key:<18} {volume_ml:8.1f} ml")
    say(f"wrote {files.study}")
