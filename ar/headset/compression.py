"""Surfaces small enough for a wireless link: Draco, positions only, with an error that is bounded and checked."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.errors import PlannerError
from core.mesh import SurfaceMesh

LARGEST_ERROR_MM = 0.005
# Draco's effort, 0 to 10: the higher ones cost twice the time for a twentieth of the size.
EFFORT = 7
MOST_BITS = 24


@dataclass(frozen=True)
class PackedSurface:
    """One surface, packed.

    Attributes:
        draco: triangles around `centre_mm`, in mm.
        centre_mm: LPS position that the packed positions are counted from.
        error_mm: no vertex is farther than this from where it was; measured, not assumed.
        is_closed: it has an inside, which a cut shows as a lid.
    """

    draco: bytes
    centre_mm: tuple[float, float, float]
    error_mm: float
    is_closed: bool = False

    @property
    def facts(self) -> dict[str, object]:
        """What a page has to know beside the triangles."""
        return {"centre_mm": self.centre_mm, "error_mm": self.error_mm, "is_closed": self.is_closed}


def pack_surface(mesh: SurfaceMesh, largest_error_mm: float = LARGEST_ERROR_MM) -> PackedSurface:
    """Pack a surface and unpack it again to measure how far its vertices moved.

    Raises:
        PlannerError: it has no triangles, or the unpacked copy is not the same surface.
    """
    import DracoPy

    if not len(mesh.faces):
        raise PlannerError("a structure is not sent", "it has no surface", "reconstruct it first")
    used, faces = np.unique(mesh.faces, return_inverse=True)
    places = mesh.vertices[used]
    centre = places.mean(axis=0)
    around = (places - centre).astype(np.float32)
    packed: bytes = DracoPy.encode(
        around,
        faces.reshape(-1, 3).astype(np.uint32),
        quantization_bits=bits_for(float(np.ptp(around, axis=0).max()), largest_error_mm),
        compression_level=EFFORT,
    )
    copy = DracoPy.decode(packed)
    error_mm = _farthest(places - centre, np.asarray(copy.points, dtype=np.float64))
    if len(copy.faces) > len(mesh.faces) or error_mm > largest_error_mm:
        raise PlannerError(
            "a structure is not sent",
            f"its packed copy is off by {error_mm:.3f} mm, and {largest_error_mm} mm are allowed",
            "report this with the structure's name",
        )
    centre_mm = float(centre[0]), float(centre[1]), float(centre[2])
    return PackedSurface(packed, centre_mm, error_mm, mesh.is_closed)


def bits_for(extent_mm: float, largest_error_mm: float) -> int:
    """How many bits per axis keep a rounded position within an error in space, for a surface of this extent."""
    # Half a step along each of three axes is the farthest that rounding moves a point.
    step_mm = 2.0 * largest_error_mm / math.sqrt(3.0)
    return min(MOST_BITS, max(2, math.ceil(math.log2(extent_mm / step_mm + 1.0)))) if extent_mm > 0.0 else 2


def _farthest(places: np.ndarray, copies: np.ndarray) -> float:
    """The largest distance in mm from a place to its nearest copy, and the other way round."""
    from scipy.spatial import cKDTree

    there, _ = cKDTree(copies).query(places)
    back, _ = cKDTree(places).query(copies)
    return float(max(there.max(), back.max()))
