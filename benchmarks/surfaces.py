"""Surfaces of many generated hearts, beside VTK's two ways and scikit-image, the defects of all counted alike.

`python -m benchmarks.surfaces --hearts N` takes more hearts than `python -m benchmarks surfaces`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec

import numpy as np

from benchmarks.report import Comparison, Row, as_markdown
from benchmarks.surface_peers import flying_edges, marching_cubes, surface_nets
from core.mesh import SurfaceMesh
from core.volume import LabelMap
from recon.anatomy.patient import paint_grid, sample_patient, truth_label_map
from recon.mesh_report import mesh_report
from recon.sampling import patient_grid
from recon.surface import conformal_surfaces_of_labels

FIRST_SEED = 2_000_020
SPACING_MM = 2.0
EXTENT_MM = 180.0
N_HEARTS, N_HEARTS_QUICK = 3, 1

Mesher = Callable[[LabelMap], dict[str, SurfaceMesh]]


@dataclass
class Tally:
    """What has been counted of one way of making surfaces."""

    seconds: float = 0.0
    n_surfaces: int = 0
    n_triangles: int = 0
    n_not_closed: int = 0
    n_not_manifold: int = 0
    n_crossings: int = 0
    n_overlapping: int = 0
    n_shared: int = 0
    quality_p01: list[float] = field(default_factory=list)
    volume_errors: list[float] = field(default_factory=list)

    def add(self, surfaces: dict[str, SurfaceMesh], labels: LabelMap) -> None:
        """Count the surfaces of one heart."""
        truth = labels.volumes_ml()
        for key, mesh in surfaces.items():
            report = mesh_report(mesh)
            self.n_surfaces += 1
            self.n_triangles += len(mesh.faces)
            self.n_not_closed += not report.is_closed
            self.n_not_manifold += bool(report.n_nonmanifold_edges + report.n_nonmanifold_vertices)
            self.n_crossings += report.n_self_intersections
            self.quality_p01.append(report.quality_p01)
            self.volume_errors.append(100.0 * (report.volume_ml / truth[key] - 1.0))
        n_overlapping, n_shared = between_neighbours(list(surfaces.values()))
        self.n_overlapping += n_overlapping
        self.n_shared += n_shared

    def row(self, who: str, n_hearts: int) -> Row:
        """One line of the table."""
        return Row(
            who,
            self.seconds / n_hearts,
            {
                "surfaces": self.n_surfaces,
                "triangles": self.n_triangles,
                "not closed": self.n_not_closed,
                "not manifold": self.n_not_manifold,
                "self-crossings": self.n_crossings,
                "crossings of neighbours": self.n_overlapping,
                "triangles shared by neighbours": self.n_shared,
                "mean volume bias %": float(np.mean(self.volume_errors)),
                "worst volume error %": max(self.volume_errors, key=abs),
                "shape p01, mean": float(np.mean(self.quality_p01)),
                "shape p01, worst": min(self.quality_p01),
            },
        )


def compare(quick: bool) -> Comparison:
    """All structures of a few synthetic hearts."""
    return compare_hearts(N_HEARTS_QUICK if quick else N_HEARTS)


def compare_hearts(n_hearts: int) -> Comparison:
    """All structures of `n_hearts` synthetic hearts, every way on the same label maps."""
    ways: dict[str, Mesher] = {
        "Auricle, recon.surface.conformal_surfaces_of_labels": conformal_surfaces_of_labels,
        "VTK SurfaceNets3D, its own smoothing": surface_nets,
        "VTK discrete flying edges, windowed sinc": flying_edges,
    }
    if find_spec("skimage") is not None:
        ways["scikit-image marching cubes of the blurred mask"] = marching_cubes
    tallies = {who: Tally() for who in ways}
    conformal_surfaces_of_labels(_heart(FIRST_SEED - 1))
    for seed in range(FIRST_SEED, FIRST_SEED + n_hearts):
        labels = _heart(seed)
        for who, way in ways.items():
            started = time.perf_counter()
            surfaces = way(labels)
            tallies[who].seconds += time.perf_counter() - started
            tallies[who].add(surfaces, labels)
    return Comparison(
        f"{n_hearts} generated hearts as label maps of {SPACING_MM:g} mm; time per heart",
        tuple(tally.row(who, n_hearts) for who, tally in tallies.items()),
        (
            "triangles shared: where none are, neighbours leave gaps or overlap all along their wall",
            "crossings: an edge that pierces a triangle; of neighbours: of another structure of the same heart",
            "volume: against the voxels that were counted; shape: 1 is equal sides, 1st percentile of each surface",
        ),
    )


def between_neighbours(meshes: list[SurfaceMesh]) -> tuple[int, int]:
    """Edges of one structure that pierce a triangle of another, and triangles that two structures have in common.

    Vertices at the very same place count as one.
    """
    vertices = np.concatenate([mesh.vertices for mesh in meshes])
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts[:-1], strict=True)])
    places, number = np.unique(vertices, axis=0, return_inverse=True)
    faces = number.reshape(-1)[faces]
    _, first = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
    together = mesh_report(SurfaceMesh(places, faces[first])).n_self_intersections
    alone = sum(mesh_report(mesh).n_self_intersections for mesh in meshes)
    return max(together - alone, 0), len(faces) - len(first)


def _heart(seed: int) -> LabelMap:
    patient = sample_patient(seed)
    n = round(EXTENT_MM / SPACING_MM)
    grid = patient_grid(patient.landmarks()["region_centre"], n, SPACING_MM)
    return truth_label_map(paint_grid(patient, grid, (n, n, n)), grid, "1.2.3")


def main() -> None:
    """Print the table for as many hearts as are asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.surfaces", description=__doc__)
    parser.add_argument("--hearts", type=int, default=N_HEARTS, metavar="N")
    print(as_markdown("surfaces", compare_hearts(parser.parse_args().hearts)))


if __name__ == "__main__":
    main()
