"""Surfaces lie in the same place in every program that opens them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOGeometry import vtkSTLReader
from vtkmodules.vtkIOPLY import vtkPLYReader

from core.anatomy import HEART_BY_KEY, Anatomy
from core.errors import PlannerError
from core.mesh import SurfaceMesh
from imaging.formats.surfaces import read_glb, read_surface, write_glb, write_ply, write_stl


@pytest.fixture
def box() -> SurfaceMesh:
    """A closed 20 x 30 x 40 mm box far from the origin, without symmetry, with a field."""
    shape = trimesh.creation.box(extents=(20.0, 30.0, 40.0))
    vertices = np.asarray(shape.vertices) + np.array([-63.25, 40.5, 912.125])
    return SurfaceMesh(vertices, shape.faces, {"uncertainty_mm": np.arange(len(vertices)) / 4.0})


def points_of(reader_class: type, path: Path) -> np.ndarray:
    reader = reader_class()
    reader.SetFileName(str(path))
    reader.Update()
    return vtk_to_numpy(reader.GetOutput().GetPoints().GetData())


@pytest.mark.parametrize(("writer", "reader"), [(write_stl, vtkSTLReader), (write_ply, vtkPLYReader)])
def test_vtk_reads_the_same_points_in_lps_millimetres(box: SurfaceMesh, tmp_path: Path, writer, reader) -> None:
    path = tmp_path / f"box.{'stl' if writer is write_stl else 'ply'}"
    writer(box, path)
    points = points_of(reader, path)
    assert {tuple(p) for p in points.tolist()} == {tuple(p) for p in box.vertices.tolist()}
    assert b"SPACE=LPS" in path.read_bytes()[:200]


@pytest.mark.parametrize("name", ["box.stl", "box.ply"])
def test_what_was_written_comes_back_closed_outward_and_in_place(
    box: SurfaceMesh, tmp_path: Path, name: str
) -> None:
    (write_stl if name.endswith("stl") else write_ply)(box, tmp_path / name)
    back = read_surface(tmp_path / name, unit="mm")
    assert back.is_closed
    assert back.volume_ml == pytest.approx(24.0, rel=1e-6)
    np.testing.assert_allclose(back.bounds_mm, box.bounds_mm, atol=1e-4)


def test_stl_normals_point_outward(box: SurfaceMesh, tmp_path: Path) -> None:
    write_stl(box, tmp_path / "box.stl")
    mesh = trimesh.load_mesh(tmp_path / "box.stl")
    outward = np.einsum("ij,ij->i", mesh.triangles_center - mesh.centroid, mesh.face_normals)
    assert (outward > 0).all()


def test_ply_keeps_the_fields(box: SurfaceMesh, tmp_path: Path) -> None:
    write_ply(box, tmp_path / "box.ply")
    raw = trimesh.load_mesh(tmp_path / "box.ply", process=False).metadata["_ply_raw"]["vertex"]["data"]
    np.testing.assert_allclose(raw["uncertainty_mm"].ravel(), box.fields["uncertainty_mm"])


@pytest.mark.parametrize(("unit", "scale"), [("mm", 1.0), ("cm", 10.0), ("m", 1000.0)])
def test_the_unit_that_the_user_gives_decides_the_size(
    box: SurfaceMesh, tmp_path: Path, unit: str, scale: float
):
    trimesh.Trimesh(box.vertices / scale, box.faces).export(tmp_path / "box.obj")
    back = read_surface(tmp_path / "box.obj", unit=unit)
    np.testing.assert_allclose(back.bounds_mm, box.bounds_mm, atol=1e-2)


def test_a_header_that_says_ras_is_turned_to_lps_and_stays_outward(box: SurfaceMesh, tmp_path: Path) -> None:
    write_stl(box, tmp_path / "box.stl")
    content = (tmp_path / "box.stl").read_bytes().replace(b"SPACE=LPS", b"SPACE=RAS")
    (tmp_path / "box.stl").write_bytes(content)
    back = read_surface(tmp_path / "box.stl", unit="mm")
    np.testing.assert_allclose(back.vertices[:, :2].mean(axis=0), [63.25, -40.5], atol=1e-4)
    assert back.volume_ml == pytest.approx(24.0, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.stl", b"x" * 200), ("a.obj", b"f 1 2 3\n"), ("a.obj", b""), ("a.ply", b"ply\n"), ("a.vtk", b"# vtk")],
)
def test_a_damaged_surface_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PlannerError):
        read_surface(tmp_path / name, unit="mm")


def test_an_unknown_unit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="mm, cm or m"):
        read_surface(tmp_path / "a.stl", unit="inch")


def test_a_glb_is_metres_and_y_up_for_every_other_program(box: SurfaceMesh, tmp_path: Path) -> None:
    write_glb(Anatomy({"lv": box}, "1.2"), tmp_path / "a.glb")
    scene = trimesh.load_scene(tmp_path / "a.glb", process=False)
    mesh = scene.to_mesh()
    x, y, z = box.vertices.T / 1000.0
    np.testing.assert_allclose(
        np.sort(mesh.vertices, axis=0), np.sort(np.stack([x, z, -y], axis=1), axis=0), atol=1e-6
    )
    assert mesh.volume == pytest.approx(24e-6, rel=1e-4)
    assert list(scene.graph.nodes_geometry) == ["lv"]
    normals = scene.geometry["lv"].vertex_normals
    assert (np.einsum("ij,ij->i", mesh.vertices - mesh.vertices.mean(axis=0), normals) > 0).all()


def test_an_anatomy_comes_back_from_a_glb(box: SurfaceMesh, tmp_path: Path) -> None:
    moved = SurfaceMesh(box.vertices + 50.0, box.faces)
    anatomy = Anatomy(
        {"lv": box, "my_patch": moved}, "1.2.3", landmarks={"apex": np.array([1.5, -2.25, 3.125])}
    )
    write_glb(anatomy, tmp_path / "a.glb")
    back = read_glb(tmp_path / "a.glb")
    assert list(back.surfaces) == ["lv", "my_patch"]
    assert back.frame_of_reference_uid == "1.2.3"
    assert back.landmarks["apex"].tolist() == [1.5, -2.25, 3.125]
    for key, mesh in anatomy.surfaces.items():
        np.testing.assert_allclose(back.surfaces[key].vertices, mesh.vertices, atol=1e-3)
        assert np.array_equal(back.surfaces[key].faces, mesh.faces)
        assert back.surfaces[key].volume_ml == pytest.approx(24.0, rel=1e-4)
    np.testing.assert_allclose(back.surfaces["lv"].fields["uncertainty_mm"], box.fields["uncertainty_mm"])


def test_what_is_unknown_at_a_vertex_is_a_number_in_a_glb_and_unknown_again_when_read(
    box: SurfaceMesh, tmp_path: Path
) -> None:
    spread = np.arange(len(box.vertices)) / 4.0
    spread[2] = np.nan
    write_glb(
        Anatomy({"lv": SurfaceMesh(box.vertices, box.faces, {"uncertainty_mm": spread})}), tmp_path / "a.glb"
    )
    raw = next(iter(trimesh.load_scene(tmp_path / "a.glb", process=False).geometry.values()))
    assert np.isfinite(raw.vertex_attributes["_UNCERTAINTY_MM"]).all()
    back = read_glb(tmp_path / "a.glb").surfaces["lv"].fields["uncertainty_mm"]
    np.testing.assert_allclose(back, spread)


def test_writing_what_was_read_gives_the_same_file(box: SurfaceMesh, tmp_path: Path) -> None:
    write_glb(Anatomy({"lv": box}, "1.2"), tmp_path / "a.glb")
    write_glb(read_glb(tmp_path / "a.glb"), tmp_path / "b.glb")
    again = read_glb(tmp_path / "b.glb").surfaces["lv"].vertices
    assert np.array_equal(again, read_glb(tmp_path / "a.glb").surfaces["lv"].vertices)


def test_a_structure_has_its_own_colour_in_linear_light(box: SurfaceMesh, tmp_path: Path) -> None:
    write_glb(Anatomy({"lv": box}), tmp_path / "a.glb")
    material = trimesh.load_scene(tmp_path / "a.glb").geometry["lv"].visual.material
    linear = np.asarray(material.baseColorFactor[:3]) / 255.0
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(srgb, HEART_BY_KEY["lv"].colour, atol=0.02)


@pytest.mark.parametrize("content", [b"", b"glTF", b"glTF\2\0\0\0\xff\0\0\0\xff\0\0\0JSON{}", b"x" * 100])
def test_a_damaged_glb_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.glb").write_bytes(content)
    with pytest.raises(PlannerError):
        read_glb(tmp_path / "a.glb")
