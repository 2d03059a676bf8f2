"""DICOM segmentations of any vendor as one label map on the grid that their frames describe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels import pixel_array

from core.anatomy import HEART_BY_KEY
from core.errors import Finding, PlannerError
from core.progress import Progress, Silent
from core.volume import LabelMap
from imaging.dicom.headers import quiet_parser
from imaging.dicom.multiframe import frame_groups
from imaging.dicom.objects import read_object
from imaging.given.structure_codes import code_of_item, key_of_structure
from imaging.slices.frame_grid import FrameGrid, grid_of_frames

SOP_CLASSES = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
"""Segmentation Storage and Label Map Segmentation Storage."""
WHAT = "cannot read the segmentation"
MOST_SEGMENTS = 255


@dataclass(frozen=True, eq=False)
class _Frame:
    """One frame: where it lies and the structures it shows, by segment number.

    A frame of a label map may show all of them, its pixels being segment numbers; any other shows one.
    """

    dataset: Dataset
    index: int
    facts: Dataset
    keys: Mapping[int, str]
    is_label_map: bool


def read_segmentation(
    paths: Sequence[Path], progress: Progress | None = None
) -> tuple[LabelMap, tuple[Finding, ...]]:
    """The segments of one or more SEG files of one grid; what was found odd comes along.

    Frames may be missing where a segment is empty. Fractional segments count from one half. Where segments
    overlap, the smaller one is kept, so that a part stays visible inside its whole.

    Raises PlannerError when a file is damaged or no segmentation, or its frames form no regular grid.

    Source: DICOM PS3.3 A.51 (Segmentation IOD), C.8.20.2 (Segmentation Image Module).
    """
    progress = progress or Silent()
    progress.report("Reading segmentation", 0.0)
    keys: list[str] = []
    frames: list[_Frame] = []
    for path in paths:
        progress.report("Reading segmentation", 0.0)
        dataset = read_object(path, SOP_CLASSES, WHAT)
        with quiet_parser():
            frames += _frames(dataset, keys)
    if len(keys) > MOST_SEGMENTS:
        raise PlannerError(WHAT, f"it has {len(keys)} segments", "choose one of at most 255")
    space = {str(frame.dataset.get("FrameOfReferenceUID", "")) for frame in frames}
    if len(space) != 1:
        raise PlannerError(WHAT, "its files lie in different patient spaces", "open them one at a time")
    grid = grid_of_frames([frame.facts for frame in frames], _shape(frames), WHAT)
    values = _values(keys)
    labels, n_overlapping = _painted(frames, grid, values, progress)
    findings = (_overlap(n_overlapping),) if n_overlapping else ()
    names = {value: key for key, value in values.items()}
    return LabelMap(labels, grid.patient_from_index, names, space.pop()), findings


def _frames(dataset: Dataset, keys: list[str]) -> list[_Frame]:
    """The frames of one file; the keys of its segments are added to `keys`."""
    key_of_number = _segment_keys(dataset, keys)
    groups = frame_groups(dataset)
    if not groups or len(groups) != int(dataset.get("NumberOfFrames") or 0):
        raise PlannerError(WHAT, "its frames do not say where they lie", "export it again")
    if _type(dataset) == "LABELMAP":
        return [_Frame(dataset, index, facts, key_of_number, True) for index, facts in enumerate(groups)]
    frames = []
    for index, facts in enumerate(groups):
        number = _number(dataset, index)
        if number not in key_of_number:
            raise PlannerError(WHAT, "a frame belongs to no described segment", "export it again")
        frames.append(_Frame(dataset, index, facts, {number: key_of_number[number]}, False))
    return frames


def _type(dataset: Dataset) -> str:
    return str(dataset.get("SegmentationType", ""))


def _segment_keys(dataset: Dataset, keys: list[str]) -> Mapping[int, str]:
    found: dict[int, str] = {}
    for segment in dataset.get("SegmentSequence") or []:
        types = segment.get("SegmentedPropertyTypeCodeSequence")
        label = str(segment.get("SegmentLabel", ""))
        key = key_of_structure(code_of_item(types[0] if types else None), label, keys)
        number = int(segment.SegmentNumber)
        if number == 0 and _type(dataset) == "LABELMAP":
            continue  # label maps may describe their background
        keys.append(key)
        found[number] = key
    if not found:
        raise PlannerError(WHAT, "it describes no segment", "choose another series")
    return found


def _number(dataset: Dataset, index: int) -> int:
    """The segment number of a frame, its own or the one that all frames share."""
    for group in (
        dataset.PerFrameFunctionalGroupsSequence[index],
        *(dataset.get("SharedFunctionalGroupsSequence") or []),
    ):
        identification = group.get("SegmentIdentificationSequence")
        if identification:
            return int(identification[0].ReferencedSegmentNumber)
    return 0


def _shape(frames: Sequence[_Frame]) -> tuple[int, int]:
    shapes = {(int(frame.dataset.Rows), int(frame.dataset.Columns)) for frame in frames}
    if len(shapes) != 1:
        raise PlannerError(WHAT, "its files have frames of different sizes", "open them one at a time")
    return shapes.pop()


def _values(keys: Sequence[str]) -> dict[str, int]:
    """A label value for each key: the heart's own where it is one, free ones for the rest."""
    values = {key: HEART_BY_KEY[key].value for key in keys if key in HEART_BY_KEY}
    free = iter(value for value in range(1, MOST_SEGMENTS + 1) if value not in values.values())
    reserved = {kind.value for kind in HEART_BY_KEY.values()}
    spare = [value for value in free if value not in reserved] + sorted(reserved - set(values.values()))
    others = [key for key in keys if key not in values]
    return values | dict(zip(others, spare, strict=False))


