"""OpenIGTLink messages as bytes: the header, its checksum, TRANSFORM and STATUS.

Source: openigtlink.org, protocol version 2 (header version 1), and the extended header of version 3 when read.
Numbers are big-endian. A TRANSFORM holds 32-bit floats: at 1 m their steps are 0.00006 mm.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

HEADER = struct.Struct(">H12s20sQQQ")
EXTENDED = struct.Struct(">HHII")
STATUS = struct.Struct(">Hq20s")
MATRIX = struct.Struct(">12f")
VERSION = 1
MAX_NAME = 20
MAX_TEXT = 2000
STATUS_OK, STATUS_NOT_READY = 1, 13
POLYNOMIAL = 0x42F0E1EBA9EA3693
ALL = 0xFFFFFFFFFFFFFFFF


@dataclass(frozen=True)
class Head:
    """A message's header: its type, device, time (Unix seconds), and its body's length and checksum."""

    version: int
    kind: str
    device: str
    time_s: float
    body_length: int
    checksum: int


@dataclass(frozen=True)
class Status:
    """What a device says of itself: `code` 1 is well."""

    code: int
    name: str
    text: str


def pack_transform(device: str, matrix: np.ndarray, time_s: float) -> bytes:
    """A TRANSFORM message of a (4, 4) matrix in mm. Raises ValueError for a name that does not fit."""
    columns = np.asarray(matrix, dtype=np.float64)[:3].T.ravel()
    return _pack("TRANSFORM", device, time_s, MATRIX.pack(*columns))


def pack_status(device: str, status: Status, time_s: float) -> bytes:
    """A STATUS message. Raises ValueError for a name that does not fit."""
    text = status.text.encode("ascii", "replace")[:MAX_TEXT] + b"\0"
    return _pack("STATUS", device, time_s, STATUS.pack(status.code, 0, _name(status.name)) + text)


def read_head(data: bytes) -> Head:
    """A header of 58 bytes. Raises ValueError when it is none."""
    version, kind, device, stamp, length, checksum = HEADER.unpack(data)
    if version not in (1, 2):
        raise ValueError(f"header version {version} is not known")
    return Head(version, _text(kind), _text(device), stamp / 2.0**32, length, checksum)


def check_body(head: Head, body: bytes) -> None:
    """Raises ValueError when a body does not have its header's checksum; 0 there means that none was made."""
    if head.checksum and crc64(body) != head.checksum:
        raise ValueError("the checksum is wrong")


def read_transform(head: Head, body: bytes) -> np.ndarray:
    """The matrix (4, 4) of a TRANSFORM. Raises ValueError when its length is wrong."""
    content = _content(head, body)
    if len(content) != MATRIX.size:
        raise ValueError("a TRANSFORM has twelve numbers")
    matrix = np.eye(4)
    matrix[:3] = np.array(MATRIX.unpack(content)).reshape(4, 3).T
    return matrix


def read_status(head: Head, body: bytes) -> Status:
    """What a STATUS says. Raises ValueError when it is too short."""
    content = _content(head, body)
    if len(content) < STATUS.size:
        raise ValueError("a STATUS has at least 30 bytes")
    code, _, name = STATUS.unpack(content[: STATUS.size])
    return Status(code, _text(name), _text(content[STATUS.size :]))


def crc64(data: bytes) -> int:
    """ECMA-182 checksum, nothing reflected, from 0."""
    value = 0
    for byte in data:
        value = ((value << 8) & ALL) ^ _TABLE[(value >> 56) ^ byte]
    return value


def _pack(kind: str, device: str, time_s: float, body: bytes) -> bytes:
    stamp = round(max(time_s, 0.0) * 2.0**32)
    head = HEADER.pack(VERSION, kind.encode(), _name(device), stamp, len(body), crc64(body))
    return head + body


def _content(head: Head, body: bytes) -> bytes:
    """The body without the extended header and metadata of header version 2."""
    if head.version == 1:
        return body
    if len(body) < EXTENDED.size:
        raise ValueError("the extended header is cut off")
    size, metadata_head, metadata_size, _ = EXTENDED.unpack(body[: EXTENDED.size])
    return body[size : len(body) - metadata_head - metadata_size]


def _name(text: str) -> bytes:
    name = text.encode("ascii", "strict") if text.isascii() else b""
    if not 0 < len(name) <= MAX_NAME:
        raise ValueError(f"the name {text!r} has not 1 to {MAX_NAME} plain letters")
    return name


def _text(data: bytes) -> str:
    return data.split(b"\0")[0].decode("ascii", "replace").strip()


def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte << 56
        for _ in range(8):
            value = ((value << 1) & ALL) ^ (POLYNOMIAL if value >> 63 else 0)
        table.append(value)
    return tuple(table)


_TABLE = _table()
