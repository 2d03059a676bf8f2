"""All walls of a heart as one object: triangles that know what lies on either side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.mesh import SurfaceMesh

BACKGROUND = "background"
"""What `MultiSurface.shared` calls the outside of all structures."""


@dataclass(frozen=True, eq=False)
class MultiSurface:
    """Walls between labels: two structures that touch share the very same triangles.

    Attributes:
        vertices: (n, 3) float64, LPS mm.
        faces: (m, 3) int64; normals point from the inside label to the outside label.
        inside: (m,) label on the inner side; never 0.
        outside: (m,) label on the outer side; 0 is the background.
        names: label -> structure key.
        n_changed_voxels: voxels of the grid the walls were made on (of steps as long as the triangles' sides) whose
            label had to change to make every structure a 2-manifold.
    """

    vertices: np.ndarray
    faces: np.ndarray
    inside: np.ndarray
    outside: np.ndarray
    names: Mapping[int, str] = field(default_factory=dict)
    n_changed_voxels: int = 0

    @staticmethod
    def empty() -> MultiSurface:
        """No walls at all."""
        none = np.zeros(0, dtype=np.uint8)
        return MultiSurface(np.zeros((0, 3)), np.zeros((0, 3), dtype=np.int64), none, none)

    def numbered(self, labels: Sequence[int], names: Mapping[int, str]) -> MultiSurface:
        """The same walls with label `labels[i - 1]` in the place of i, and these names."""
        table = np.array([0, *labels])
        kept = {label: names[label] for label in labels}
        return replace(self, inside=table[self.inside], outside=table[self.outside], names=kept)

    def structure(self, key: str) -> SurfaceMesh:
        """The closed surface of a structure, normals outward. Raises KeyError when it is not there."""
        label = self._label(key)
        outward, inward = self.inside == label, self.outside == label
        faces = np.concatenate([self.faces[outward], self.faces[inward][:, ::-1]])
        if not len(faces):
            raise KeyError(key)
        return _compact(self.vertices, faces)

    def structures(self) -> dict[str, SurfaceMesh]:
        """The surface of every structure that is there, in the order of the labels."""
        present = np.union1d(self.inside, self.outside)
        return {
            self.names[label]: self.structure(self.names[label])
            for label in sorted(self.names)
            if label in present
        }

    def shared(self, key: str, other: str) -> np.ndarray:
        """Faces (k, 3) of the wall between two structures, or one and the `BACKGROUND`, normals out of the first.

        KeyError for unknown keys.
        """
        first, second = self._label(key), self._label(other)
        outward = self.faces[(self.inside == first) & (self.outside == second)]
        inward = self.faces[(self.inside == second) & (self.outside == first)]
        return np.concatenate([outward, inward[:, ::-1]])

    def _label(self, key: str) -> int:
        if key == BACKGROUND:
            return 0
        for label, name in self.names.items():
            if name == key:
                return label
        raise KeyError(key)


def _compact(vertices: np.ndarray, faces: np.ndarray) -> SurfaceMesh:
    """A surface with only the vertices it uses."""
    is_used = np.zeros(len(vertices), dtype=bool)
    is_used[faces.ravel()] = True
    number = np.cumsum(is_used) - 1
    return SurfaceMesh(vertices[is_used], number[faces])
