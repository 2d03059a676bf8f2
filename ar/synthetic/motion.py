"""When each row of a picture is lit: motion blur and rolling shutter from a body's path over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

# At a time in seconds: `camera_from_body` (4, 4) of every body in view, by name.
Path = Callable[[float], Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Exposure:
    """One picture's shutter.

    Attributes:
        exposure_s: how long a row is lit; the truth is the pose in its middle.
        readout_s: how much later the last row is lit than the first; the truth is that of the middle row.
        n_moments: moments averaged over the exposure.
    """

    exposure_s: float = 0.0
    readout_s: float = 0.0
    n_moments: int = 1

    def row_poses(self, path: Path, time_s: float, height: int) -> list[dict[str, np.ndarray]]:
        """For each moment of the exposure and each body, poses (1 or `height`, 4, 4)."""
        places = (np.arange(self.n_moments) + 0.5) / self.n_moments - 0.5
        return [self._rows(path, time_s + float(p) * self.exposure_s, height) for p in places]

    def _rows(self, path: Path, time_s: float, height: int) -> dict[str, np.ndarray]:
        if self.readout_s == 0.0:
            return {name: matrix[None] for name, matrix in path(time_s).items()}
        knots = np.linspace(-0.5, 0.5, 9)
        known = [path(time_s + float(k) * self.readout_s) for k in knots]
        place = (np.arange(height) + 0.5) / height - 0.5
        result = {}
        for name in known[0]:
            matrices = np.stack([poses[name] for poses in known]).reshape(len(knots), 16)
            rows = [np.interp(place, knots, matrices[:, i]) for i in range(16)]
            result[name] = np.stack(rows, axis=1).reshape(height, 4, 4)
        return result
