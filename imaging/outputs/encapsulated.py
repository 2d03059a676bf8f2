"""A surface as Encapsulated STL or OBJ: the file that printers read, with the patient it belongs to."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from core.errors import PlannerError
from core.mesh import SurfaceMesh
from imaging.formats.surfaces import obj_bytes, stl_bytes
from imaging.given.encapsulated import OBJ_STORAGE, STL_STORAGE
from imaging.given.structure_codes import title_of_structure
from imaging.outputs.made import MadeSeries, code_item, new_object, referenced_instance, referenced_series
from imaging.outputs.source import Source

MILLIMETRE = Code("mm", "UCUM", "mm")
PLANNING_INTENT = Code("129013", "DCM", "Planning Intent")
CONCEPTS = {
    "CT": Code("85040-4", "LN", "CT 3D CAM model"),
    "MR": Code("85041-2", "LN", "MR 3D CAM model"),
    "US": Code("129018", "DCM", "US 3D CAM model"),
}
"""Source: DICOM PS3.16 CID 7061, 3D Printing Model titles; other images name none, which the type allows."""
_MIME = {"stl": "model/stl", "obj": "model/obj"}
_STORAGE = {"stl": STL_STORAGE, "obj": OBJ_STORAGE}


def make_encapsulated(
    key: str, mesh: SurfaceMesh, form: str, source: Source, series: MadeSeries, instance: int, frame_uid: str
) -> Dataset:
    """One surface as an Encapsulated STL ("stl") or OBJ ("obj") object, in LPS mm of `frame_uid`.

    Raises PlannerError when the surface is empty.

    Source: DICOM PS3.3 A.85.1 and A.85.2, C.24.2 (Encapsulated Document), C.35.1 (Manufacturing 3D Model).
    """
    if not len(mesh.faces):
        raise PlannerError("cannot write the surface", f"{key} has no triangles", "reconstruct the heart again")
    title = title_of_structure(key)
    # The text may be padded to an even length without a byte that is no text: OBJ ignores empty lines.
    content = stl_bytes(mesh) if form == "stl" else _even(obj_bytes(mesh, key))
    made = new_object(source, series, _STORAGE[form], "M3D", instance)
    made.FrameOfReferenceUID = frame_uid
    made.PositionReferenceIndicator = ""
    made.AcquisitionDateTime = ""
    made.BurnedInAnnotation = "NO"
    made.RecognizableVisualFeatures = "NO"
    made.DocumentTitle = title
    concept = CONCEPTS.get(str(source.header.get("Modality", "")))
    made.ConceptNameCodeSequence = [code_item(concept)] if concept and not source.is_anonymous else []
    made.MIMETypeOfEncapsulatedDocument = _MIME[form]
    made.EncapsulatedDocumentLength = len(content)
    made.EncapsulatedDocument = content
    made.MeasurementUnitsCodeSequence = [code_item(MILLIMETRE)]
    made.ModelModification = "NO"
    made.ModelMirroring = "NO"
    made.ModelUsageCodeSequence = [code_item(PLANNING_INTENT)]
    made.ContentDescription = "Surface of one structure, LPS mm"
    if not source.is_anonymous:
        made.ReferencedSeriesSequence = [referenced_series(source)]
        made.SourceInstanceSequence = [referenced_instance(image) for image in source.images]
    return made


def _even(content: bytes) -> bytes:
    return content + b"\n" * (len(content) % 2)
