"""A label map as a DICOM segmentation: one binary segment per structure, where it lies in the patient."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import generate_uid

from core.anatomy import HEART_BY_KEY
from core.errors import PlannerError
from core.resources import RESEARCH_NOTICE
from core.volume import LabelMap
from imaging.formats.grid import checked_affine
from imaging.given.structure_codes import ANATOMICAL_STRUCTURE, code_of_structure, title_of_structure
from imaging.outputs.made import (
    MAKER,
    MadeSeries,
    code_item,
    program_version,
    quiet_writer,
    referenced_instance,
    referenced_series,
)
from imaging.outputs.source import Source

LEFT_VENTRICLE = Code("87878005", "SCT", "Left Ventricle")
ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")
SEGMENTATION = Code("113076", "DCM", "Segmentation")
SOURCE_IMAGE = Code("121322", "DCM", "Source image for image processing operation")
SAME_PLACE_MM = 0.01


def make_segmentation(
    labels: LabelMap,
    source: Source,
    series: MadeSeries,
    weights: Mapping[str, str] | None = None,
    edited: Collection[str] = (),
) -> Dataset:
    """A Segmentation object of the structures that the label map holds.

    It lies on the label map's grid. Where that is the grid of the source's images, each frame refers to its
    image; otherwise they share the frame of reference only.

    Args:
        weights: name -> SHA-256 of the networks that made the labels.
        edited: keys of the structures that a person corrected: these are told to be half automatic.

    Raises PlannerError when there is no structure, the grid is sheared, or the source lies elsewhere.

    Source: DICOM PS3.3 A.51, C.8.20.2; PS3.16 CID 7150 and 7151.
    """
    from highdicom import Volume
    from highdicom.seg import Segmentation, SegmentationTypeValues

    what = "cannot write the segmentation"
    values = [value for value in sorted(labels.names) if (labels.labels == value).any()]
    if not values:
        raise PlannerError(what, "it holds no structure", "reconstruct the heart first")
    matrix = checked_affine(labels.patient_from_index, "the label map")
    frame_uid = labels.frame_of_reference_uid or source.frame_of_reference_uid or generate_uid()
    table = np.zeros(256, dtype=np.uint8)
    table[values] = np.arange(1, len(values) + 1)
    volume = Volume(table[labels.labels], matrix, coordinate_system="PATIENT", frame_of_reference_uid=frame_uid)
    is_same_grid = not source.is_anonymous and _is_on_images(matrix, labels.shape, source)
    if is_same_grid:
        images = [_in_space(image, frame_uid) for image in source.images]
    else:
        images = [_stand_in(source, matrix, frame_uid)]
    described = [
        _described(number, labels.names[value], weights or {}, labels.names[value] in edited)
        for number, value in enumerate(values, start=1)
    ]
    with quiet_writer():
        made = Segmentation(
            source_images=images,
            pixel_array=volume,
            segmentation_type=SegmentationTypeValues.BINARY,
            segment_descriptions=described,
            **series.arguments(),
            content_description=RESEARCH_NOTICE,
            content_label="HEART",
        )
    if not is_same_grid:
        _drop_references(made, source)
    return made


def _is_on_images(matrix: np.ndarray, shape: tuple[int, int, int], source: Source) -> bool:
    """True when the images are single frames, one for each slice of this grid and in its place."""
    if len(source.images) != shape[0]:
        return False
    places = []
    for image in source.images:
        try:
            position = np.array([float(v) for v in image.ImagePositionPatient])
            cosines = np.array([float(v) for v in image.ImageOrientationPatient])
            spacing = np.array([float(v) for v in image.PixelSpacing])
        except (AttributeError, TypeError, ValueError):
            return False
        axes = np.stack([cosines[3:] * spacing[0], cosines[:3] * spacing[1]], axis=1)
        extent = np.abs(axes - matrix[:3, 1:3]) @ np.array(shape[1:])
        is_frame = (int(image.get("Rows") or 0), int(image.get("Columns") or 0)) == shape[1:]
        if not is_frame or image.get("NumberOfFrames") or extent.max() > SAME_PLACE_MM:
            return False
        places.append(position)
    expected = matrix[:3, 3] + np.arange(shape[0])[:, None] * matrix[:3, 0]
    along = np.argsort(np.array(places) @ matrix[:3, 0])
    return bool(np.abs(np.array(places)[along] - expected).max() < SAME_PLACE_MM)


def _in_space(image: Dataset, frame_uid: str) -> Dataset:
    """The image's header in the patient space of the labels, which it may not name itself."""
    header = Dataset()
    header.update(image)
    header.FrameOfReferenceUID = frame_uid
    return header


