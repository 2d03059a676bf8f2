"""A whole video tracked and drawn to files: poses.csv and overlay.mp4."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ar.frame import CameraFrame
from ar.loop import ArFrame, ArLoop
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

# What stays of a frame once it is written: keeping the pictures of minutes would fill the memory.
NO_IMAGE = np.zeros((1, 1, 3), dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class Recording:
    """What was found in a video or by a camera.

    Attributes:
        poses: of all bodies of all frames, in order.
        milliseconds: of a frame's stages, median.
        latency_ms: from a frame's arrival to its pose, and to its drawn picture where one is drawn: median and 95 %.
        n_skipped: frames of a live camera that a newer one overtook.
    """

    poses: tuple[Pose, ...]
    milliseconds: dict[str, float]
    latency_ms: tuple[float, float] = (0.0, 0.0)
    n_skipped: int = 0

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
            "latency_ms": {"median": self.latency_ms[0], "p95": self.latency_ms[1]},
            "n_skipped": self.n_skipped,
            "bodies": {name: self.states_of(name) for name in dict.fromkeys(p.body for p in self.poses)},
        }

    def states_of(self, body: str) -> dict[str, int]:
        """How many frames this body was in each state."""
        states = Counter(pose.state.value for pose in self.poses if pose.body == body)
        return {state.value: states[state.value] for state in PoseState}


def record(
    source: Source,
    tracker: Tracker,
    camera: CameraModel,
    folder: Path,
    progress: Progress,
    scene: Scene | None = None,
    registration: Registration | None = None,
    draw: bool = True,
    until_s: float | None = None,
) -> Recording:
    """Track every frame; write ``poses.csv`` and, with `draw`, ``overlay.mp4`` into an existing folder.

    Of a live camera the newest frame is taken each time. With `until_s` it ends there on the source's clock, or
    when it is interrupted from the keyboard; what was tracked until then is written.

    Closes the source. Raises PlannerError when a frame does not fit the camera or a file cannot be written.
    """
    turns: list[ArFrame] = []
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

        with suppress(KeyboardInterrupt) if until_s is not None else nullcontext():
            for turn in ArLoop(source, tracker, registration, paint if draw else None):
                turns.append(replace(turn, frame=replace(turn.frame, image=NO_IMAGE), rgb=None))
                if video is not None and turn.rgb is not None:
                    video.write(turn.rgb)
                if until_s is not None and turn.frame.time_s >= until_s:
                    break
                progress.report("tracking", _done(turn.frame, len(turns), source.n_frames, until_s))
    if not turns:
        raise PlannerError("cannot track", "the video holds no picture", "choose another file")
    poses = tuple(pose for turn in turns for pose in turn.poses)
    write_poses_csv(folder / "poses.csv", poses)
    progress.report("tracking", 1.0)
    medians = {stage: _median([t.milliseconds[stage] for t in turns]) or 0.0 for stage in turns[0].milliseconds}
    latency = [turn.latency_ms for turn in turns]
    n_skipped = turns[-1].frame.index - turns[0].frame.index + 1 - len(turns)
    return Recording(
        poses, medians, (float(np.median(latency)), float(np.percentile(latency, 95))), max(n_skipped, 0)
    )


def _done(frame: CameraFrame, n_turns: int, n_frames: int | None, until_s: float | None) -> float:
    if until_s is not None:
        return min(frame.time_s / max(until_s, 1e-3), 1.0)
    return n_turns / max(n_frames or 0, n_turns + 1)


def _median(values: list[float | None] | list[float]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None