def _painted(
    frames: Sequence[_Frame], grid: FrameGrid, values: Mapping[str, int], progress: Progress
) -> tuple[np.ndarray, int]:
    """Labels (slices, rows, columns) with large structures below small ones, and how many voxels were shared."""
    sizes: Counter[str] = Counter()
    for done, frame in enumerate(frames):
        progress.report("Reading segmentation", 0.5 * done / len(frames))
        for key, mask in _masks(frame):
            sizes[key] += int(np.count_nonzero(mask))
    labels = np.zeros(grid.shape, dtype=np.uint8)
    n_shared = 0
    order = sorted(
        range(len(frames)), key=lambda index: -max(sizes[key] for key in frames[index].keys.values())
    )
    for done, index in enumerate(order):
        progress.report("Reading segmentation", 0.5 + 0.5 * done / len(frames))
        target = labels[grid.slice_of_frame[index]]
        for key, mask in _masks(frames[index]):
            n_shared += int(np.count_nonzero(mask & (target != 0) & (target != values[key])))
            np.copyto(target, values[key], where=mask)
    progress.report("Reading segmentation", 1.0)
    return labels, n_shared


def _masks(frame: _Frame) -> Iterator[tuple[str, np.ndarray]]:
    """Each structure of a frame with its pixels (rows, columns)."""
    stored = _stored(frame.dataset, frame.index)
    is_fractional = _type(frame.dataset) == "FRACTIONAL"
    half = int(frame.dataset.get("MaximumFractionalValue") or 255) / 2.0 if is_fractional else 1
    for number, key in frame.keys.items():
        yield key, stored == number if frame.is_label_map else stored >= half


def _stored(dataset: Dataset, index: int) -> np.ndarray:
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    size = rows * columns
    if "PixelData" not in dataset:
        raise PlannerError(WHAT, "it has no pixels", "export it again")
    is_compressed = dataset.file_meta.TransferSyntaxUID.is_encapsulated
    if not is_compressed:
        needed = -(-size * int(dataset.NumberOfFrames) * int(dataset.BitsAllocated) // 8)
        if len(dataset.PixelData) < needed:
            raise PlannerError(WHAT, "its pixels are cut short", "copy it again from its source")
    if int(dataset.BitsAllocated) == 1 and not is_compressed:
        # Frames follow each other bit by bit: a frame may begin in the middle of a byte (PS3.5 8.1.1).
        start, end = index * size, (index + 1) * size
        packed = np.frombuffer(dataset.PixelData, np.uint8, -(-end // 8) - start // 8, start // 8)
        bits = np.unpackbits(packed, bitorder="little")
        return bits[start % 8 :][:size].reshape(rows, columns)
    try:
        with quiet_parser():
            return np.asarray(pixel_array(dataset, index=index, raw=True))
    except Exception as error:
        # Decoders raise anything on damaged frames.
        syntax = dataset.file_meta.TransferSyntaxUID.name
        why = f"its pixels could not be decoded ({syntax})"
        raise PlannerError(WHAT, why, "export it uncompressed") from error


def _overlap(n_voxels: int) -> Finding:
    return Finding(
        "overlapping_segments",
        "some segments overlap",
        f"{n_voxels} voxels belong to more than one; the smaller segment is shown there",
        "look at both structures in the program that made them",
    )
