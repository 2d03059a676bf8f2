"""Run by the Python of another environment: scikit-surgeryarucotracker over grey frames, poses and CPU time out."""

import sys
import time
from pathlib import Path

import cv2
import numpy as np


def main(folder: Path, dictionary: str) -> None:
    """Read frames.npy, body.txt, camera.txt; write poses.npy (n, 4, 4; NaN where none) and cpu.txt (s a frame)."""
    from sksurgeryarucotracker.arucotracker import ArUcoTracker

    tracker = ArUcoTracker(
        {
            "video source": "none",
            "calibration": str(folder / "camera.txt"),
            "aruco dictionary": dictionary,
            "rigid bodies": [
                {"name": "b", "filename": str(folder / "body.txt"), "aruco dictionary": dictionary}
            ],
        }
    )
    tracker.start_tracking()
    frames = np.load(folder / "frames.npy", mmap_mode="r")
    poses, spent = np.full((len(frames), 4, 4), np.nan), 0.0
    for i in range(len(frames)):
        picture = cv2.cvtColor(np.ascontiguousarray(frames[i]), cv2.COLOR_GRAY2BGR)
        started = time.process_time()
        names, _, _, found, _ = tracker.get_frame(picture)
        spent += time.process_time() - started
        if "b" in names:
            poses[i] = found[names.index("b")]
    np.save(folder / "poses.npy", poses)
    (folder / "cpu.txt").write_text(str(spent / len(frames)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
