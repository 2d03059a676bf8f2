"""Valid image files made broken or hostile, each from a seed, so that a failure can be repeated."""

from __future__ import annotations

import struct
from collections.abc import Callable
from random import Random

Mutation = Callable[[bytes, Random], bytes]
PIXELS = b"\xe0\x7f\x10\x00"
SEQUENCE = bytes.fromhex("08004011") + b"SQ\0\0"
ITEM = bytes.fromhex("feff00e0")
ENDLESS = b"\xff" * 4


def flip_bits(content: bytes, rng: Random) -> bytes:
    """A few bits anywhere, most of them in the header."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 24)):
        changed[rng.randrange(min(len(changed), 2048))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut(content: bytes, rng: Random) -> bytes:
    """The beginning only."""
    return content[: rng.randrange(len(content))]


def change_length(content: bytes, rng: Random) -> bytes:
    """A two- or four-byte field somewhere in the header becomes huge, odd, zero or endless."""
    at = (
        rng.randrange(132, max(min(len(content), 1500), 140))
        if len(content) > 140
        else rng.randrange(len(content))
    )
    value = rng.choice((0, 1, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF))
    field = struct.pack("<I", value)[: rng.choice((2, 4))]
    return content[:at] + field + content[at + len(field) :]


def nest(content: bytes, rng: Random) -> bytes:
    """A sequence in a sequence, ten thousand deep, before the pixels."""
    at = content.find(PIXELS)
    at = len(content) if at < 0 else at
    opening = SEQUENCE + ENDLESS + ITEM + ENDLESS
    return content[:at] + opening * rng.choice((50, 2000, 10_000)) + content[at:]


def claim_size(content: bytes, rng: Random) -> bytes:
    """Rows, columns or frames for terabytes."""
    for tag in (b"\x28\0\x10\0US\x02\0", b"\x28\0\x11\0US\x02\0"):
        at = content.find(tag)
        if at >= 0:
            content = content[: at + 8] + b"\xff\xff" + content[at + 10 :]
    if rng.random() < 0.7:
        at = content.find(b"\x28\0\x10\0")
        frames = b"\x28\0\x08\0IS\x0a\0" + rng.choice((b"2147483647", b"49999     ", b"-1        "))
        content = content[:at] + frames + content[at:] if at >= 0 else content
    return content


def wrong_type(content: bytes, rng: Random) -> bytes:
    """One value representation becomes another."""
    names = (b"US", b"DS", b"UI", b"LO", b"SQ", b"UN", b"OB", b"ZZ", b"IS", b"FD")
    places = [i for i in range(132, min(len(content), 3000)) if content[i : i + 2] in names]
    if not places:
        return content
    at = rng.choice(places)
    return content[:at] + rng.choice(names) + content[at + 2 :]


def wrong_syntax(content: bytes, rng: Random) -> bytes:
    """The pixels claim to be packed by another method."""
    old = b"1.2.840.10008.1.2.1\0"
    new = rng.choice((b"1.2.840.10008.1.2.2\0", b"1.2.840.10008.1.2.5\0", b"1.2.840.10008.1.2\0\0\0"))
    return content.replace(old, new, 1)


def as_fragments(content: bytes, rng: Random) -> bytes:
    """The pixels become endless fragments of a packing, of noise."""
    at = content.find(PIXELS)
    if at < 0:
        return content
    packings = (b"1.2.840.10008.1.2.5\0", b"1.2.840.10008.1.2.4.50", b"1.2.840.10008.1.2.4.90")
    content = content.replace(b"1.2.840.10008.1.2.1\0", rng.choice(packings)[:20].ljust(20, b"\0"), 1)
    at = content.find(PIXELS)
    noise = rng.randbytes(rng.choice((2, 64, 3000)))
    pieces = ITEM + b"\0" * 4 + ITEM + struct.pack("<I", rng.choice((len(noise), 0xFFFFFFF0))) + noise
    return content[:at] + PIXELS + b"OB\0\0" + ENDLESS + pieces


def replace_text(content: bytes, rng: Random) -> bytes:
    """Numbers written as text become what no number is, or huge."""
    places = [i for i in range(132, min(len(content), 3000)) if content[i : i + 2] in (b"DS", b"IS")]
    if not places:
        return content
    at = rng.choice(places)
    length = int.from_bytes(content[at + 2 : at + 4], "little")
    new = rng.choice((b"nan", b"inf", b"1e308", b"-0", b"\\\\\\\\", b"1e-320", b"<b>", b"\xff\xff", b"9" * 40))
    return content[: at + 4] + new[:length].ljust(length) + content[at + 4 + length :]


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits,
    cut,
    change_length,
    nest,
    claim_size,
    wrong_type,
    wrong_syntax,
    as_fragments,
    replace_text,
)
