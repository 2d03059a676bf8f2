"""The voxels that a slice view cuts: one for each column of the label grid, on whatever plane is shown.

A plane of any tilt is cut along the axis of the grid that lies nearest to its normal: every column along that axis
meets the plane in one point, and the voxel there belongs to the layer. On planes along the grid this is the slice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.volume import LabelMap


@dataclass(frozen=True, eq=False)
class Layer:
    """Where the columns of a grid meet a plane.

    Attributes:
        shape: of the grid, (slices, rows, columns).
        axis: the grid axis of the columns; the other two number them.
        first_mm: LPS position (3,) where column (0, 0) meets the plane.
        steps_mm: (2, 3) from one column's point to the next one's, along either number.
        depths: (3,) index along `axis` of that point: for column (0, 0), and its growth per number.
        along_mm: (3,) from a voxel to the next one along `axis`.
        thickness_mm: distance from this layer to the next one, along the plane's normal.
    """

    shape: tuple[int, int, int]
    axis: int
    first_mm: np.ndarray
    steps_mm: np.ndarray
    depths: np.ndarray
    along_mm: np.ndarray
    thickness_mm: float

    @property
    def others(self) -> tuple[int, int]:
        """The two axes that number the columns."""
        first, second = (axis for axis in range(3) if axis != self.axis)
        return first, second

    def columns_of(self, points_mm: np.ndarray) -> np.ndarray:
        """Fractional column numbers (n, 2) of points (n, 3) in the plane."""
        return (np.atleast_2d(points_mm) - self.first_mm) @ np.linalg.pinv(self.steps_mm)

    def places_mm(self, columns: np.ndarray) -> np.ndarray:
        """Points (n, 3) of the plane, LPS mm, of column numbers (n, 2)."""
        return self.first_mm + np.asarray(columns, dtype=np.float64) @ self.steps_mm

    def columns_around(self, points_mm: np.ndarray, reach_mm: float) -> np.ndarray:
        """Numbers (n, 2) of all columns of the grid in a box around points (k, 3) of the plane."""
        # How far a number can change within the reach: the rows of the inverse steps are its gradients.
        margin = np.linalg.norm(np.linalg.pinv(self.steps_mm), axis=0) * reach_mm
        found = self.columns_of(points_mm)
        size = np.array([self.shape[axis] for axis in self.others])
        low = np.maximum(np.floor(found.min(axis=0) - margin), 0).astype(np.int64)
        high = np.minimum(np.ceil(found.max(axis=0) + margin), size - 1).astype(np.int64)
        first, second = np.meshgrid(
            *(np.arange(a, b + 1) for a, b in zip(low, high, strict=True)), indexing="ij"
        )
        return np.stack([first.ravel(), second.ravel()], axis=1)

    def shifted(self, n_layers: int) -> Layer:
        """The layer so many voxels further along the axis."""
        depths = self.depths + np.array([n_layers, 0, 0])
        return replace(self, first_mm=self.first_mm + n_layers * self.along_mm, depths=depths)

    def is_in_grid(self, columns: np.ndarray) -> np.ndarray:
        """Which of the columns (n, 2), whole numbers, have a voxel in the layer."""
        index = self._index(columns)
        return np.asarray(((index >= 0) & (index < self.shape)).all(axis=1))

    def voxels(self, columns: np.ndarray) -> np.ndarray:
        """Flat indices (n,) of the voxels of columns (n, 2), whole numbers; columns without one are left out."""
        index = self._index(columns[self.is_in_grid(columns)])
        return np.ravel_multi_index(tuple(index.T), self.shape)

    def _index(self, columns: np.ndarray) -> np.ndarray:
        depth = self.depths[0] + columns @ self.depths[1:]
        index = np.empty((len(columns), 3), dtype=np.int64)
        # Half way between two voxels the lower one counts, also where rounding errors speak for the other.
        index[:, self.axis] = np.ceil(depth - 0.5 - 1e-6)
        index[:, list(self.others)] = columns
        return index

    def meets_grid(self) -> bool:
        """Whether the plane cuts any voxel."""
        first, second = (self.shape[axis] - 1 for axis in self.others)
        corners = np.array([[0, 0], [first, 0], [0, second], [first, second]])
        depth = self.depths[0] + corners @ self.depths[1:]
        return bool(depth.max() >= -0.5 and depth.min() <= self.shape[self.axis] - 0.5)


def layer_through(grid: LabelMap, origin_mm: np.ndarray, normal: np.ndarray) -> Layer:
    """The layer of a grid that the plane through `origin_mm` (3,) with unit `normal` (3,) cuts; LPS mm."""
    normal = np.asarray(normal, dtype=np.float64)
    matrix = grid.patient_from_index
    heights = normal @ matrix[:3, :3]
    start = float(normal @ (np.asarray(origin_mm, dtype=np.float64) - matrix[:3, 3]))
    axis = int(np.abs(heights).argmax())
    first, second = (other for other in range(3) if other != axis)
    depths = np.array([start, -heights[first], -heights[second]]) / heights[axis]
    along = matrix[:3, axis]
    steps = np.stack([matrix[:3, other] + depths[n] * along for n, other in ((1, first), (2, second))])
    return Layer(
        grid.shape,
        axis,
        matrix[:3, 3] + depths[0] * along,
        steps,
        depths,
        along,
        abs(float(heights[axis])),
    )
