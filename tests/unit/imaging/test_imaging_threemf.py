"""Surfaces for printers and other programs say their unit and space, and lie where the patient is."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.etree import ElementTree

import manifold3d
import numpy as np
import pytest
import trimesh

from core.anatomy import HEART_BY_KEY, Anatomy
from core.errors import PlannerError
from core.mesh import SurfaceMesh
from imaging.formats.surfaces import read_surface, write_obj, write_ply, write_stl
from imaging.formats.threemf import CORE, MODEL, write_3mf

NAMES = {"m": CORE}


@pytest.fixture
def anatomy() -> Anatomy:
    """A ball and a box with a name that XML must escape, far from the origin."""
    ball, box = trimesh.creation.icosphere(2, 20.0), trimesh.creation.box((20.0, 30.0, 40.0))
    meshes = {"lv": ball, 'a"<&>b': box}
    return Anatomy(
        {
            key: SurfaceMesh(np.asarray(m.vertices) + (-63.25, 40.5, 912.125), m.faces)
            for key, m in meshes.items()
        }
    )


def test_a_3mf_holds_each_surface_closed_in_millimetres_and_in_place(anatomy: Anatomy, tmp_path: Path) -> None:
    write_3mf(anatomy, tmp_path / "a.3mf")
    with zipfile.ZipFile(tmp_path / "a.3mf") as package:
        assert {"[Content_Types].xml", "_rels/.rels", MODEL} == set(package.namelist())
        model = ElementTree.fromstring(package.read(MODEL))
        assert MODEL in package.read("_rels/.rels").decode()
    assert model.get("unit") == "millimeter"
    objects = model.findall("m:resources/m:object", NAMES)
    assert [item.get("objectid") for item in model.findall("m:build/m:item", NAMES)] == [
        one.get("id") for one in objects
    ]
    for one, (key, mesh) in zip(objects, anatomy.surfaces.items(), strict=True):
        assert one.get("name") == key
        points = np.array([[float(v.get(a)) for a in "xyz"] for v in one.iterfind(".//m:vertex", NAMES)])
        faces = np.array(
            [[int(t.get(a)) for a in ("v1", "v2", "v3")] for t in one.iterfind(".//m:triangle", NAMES)]
        )
        np.testing.assert_allclose(points, mesh.vertices, atol=1e-3)
        solid = manifold3d.Manifold(manifold3d.Mesh(points.astype(np.float32), faces.astype(np.uint32)))
        assert solid.status() == manifold3d.Error.NoError
        assert solid.volume() / 1000.0 == pytest.approx(mesh.volume_ml, rel=1e-4)


def test_a_3mf_follows_the_order_of_the_schema_and_names_space_and_colours(
    anatomy: Anatomy, tmp_path: Path
) -> None:
    write_3mf(anatomy, tmp_path / "a.3mf")
    with zipfile.ZipFile(tmp_path / "a.3mf") as package:
        model = ElementTree.fromstring(package.read(MODEL))
    tags = [child.tag.rpartition("}")[2] for child in model]
    assert tags == ["metadata"] * 4 + ["resources", "build"]
    metadata = {child.get("name"): child.text for child in model.findall("m:metadata", NAMES)}
    assert metadata["auricle:SPACE"] == "LPS"
    assert [child.tag.rpartition("}")[2] for child in model.find("m:resources", NAMES)] == [
        "basematerials", "object", "object",
    ]  # fmt: skip
    colour = model.find("m:resources/m:basematerials/m:base", NAMES).get("displaycolor")
    assert [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] == pytest.approx(
        HEART_BY_KEY["lv"].colour, abs=0.01
    )


def test_an_anatomy_without_a_surface_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="no surface"):
        write_3mf(Anatomy({}), tmp_path / "a.3mf")


@pytest.mark.parametrize("suffix", ["stl", "ply", "obj"])
def test_every_surface_file_says_its_space_and_comes_back(
    anatomy: Anatomy, tmp_path: Path, suffix: str
) -> None:
    mesh, path = anatomy.surfaces["lv"], tmp_path / f"lv.{suffix}"
    if suffix == "obj":
        write_obj(mesh, path, "lv")
    else:
        (write_stl if suffix == "stl" else write_ply)(mesh, path)
    assert b"SPACE=LPS UNIT=mm" in path.read_bytes()[:200]
    back = read_surface(path, unit="mm")
    assert back.is_closed
    assert back.volume_ml == pytest.approx(mesh.volume_ml, rel=1e-5)
    np.testing.assert_allclose(back.bounds_mm, mesh.bounds_mm, atol=1e-3)
    np.testing.assert_allclose(trimesh.load_mesh(path).bounds, mesh.bounds_mm, atol=1e-3)
