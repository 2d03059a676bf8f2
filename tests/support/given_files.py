"""One valid file of each kind of given thing, and the worst that such files can claim to be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import trimesh
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage, generate_uid

from core.anatomy import Anatomy
from core.mesh import SurfaceMesh
from core.volume import LabelMap
from imaging.formats.surfaces import obj_bytes, write_glb, write_ply, write_stl
from imaging.outputs.encapsulated import make_encapsulated
from imaging.outputs.made import MadeSeries, save_object
from imaging.outputs.report import make_report
from imaging.outputs.segmentation import make_segmentation
from imaging.outputs.source import anonymous_source
from plan.items import Angle, Distance, Landmark
from plan.plan import Plan

FRAME = "1.2.826.77.1"
PLAN = Plan(
    FRAME,
    (
        Distance("Annulus größe", (10.125, 20.0, 912.125), (33.0, 44.5, 900.0)),
        Angle("Aortic angle", (-31.5, 2.0, 3.0), (4.0, 5.0, 6.5), (17.0, 1.0, 2.0)),
        Landmark("Apex", (-1.25, 3.5, 912.25)),
    ),
)
VOLUMES_ML = {"lv": 121.5, "my_patch": 3.25}
ITEM, ENDLESS = bytes.fromhex("feff00e0"), b"\xff" * 4


def ball() -> SurfaceMesh:
    """A closed ball far from the origin, with a field."""
    shape = trimesh.creation.icosphere(subdivisions=2, radius=20.0)
    vertices = np.asarray(shape.vertices) + (-63.25, 40.5, 912.125)
    return SurfaceMesh(vertices, np.asarray(shape.faces), {"error_mm": np.arange(len(vertices)) / 8.0})


def write_all(folder: Path, labels: LabelMap) -> dict[str, Path]:
    """A file of each kind; the label map becomes the segmentation."""
    folder.mkdir(parents=True, exist_ok=True)
    source, series = anonymous_source(FRAME), MadeSeries.new("Test", 9001)
    made = {
        "seg": make_segmentation(labels, source, series, {}),
        "sr": make_report(PLAN, VOLUMES_ML, source, series),
        "stl-dicom": make_encapsulated("lv", ball(), "stl", source, series, 1, FRAME),
        "obj-dicom": make_encapsulated("lv", ball(), "obj", source, series, 1, FRAME),
    }
    files = {kind: save_object(dataset, folder / f"{kind}.dcm") for kind, dataset in made.items()}
    write_stl(ball(), folder / "a.stl")
    write_ply(ball(), folder / "a.ply")
    (folder / "a.obj").write_bytes(obj_bytes(ball(), "lv"))
    write_glb(Anatomy({"lv": ball()}, FRAME, landmarks={"apex": np.array([1.5, 2.0, 3.0])}), folder / "a.glb")
    files |= {suffix: folder / f"a.{suffix}" for suffix in ("stl", "ply", "obj", "glb")}
    files["rtstruct"] = write_contours(folder / "rt.dcm")
    return files


def write_contours(path: Path) -> Path:
    """An RT Structure Set of one square in five planes."""
    contours, roi, drawn, dataset = [], Dataset(), Dataset(), Dataset()
    for height in range(5):
        corners = [(0, 0), (0, 20), (20, 20), (20, 0)]
        contour = Dataset()
        contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", 4
        contour.ContourData = [f"{v:.1f}" for x, y in corners for v in (x, y, 3.0 * height)]
        contours.append(contour)
    roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = 1, "Left ventricle", FRAME
    drawn.ReferencedROINumber, drawn.ContourSequence = 1, contours
    dataset.SOPClassUID, dataset.SOPInstanceUID = RTStructureSetStorage, generate_uid()
    dataset.Modality, dataset.StructureSetLabel, dataset.PatientName = "RTSTRUCT", "Drawn", "Doe^Jane"
    dataset.StructureSetROISequence, dataset.ROIContourSequence = [roi], [drawn]
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    return path


def stl_of_four_billion_triangles(path: Path) -> Path:
    """A binary STL that claims as many triangles as its count can say, and has two."""
    path.write_bytes(b"hostile".ljust(80) + b"\xff" * 4 + b"\x3f" * 100)
    return path


def segmentation_of_terabytes(path: Path, valid: Path) -> Path:
    """A segmentation whose 9,999 frames are 60,000 pixels wide and high, by its own words."""
    content = valid.read_bytes()
    for tag in (b"\x28\0\x10\0US\x02\0", b"\x28\0\x11\0US\x02\0"):
        at = content.index(tag) + len(tag)
        content = content[:at] + (60_000).to_bytes(2, "little") + content[at + 2 :]
    at = content.index(b"\x28\0\x08\0IS") + 6
    length = int.from_bytes(content[at : at + 2], "little")
    path.write_bytes(content[:at] + b"\x04\0" + b"9999" + content[at + 2 + length :])
    return path


def contours_of_a_billion_numbers(path: Path, valid: Path) -> Path:
    """A structure set with one contour of gigabytes of text; a sparse file, so that it takes no room."""
    dataset = pydicom.dcmread(valid)
    del dataset.ROIContourSequence
    dataset.save_as(path, enforce_file_format=True)
    drawn, contours, points = b"\x06\x30\x39\x00", b"\x06\x30\x40\x00", b"\x06\x30\x50\x00"
    number = b"\x06\x30\x84\x00IS\x02\x00" + b"1 "
    n_bytes = 0xFFFF_FFF0
    with path.open("ab") as stream:
        stream.write(drawn + b"SQ\0\0" + ENDLESS + ITEM + ENDLESS)
        stream.write(number + contours + b"SQ\0\0" + ENDLESS + ITEM + ENDLESS)
        stream.write(points + b"UN\0\0" + n_bytes.to_bytes(4, "little") + b"1\\1\\1\\")
        stream.truncate(stream.tell() + n_bytes)
    return path


def report_nested(path: Path, valid: Path, depth: int = 5000) -> Path:
    """A report whose content holds content, which holds content, and so on."""
    sequence = b"\x40\0\x30\xa7SQ\0\0" + ENDLESS + ITEM + ENDLESS
    path.write_bytes(valid.read_bytes() + sequence * depth)
    return path
