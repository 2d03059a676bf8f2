"""Marker dictionaries from a file: another laboratory's printed boards can be followed, not only OpenCV's own sets.

A dictionary is written into one line of text, so that a body's `dictionary` in board.json stays all that is needed.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

import numpy as np

from ar.opencv import cv2
from core.errors import PlannerError

PREFIX = "custom"
MOST_MARKERS, MOST_BYTES = 2000, 1_000_000
SIDES = range(3, 9)
_LINE = re.compile(r'^\s*"?(\w+)"?\s*:\s*"?([^"\s]+)"?\s*$')
_TEXT = re.compile(rf"{PREFIX} (\d)x\1 corrects (\d+): ([01]+(?:,[01]+)*)")


def read_dictionary(path: Path) -> str:
    """The text of a dictionary in OpenCV's file format (`nmarkers`, `markersize`, `marker_0` ...), YAML or JSON.

    Raises PlannerError when it cannot be read, lacks a marker, or holds two markers that cannot be told apart.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError("it is far too large for a dictionary")
        fields = _fields(path.read_text(encoding="utf-8"))
        n, side = int(fields["nmarkers"]), int(fields["markersize"])
        if not 1 <= n <= MOST_MARKERS:
            raise ValueError(f"it says that it has {n} markers")
        markers = ",".join(fields[f"marker_{i}"] for i in range(n))
        text = f"{PREFIX} {side}x{side} corrects {int(fields.get('maxCorrectionBits', '0'))}: {markers}"
        dictionary_from_text(text)
    except OSError as error:
        raise PlannerError(
            f"cannot read {path.name}", str(error.strerror or error), "give OpenCV's dictionary file"
        ) from error
    except (ValueError, KeyError, AttributeError, RecursionError) as error:
        reason = f"no field {error}" if isinstance(error, KeyError) else str(error)
        raise PlannerError(
            f"{path.name} is no marker dictionary", reason, "give a file that OpenCV's writeDictionary made"
        ) from error
    return text


@lru_cache(maxsize=8)
def dictionary_from_text(text: str) -> cv2.aruco.Dictionary:
    """OpenCV's dictionary of such a text. Raises ValueError saying what is wrong with it."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError("its markers are not rows of 0 and 1")
    side, corrected, markers = int(match[1]), int(match[2]), match[3].split(",")
    if side not in SIDES:
        raise ValueError(f"markers of {side}x{side} cells are not known, 3x3 to 8x8 are")
    short = [i for i, marker in enumerate(markers) if len(marker) != side * side]
    if short or len(markers) > MOST_MARKERS:
        raise ValueError(
            f"marker {short[0]} has not {side * side} cells" if short else "it has too many markers"
        )
    bits = np.array([[int(c) for c in marker] for marker in markers], np.uint8).reshape(-1, side, side)
    least = _least_distance(bits)
    if least <= 2 * corrected:
        raise ValueError(
            f"two of its markers differ in {least} cells, turned as they may be: too few to correct {corrected}"
        )
    rows = np.concatenate([cv2.aruco.Dictionary.getByteListFromBits(marker) for marker in bits])
    return cv2.aruco.Dictionary(rows, side, corrected)


def label_of(dictionary: str) -> str:
    """A dictionary's name as it is shown: a custom one without its markers."""
    return dictionary.split(" corrects")[0] if dictionary.startswith(PREFIX) else dictionary


def _fields(text: str) -> dict[str, str]:
    if text.lstrip().startswith("{"):
        content = json.loads(text)
        # OpenCV may wrap a dictionary in one named node.
        inner = next((v for v in content.values() if isinstance(v, dict)), content)
        return {str(key): str(value) for key, value in inner.items()}
    matches = (_LINE.match(line) for line in text.splitlines())
    return {match[1]: match[2] for match in matches if match is not None}


def _least_distance(bits: np.ndarray) -> int:
    """The fewest cells in which two markers, or one marker and itself turned, differ."""
    n = len(bits)
    flat = bits.reshape(n, -1).astype(np.int16)
    ones, least = flat.sum(axis=1), bits[0].size
    for turns in range(4):
        turned = np.rot90(bits, turns, axes=(1, 2)).reshape(n, -1).astype(np.int16)
        apart = ones[:, None] + turned.sum(axis=1)[None] - 2 * (flat @ turned.T)
        if turns == 0:
            apart[np.arange(n), np.arange(n)] = least
        least = min(least, int(apart.min()))
    return least
