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
        frames.append(facts)
    return frames


def _flat(group: Dataset) -> Dataset:
    facts = Dataset()
    for name in _GROUPS:
        sequence = group.get(name)
        if sequence:
            facts.update(sequence[0])
    return facts
