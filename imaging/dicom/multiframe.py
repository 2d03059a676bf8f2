"""Enhanced multi-frame files: each frame's facts gathered from the functional groups into one flat dataset."""

from __future__ import annotations

from pydicom.dataset import Dataset

_GROUPS = (
    "PlanePositionSequence",
    "PlaneOrientationSequence",
    "PixelMeasuresSequence",
    "PixelValueTransformationSequence",
    "FrameContentSequence",
    "CardiacSynchronizationSequence",
    "TemporalPositionSequence",
    "MRImageFrameTypeSequence",
    "CTImageFrameTypeSequence",
)
_VOLUME_GROUPS = ("PlanePositionVolumeSequence", "PlaneOrientationVolumeSequence")
"""Of a 3-D ultrasound, whose millimetres belong to a space of its own."""


def frame_groups(dataset: Dataset) -> list[Dataset]:
    """One flat dataset per frame, its own values over the shared ones; empty when there are no groups.

    Source: DICOM PS3.3 C.7.6.16 (multi-frame functional groups).
    """
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence")
    if not per_frame:
        return []
    shared = dataset.get("SharedFunctionalGroupsSequence")
    common = _flat(shared[0]) if shared else Dataset()
    frames = []
    for group in per_frame:
        facts = Dataset()
        facts.update(common)
        facts.update(_flat(group))
        _place_in_own_space(facts, dataset)
        frames.append(facts)
    return frames


def _flat(group: Dataset) -> Dataset:
    facts = Dataset()
    for name in (*_GROUPS, *_VOLUME_GROUPS):
        sequence = group.get(name)
        if sequence:
            facts.update(sequence[0])
    return facts


def _place_in_own_space(facts: Dataset, dataset: Dataset) -> None:
    """Give a slice of a 3-D ultrasound its place in the volume's own space, unless it has one in the patient.

    Source: DICOM PS3.3 C.8.24 (ultrasound frame of reference), C.8.24.3 (plane position and orientation).
    """
    if "ImagePositionPatient" in facts or "ImagePositionVolume" not in facts:
        return
    facts.ImagePositionPatient = list(facts.ImagePositionVolume)
    facts.ImageOrientationPatient = list(facts.get("ImageOrientationVolume") or [])
    facts.FrameOfReferenceUID = str(dataset.get("VolumeFrameOfReferenceUID") or "")
    offset_s = facts.get("TemporalPositionTimeOffset")
    if offset_s is not None and "NominalCardiacTriggerDelayTime" not in facts:
        facts.NominalCardiacTriggerDelayTime = 1000.0 * float(offset_s)
