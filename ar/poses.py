"""Where a body is before the camera, how sure that is, and poses.csv."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from ar.opencv import cv2
from core.errors import PlannerError
from core.frames import CAMERA, Transform, rigid

FIELDS: tuple[str, ...] = ("frame", "time_s", "body", "state", "rx", "ry", "rz", "tx_mm", "ty_mm", "tz_mm")
FIELDS += ("reprojection_px", "sigma_mm", "ambiguous")


class PoseState(Enum):
    """TRACKED: measured in this very frame. STALE: the last measured one, shortly lost. LOST: not known."""

    TRACKED = "TRACKED"
    STALE = "STALE"
    LOST = "LOST"


@dataclass(frozen=True, eq=False)
class Pose:
    """One body in one frame.

    Attributes:
        frame, time_s: the frame this is said of, and when it was taken.
        camera_from_body: the map; None when LOST.
        covariance: (6, 6) of a small rotation vector (radians) applied after the pose's rotation and of the
            translation (mm), both in the camera frame; None when unknown.
        reprojection_px: scatter of the printed edges (or corners) seen around the projected ones, root mean square.
        sigma_mm: expected error of a point 150 mm beside the body, one standard deviation, worst direction.
        n_markers: how many markers were seen.
        is_ambiguous: a second, different pose explains this frame about as well.
        measured_s: when the frame was taken in which it was measured; earlier than `time_s` when STALE.
        is_lens_error_known: whether `sigma_mm` holds the focal length's error; without it sigma_mm is too small.
        reason: why it is not TRACKED, or what to know about it; empty otherwise.
    """

    frame: int
    time_s: float
    body: str
    state: PoseState
    camera_from_body: Transform | None = None
    covariance: np.ndarray | None = None
    reprojection_px: float | None = None
    sigma_mm: float | None = None
    n_markers: int = 0
    is_ambiguous: bool = False
    measured_s: float | None = None
    is_lens_error_known: bool = True
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.camera_from_body is None) != (self.state is PoseState.LOST):
            raise ValueError("a LOST pose is empty, every other is not")

    @property
    def rotation_vector(self) -> np.ndarray:
        """Rodrigues vector (3,) in radians. Raises ValueError when LOST."""
        if self.camera_from_body is None:
            raise ValueError("a LOST pose has no rotation")
        return cv2.Rodrigues(self.camera_from_body.matrix[:3, :3])[0].ravel()

    @property
    def sigma_words(self) -> str:
        """The expected error as it is shown, with what it leaves out; empty when it is not known."""
        if self.sigma_mm is None:
            return ""
        # A tenth of a millimetre is all that a printed sheet and a lens ever keep.
        words = f"\u00b1{max(self.sigma_mm, 0.1):.1f} mm at 150 mm"
        return words if self.is_lens_error_known else f"{words}, lens error unknown"


def write_poses_csv(path: Path, poses: Iterable[Pose]) -> None:
    """Write poses.csv. Raises PlannerError when the place cannot be written."""
    try:
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(FIELDS)
            writer.writerows(_row(pose) for pose in poses)
    except OSError as error:
        reason = str(error.strerror or error)
        raise PlannerError(f"cannot write {Path(path).name}", reason, "choose another folder") from error


def read_poses_csv(path: Path) -> tuple[Pose, ...]:
    """Read poses.csv; `ambiguous` may be absent, older files lack it. Raises PlannerError when it is not one."""
    try:
        with Path(path).open(newline="", encoding="utf-8") as file:
            return tuple(_pose(row) for row in csv.DictReader(file))
    except OSError as error:
        reason = str(error.strerror or error)
        raise PlannerError(f"cannot read {Path(path).name}", reason, "give a poses.csv") from error
    except (ValueError, KeyError, TypeError) as error:
        reason = f"no column {error}" if isinstance(error, KeyError) else str(error)
        raise PlannerError(f"{Path(path).name} holds no poses", reason, "give a poses.csv") from error


def _row(pose: Pose) -> list[str | int]:
    numbers: list[str] = [""] * 6
    if pose.camera_from_body is not None:
        values = (*pose.rotation_vector, *pose.camera_from_body.matrix[:3, 3])
        numbers = [f"{value:.9f}" for value in values]
    quality = ["" if v is None else f"{v:.4f}" for v in (pose.reprojection_px, pose.sigma_mm)]
    return [
        pose.frame,
        f"{pose.time_s:.6f}",
        pose.body,
        pose.state.value,
        *numbers,
        *quality,
        int(pose.is_ambiguous),
    ]


def _pose(row: dict[str, str]) -> Pose:
    state = PoseState(row["state"])
    transform = None
    if state is not PoseState.LOST:
        vector = np.array([float(row[name]) for name in FIELDS[4:7]])
        shift = np.array([float(row[name]) for name in FIELDS[7:10]])
        transform = Transform(CAMERA, row["body"], rigid(vector, shift))
    quality = [float(row[name]) if row[name] else None for name in FIELDS[10:12]]
    return Pose(
        int(row["frame"]),
        float(row["time_s"]),
        row["body"],
        state,
        transform,
        reprojection_px=quality[0],
        sigma_mm=quality[1],
        is_ambiguous=bool(int(row.get("ambiguous") or 0)),
    )
