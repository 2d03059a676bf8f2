"""What one correction of labels is: the voxels that it changed, from what to what; exact both ways and small."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NoReturn

import numpy as np

from core.errors import PlannerError
from core.volume import LabelMap
from plan.items import new_id

Index = tuple[int, int, int]
_LONGEST_ID = 64
_MOST_VOXELS = 2**31
_MOST_NAMES, _LONGEST_KEY = 255, 64
_HEAD_FIELDS = {"names", "kind", "map_id", "phase", "step_id", "start", "shape"}


@dataclass(frozen=True)
class LabelEdit:
    """Voxels of one label map that were given other values.

    Attributes:
        map_id: the label map that this and the edits before it lead on from, as `map_id` names it.
        phase: the cardiac phase that the map belongs to, from 0.
        start, shape: the box (slice, row, column) around all changed voxels.
        packed: compressed: one bit per voxel of the box, then the values before, then those after.
        step_id: tells this edit from every other one.
        names: value and key of structures that the map did not know before it.
    """

    map_id: str
    phase: int
    start: Index
    shape: Index
    packed: bytes
    step_id: str = field(default_factory=new_id)
    names: tuple[tuple[int, str], ...] = ()

    @property
    def changes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Flat indices (n,) within the box, ascending, and the values uint8 (n,) before and after.

        Unpacked each time: a history of hundreds of edits stays as small as they are packed.
        """
        n_voxels = int(np.prod(self.shape))
        n_bytes = -(-n_voxels // 8)
        # What is more than a box can hold was not written here: it is not unpacked.
        raw = zlib.decompressobj().decompress(self.packed, n_bytes + 2 * n_voxels + 1)
        bits = np.unpackbits(np.frombuffer(raw[:n_bytes], dtype=np.uint8), count=n_voxels)
        changed = np.flatnonzero(bits)
        values = np.frombuffer(raw[n_bytes:], dtype=np.uint8)
        if len(values) != 2 * len(changed) or not len(changed):
            raise ValueError("the edit is damaged")
        return changed, values[: len(changed)], values[len(changed) :]

    @cached_property
    def values(self) -> frozenset[int]:
        """The label values that lost or won voxels; 0, the background, among them."""
        _, before, after = self.changes
        return frozenset(np.union1d(before, after).tolist())

    @property
    def n_changed(self) -> Mapping[int, int]:
        """Label value -> how many voxels it won (negative: lost)."""
        _, before, after = self.changes
        won = np.bincount(after, minlength=256) - np.bincount(before, minlength=256)
        return {value: int(won[value]) for value in np.flatnonzero(won).tolist()}

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """The box as slices of the label array."""
        first, second, third = (slice(a, a + n) for a, n in zip(self.start, self.shape, strict=True))
        return first, second, third

    def applied(self, labels: np.ndarray) -> np.ndarray:
        """The labels (slices, rows, columns) after the edit, a new array. ValueError: not what it was made on."""
        changed, before, after = self.changes
        return self._replaced(labels, changed, before, after)

    def undone(self, labels: np.ndarray) -> np.ndarray:
        """The labels as they were before the edit, a new array. ValueError: not what it left."""
        changed, before, after = self.changes
        return self._replaced(labels, changed, after, before)

    def _replaced(
        self, labels: np.ndarray, changed: np.ndarray, old: np.ndarray, new: np.ndarray
    ) -> np.ndarray:
        if any(a + n > size for a, n, size in zip(self.start, self.shape, labels.shape, strict=True)):
            raise ValueError("the edit lies outside of these labels")
        result = labels.copy()
        box = result[self.box].copy()
        if not np.array_equal(box.ravel()[changed], old):
            raise ValueError("the edit was not made on these labels")
        box.ravel()[changed] = new
        result[self.box] = box
        return result


@dataclass(frozen=True)
class LabelsReplaced:
    """Another label map took the place of an edited one, whole: a new reconstruction, or a case that was opened.

    Attributes:
        map_id: the map that is shown from here on, without any edit.
        phase: the cardiac phase it belongs to.
    """

    map_id: str
    phase: int


LabelStep = LabelEdit | LabelsReplaced


def edit_of_voxels(
    label_map: LabelMap,
    map_id: str,
    phase: int,
    flat: np.ndarray,
    after: np.ndarray,
    names: tuple[tuple[int, str], ...] = (),
) -> LabelEdit:
    """The edit that gives voxels other values.

    Args:
        label_map: the labels as they are now.
        flat: indices (n,) of voxels into the flattened labels; those that keep their value are left out.
        after: value, or values (n,), that they get.
        names: value and key of structures that are new with it.

    Raises:
        PlannerError: no voxel would change.
    """
    flat = np.asarray(flat, dtype=np.int64)
    after = np.broadcast_to(np.asarray(after, dtype=np.uint8), flat.shape)
    flat, first = np.unique(flat, return_index=True)
    after = after[first]
    before = label_map.labels.ravel()[flat]
    differs = before != after
    if not differs.any():
        raise PlannerError("nothing was changed", "no label there would become another", "paint elsewhere")
    flat, before, after = flat[differs], before[differs], after[differs]
    places = np.stack(np.unravel_index(flat, label_map.shape))
    start, end = places.min(axis=1), places.max(axis=1) + 1
    bits = np.zeros(tuple(end - start), dtype=bool)
    bits[tuple(places - start[:, None])] = True
    # Flat order within the box is flat order within the map: the values need no sorting.
    packed = zlib.compress(np.packbits(bits.ravel()).tobytes() + before.tobytes() + after.tobytes(), 6)
    a, b, c = start.tolist()
    d, e, f = bits.shape
    return LabelEdit(map_id, phase, (a, b, c), (d, e, f), packed, names=names)


def map_id(label_map: LabelMap) -> str:
    """What names a label map: 32 hex digits that any other voxel, place or name would change."""
    digest = hashlib.sha256()
    names = sorted((int(value), key) for value, key in label_map.names.items())
    digest.update(json.dumps([label_map.shape, names, label_map.frame_of_reference_uid]).encode())
    digest.update(np.ascontiguousarray(label_map.patient_from_index).tobytes())
    digest.update(np.ascontiguousarray(label_map.labels).data)
    return digest.hexdigest()[:32]


def step_to_bytes(step: LabelStep) -> bytes:
    """A step as the journal keeps it: one line of JSON, then the packed voxels."""
    head: dict[str, object] = {"kind": "replaced", "map_id": step.map_id, "phase": step.phase}
    packed = b""
    if isinstance(step, LabelEdit):
        head |= {"kind": "edit", "step_id": step.step_id, "start": step.start, "shape": step.shape}
        # Left out where there are none: a version of before reads such a journal.
        head |= {"names": step.names} if step.names else {}
        packed = step.packed
    return json.dumps(head).encode() + b"\n" + packed


def step_from_bytes(content: bytes) -> LabelStep:
    """Read what `step_to_bytes` wrote. Raises PlannerError when it is anything else."""
    line, _, packed = content.partition(b"\n")
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        _refuse("it does not begin as one")
    if not isinstance(head, dict) or not set(head) <= _HEAD_FIELDS:
        _refuse("its head is not readable")
    name, phase = _id(head.get("map_id")), _whole(head.get("phase"))
    if head.get("kind") == "replaced":
        return LabelsReplaced(name, phase)
    start, shape = (_index(head.get(key)) for key in ("start", "shape"))
    if head.get("kind") != "edit" or not 0 < np.prod(shape) < _MOST_VOXELS:
        _refuse("its box is not readable")
    edit = LabelEdit(name, phase, start, shape, packed, _id(head.get("step_id")), _names(head.get("names", [])))
    try:
        edit.changes  # noqa: B018 - unpacked once here, so that a damaged one is told when it is read
    except (ValueError, zlib.error):
        _refuse("its voxels are damaged")
    return edit


def _names(value: object) -> tuple[tuple[int, str], ...]:
    if not isinstance(value, list) or len(value) > _MOST_NAMES:
        _refuse("the names in it are not readable")
    found = []
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2 or not 0 < _whole(pair[0]) < 256:
            _refuse("a name in it is not readable")
        number, key = pair
        if not isinstance(key, str) or not 0 < len(key) <= _LONGEST_KEY:
            _refuse("a name in it is not readable")
        found.append((number, key))
    return tuple(found)


def _id(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_ID or not value.isalnum():
        _refuse("it does not say which labels it is about")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MOST_VOXELS:
        _refuse("a number in it is not readable")
    return value


def _index(value: object) -> Index:
    if not isinstance(value, list) or len(value) != 3:
        _refuse("its box is not readable")
    a, b, c = (_whole(part) for part in value)
    return a, b, c


def _refuse(why: str) -> NoReturn:
    raise PlannerError("cannot read a correction of labels", why, "move the journal aside to start a new one")
