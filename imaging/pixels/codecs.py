"""The decoder of each transfer syntax, and the names of those that have none."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
from pydicom import uid
from pydicom.uid import UID

from imaging.pixels.codestream import Codestream, read_codestream
from imaging.pixels.layout import EXPORT_AGAIN, PixelLayout, unreadable

PROGRESSIVE = ("1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.55")
"""Retired: JPEG spectral selection (processes 6, 8) and full progression (10, 12), non-hierarchical."""
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
_NAMES = {DEFLATED_FRAMES: "Deflated Image Frame Compression"} | {
    f"1.2.840.10008.1.2.4.{number}": name
    for number, name in ((110, "JPEG XL Lossless"), (111, "JPEG XL JPEG Recompression"), (112, "JPEG XL"))
}
NATIVE = {
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
}


def syntax_name(syntax: UID) -> str:
    """The name of a transfer syntax in the standard, or the UID where it is not known."""
    return _NAMES.get(str(syntax), syntax.name)


def check_decodable(syntax: UID) -> None:
    """Raise PlannerError, naming a compressed or private transfer syntax, when nothing here decodes it."""
    if str(syntax) not in _DECODERS:
        raise unreadable(f"there is no decoder for its encoding ({syntax_name(syntax)})", EXPORT_AGAIN)


def decode_frame(frame: bytes, layout: PixelLayout) -> tuple[np.ndarray, Codestream | None]:
    """The numbers of one compressed frame as its decoder gives them, in the shape of the layout.

    Raises PlannerError when there is no decoder (by the syntax's name), when the frame is cut short or
    damaged, or when it is not the size that the header says.
    """
    check_decodable(layout.syntax)
    decoder, name = _DECODERS[str(layout.syntax)], syntax_name(layout.syntax)
    codestream = None
    try:
        if decoder in _CODESTREAMS:
            codestream = read_codestream(frame)
            _check(codestream, layout)
        values = decoder(frame, layout)
    except (ValueError, RuntimeError, OSError, zlib.error, IndexError, KeyError, TypeError) as error:
        why = f"its pixels could not be decoded ({name})"
        raise unreadable(why, EXPORT_AGAIN) from error
    if values.size != layout.n_values:
        raise unreadable("its pixels do not fit its rows and columns")
    return values.reshape(layout.shape), codestream


def _check(codestream: Codestream, layout: PixelLayout) -> None:
    found = (codestream.rows, codestream.columns, codestream.components)
    if found != (layout.rows, layout.columns, layout.samples):
        raise unreadable("its pixels do not fit its rows and columns")
    if codestream.precision > layout.bits_allocated:
        raise unreadable(f"its pixels have {codestream.precision} bits, its header {layout.bits_allocated}")
    if not codestream.is_complete:
        raise unreadable("its compressed pixels are cut short: the end marker is absent")


def _jpeg(frame: bytes, layout: PixelLayout) -> np.ndarray:
    import libjpeg

    return libjpeg.decode(frame)


def _jpeg_ls(frame: bytes, layout: PixelLayout) -> np.ndarray:
    import jpeg_ls

    data, info = jpeg_ls.decode_buffer(frame)
    values = np.frombuffer(data, np.uint8 if info["bits_per_sample"] <= 8 else "<u2")
    # CharLS leaves a picture that was coded plane by plane as planes.
    is_planes = info["components"] > 1 and info["interleave_mode"] == 0
    return _by_pixel(values, layout) if is_planes else values


def _jpeg_2000(frame: bytes, layout: PixelLayout) -> np.ndarray:
    import openjpeg

    return openjpeg.decode(frame)


def _rle(frame: bytes, layout: PixelLayout) -> np.ndarray:
    import rle

    data = rle.decode_pixel_data(
        frame,
        version=2,
        rows=layout.rows,
        columns=layout.columns,
        samples_per_pixel=layout.samples,
        bits_allocated=layout.bits_allocated,
        byteorder="<",
    )
    return _by_pixel(np.frombuffer(data, f"<u{layout.bits_allocated // 8}"), layout)


def _deflated(frame: bytes, layout: PixelLayout) -> np.ndarray:
    size = layout.n_values * layout.bits_allocated // 8
    data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(frame, size)
    values = np.frombuffer(data, f"<u{layout.bits_allocated // 8}")
    return _by_pixel(values, layout) if layout.is_planar else values


def _by_pixel(values: np.ndarray, layout: PixelLayout) -> np.ndarray:
    """Planes of colour as pixels of colour."""
    if layout.samples == 1:
        return values
    return np.moveaxis(values.reshape(layout.samples, layout.rows, layout.columns), 0, -1)


_Decoder = Callable[[bytes, PixelLayout], np.ndarray]
_JPEGS = (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLossless, uid.JPEGLosslessSV1, *PROGRESSIVE)
_J2KS = (uid.JPEG2000Lossless, uid.JPEG2000, uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K)
_DECODERS: dict[str, _Decoder] = {
    **{str(syntax): _jpeg for syntax in _JPEGS},
    **{str(syntax): _jpeg_ls for syntax in (uid.JPEGLSLossless, uid.JPEGLSNearLossless)},
    **{str(syntax): _jpeg_2000 for syntax in _J2KS},
    str(uid.RLELossless): _rle,
    DEFLATED_FRAMES: _deflated,
}
_CODESTREAMS = (_jpeg, _jpeg_ls, _jpeg_2000)
