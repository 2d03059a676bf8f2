"""The command line `auricle`: one file per command, each imported only when it is called.

Exit codes: 0 done, 1 failed by a defect, 2 wrong usage, 3 refused, 4 cancelled; 1 and 3 with one line on stderr.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

from core.errors import Cancelled, PlannerError

COMMANDS = {
    "scan": "patients, studies, series and findings of a folder",
    "convert": "one series or image file as a NIfTI volume in patient coordinates",
    "library": "the case library: list, import, delete, restore, tag, space",
    "reconstruct": "images to labels and surfaces",
    "score": "labels against other labels: overlap, distances, volumes",
    "fuse": "two images of one patient, reconstructed and registered",
    "measure": "every value of a plan with its band, and volumes, areas and diameters of its anatomy",
    "report": "a case as a PDF: pictures, every value with its band, method",
    "export": "results as DICOM objects or surface files, with or without the patient",
    "phantom": "a synthetic patient with its exact truth",
    "tasks": "what can be reconstructed, and with which weights",
    "train": "train the networks of a task on synthetic patients",
    "board": "a marker board to print, with its description",
    "calibrate": "camera.json from pictures of a ChArUco board",
    "register": "where the patient lies on the board, from touched landmarks",
    "track": "poses of a board in a video, and the overlay",
    "headset": "a case on headsets and tablets, or as a lesson in one file",
    "demo": "the main job end to end on a built-in patient",
    "pacs": "ask an archive for studies, and give it results",
    "window": "open the planning window",
}
DONE, FAILED, USAGE, REFUSED, CANCELLED = 0, 1, 2, 3, 4
DEBUG = "AURICLE_DEBUG"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. A refusal is one line on stderr, and so is a defect."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    overview = argparse.ArgumentParser(prog="auricle", description=__doc__.splitlines()[0] if __doc__ else None)
    overview.add_argument("command", choices=COMMANDS, metavar="command", help=_list_commands())
    overview.formatter_class = argparse.RawTextHelpFormatter
    command = overview.parse_args(arguments[:1]).command
    try:
        _run(command, arguments[1:])
    except PlannerError as refusal:
        sys.stderr.write(f"refused: {refusal.what}: {refusal.why}; {refusal.fix}\n")
        return REFUSED
    except (Cancelled, KeyboardInterrupt):
        sys.stderr.write("cancelled\n")
        return CANCELLED
    except BrokenPipeError:
        # Whoever read the output has left, as `head` does: nobody is there to be told.
        _write_nowhere()
        return CANCELLED
    except Exception as error:
        return _fail(error)
    return DONE


def _run(command: str, arguments: Sequence[str]) -> None:
    module = import_module(f"app.cli.{command}")
    parser = argparse.ArgumentParser(prog=f"auricle {command}", description=COMMANDS[command])
    parser.add_argument("--quiet", action="store_true", help="print results only, no progress")
    module.add_arguments(parser)
    module.run(parser.parse_args(arguments))


def _fail(error: Exception) -> int:
    """Say in one line what no command expects. Only names of the code: a message could hold a patient's name."""
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    if _is_out_of_memory(error):
        sys.stderr.write(
            "refused: cannot go on: there is not enough memory; close other programs or choose smaller input\n"
        )
        return REFUSED
    place = traceback.extract_tb(error.__traceback__)[-1]
    sys.stderr.write(
        f"failed: unexpected {type(error).__name__} in {place.name}, line {place.lineno}; "
        f"repeat it, with {DEBUG}=1 to see all of it, and report this line if it happens again\n"
    )
    return FAILED


def _is_out_of_memory(error: Exception) -> bool:
    # torch says it with a class of its own on a GPU, and with words only on a CPU.
    is_torch = type(error).__name__ == "OutOfMemoryError" or "DefaultCPUAllocator" in str(error)
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and is_torch)


def _write_nowhere() -> None:
    """Point the closed streams to nothing; otherwise Python complains about them when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
            continue
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _list_commands() -> str:
    return "\n".join(f"{name:<12} {text}" for name, text in COMMANDS.items())
