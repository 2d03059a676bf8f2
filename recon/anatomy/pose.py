"""How a patient lies: turned, stretched and softly warped; carries points, directions and back, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.frames import rotation_from_vector

if TYPE_CHECKING:
    import torch

_WAVES = 8


@dataclass(frozen=True, eq=False)
class Pose:
    """A linear map followed by a sum of sines, from the patient (LPS mm) to the heart's frame (mm).

    Attributes:
        linear: (3, 3), turn and stretch.
        waves, amplitudes_mm, phases: wave vectors (k, 3) in rad/mm, amplitudes (k, 3) and phases (k,).
    """

    linear: np.ndarray
    waves: np.ndarray
    amplitudes_mm: np.ndarray
    phases: np.ndarray

    def heart_frame(self, points: torch.Tensor) -> torch.Tensor:
        """Points (n, 3) of the patient in the heart's frame, float32."""

        def to(values: np.ndarray) -> torch.Tensor:
            return points.new_tensor(np.asarray(values, dtype=np.float32))

        posed = points @ to(self.linear.T)
        return posed + (posed @ to(self.waves.T) + to(self.phases)).sin() @ to(self.amplitudes_mm)

    def patient_point(self, position: np.ndarray) -> np.ndarray:
        """Where a position (3,) of the heart's frame lies in the patient."""
        return np.linalg.solve(self.linear, self._unwarped(position))

    def patient_normal(self, position: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """A plane's unit normal (3,) at a position, both of the heart's frame, as a unit normal in the patient.

        A normal is carried by the transposed Jacobian, so that it stays square to the plane that was warped.
        """
        posed = self._unwarped(position)
        slope = np.cos(self.waves @ posed + self.phases)[:, None] * self.waves
        jacobian = (np.eye(3) + self.amplitudes_mm.T @ slope) @ self.linear
        carried = jacobian.T @ normal
        return carried / np.linalg.norm(carried)

    def _unwarped(self, position: np.ndarray) -> np.ndarray:
        posed = np.asarray(position, dtype=np.float64)
        for _ in range(60):  # the warp is a contraction, so the fixed point is reached
            posed = position - np.sin(self.waves @ posed + self.phases) @ self.amplitudes_mm
        return posed


def sample_pose(rng: np.random.Generator, turn_deg: float, relative_amplitude: float = 0.013) -> Pose:
    """Draw one pose; `turn_deg` is the spread of the turn about each axis, amplitudes are relative to wavelengths."""
    turn = rotation_from_vector(np.radians(rng.normal(0.0, turn_deg, 3)))
    stretch = np.exp(rng.normal(0.0, 0.085)) * np.exp(rng.normal(0.0, 0.04, 3))
    lengths = rng.uniform(70.0, 200.0, _WAVES)
    directions = rng.normal(size=(_WAVES, 3))
    waves = directions / np.linalg.norm(directions, axis=1, keepdims=True) * (2 * np.pi / lengths)[:, None]
    amplitudes = rng.normal(size=(_WAVES, 3)) * (lengths * relative_amplitude)[:, None]
    return Pose(np.diag(1.0 / stretch) @ turn, waves, amplitudes, rng.uniform(0, 2 * np.pi, _WAVES))


def mirrored(pose: Pose) -> Pose:
    """The same pose of the patient's mirror image, left for right."""
    return Pose(pose.linear @ np.diag((-1.0, 1.0, 1.0)), pose.waves, pose.amplitudes_mm, pose.phases)
