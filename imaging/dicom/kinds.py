"""What a DICOM object is to a person, told by its SOP class, then its modality, then its image type."""

from __future__ import annotations

from pydicom.dataset import Dataset

from core.study import SeriesKind
from imaging.dicom.values import numbers_of, text_of, words_of

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_BY_CLASS = {
    "66.4": SeriesKind.SEGMENTATION,
    "66.5": SeriesKind.SEGMENTATION,
    "66.7": SeriesKind.SEGMENTATION,
    "481.3": SeriesKind.CONTOURS,
    "104.3": SeriesKind.SURFACE,
    "104.4": SeriesKind.SURFACE,
    "1": SeriesKind.PROJECTION,
    "12.1": SeriesKind.PROJECTION,
    "12.1.1": SeriesKind.PROJECTION,
    "12.2": SeriesKind.PROJECTION,
    "12.2.1": SeriesKind.PROJECTION,
    "3": SeriesKind.CLIP,
    "3.1": SeriesKind.CLIP,
    "6": SeriesKind.CLIP,
    "6.1": SeriesKind.CLIP,
    "6.2": SeriesKind.STACK,
    "13.1.1": SeriesKind.STACK,
}
"""Last parts of SOP Class UIDs. Source: DICOM PS3.4 B.5, PS3.6 table A-1."""
_NO_KIND_CLASSES = {"88.59", "481.2", "481.5", "104.1", "104.2", "104.5"}
"""Key objects, dose, plan, encapsulated documents and materials: nothing that Auricle shows."""
_BY_MODALITY = {
    "SEG": SeriesKind.SEGMENTATION,
    "RTSTRUCT": SeriesKind.CONTOURS,
    "SR": SeriesKind.REPORT,
    "M3D": SeriesKind.SURFACE,
    "US": SeriesKind.CLIP,
    "IVUS": SeriesKind.CLIP,
    "IVOCT": SeriesKind.CLIP,
    **dict.fromkeys(("XA", "RF", "DX", "CR", "MG", "PX", "IO", "RG"), SeriesKind.PROJECTION),
    **dict.fromkeys(("XC", "ES", "GM", "SM", "OP"), SeriesKind.CAPTURE),
}
_NO_KIND_MODALITIES = {"RTDOSE", "RTPLAN", "PR", "KO", "REG", "DOC", "FID"}
_SLICE_CLASSES = ("2", "2.1", "2.2", "4", "4.1", "4.3", "4.4", "128", "128.1", "130")
PICTURE_KINDS = {
    SeriesKind.STACK,
    SeriesKind.LOCALISER,
    SeriesKind.PROJECTION,
    SeriesKind.CLIP,
    SeriesKind.CAPTURE,
}
"""Kinds whose files hold a picture; the rest are known by their class alone."""
PLACED_KINDS = {SeriesKind.STACK, SeriesKind.LOCALISER}
"""Kinds whose pictures are slices of a patient space."""


def kind_of(dataset: Dataset) -> SeriesKind | None:
    """What the object is; None for what Auricle has no use for (key objects, doses, presentation states)."""
    modality = text_of(dataset, "Modality").upper()
    sop_class = text_of(dataset, "SOPClassUID")
    number = sop_class.removeprefix(_STORAGE) if sop_class.startswith(_STORAGE) else ""
    if number in _NO_KIND_CLASSES or modality in _NO_KIND_MODALITIES:
        return None
    if number in _BY_CLASS:
        return _BY_CLASS[number]
    if number.startswith("88."):
        return SeriesKind.REPORT
    if number.startswith(("1.1", "1.2", "1.3")):
        return SeriesKind.PROJECTION
    if number == "7" or number.startswith(("7.", "77.")):
        return _capture_or_slice(dataset)
    if number not in _SLICE_CLASSES and modality in _BY_MODALITY:
        return _BY_MODALITY[modality]
    return _slice_kind(dataset)


def is_slice_class(dataset: Dataset) -> bool:
    """True for a CT, MR or PET image by its SOP class, which always has a picture."""
    return text_of(dataset, "SOPClassUID").removeprefix(_STORAGE) in _SLICE_CLASSES


def _slice_kind(dataset: Dataset) -> SeriesKind:
    words = words_of(dataset, "ImageType")
    if "LOCALIZER" in words:
        return SeriesKind.LOCALISER
    is_capture = any("SCREEN" in word for word in words) or (
        "SECONDARY" in words and not _is_placed(dataset) and "PerFrameFunctionalGroupsSequence" not in dataset
    )
    return SeriesKind.CAPTURE if is_capture else SeriesKind.STACK


def _capture_or_slice(dataset: Dataset) -> SeriesKind:
    """Secondary captures are screen shots, except the slices that some converters and viewers save as such."""
    is_grey = int(dataset.get("SamplesPerPixel") or 1) == 1
    is_slice = text_of(dataset, "Modality") in ("CT", "MR", "PT") and _is_placed(dataset)
    has_groups = "PerFrameFunctionalGroupsSequence" in dataset
    return _slice_kind(dataset) if is_grey and (is_slice or has_groups) else SeriesKind.CAPTURE


def _is_placed(dataset: Dataset) -> bool:
    return (
        numbers_of(dataset, "ImagePositionPatient", 3) is not None
        and numbers_of(dataset, "ImageOrientationPatient", 6) is not None
    )
