"""`auricle demo`: the main job end to end on a built-in patient, then the window where there is a display."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from app.cli.console import progress_of, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument("--out", type=Path, default=Path("out/demo"))
    parser.add_argument("--no-window", action="store_true", help="do not open the window at the end")


def run(options: argparse.Namespace) -> None:
    """Run the demo and say where everything lies."""
    from app.demo.run import run_demo

    started = time.perf_counter()
    case = run_demo(options.out, progress_of(options), say)
    say(f"all in {time.perf_counter() - started:.0f} s; look at {options.out}")
    if not options.no_window and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        # A process of its own: the window starts clean, without the demo's networks in memory.
        subprocess.run([sys.executable, "-m", "app", str(case)], check=False)
