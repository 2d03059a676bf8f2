"""A whole video tracked and drawn to files: poses.csv and overlay.mp4."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ar.frame import CameraFrame
from ar.loop import ArLoop
from ar.overlay.offscreen import OffscreenOverlay
from ar.poses import Pose, PoseState, write_poses_csv
from ar.registration import Registration
from ar.source import Source
from ar.tracking import Tracker
from ar.video import VideoWriter
from core.errors import PlannerError
from core.progress import Progress
from core.projection import CameraModel
from render.scene import Scene


@dataclass(frozen=True, eq=False)
class Recording:
    """What was found in a video: all poses in order, and the median milliseconds of a frame's stages."""

    poses: tuple[Pose, ...]
    milliseconds: dict[str, float]

    def summary(self) -> dict[str, object]:
        """Counts of states, medians of error and time, JSON-ready."""
        states = Counter(pose.state.value for pose in self.poses)
        tracked = [pose for pose in self.poses if pose.state is PoseState.TRACKED]
        return {
            "states": {state.value: states[state.value] for state in PoseState},
            "n_ambiguous": sum(pose.is_ambiguous for pose in tracked),
            "median_reprojection_px": _median([p.reprojection_px for p in tracked]),
            "median_sigma_mm": _median([p.sigma_mm for p in tracked]),
            "milliseconds": self.milliseconds,
        }


def record(
    source: Source,
    tracker: Tracker,
    camera: CameraModel,
    folder: Path,
    progress: Progress,
    scene: Scene | None = None,
    registration: Registration | None = None,
    draw: bool = True,
) -> Recording:
    """Track every frame; write ``poses.csv`` and, with `draw`, ``overlay.mp4`` into an existing folder.

    Closes the source. Raises PlannerError when a frame does not fit the camera or a file cannot be written.
    """
    poses: list[Pose] = []
    stages: list[dict[str, float]] = []
    with ExitStack() as stack:
        stack.callback(source.close)
        size = (camera.width, camera.height)
        video = overlay = None
        if draw:
            overlay = stack.enter_context(OffscreenOverlay(*size))
            video = stack.enter_context(VideoWriter(folder / "overlay.mp4", source.frames_per_s, size))

        def paint(
            frame: CameraFrame, pose: Pose, place: Registration | None, milliseconds: dict[str, float]
        ) -> np.ndarray:
            assert overlay is not None
            return overlay.draw(scene, frame, pose, camera, place, milliseconds)

        for turn in ArLoop(source, tracker, registration, paint if draw else None):
            poses += turn.poses
            stages.append(turn.milliseconds)
            if video is not None and turn.rgb is not None:
                video.write(turn.rgb)
            progress.report("tracking", len(stages) / max(source.n_frames or 0, len(stages) + 1))
    if not stages:
        raise PlannerError("cannot track", "the video holds no picture", "choose another file")
    write_poses_csv(folder / "poses.csv", poses)
    progress.report("tracking", 1.0)
    return Recording(tuple(poses), {stage: _median([s[stage] for s in stages]) or 0.0 for stage in stages[0]})


def _median(values: list[float | None] | list[float]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None
