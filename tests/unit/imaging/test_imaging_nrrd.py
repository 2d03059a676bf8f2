"""NRRD and MHA files are read where they lie, and refused when they do not say so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from core.errors import PlannerError
from core.volume import Volume
from imaging.formats.nrrd import read_grid, read_volume

CORNERS = np.array([[0, 0, 0], [4, 0, 0], [0, 5, 0], [0, 0, 6], [4, 5, 6]])


def written(volume: Volume, path: Path) -> sitk.Image:
    image = sitk.GetImageFromArray(volume.voxels)
    image.SetSpacing([float(v) for v in volume.spacing_mm[::-1]])
    image.SetDirection(volume.axes[:, ::-1].ravel().tolist())
    image.SetOrigin(volume.origin_mm.tolist())
    sitk.WriteImage(image, str(path), useCompression=False)
    return image


@pytest.mark.parametrize("name", ["v.nrrd", "v.mha"])
def test_every_corner_lies_where_simpleitk_says(oblique: Volume, tmp_path: Path, name: str) -> None:
    image = written(oblique, tmp_path / name)
    volume = read_volume(tmp_path / name)
    lps = [image.TransformIndexToPhysicalPoint([int(i) for i in corner[::-1]]) for corner in CORNERS]
    np.testing.assert_allclose(volume.patient_from_indices(CORNERS), lps, atol=1e-6)
    assert np.array_equal(volume.voxels, oblique.voxels)
    assert read_grid(tmp_path / name).spacing_mm == pytest.approx((2.5, 0.7, 0.9))


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("left-posterior-superior", (1, 1)),
        ("LPS", (1, 1)),
        ("right-anterior-superior", (-1, -1)),
        ("RAS", (-1, -1)),
        ("left-anterior-superior", (1, -1)),
        ("LAS", (1, -1)),
    ],
)
def test_the_space_that_a_nrrd_names_decides_the_sides(
    tmp_path: Path, space: str, signs: tuple[int, int]
) -> None:
    header = (
        f"NRRD0004\ntype: short\ndimension: 3\nspace: {space}\nsizes: 2 2 2\n"
        "space directions: (2,0,0) (0,3,0) (0,0,4)\nkinds: domain domain domain\nendian: little\n"
        "encoding: raw\nspace origin: (10,20,30)\n\n"
    )
    (tmp_path / "v.nrrd").write_bytes(header.encode() + bytes(16))
    affine = read_volume(tmp_path / "v.nrrd").patient_from_index
    x, y = signs
    assert affine[:3].tolist() == [[0, 0, 2 * x, 10 * x], [0, 3 * y, 0, 20 * y], [4, 0, 0, 30]]


def test_a_nrrd_in_a_space_of_the_scanner_is_refused(oblique: Volume, tmp_path: Path) -> None:
    written(oblique, tmp_path / "v.nrrd")
    content = (tmp_path / "v.nrrd").read_bytes().replace(b"left-posterior-superior", b"scanner-xyz")
    (tmp_path / "v.nrrd").write_bytes(content)
    with pytest.raises(PlannerError, match="orientation"):
        read_volume(tmp_path / "v.nrrd")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("v.nrrd", b"space:"),
        ("v.nrrd", b"space directions:"),
        ("v.nrrd", b"space origin:"),
        ("v.mha", b"TransformMatrix"),
        ("v.mha", b"Offset"),
        ("v.mha", b"ElementSpacing"),
    ],
)
def test_a_file_that_does_not_say_where_it_lies_is_refused(
    oblique: Volume, tmp_path: Path, name: str, line: bytes
) -> None:
    path = tmp_path / name
    written(oblique, path)
    content = path.read_bytes()
    start = content.index(b"\n" + line) + 1
    path.write_bytes(content[:start] + content[content.index(b"\n", start) + 1 :])
    with pytest.raises(PlannerError):
        read_volume(path)


@pytest.mark.parametrize("name", ["v.nrrd", "v.mha"])
def test_voxels_cut_short_are_refused(oblique: Volume, tmp_path: Path, name: str) -> None:
    written(oblique, tmp_path / name)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-100])
    with pytest.raises(PlannerError, match=r"cut short|damaged"):
        read_volume(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("v.mha", b"ElementDataFile = LOCAL", b"ElementDataFile = /etc/hostname"),
        ("v.nrrd", b"\nencoding:", b"\ndata file: /etc/hostname\nencoding:"),
    ],
)
def test_a_header_that_points_to_another_file_is_refused(
    oblique: Volume, tmp_path: Path, name: str, old: bytes, new: bytes
) -> None:
    written(oblique, tmp_path / name)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes().replace(old, new))
    with pytest.raises(PlannerError, match="same file"):
        read_volume(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "line"), [("v.nrrd", b'\nspace units: "%s" "%s" "%s"'), ("v.mha", b"\nDistanceUnits = %s")]
)
@pytest.mark.parametrize(("unit", "mm"), [(b"cm", 10.0), (b"um", 0.001), (b"furlong", None)])
def test_lengths_in_another_unit_become_millimetres_or_are_refused(
    oblique: Volume, tmp_path: Path, name: str, line: bytes, unit: bytes, mm: float | None
) -> None:
    path = tmp_path / name
    written(oblique, path)
    before = b"\nspace origin:" if name == "v.nrrd" else b"\nDimSize"
    path.write_bytes(path.read_bytes().replace(before, line.replace(b"%s", unit) + before))
    if mm is None:
        with pytest.raises(PlannerError, match="unit of length"):
            read_volume(path)
        return
    expected = np.diag([mm, mm, mm, 1.0]) @ oblique.patient_from_index
    assert np.allclose(read_volume(path).patient_from_index, expected, rtol=1e-6, atol=1e-9)
