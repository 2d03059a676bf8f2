"""Surfaces as one 3MF file for printers: millimetres by its own unit, patient axes (LPS) said in its metadata."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

from core.anatomy import HEART_BY_KEY, Anatomy
from core.errors import PlannerError
from core.mesh import SurfaceMesh
from core.resources import RESEARCH_NOTICE
from core.staging import staged
from imaging.formats.glb import NEUTRAL
from imaging.given.structure_codes import title_of_structure

CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
MODEL = "3D/3dmodel.model"
_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>'
    "</Types>\n"
)
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Target="/{MODEL}" Id="rel0" '
    'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/>'
    "</Relationships>\n"
)


def write_3mf(anatomy: Anatomy, path: Path) -> None:
    """Write every surface as one object with its title and colour, where it lies in the patient.

    Raises PlannerError when there is no surface or the place cannot be written.

    Source: 3MF Core Specification 1.3, chapters 2 (package) and 3-5 (model, resources, build).
    """
    surfaces = {key: mesh for key, mesh in anatomy.surfaces.items() if len(mesh.faces)}
    if not surfaces:
        raise PlannerError("cannot write 3MF", "there is no surface", "reconstruct the heart first")
    with staged(path) as stage, zipfile.ZipFile(stage, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", _TYPES)
        package.writestr("_rels/.rels", _RELATIONS)
        package.writestr(MODEL, _model(surfaces))


def _model(surfaces: Mapping[str, SurfaceMesh]) -> str:
    objects = "".join(
        _object(number, key, mesh) for number, (key, mesh) in enumerate(surfaces.items(), start=2)
    )
    items = "".join(f'<item objectid="{number}"/>' for number in range(2, len(surfaces) + 2))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<model unit="millimeter" xml:lang="en-US" xmlns="{CORE}" xmlns:auricle="urn:auricle">\n'
        '<metadata name="Application">Auricle</metadata>\n'
        f'<metadata name="Description">{RESEARCH_NOTICE}</metadata>\n'
        '<metadata name="auricle:SPACE" preserve="1">LPS</metadata>\n'
        '<metadata name="auricle:UNIT" preserve="1">mm</metadata>\n'
        f'<resources>\n<basematerials id="1">{_materials(surfaces)}</basematerials>\n{objects}</resources>\n'
        f"<build>{items}</build>\n</model>\n"
    )


def _materials(surfaces: Mapping[str, SurfaceMesh]) -> str:
    return "".join(
        f'<base name={quoteattr(title_of_structure(key))} displaycolor="{_hex(key)}"/>' for key in surfaces
    )


def _hex(key: str) -> str:
    colour = HEART_BY_KEY[key].colour if key in HEART_BY_KEY else NEUTRAL
    return "#" + "".join(f"{round(part * 255):02X}" for part in colour)


def _object(number: int, key: str, mesh: SurfaceMesh) -> str:
    points = "".join(f'<vertex x="{x:.4f}" y="{y:.4f}" z="{z:.4f}"/>' for x, y, z in mesh.vertices.tolist())
    triangles = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in mesh.faces.tolist())
    return (
        f'<object id="{number}" type="model" name={quoteattr(key)} pid="1" pindex="{number - 2}"><mesh>'
        f"<vertices>{points}</vertices><triangles>{triangles}</triangles></mesh></object>\n"
    )
