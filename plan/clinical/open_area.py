"""How much of a cross-section a device leaves open on the side where one stands.

A section is swept by parallel rows. On each row the pieces inside the vessel and outside the device are exact; rows
next to each other belong together where their pieces overlap. So the blood on the far side of a device does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plan.clinical.frustum import Frustum

ROW_MM = 0.1
# A device that takes less than this part of a section does not narrow it.
LEAST_TAKEN = 0.02


@dataclass(frozen=True, eq=False)
class OpenArea:
    """What is left open of a cross-section.

    Attributes:
        area_mm2: of the open part around the place that was asked for.
        whole_mm2: of the vessel's part around it, as if the device were not there.
        middle_mm: (3,) middle of the open part, LPS.
        rows_mm: (k, 2, 3) its pieces, the two ends of each, for drawing.
        is_narrowed: whether the device takes more than a trace of it away.
    """

    area_mm2: float
    whole_mm2: float
    middle_mm: np.ndarray
    rows_mm: np.ndarray
    is_narrowed: bool


def open_area(
    loops_mm: Sequence[np.ndarray],
    at_mm: np.ndarray,
    normal: np.ndarray,
    device: Frustum,
    row_mm: float = ROW_MM,
) -> OpenArea | None:
    """The open part around a place of a cross-section; None where the place lies in the device or outside.

    Args:
        loops_mm: closed lines (k, 3) that bound the vessel in the plane, holes included.
        at_mm: (3,) the place, in the plane; normal: (3,) unit.
        device: what stands in the way.
    """
    right = np.cross(normal, np.eye(3)[np.abs(normal).argmin()])
    right /= np.linalg.norm(right)
    down = np.cross(normal, right)
    flat = [np.stack([(loop - at_mm) @ right, (loop - at_mm) @ down], axis=1) for loop in loops_mm]
    if not flat:
        return None
    low = min(float(loop[:, 1].min()) for loop in flat)
    high = max(float(loop[:, 1].max()) for loop in flat)
    # A row runs through the place itself.
    rows = row_mm * np.arange(np.ceil(low / row_mm), np.floor(high / row_mm) + 1)
    here = int(np.argmin(np.abs(rows))) if len(rows) else 0
    inside = _pieces(flat, rows)
    blocked = np.stack(device.spans(at_mm + rows[:, None] * down, right), axis=1)
    free = [_without(pieces, spans) for pieces, spans in zip(inside, blocked, strict=True)]
    whole, part = _connected(inside, here), _connected(free, here)
    if not whole or not part:
        return None
    cut = np.array([(rows[row], start, end) for row, start, end in part])
    lengths = cut[:, 2] - cut[:, 1]
    area = float(lengths.sum()) * row_mm
    whole_mm2 = float(sum(end - start for _, start, end in whole)) * row_mm
    across = float((lengths * (cut[:, 1] + cut[:, 2]) / 2.0).sum() / lengths.sum())
    along = float((lengths * cut[:, 0]).sum() / lengths.sum())
    ends = at_mm + cut[:, 1:, None] * right + cut[:, None, :1] * down
    return OpenArea(
        area, whole_mm2, at_mm + across * right + along * down, ends, area < (1.0 - LEAST_TAKEN) * whole_mm2
    )


def _pieces(loops: Sequence[np.ndarray], rows: np.ndarray) -> list[list[tuple[float, float]]]:
    """For each row the pieces of it inside closed flat lines (k, 2), by the even-odd rule."""
    met: list[list[float]] = [[] for _ in rows]
    if not len(rows):
        return []
    step = rows[1] - rows[0] if len(rows) > 1 else 1.0
    for loop in loops:
        start, end = loop, np.roll(loop, -1, axis=0)
        for (x0, y0), (x1, y1) in zip(start.tolist(), end.tolist(), strict=True):
            lower, upper = min(y0, y1), max(y0, y1)
            # Half open, so that a corner on a row counts once.
            first = int(np.ceil((lower - rows[0]) / step - 1e-12))
            for row in range(max(first, 0), len(rows)):
                if rows[row] >= upper:
                    break
                if rows[row] >= lower:
                    met[row].append(x0 + (rows[row] - y0) / (y1 - y0) * (x1 - x0))
    ordered = [sorted(crossings) for crossings in met]
    return [list(zip(line[::2], line[1::2], strict=False)) for line in ordered]


def _without(pieces: list[tuple[float, float]], spans: np.ndarray) -> list[tuple[float, float]]:
    """Pieces of a row less those spans (n, 2) that are not empty."""
    for start, end in spans.tolist():
        if end <= start:
            continue
        left = [(low, min(high, start)) for low, high in pieces if low < start]
        pieces = [*left, *((max(low, end), high) for low, high in pieces if high > end)]
    return sorted(pieces)


def _connected(rows: Sequence[list[tuple[float, float]]], here: int) -> list[tuple[int, float, float]]:
    """The pieces (row, start, end) that hang together with the one around 0 on row `here`; empty for none."""
    if not rows:
        return []
    begun = next((n for n, (start, end) in enumerate(rows[here]) if start <= 0.0 <= end), None)
    if begun is None:
        return []
    found, waiting = {(here, begun)}, [(here, begun)]
    while waiting:
        row, piece = waiting.pop()
        start, end = rows[row][piece]
        for other in (row - 1, row + 1):
            if not 0 <= other < len(rows):
                continue
            for n, (low, high) in enumerate(rows[other]):
                if low < end and high > start and (other, n) not in found:
                    found.add((other, n))
                    waiting.append((other, n))
    return [(row, *rows[row][n]) for row, n in sorted(found)]
