"""The heart turning once around the patient's long axis, as a video; run as a module by the window's child process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from app.report.files import write_video
from app.report.offscreen import qt_without_display, scene_of
from app.report.opened import state_of_case
from app.report.pictures import scene_image
from app.state import State
from core.errors import PlannerError
from core.progress import Progress, Reporting, Silent
from render.camera import looking_along
from render.offscreen import render_views
from render.scene import CameraView

N_FRAMES, FRAMES_PER_S = 120, 24.0
SIZE_PX = (960, 768)


def turntable_views(bounds_mm: np.ndarray, n_frames: int) -> list[CameraView]:
    """Cameras on a circle around the middle of bounds (2, 3), head up; from the front to the patient's left first."""
    middle = bounds_mm.mean(axis=0)
    reach_mm = max(float(np.linalg.norm(bounds_mm[1] - bounds_mm[0])) / 2.0, 1.0)
    angles = 2.0 * np.pi * np.arange(n_frames) / n_frames
    return [
        looking_along(middle, np.array([np.sin(angle), -np.cos(angle), 0.0]), (0.0, 0.0, 1.0), reach_mm)
        for angle in angles
    ]


def write_turntable(
    state: State, path: Path, progress: Progress, n_frames: int = N_FRAMES, size_px: tuple[int, int] = SIZE_PX
) -> Path:
    """Write the video. A `QGuiApplication` must exist.

    Raises:
        PlannerError: there is nothing to show, or the file cannot be written. Cancelled: told to stop.
    """
    scene = scene_of(state)
    if scene.bounds_mm is None:
        raise PlannerError("no video is written", "there is no surface to turn", "reconstruct the heart first")
    cameras = turntable_views(scene.bounds_mm, n_frames)

    def pictures() -> Iterator[np.ndarray]:
        drawn = render_views(scene, *size_px, cameras)
        for n, (camera, rgb) in enumerate(zip(cameras, drawn, strict=True)):
            progress.report("Drawing the video", n / n_frames)
            yield scene_image(rgb, camera, scale=1.4, letters=state.is_in_patient)

    write_video(pictures(), path, FRAMES_PER_S, size_px)
    progress.report("Video ready", 1.0)
    return path


def _main(case: Path, path: Path) -> int:
    def say(stage: str, done: float) -> None:
        sys.stdout.write(f"{done:.4f}\n")
        sys.stdout.flush()

    try:
        with qt_without_display():
            write_turntable(state_of_case(case, Silent()), path, Reporting(say))
    except PlannerError as refusal:
        sys.stderr.write("\t".join((refusal.what, refusal.why, refusal.fix)))
        return 3
    return 0


if __name__ == "__main__":
    raise SystemExit(_main(Path(sys.argv[1]), Path(sys.argv[2])))
