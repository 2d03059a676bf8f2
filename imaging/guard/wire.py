"""What goes through the pipes between the program and its child: lengths, JSON texts and raw numbers, no objects.

A request is a length and one JSON object. An answer is any number of messages, each a tag, a length and so many
bytes: texts, raw bytes, or an array (its type and shape as JSON, then its bytes in pieces), ended by END, by a
refusal, or by the trouble that stopped it. ALIVE may come before any of them and says that the work goes on.
"""

from __future__ import annotations

import json
import math
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np

REQUEST_HEAD = struct.Struct("<I")
MESSAGE_HEAD = struct.Struct("<BI")
TEXT, BYTES, ARRAY, END, REFUSAL, TROUBLE, ALIVE = range(1, 8)
LONGEST_MESSAGE = 1 << 26
PIECE_BYTES = 1 << 18
"""Arrays go in pieces, so that neither side holds one twice."""
LARGEST_ARRAY_BYTES = 2 << 30
ARRAY_TYPES = ("|b1", "|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<f4", "<f8", "<i8")
MOST_DIMENSIONS = 4


class WireError(ValueError):
    """What came through the pipe is not of this format."""


def request(operation: str, path: Path, argument: object) -> bytes:
    """A request as bytes; the path goes as the bytes that the system knows it by, whatever their encoding."""
    content = json.dumps([operation, text_of_path(path), argument]).encode()
    return REQUEST_HEAD.pack(len(content)) + content


def read_request(content: bytes) -> tuple[str, Path, Any]:
    """Operation, path and argument of a request without its head."""
    operation, name, argument = json.loads(content)
    return operation, path_of_text(name), argument


def text_of_path(path: Path) -> str:
    """A path as text that JSON can hold, whatever bytes it is made of."""
    return os.fsencode(path.absolute()).decode("latin-1")


def path_of_text(text: str) -> Path:
    """The inverse of `text_of_path`."""
    return Path(os.fsdecode(text.encode("latin-1")))


def array_head(array: np.ndarray) -> bytes:
    """Type and shape of an array, as the payload of an ARRAY message."""
    return json.dumps([array.dtype.str, list(array.shape)]).encode()


def empty_array(head: bytes) -> np.ndarray:
    """An array of the type and shape that a head claims, to be filled. Raises WireError when it is not allowed."""
    try:
        kind, shape = json.loads(head)
    except (ValueError, RecursionError) as error:
        raise WireError("an array without type and shape") from error
    is_shape = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)
    if kind not in ARRAY_TYPES or not is_shape or len(shape) > MOST_DIMENSIONS:
        raise WireError("an array of a strange type or shape")
    if math.prod(shape) * np.dtype(kind).itemsize > LARGEST_ARRAY_BYTES:
        raise WireError("an array larger than its writer can have held")
    return np.empty(shape, dtype=kind)
