"""`auricle window`: the planning window, optionally on a study or a case."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.errors import PlannerError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument("folder", nargs="?", type=Path, help="a folder of images, or a case (*.auricle)")


def run(options: argparse.Namespace) -> None:
    """Open the window and stay until it is closed. Raises PlannerError when the folder is not there."""
    folder: Path | None = options.folder
    if folder is not None and not folder.is_dir():
        raise PlannerError(f"cannot open {folder.name}", "it is not a folder", "name a folder of images")
    from app.__main__ import main

    main(folder)
