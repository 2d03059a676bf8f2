"""The health of a mesh in figures: is it closed, a manifold, free of crossings, and are its triangles good."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from core.mesh import SurfaceMesh
from recon.surfaces.triangles import triangle_quality

_TOUCH = 1e-9
"""Share of the product of three sides below which four points count as lying in one plane."""


@dataclass(frozen=True)
class MeshReport:
    """What a surface is made of.

    Attributes:
        is_closed: closed and consistently oriented.
        n_open_edges: edges with one triangle.
        n_nonmanifold_edges: edges with more than two triangles.
        n_nonmanifold_vertices: how many fans of triangles too many meet in single points.
        n_self_intersections: pairs of an edge and a triangle that it pierces, the two sharing no vertex.
        quality_p01: 1st percentile of the triangles' shape, 1 for equal sides and 0 for flat.
        volume_ml: enclosed volume; only meaningful when closed.
        n_components: pieces that share no vertex; the wall of a hollow counts as a piece.
    """

    is_closed: bool
    n_open_edges: int
    n_nonmanifold_edges: int
    n_nonmanifold_vertices: int
    n_self_intersections: int
    quality_p01: float
    volume_ml: float
    n_components: int


def mesh_report(mesh: SurfaceMesh) -> MeshReport:
    """Examine a surface; about a second per 100,000 triangles.

    Raises:
        ValueError: a surface without triangles.
    """
    if not len(mesh.faces):
        raise ValueError("a surface without triangles cannot be examined")
    edges, n_triangles = _edges(mesh.faces)
    return MeshReport(
        is_closed=mesh.is_closed,
        n_open_edges=int((n_triangles == 1).sum()),
        n_nonmanifold_edges=int((n_triangles > 2).sum()),
        n_nonmanifold_vertices=_n_fans(mesh.faces) - len(np.unique(mesh.faces)),
        n_self_intersections=_n_pierced(mesh, edges),
        quality_p01=float(np.percentile(triangle_quality(mesh.vertices[mesh.faces]), 1)),
        volume_ml=mesh.volume_ml,
        n_components=_n_components(mesh, edges),
    )


def _edges(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The edges (n, 2), each once, and how many triangles each has (n,)."""
    sides = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    key, counts = np.unique(sides[:, 0] * (faces.max() + 1) + sides[:, 1], return_counts=True)
    return np.stack(np.divmod(key, faces.max() + 1), axis=1), counts


def _n_fans(faces: np.ndarray) -> int:
    """Fans of triangles that hang together by edges around a vertex, over all vertices."""
    turned = np.concatenate([faces, np.roll(faces, 1, axis=1), np.roll(faces, 2, axis=1)])
    spokes = np.concatenate([turned[:, [0, 1]], turned[:, [0, 2]]])
    _, number = np.unique(spokes[:, 0] * (faces.max() + 1) + spokes[:, 1], return_inverse=True)
    start, end = number[: len(turned)], number[len(turned) :]
    n = int(number.max()) + 1
    graph = sparse.coo_matrix((np.ones(len(start)), (start, end)), shape=(n, n))
    n_fans: int = sparse.csgraph.connected_components(graph, directed=False)[0]
    return n_fans


def _n_components(mesh: SurfaceMesh, edges: np.ndarray) -> int:
    used, numbered = np.unique(edges, return_inverse=True)
    start, end = numbered.reshape(edges.shape).T
    graph = sparse.coo_matrix((np.ones(len(edges)), (start, end)), shape=(len(used), len(used)))
    n_components: int = sparse.csgraph.connected_components(graph, directed=False)[0]
    return n_components


def _n_pierced(mesh: SurfaceMesh, edges: np.ndarray) -> int:
    """Cast every edge as a ray and count the triangles met between its ends, its own neighbours left out.

    Rays are of single precision and graze triangles that lie along them, so each hit is confirmed in double.
    """
    from open3d.core import Tensor
    from open3d.t.geometry import RaycastingScene

    corners = mesh.vertices - mesh.bounds_mm.mean(axis=0)
    single = corners.astype(np.float32)
    scene = RaycastingScene()
    scene.add_triangles(Tensor.from_numpy(single), Tensor.from_numpy(mesh.faces.astype(np.uint32)))
    start, end = single[edges[:, 0]], single[edges[:, 1]]
    hits = scene.list_intersections(Tensor.from_numpy(np.concatenate([start, end - start], axis=1)))
    is_between = hits["t_hit"].numpy() <= 1.001
    edge = edges[hits["ray_ids"].numpy().astype(np.int64)[is_between]]
    face = mesh.faces[hits["primitive_ids"].numpy().astype(np.int64)[is_between]]
    apart = ~(edge[:, :, None] == face[:, None, :]).any(axis=(1, 2))
    return int(_pierces(corners[edge[apart]], corners[face[apart]]).sum())


def _pierces(segments: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Whether segments (n, 2, 3) pass through triangles (n, 3, 3), a touch not counted."""
    start, end = segments[:, 0], segments[:, 1]
    a, b, c = np.moveaxis(triangles, 1, 0)
    from_plane = _sixfold_volume(a, b, c, start), _sixfold_volume(a, b, c, end)
    around = [_sixfold_volume(start, end, p, q) for p, q in ((a, b), (b, c), (c, a))]
    scale = np.linalg.norm(b - a, axis=1) * np.linalg.norm(c - a, axis=1) * np.linalg.norm(end - start, axis=1)
    least = _TOUCH * scale
    is_crossed = (np.minimum(*from_plane) < -least) & (np.maximum(*from_plane) > least)
    is_inside = (np.min(around, axis=0) > least) | (np.max(around, axis=0) < -least)
    result: np.ndarray = is_crossed & is_inside
    return result


def _sixfold_volume(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a)
