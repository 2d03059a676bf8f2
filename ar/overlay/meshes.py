"""Surfaces on the graphics card: smooth walls, flat caps."""

from __future__ import annotations

import ctypes

import numpy as np

from ar.overlay.gl import GL, glVertexAttribPointer
from core.mesh import SurfaceMesh


class MeshBuffer:
    """One surface of the current context, ready to be drawn."""

    def __init__(self, mesh: SurfaceMesh, n_cap_faces: int = 0, painted_by: str = "") -> None:
        """Put it there; with the name of a field in mm its walls have the colours of that field."""
        vertices, faces = drawn_triangles(mesh, n_cap_faces)
        self._n_indices = faces.size
        self._array = int(GL.glGenVertexArrays(1))
        self._buffers = [int(name) for name in np.ravel(GL.glGenBuffers(3))]
        GL.glBindVertexArray(self._array)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._buffers[0])
        GL.glBufferData(GL.GL_ARRAY_BUFFER, vertices.nbytes, vertices, GL.GL_STATIC_DRAW)
        GL.glBindBuffer(GL.GL_ELEMENT_ARRAY_BUFFER, self._buffers[1])
        GL.glBufferData(GL.GL_ELEMENT_ARRAY_BUFFER, faces.nbytes, faces, GL.GL_STATIC_DRAW)
        for place, offset in ((0, 0), (1, 12)):
            GL.glEnableVertexAttribArray(place)
            glVertexAttribPointer(place, 3, GL.GL_FLOAT, GL.GL_FALSE, 24, ctypes.c_void_p(offset))
        self._put_paint(paint_of(mesh, len(vertices), painted_by))
        GL.glBindVertexArray(0)

    def _put_paint(self, paint: np.ndarray) -> None:
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._buffers[2])
        GL.glBufferData(GL.GL_ARRAY_BUFFER, paint.nbytes, paint, GL.GL_STATIC_DRAW)
        GL.glEnableVertexAttribArray(2)
        glVertexAttribPointer(2, 4, GL.GL_UNSIGNED_BYTE, GL.GL_TRUE, 4, None)

    def draw(self) -> None:
        """Draw all triangles with the program in use."""
        GL.glBindVertexArray(self._array)
        GL.glDrawElements(GL.GL_TRIANGLES, self._n_indices, GL.GL_UNSIGNED_INT, None)

    def delete(self) -> None:
        """Free it; its context must be current."""
        GL.glDeleteVertexArrays(1, [self._array])
        GL.glDeleteBuffers(3, self._buffers)


def paint_of(mesh: SurfaceMesh, n_drawn: int, painted_by: str) -> np.ndarray:
    """Colours uint8 (n_drawn, 4) of the drawn vertices; the fourth is 0 where the surface's own colour holds."""
    from render.steadiness_colours import colours_of

    paint = np.zeros((n_drawn, 4), dtype=np.uint8)
    values = mesh.fields.get(painted_by)
    if values is not None:
        paint[: len(values), :3] = colours_of(values)
        paint[: len(values), 3] = 255
    return paint


def drawn_triangles(mesh: SurfaceMesh, n_cap_faces: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions with normals (n, 6) float32 and faces (m, 3) uint32.

    Walls get the mean normal of their faces at each vertex; caps get vertices of their own, so that the cut's
    edge stays sharp.
    """
    n_walls = len(mesh.faces) - n_cap_faces
    walls, caps = mesh.faces[:n_walls], mesh.faces[n_walls:]
    corners = mesh.vertices[caps].reshape(-1, 3)
    flat = np.repeat(_area_normals(mesh.vertices, caps), 3, axis=0)
    positions = np.concatenate([mesh.vertices, corners])
    normals = np.concatenate([_smooth_normals(mesh.vertices, walls), flat])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    own = len(mesh.vertices) + np.arange(len(corners)).reshape(-1, 3)
    vertices = np.concatenate([positions, normals], axis=1).astype(np.float32)
    return np.ascontiguousarray(vertices), np.concatenate([walls, own]).astype(np.uint32)


def _area_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    return np.cross(b - a, c - a)


def _smooth_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    by_face = _area_normals(vertices, faces)
    corners = faces.ravel()
    spread = np.repeat(by_face, 3, axis=0)
    return np.stack([np.bincount(corners, spread[:, axis], len(vertices)) for axis in range(3)], axis=1)


def ball() -> SurfaceMesh:
    """A ball of radius 1 around the origin, fine enough for a mark: an icosahedron, split twice."""
    phi = (1.0 + np.sqrt(5.0)) / 2.0
    pairs = np.array([(a, b * phi) for a in (-1.0, 1.0) for b in (-1.0, 1.0)])
    zero = np.zeros(4)
    vertices = np.concatenate(
        [
            np.stack([zero, *pairs.T], 1),
            np.stack([*pairs.T, zero], 1),
            np.stack([pairs[:, 1], zero, pairs[:, 0]], 1),
        ]
    )
    near = np.linalg.norm(vertices[:, None] - vertices[None], axis=2) < 2.1
    faces = [
        (i, j, k)
        for i in range(12)
        for j in range(i)
        for k in range(j)
        if near[i, j] and near[j, k] and near[i, k]
    ]
    triangles = vertices[np.array(faces)]
    for _ in range(2):
        a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
        ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
        triangles = np.concatenate(
            [np.stack(t, 1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))]
        )
        triangles /= np.linalg.norm(triangles, axis=2, keepdims=True)
    turn = np.einsum(
        "ni,ni->n",
        _area_normals(triangles.reshape(-1, 3), np.arange(triangles.size // 3).reshape(-1, 3)),
        triangles[:, 0],
    )
    triangles[turn < 0] = triangles[turn < 0][:, ::-1]
    vertices, inverse = np.unique(np.round(triangles.reshape(-1, 3), 9), axis=0, return_inverse=True)
    return SurfaceMesh(vertices, np.ravel(inverse).reshape(-1, 3))
