"""Which pieces of a compressed file make up which frame, found by walking the items without reading them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from imaging.pixels.layout import unreadable

_ITEM, _END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_UNDEFINED = 0xFFFFFFFF
_FIRST_BYTES = (b"\xff\xd8", b"\xff\x4f", b"\x00\x00\x00\x0cjP")
"""How JPEG and JPEG-LS, JPEG 2000, and JPEG 2000 in a JP2 box begin; no byte pair inside them looks like it."""
Span = tuple[int, int]
"""Offset and length in bytes."""


@dataclass(frozen=True)
class Fragments:
    """The fragments of an encapsulated pixel element.

    Attributes:
        spans: offset and length of each fragment's payload in the file.
        items: offset of each fragment's item, from the first fragment's item.
        offset_table: where frames begin, measured as `items`; empty when the file does not say.
    """

    spans: tuple[Span, ...]
    items: tuple[int, ...]
    offset_table: tuple[int, ...]


def read_fragments(stream: BinaryIO, size: int) -> Fragments:
    """Walk the items from the stream's place to `size`, the file's end.

    Raises PlannerError when one is cut short or out of place.

    Source: DICOM PS3.5 A.4.
    """
    place = stream.tell()
    table: bytes | None = None
    spans: list[Span] = []
    items: list[int] = []
    while place < size:
        stream.seek(place)
        head = stream.read(8)
        if head[:4] == _END:
            break
        if len(head) < 8 or head[:4] != _ITEM:
            raise unreadable("its compressed pixels are not where they should be")
        (length,) = struct.unpack("<I", head[4:])
        if length == _UNDEFINED or place + 8 + length > size:
            raise unreadable(f"its compressed pixels are cut short after {len(spans)} pieces")
        if table is None:
            table = stream.read(length)
        else:
            spans.append((place + 8, length))
            items.append(place)
        place += 8 + length
    first = items[0] if items else 0
    table = table or b""
    offsets = struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])
    return Fragments(tuple(spans), tuple(item - first for item in items), offsets)


def frames_of(
    stream: BinaryIO, fragments: Fragments, extended_offsets: Sequence[int], n_frames: int
) -> tuple[tuple[Span, ...], ...]:
    """The fragments of each of `n_frames` frames.

    An offset table decides when it fits the fragments; else one fragment a frame; else the fragments that
    begin a codestream. Raises PlannerError when there are fewer frames than the header says, or no telling.
    """
    spans = fragments.spans
    if len(spans) < n_frames:
        raise unreadable(f"its header says {n_frames} frames and {len(spans)} are there")
    if n_frames == 1:
        return (spans,)
    starts = _starts(fragments.items, extended_offsets or fragments.offset_table, n_frames)
    if starts is None and len(spans) == n_frames:
        starts = list(range(n_frames))
    if starts is None:
        starts = [index for index, span in enumerate(spans) if _begins_codestream(stream, span)]
    if len(starts) != n_frames or starts[0] != 0:
        raise unreadable(f"its header says {n_frames} frames and {len(starts)} are there")
    ends = [*starts[1:], len(spans)]
    return tuple(spans[start:end] for start, end in zip(starts, ends, strict=True))


def _starts(items: Sequence[int], offsets: Sequence[int], n_frames: int) -> list[int] | None:
    """Index of each frame's first fragment by the offset table; None when the table does not fit."""
    index_at = {item: index for index, item in enumerate(items)}
    if len(offsets) != n_frames or any(offset not in index_at for offset in offsets):
        return None
    starts = [index_at[offset] for offset in offsets]
    return starts if starts == sorted(set(starts)) else None


def _begins_codestream(stream: BinaryIO, span: Span) -> bool:
    stream.seek(span[0])
    return stream.read(min(span[1], 6)).startswith(_FIRST_BYTES)
