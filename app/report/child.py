"""Draws a video in a process of its own: VTK would stop the window for every picture, and draw into its context."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from app.case import SUFFIX, case_of, write_case
from app.state import State
from core.errors import PlannerError
from core.progress import Progress, Silent
from core.resources import ASSETS

ROOT = ASSETS.parent


def turntable_in_child(state: State, path: Path, progress: Progress) -> Path:
    """Write the turntable video of what is open; cancelling ends the process, and nothing is left.

    Raises:
        PlannerError: the process refused or died. Cancelled: told to stop.
    """
    progress.report("Handing the heart over", 0.0)
    # The images stay where they are: the video shows surfaces and plan alone.
    content = replace(case_of(state), study=None, moving=None, fusion=None)
    with tempfile.TemporaryDirectory(prefix="auricle-") as folder:
        case, made = Path(folder) / f"video{SUFFIX}", Path(folder) / "video.mp4"
        write_case(content, case, Silent())
        _run(case, made, progress)
        _move(made, path)
    progress.report("Video ready", 1.0)
    return path


def _run(case: Path, made: Path, progress: Progress) -> None:
    paths = [str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}
    command = [sys.executable, "-P", "-m", "app.report.turntable", str(case), str(made)]
    with (
        tempfile.TemporaryFile("w+") as told,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=told, text=True, env=environment, cwd=case.parent
        ) as process,
    ):
        try:
            assert process.stdout is not None
            for line in process.stdout:
                progress.report("Drawing the video", float(line))
        except BaseException:
            process.kill()
            raise
        if process.wait() != 0:
            told.seek(0)
            raise _refusal(told.read())


def _refusal(told: str) -> PlannerError:
    parts = told.split("\t")
    if len(parts) == 3:
        return PlannerError(*parts)
    return PlannerError(
        "no video is written", "the process that draws it ended early", "repeat it, or take pictures instead"
    )


def _move(made: Path, path: Path) -> None:
    from core.staging import staged

    with staged(path) as stage:
        stage.write_bytes(made.read_bytes())
