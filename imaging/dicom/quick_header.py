"""The plain headers that most files have, read straight from their bytes: a folder of thousands opens in seconds.

Only what needs no judgement is read here: little endian, plain values of the usual types, letters of one character
set. Everything else (nested groups of frames, odd types, other letters, any damage) is left to pydicom, whose answers
the tests hold these to.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydicom.datadict import dictionary_VR, keyword_for_tag

from imaging.find.files import DICOM_MAGIC_OFFSET

PIXEL_TAG = 0x7FE00008
READS_BYTES = (1 << 14, 1 << 17, 1 << 22)
"""How much of a file is read, then how much more, until its header is whole; most need the first only."""
DEEPEST = 8
CHARACTER_SETS = {b"": "ascii", b"ISO_IR 6": "ascii", b"ISO_IR 100": "latin-1", b"ISO_IR 192": "utf-8"}
IMPLICIT = b"1.2.840.10008.1.2"
NOT_PLAIN = (b"1.2.840.10008.1.2.2", b"1.2.840.10008.1.2.1.99")
"""Big endian, and deflated."""
_SHORT = set(re.findall(b"..", b"AEASATCSDADSDTFLFDISLOLTPNSHSLSSSTTMUIULUS"))
_LONG = set(re.findall(b"..", b"OBODOFOLOVOWSQSVUCUNURUTUV"))
"""Types with a length of two bytes, and of four. Source: DICOM PS3.5 7.1.2."""
_SEVERAL = {"CS", "DS", "IS"}
_NUMBERS = {"US": struct.Struct("<H"), "FL": struct.Struct("<f"), "FD": struct.Struct("<d")}
_TEXTS = {"DA", "LO", "PN", "SH", "TM", "UI"}
_CHARACTER_SET, _TRANSFER_SYNTAX = 0x00080005, 0x00020010
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_tag = struct.Struct("<HH").unpack_from
_short = struct.Struct("<H").unpack_from
_long = struct.Struct("<I").unpack_from

Value = str | int | float | list[str] | None


class NotPlainError(ValueError):
    """The header needs pydicom."""


@dataclass(frozen=True)
class PrivateElement:
    """The bytes of a private element."""

    value: bytes


class QuickHeader(dict[str | int, Value | PrivateElement]):
    """Values by their DICOM keyword, private elements by their tag, as a pydicom dataset would give them."""

    def get_item(self, name: str) -> None:
        """No value is left unconverted here."""


def quick_header(path: Path, wanted: Collection[int]) -> QuickHeader:
    """The wanted elements of a file that has a preamble. Raises NotPlainError for all but the plainest."""
    content = b""
    with path.open("rb", buffering=0) as stream:
        for n_bytes in READS_BYTES:
            more = stream.read(n_bytes)
            content += more
            if content[DICOM_MAGIC_OFFSET : DICOM_MAGIC_OFFSET + 4] != b"DICM":
                raise NotPlainError
            with suppress(struct.error, IndexError):
                return _converted(_elements(content, wanted, is_whole=len(more) < n_bytes))
    raise NotPlainError


def _elements(content: bytes, wanted: Collection[int], is_whole: bool) -> Mapping[int, tuple[bytes, bytes]]:
    """Type and bytes of the wanted elements; IndexError or struct.error when the content ends too early."""
    start, syntax = _meta(content)
    if not syntax.startswith(IMPLICIT) or syntax in NOT_PLAIN:
        raise NotPlainError
    is_implicit = syntax == IMPLICIT
    found: dict[int, tuple[bytes, bytes]] = {}
    end = len(content)
    last = 0
    while start < end or not is_whole:
        group, element = _tag(content, start)
        tag = group << 16 | element
        if tag >= PIXEL_TAG:
            return found
        if tag <= last:
            raise NotPlainError
        last = tag
        kind, value, length = _element(content, start, is_implicit)
        if length == _UNDEFINED:
            if tag in wanted or kind not in (b"SQ", b""):
                raise NotPlainError
            start = _after_sequence(content, value, is_implicit, 0)
            continue
        start = value + length
        if start > end:
            raise IndexError
        if tag in wanted or tag == _CHARACTER_SET:
            found[tag] = kind, content[value:start]
    return found


def _meta(content: bytes) -> tuple[int, bytes]:
    """Where the data set starts, and its transfer syntax, from the file meta information."""
    start, syntax = DICOM_MAGIC_OFFSET + 4, b""
    while True:
        group, element = _tag(content, start)
        if group != 2:
            return start, syntax
        _, value, length = _element(content, start, False)
        if element == _TRANSFER_SYNTAX & 0xFFFF:
            syntax = content[value : value + length].rstrip(b"\0 ")
        start = value + length


def _element(content: bytes, start: int, is_implicit: bool) -> tuple[bytes, int, int]:
    """Type (empty when implicit), where the value starts, and its length in bytes."""
    kind = content[start + 4 : start + 6]
    if is_implicit:
        if kind in _SHORT or kind in _LONG:
            raise NotPlainError
        return b"", start + 8, _long(content, start + 4)[0]
    if kind in _SHORT:
        return kind, start + 8, _short(content, start + 6)[0]
    if kind in _LONG:
        return kind, start + 12, _long(content, start + 8)[0]
    if len(kind) < 2:
        raise IndexError
    raise NotPlainError


def _after_sequence(content: bytes, start: int, is_implicit: bool, depth: int) -> int:
    """Where a sequence of undefined length ends."""
    if depth > DEEPEST:
        raise NotPlainError
    while True:
        group, element = _tag(content, start)
        tag, length = group << 16 | element, _long(content, start + 4)[0]
        start += 8
        if tag == _SEQUENCE_END:
            return start
        if tag != _ITEM:
            raise NotPlainError
        start = _after_item(content, start, is_implicit, depth) if length == _UNDEFINED else start + length


def _after_item(content: bytes, start: int, is_implicit: bool, depth: int) -> int:
    while True:
        group, element = _tag(content, start)
        if group << 16 | element == _ITEM_END:
            return start + 8
        kind, value, length = _element(content, start, is_implicit)
        if length != _UNDEFINED:
            start = value + length
        elif kind in (b"SQ", b""):
            start = _after_sequence(content, value, is_implicit, depth + 1)
        else:
            raise NotPlainError


def _converted(found: Mapping[int, tuple[bytes, bytes]]) -> QuickHeader:
    letters = CHARACTER_SETS.get(found.get(_CHARACTER_SET, (b"", b""))[1].strip(b"\0 "))
    if letters is None:
        raise NotPlainError
    header = QuickHeader()
    for tag, (kind, content) in found.items():
        if tag == _CHARACTER_SET:
            continue
        if tag >> 16 & 1:
            header[tag] = _private(kind, content)
            continue
        name, expected = _entry(tag)
        if kind not in (b"", expected.encode()):
            raise NotPlainError
        header[name] = _value(expected, content, letters)
    return header


@cache
def _entry(tag: int) -> tuple[str, str]:
    return keyword_for_tag(tag), dictionary_VR(tag)


def _private(kind: bytes, content: bytes) -> PrivateElement:
    if kind in (b"OB", b"UN", b""):
        return PrivateElement(content)
    raise NotPlainError


def _value(kind: str, content: bytes, letters: str) -> Value:
    if kind in _NUMBERS:
        number = _NUMBERS[kind]
        if len(content) not in (0, number.size):
            raise NotPlainError
        return number.unpack(content)[0] if content else None  # type: ignore[no-any-return]
    if kind not in _SEVERAL and (kind not in _TEXTS or b"\\" in content):
        raise NotPlainError
    try:
        text = content.rstrip(b"\0 ").decode(letters if kind in ("LO", "PN", "SH") else "ascii")
    except UnicodeDecodeError as error:
        raise NotPlainError from error
    if "\x1b" in text:
        raise NotPlainError
    parts = text.split("\\")
    return text if len(parts) == 1 else parts
