"""Surface files in and out; the door where patient millimetres (LPS) meet other programs' conventions."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import PlannerError
from core.frames import PATIENT, Transform
from core.mesh import SurfaceMesh
from core.staging import staged
from imaging.formats.glb import read_glb, write_glb

__all__ = [
    "obj_bytes", "read_glb", "read_surface", "stl_bytes", "surface_of_bytes", "write_glb", "write_obj", "write_ply",
    "write_stl",
]  # fmt: skip

HEADER = "Auricle SPACE=LPS UNIT=mm"
MM_PER_UNIT = {"um": 0.001, "mm": 1.0, "cm": 10.0, "m": 1000.0}
READABLE = {".stl", ".ply", ".obj", ".off"}
_STL_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_PLY_FACE = np.dtype([("n", "u1"), ("corners", "<i4", 3)])


def write_stl(mesh: SurfaceMesh, path: Path) -> None:
    """Write binary STL in LPS mm, saying so in its header. Raises PlannerError when it cannot be written."""
    with staged(path) as stage:
        stage.write_bytes(stl_bytes(mesh))


def stl_bytes(mesh: SurfaceMesh) -> bytes:
    """A surface as binary STL in LPS mm; its header says so."""
    corners = mesh.vertices[mesh.faces]
    triangles = np.zeros(len(mesh.faces), dtype=_STL_TRIANGLE)
    triangles["corners"] = corners
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    triangles["normal"] = _unit(normals)
    count = np.uint32(len(triangles)).astype("<u4").tobytes()
    return HEADER.encode().ljust(80) + count + triangles.tobytes()


def write_obj(mesh: SurfaceMesh, path: Path, name: str) -> None:
    """Write OBJ in LPS mm with one object of this name; a comment says the space. Raises PlannerError."""
    with staged(path) as stage:
        stage.write_bytes(obj_bytes(mesh, name))


def obj_bytes(mesh: SurfaceMesh, name: str) -> bytes:
    """A surface as OBJ text in LPS mm, without materials; positions to a tenth of a micrometre."""
    lines = [f"# {HEADER}", "o " + "".join(c if c.isprintable() else "_" for c in name)]
    lines += [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in mesh.vertices.tolist()]
    lines += [f"f {a} {b} {c}" for a, b, c in (mesh.faces + 1).tolist()]
    return ("\n".join(lines) + "\n").encode("ascii", "replace")


def write_ply(mesh: SurfaceMesh, path: Path) -> None:
    """Write binary PLY in LPS mm with the mesh's fields as vertex properties; a comment says the space.

    Raises PlannerError when it cannot be written.
    """
    names = ["x", "y", "z", *mesh.fields]
    vertices = np.empty(len(mesh.vertices), dtype=[(name, "<f4") for name in names])
    columns = [*mesh.vertices.T, *mesh.fields.values()]
    for name, values in zip(names, columns, strict=True):
        vertices[name] = values
    faces = np.empty(len(mesh.faces), dtype=_PLY_FACE)
    faces["n"] = 3
    faces["corners"] = mesh.faces
    lines = ["ply", "format binary_little_endian 1.0", f"comment {HEADER}", f"element vertex {len(vertices)}"]
    lines += [f"property float {name}" for name in names]
    lines += [f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header", ""]
    with staged(path) as stage, stage.open("wb") as stream:
        stream.write("\n".join(lines).encode("ascii"))
        stream.write(vertices.tobytes())
        stream.write(faces.tobytes())


def read_surface(path: Path, unit: str, space: str = "LPS") -> SurfaceMesh:
    """Read a STL, PLY, OBJ or OFF surface into LPS mm.

    Args:
        unit: what a length of 1 means in the file: "um", "mm", "cm" or "m". Such files do not say it.
        space: "LPS" or "RAS"; a `SPACE=` in the file's own header goes before it.

    Raises PlannerError when the file is damaged, empty or not such a surface, or the unit is not known.
    """
    suffix = path.suffix.lower()
    if suffix not in READABLE:
        raise PlannerError(
            f"cannot read {path.name}", "it is not STL, PLY, OBJ or OFF", "export it as one of these"
        )
    _check_unit(unit, path.name)
    try:
        content = path.read_bytes()
    except OSError as error:
        why = str(error.strerror or error)
        raise PlannerError(f"cannot read {path.name}", why, "choose another file") from error
    return surface_of_bytes(content, suffix, unit, space, path.name)


def surface_of_bytes(content: bytes, suffix: str, unit: str, space: str, name: str) -> SurfaceMesh:
    """Like `read_surface` for the content of a file; `name` is what a refusal calls it."""
    _check_unit(unit, name)
    space = _stated_space(content, suffix) or space
    if space not in ("LPS", "RAS"):
        raise PlannerError(f"cannot read {name}", f"the space {space!r} is not known", "give LPS or RAS")
    mesh = _load(content, suffix, name)
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) if space == "RAS" else np.eye(4)
    lps[:3, :3] *= MM_PER_UNIT[unit]
    return SurfaceMesh(mesh.vertices, mesh.faces).transformed(Transform(PATIENT, "file", lps))


def _check_unit(unit: str, name: str) -> None:
    if unit not in MM_PER_UNIT:
        raise PlannerError(f"cannot read {name}", f"the unit {unit!r} is not known", "give mm, cm or m")


def _load(content: bytes, suffix: str, name: str) -> Any:
    import trimesh

    try:
        mesh = trimesh.load_mesh(
            io.BytesIO(content), file_type=suffix[1:], process=suffix == ".stl", skip_materials=True
        )
        if isinstance(mesh, trimesh.Scene):
            mesh = mesh.to_mesh()
        n_faces = len(mesh.faces)
    except Exception as error:
        # Foreign meshes make the parser raise anything; a refusal is the only answer.
        raise PlannerError(f"cannot read {name}", "it is damaged or no surface", "export it again") from error
    if not n_faces or not np.isfinite(mesh.vertices).all():
        raise PlannerError(f"cannot read {name}", "it holds no valid triangles", "export it again")
    return mesh


def _stated_space(content: bytes, suffix: str) -> str:
    """The space that a file's header names, as 3D Slicer writes it; empty when it names none."""
    header = content[: 80 if suffix == ".stl" else 2048].partition(b"end_header")[0]
    _, found, rest = header.partition(b"SPACE=")
    return rest[:3].decode("ascii", "replace") if found else ""


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1.0)