def _stand_in(source: Source, matrix: np.ndarray, frame_uid: str) -> Dataset:
    """The source's header as the single-frame image that the library wants, wherever the labels lie."""
    header = _in_space(source.header, frame_uid)
    if "NumberOfFrames" in header:
        del header.NumberOfFrames
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    header.Rows = header.Columns = 1
    header.ImageOrientationPatient = [
        f"{v:.10f}" for v in (*matrix[:3, 2] / spacing[2], *matrix[:3, 1] / spacing[1])
    ]
    header.ImagePositionPatient = [f"{v:.6f}" for v in matrix[:3, 3]]
    header.PixelSpacing = [f"{v:.8f}" for v in spacing[1:]]
    header.SliceThickness = f"{spacing[0]:.8f}"
    return header


def _drop_references(made: Dataset, source: Source) -> None:
    """Take back what was said of the stand-in; the real series is still named where there is one."""
    for group in made.PerFrameFunctionalGroupsSequence:
        if "DerivationImageSequence" in group:
            del group.DerivationImageSequence
    for name in ("ReferencedSeriesSequence", "SourceImageSequence"):
        if name in made:
            delattr(made, name)
    if not source.is_anonymous:
        made.ReferencedSeriesSequence = [referenced_series(source)]
        made.SharedFunctionalGroupsSequence[0].DerivationImageSequence = [_derivation(source)]


def _derivation(source: Source) -> Dataset:
    """The images that the whole was made from. Source: DICOM PS3.3 C.7.6.16.2.6; PS3.16 CID 7203, 7202."""
    item = Dataset()
    item.DerivationCodeSequence = [code_item(SEGMENTATION)]
    item.SourceImageSequence = [referenced_instance(image) for image in source.images]
    for image in item.SourceImageSequence:
        image.PurposeOfReferenceCodeSequence = [code_item(SOURCE_IMAGE)]
    return item


def _described(number: int, key: str, weights: Mapping[str, str], is_edited: bool) -> Any:
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentAlgorithmTypeValues as kinds
    from highdicom.seg import SegmentDescription

    kind = HEART_BY_KEY.get(key)
    algorithm = AlgorithmIdentificationSequence(
        name="Auricle heart",
        family=ARTIFICIAL_INTELLIGENCE,
        version=program_version(),
        source=MAKER,
        parameters={f"weights {name}": digest for name, digest in weights.items()} or None,
    )
    return SegmentDescription(
        segment_number=number,
        segment_label=title_of_structure(key),
        segmented_property_category=ANATOMICAL_STRUCTURE,
        segmented_property_type=code_of_structure(key),
        algorithm_type=kinds.SEMIAUTOMATIC if is_edited else kinds.AUTOMATIC,
        algorithm_identification=algorithm,
        tracking_uid=generate_uid(),
        tracking_id=key,
        anatomic_regions=[LEFT_VENTRICLE] if key == "lv_myocardium" else None,
        display_color=CIELabColor(*lab_of(kind.colour)) if kind else None,
    )


def lab_of(rgb: tuple[float, float, float]) -> tuple[float, float, float]:
    """CIELab (D50) of an sRGB colour. Source: IEC 61966-2-1 with the Bradford matrix to D50; CIE 15."""
    colour = np.array(rgb)
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    xyz = np.array(
        [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
    ) @ linear / (0.96422, 1.0, 0.82521)  # fmt: skip
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    return float(116 * f[1] - 16), float(500 * (f[0] - f[1])), float(200 * (f[1] - f[2]))
