"""The parts of a multipart answer as they come, each bounded; a hospital's studies do not fit into memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.message import Message

END_OF_HEADERS = b"\r\n\r\n"


class MultipartError(ValueError):
    """The answer is not what its type says, too large, or cut short."""


def boundary_of(content_type: str) -> bytes:
    """The boundary in a Content-Type; empty when the answer is one single part.

    Raises MultipartError when it is neither multipart nor DICOM.
    """
    message = Message()
    message["Content-Type"] = content_type
    kind, boundary = message.get_content_type(), message.get_param("boundary")
    if kind == "application/dicom":
        return b""
    if kind != "multipart/related" or not isinstance(boundary, str) or not 0 < len(boundary) <= 70:
        raise MultipartError("the answer holds no DICOM files")
    return boundary.encode("latin-1", "replace")


def split_parts(chunks: Iterable[bytes], boundary: bytes, most_bytes: int) -> Iterator[memoryview]:
    """Yield the body of each part; without a boundary all of it as one.

    Raises MultipartError when a part has more than `most_bytes`, or the end is missing.
    Source: RFC 2046, 5.1.1.
    """
    # The first delimiter has no line before it.
    buffer = bytearray(b"\r\n" if boundary else b"")
    delimiter = b"\r\n--" + boundary
    searched, is_preamble = 0, True
    for chunk in chunks:
        buffer += chunk
        if len(buffer) > most_bytes:
            raise MultipartError("one part is too large")
        while boundary and (found := buffer.find(delimiter, searched)) >= 0:
            end = found + len(delimiter)
            if len(buffer) < end + 2:
                break
            if not is_preamble:
                yield _body(memoryview(buffer)[:found].tobytes())
            if buffer[end : end + 2] == b"--":
                return
            del buffer[:end]
            searched, is_preamble = 0, False
        # A delimiter may lie across two chunks.
        searched = max(0, len(buffer) - len(delimiter) - 2)
    if boundary:
        raise MultipartError("the answer is cut short")
    yield memoryview(bytes(buffer))


def joined(bodies: Iterable[bytes], boundary: bytes, content_type: bytes) -> bytes:
    """Parts as the body of a multipart message."""
    lines = [
        b"--" + boundary + b"\r\nContent-Type: " + content_type + END_OF_HEADERS + body + b"\r\n"
        for body in bodies
    ]
    return b"".join(lines) + b"--" + boundary + b"--\r\n"


def _body(part: bytes) -> memoryview:
    start = part.find(END_OF_HEADERS)
    if start < 0:
        raise MultipartError("a part has no end of its headers")
    return memoryview(part)[start + len(END_OF_HEADERS) :]
