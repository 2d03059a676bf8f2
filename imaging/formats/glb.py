"""An anatomy as one GLB file: metres and y up as glTF demands, with what brings it back to the patient."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from core.anatomy import HEART_BY_KEY, Anatomy
from core.errors import PlannerError
from core.frames import apply_affine
from core.mesh import SurfaceMesh
from core.staging import staged

GLB_FROM_PATIENT = np.array(
    [[0.001, 0.0, 0.0, 0.0], [0.0, 0.0, 0.001, 0.0], [0.0, -0.001, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
)
"""LPS mm to glTF metres: x left, y up (head), z to the front; a rotation, so normals stay outward."""
NEUTRAL = (0.75, 0.72, 0.68)
UNKNOWN = 1e30
"""Stands for NaN, which glTF forbids in a file, in the fields of vertices."""
MAGIC, JSON_CHUNK, BINARY_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942
FLOAT, UNSIGNED_INT = 5126, 5125
VERTICES, INDICES = 34962, 34963


class _Writer:
    """Collects buffer views and accessors while meshes are added."""

    def __init__(self) -> None:
        self.binary = bytearray()
        self.views: list[dict[str, int]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, values: np.ndarray, kind: str, target: int) -> int:
        """Append an array (n,) or (n, 3); returns its accessor's index."""
        component = UNSIGNED_INT if target == INDICES else FLOAT
        data = np.ascontiguousarray(values, dtype="<u4" if target == INDICES else "<f4")
        self.views.append(
            {"buffer": 0, "byteOffset": len(self.binary), "byteLength": data.nbytes, "target": target}
        )
        self.binary += data.tobytes()
        accessor = {
            "bufferView": len(self.views) - 1,
            "componentType": component,
            "count": len(data),
            "type": kind,
        }
        if kind == "VEC3":
            accessor |= {"min": data.min(axis=0).tolist(), "max": data.max(axis=0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def write_glb(anatomy: Anatomy, path: Path) -> None:
    """Write the surfaces of an anatomy as GLB: a node and mesh per structure, named by its key.

    Fields become attributes (`uncertainty_mm` -> `_UNCERTAINTY_MM`), NaN in them `UNKNOWN`; landmarks (LPS mm) and the
    frame-of-reference UID go into the scene's extras. Raises PlannerError when it cannot be written or an
    anatomy has no surface.

    Source: Khronos glTF 2.0, sections 3.4 (units and axes) and 4.4 (GLB).
    """
    surfaces = {key: mesh for key, mesh in anatomy.surfaces.items() if len(mesh.faces)}
    if not surfaces:
        raise PlannerError("cannot write the anatomy", "it has no surface", "reconstruct it first")
    writer = _Writer()
    meshes, materials, nodes = [], [], []
    for index, (key, mesh) in enumerate(surfaces.items()):
        meshes.append({"name": key, "primitives": [_primitive(writer, mesh, index)]})
        materials.append(_material(key))
        nodes.append({"name": key, "mesh": index})
    content = {
        "asset": {"version": "2.0", "generator": "Auricle"},
        "scene": 0,
        "scenes": [{"nodes": list(range(len(nodes))), "extras": {"auricle": _extras(anatomy)}}],
        "nodes": nodes,
        "meshes": meshes,
        "materials": materials,
        "buffers": [{"byteLength": len(writer.binary)}],
        "bufferViews": writer.views,
        "accessors": writer.accessors,
    }
    with staged(path) as stage:
        stage.write_bytes(_packed(content, bytes(writer.binary)))


def read_glb(path: Path) -> Anatomy:
    """Read a GLB as an anatomy in LPS mm: structures by node name, landmarks and frame of reference if stored.

    Raises PlannerError when the file is damaged or holds no triangles.
    """
    import trimesh

    try:
        content = _read_json(path.read_bytes())
        extras = _extras_of(content)
        scene = trimesh.load_scene(path, process=False, skip_materials=True)
        surfaces = {}
        order = {str(node.get("name", "")): index for index, node in enumerate(content.get("nodes", []))}
        for node in sorted(scene.graph.nodes_geometry, key=lambda name: order.get(str(name), len(order))):
            glb_from_node, name = scene.graph[node]
            surfaces[str(node)] = _surface(scene.geometry[name], glb_from_node)
    except Exception as error:
        # Foreign files make the parsers raise anything; a refusal is the only answer.
        raise PlannerError(f"cannot read {path.name}", "it is damaged or no GLB", "export it again") from error
    if not surfaces:
        raise PlannerError(f"cannot read {path.name}", "it holds no surface", "choose another file")
    landmarks = {
        str(name): np.array(point, dtype=np.float64) for name, point in extras.get("landmarks_mm", {}).items()
    }
    return Anatomy(surfaces, str(extras.get("frame_of_reference_uid", "")), landmarks=landmarks)


def _primitive(writer: _Writer, mesh: SurfaceMesh, material: int) -> dict[str, Any]:
    attributes = {
        "POSITION": writer.add(apply_affine(GLB_FROM_PATIENT, mesh.vertices), "VEC3", VERTICES),
        "NORMAL": writer.add(_vertex_normals(mesh) @ (GLB_FROM_PATIENT[:3, :3].T * 1000.0), "VEC3", VERTICES),
    }
    for name, values in mesh.fields.items():
        told = np.where(np.isnan(values), UNKNOWN, values)
        attributes[f"_{name.upper()}"] = writer.add(told, "SCALAR", VERTICES)
    return {
        "attributes": attributes,
        "indices": writer.add(mesh.faces.ravel(), "SCALAR", INDICES),
        "material": material,
    }


def _surface(geometry: Any, glb_from_node: np.ndarray) -> SurfaceMesh:
    patient_from_node = np.linalg.inv(GLB_FROM_PATIENT) @ np.asarray(glb_from_node, dtype=np.float64)
    vertices = apply_affine(patient_from_node, geometry.vertices)
    faces = np.asarray(geometry.faces)
    if np.linalg.det(patient_from_node[:3, :3]) < 0:
        faces = faces[:, ::-1]
    fields = {
        name[1:].lower(): np.asarray(values).ravel()
        for name, values in geometry.vertex_attributes.items()
        if name.startswith("_") and np.size(values) == len(vertices)
    }
    fields = {name: np.where(values > 0.1 * UNKNOWN, np.nan, values) for name, values in fields.items()}
    return SurfaceMesh(vertices, faces, fields)


def _extras(anatomy: Anatomy) -> dict[str, Any]:
    return {
        "frame_of_reference_uid": anatomy.frame_of_reference_uid,
        "landmarks_mm": {name: [float(v) for v in point] for name, point in anatomy.landmarks.items()},
        "landmark_space": "LPS",
    }


def _material(key: str) -> dict[str, Any]:
    """Rough and not metallic, in the structure's colour; glTF wants linear light, colours are kept as sRGB."""
    colour = np.array(HEART_BY_KEY[key].colour if key in HEART_BY_KEY else NEUTRAL)
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    surface = {"baseColorFactor": [*linear.tolist(), 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.6}
    return {"name": key, "pbrMetallicRoughness": surface, "doubleSided": True}


def _vertex_normals(mesh: SurfaceMesh) -> np.ndarray:
    """Unit normals (n, 3), LPS: the faces' normals weighted by area."""
    corners = mesh.vertices[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    summed = np.stack(
        [
            np.bincount(mesh.faces.ravel(), np.repeat(normals[:, axis], 3), len(mesh.vertices))
            for axis in range(3)
        ],
        axis=1,
    )
    lengths = np.linalg.norm(summed, axis=1, keepdims=True)
    return np.where(lengths > 0, summed / np.where(lengths > 0, lengths, 1.0), (0.0, 0.0, 1.0))


def _packed(content: dict[str, Any], binary: bytes) -> bytes:
    text = json.dumps(content, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    length = 12 + 8 + len(text) + 8 + len(binary)
    head = struct.pack("<III", MAGIC, 2, length) + struct.pack("<II", len(text), JSON_CHUNK)
    return head + text + struct.pack("<II", len(binary), BINARY_CHUNK) + binary


def _read_json(content: bytes) -> dict[str, Any]:
    """The JSON chunk of a GLB. Raises ValueError (or struct.error) when it is none."""
    magic, _, length = struct.unpack_from("<III", content)
    size, kind = struct.unpack_from("<II", content, 12)
    if magic != MAGIC or kind != JSON_CHUNK or length > len(content) or 20 + size > len(content):
        raise ValueError("not a GLB")
    parsed = json.loads(content[20 : 20 + size])
    if not isinstance(parsed, dict):
        raise ValueError("not a glTF")
    return parsed


def _extras_of(content: dict[str, Any]) -> dict[str, Any]:
    """What `write_glb` stored in the scene's extras; empty for a GLB of another program."""
    scenes = content.get("scenes") or [{}]
    extras = (scenes[0].get("extras") or {}).get("auricle")
    return extras if isinstance(extras, dict) else {}
