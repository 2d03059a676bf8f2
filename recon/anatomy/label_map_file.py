"""Reads the label maps' NIfTI files with nothing but the standard library and numpy, as a GPU machine has them."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

from core.errors import PlannerError

_HEADER_BYTES = 348
_LARGEST_BYTES = 256 * 1024 * 1024
_UINT8 = 2


def read_label_map(path: Path) -> tuple[np.ndarray, float]:
    """Labels (x, y, z) along LPS, uint8, and the step in mm of an upright isotropic map.

    Raises:
        PlannerError: for anything but a gzipped little-endian NIfTI-1 of bytes whose axes run along L, P and S.
    """
    try:
        with gzip.open(path, "rb") as file:
            raw = file.read(_LARGEST_BYTES)
    except (OSError, EOFError) as error:
        raise _refused(path, str(error)) from error
    if len(raw) < _HEADER_BYTES or struct.unpack_from("<i", raw)[0] != _HEADER_BYTES:
        raise _refused(path, "It does not begin with a NIfTI-1 header.")
    shape = struct.unpack_from("<3h", raw, 42)
    kind = struct.unpack_from("<h", raw, 70)[0]
    start = int(struct.unpack_from("<f", raw, 108)[0])
    rows = np.array(struct.unpack_from("<12f", raw, 280)).reshape(3, 4)[:, :3]
    step = float(rows[2, 2])
    upright = np.diag((-step, -step, step))  # RAS millimetres of axes that run along L, P, S
    if struct.unpack_from("<h", raw, 254)[0] == 0 or step <= 0 or np.abs(rows - upright).max() > 1e-3:
        raise _refused(path, "Its axes do not run along L, P and S in equal steps.")
    n = int(np.prod(shape))
    if kind != _UINT8 or len(raw) < start + n:
        raise _refused(path, "Its values are not one byte each, or some are missing.")
    return np.frombuffer(raw, dtype=np.uint8, count=n, offset=start).reshape(shape, order="F"), step


def _refused(path: Path, why: str) -> PlannerError:
    return PlannerError(
        f"{path.name} is not a label map that can be used.", why, "Give the published label maps."
    )
