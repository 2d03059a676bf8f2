"""The command line `auricle`: one file per command, each imported only when it is called.

Exit codes: 0 done, 2 wrong usage, 3 refused (one line on stderr), 4 cancelled.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from core.errors import Cancelled, PlannerError

COMMANDS = {
    "scan": "patients, studies, series and findings of a folder",
    "convert": "one series or image file as a NIfTI volume in patient coordinates",
    "reconstruct": "images to labels and surfaces",
    "phantom": "a synthetic patient with its exact truth",
    "tasks": "what can be reconstructed, and with which weights",
    "train": "train the networks of a task on synthetic patients",
    "board": "a marker board to print, with its description",
    "calibrate": "camera.json from pictures of a ChArUco board",
    "track": "poses of a board in a video, and the overlay",
    "demo": "the main job end to end on a built-in patient",
    "window": "open the planning window",
}
DONE, USAGE, REFUSED, CANCELLED = 0, 2, 3, 4


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. A refusal is one line on stderr, never a traceback."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    overview = argparse.ArgumentParser(prog="auricle", description=__doc__.splitlines()[0] if __doc__ else None)
    overview.add_argument("command", choices=COMMANDS, metavar="command", help=_list_commands())
    overview.formatter_class = argparse.RawTextHelpFormatter
    command = overview.parse_args(arguments[:1]).command
    module = import_module(f"app.cli.{command}")
    parser = argparse.ArgumentParser(prog=f"auricle {command}", description=COMMANDS[command])
    parser.add_argument("--quiet", action="store_true", help="print results only, no progress")
    module.add_arguments(parser)
    options = parser.parse_args(arguments[1:])
    try:
        module.run(options)
    except PlannerError as refusal:
        sys.stderr.write(f"refused: {refusal.what}: {refusal.why}; {refusal.fix}\n")
        return REFUSED
    except (Cancelled, KeyboardInterrupt):
        sys.stderr.write("cancelled\n")
        return CANCELLED
    return DONE


def _list_commands() -> str:
    return "\n".join(f"{name:<12} {text}" for name, text in COMMANDS.items())
