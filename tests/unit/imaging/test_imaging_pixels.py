"""Stored numbers come back bit for bit from every lossless syntax and packing, or the reason why not."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom import uid
from pydicom.encaps import encapsulate_extended
from pydicom.pixels import compress
from pydicom.pixels.utils import pixel_array

from core.errors import PlannerError
from imaging.pixels.opening import open_pixels
from tests.support.pixel_files import NATIVE_SYNTAXES, picture_header, write_picture

SHAPE = (40, 36)
LOSSLESS = (uid.RLELossless, uid.JPEGLSLossless, uid.JPEG2000Lossless)
RANDOM = np.random.default_rng(11)


def noise(dtype: str, shape: tuple[int, ...] = SHAPE, bits: int | None = None) -> np.ndarray:
    """Numbers over the whole range of a type, or of so many of its bits."""
    item = np.dtype(dtype)
    bits = bits or 8 * item.itemsize
    low, high = (-(1 << (bits - 1)), 1 << (bits - 1)) if item.kind == "i" else (0, 1 << bits)
    return RANDOM.integers(low, high, shape).astype(dtype)


def compressed(path: Path, pixels: np.ndarray, syntax: str, **changes) -> Path:
    """Write numbers compressed by pydicom's encoder of a syntax."""
    header = picture_header(pixels.shape, pixels.dtype, **changes)
    write_picture(path, header, pixels.tobytes())
    dataset = pydicom.dcmread(path)
    compress(dataset, syntax, generate_instance_uid=False)
    dataset.save_as(path)
    return path


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4"])
@pytest.mark.parametrize("syntax", NATIVE_SYNTAXES)
def test_whole_numbers_of_every_size_and_byte_order_come_back(tmp_path: Path, dtype: str, syntax: str) -> None:
    pixels = noise(dtype, (3, *SHAPE))
    order = ">" if syntax == uid.ExplicitVRBigEndian else "<"
    header = picture_header(SHAPE, dtype, NumberOfFrames=3)
    path = write_picture(tmp_path / "a", header, pixels.astype(f"{order}{dtype}").tobytes(), syntax)
    source = open_pixels(path)
    for index in range(3):
        found = source.stored(index)
        assert found.dtype == np.dtype(dtype)
        assert np.array_equal(found, pixels[index])


def test_bytes_in_big_endian_words_are_swapped_back_in_every_frame(tmp_path: Path) -> None:
    """DICOM PS3.5 A.3: 8-bit values in a big-endian OW come in pairs; an odd frame begins inside a pair."""
    pixels = noise("u1", (3, 5, 5))
    words = np.frombuffer(pixels.tobytes() + b"\0", "u2").byteswap().tobytes()
    header = picture_header((5, 5), NumberOfFrames=3)
    path = write_picture(tmp_path / "a", header, words, uid.ExplicitVRBigEndian)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"\x7f\xe0\x00\x10OB", b"\x7f\xe0\x00\x10OW"))
    source = open_pixels(path)
    for index in range(3):
        assert np.array_equal(source.stored(index), pixels[index])


def test_a_deflated_file_comes_back(tmp_path: Path) -> None:
    pixels = noise("i2")
    path = write_picture(
        tmp_path / "a", picture_header(SHAPE, "i2"), pixels.tobytes(), uid.DeflatedExplicitVRLittleEndian
    )
    assert np.array_equal(open_pixels(path).stored(0), pixels)


def test_a_deflated_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = write_picture(
        tmp_path / "a", picture_header(SHAPE, "i2"), noise("i2").tobytes(), uid.DeflatedExplicitVRLittleEndian
    )
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(PlannerError, match=r"cut short|damaged"):
        open_pixels(path)


@pytest.mark.parametrize(("dtype", "bits"), [("u1", 8), ("u2", 12), ("i2", 12), ("u2", 16), ("i2", 16)])
@pytest.mark.parametrize("syntax", LOSSLESS)
def test_lossless_compression_gives_the_numbers_back(
    tmp_path: Path, dtype: str, bits: int, syntax: str
) -> None:
    pixels = noise(dtype, bits=bits)
    path = compressed(tmp_path / "a", pixels, syntax, BitsStored=bits, HighBit=bits - 1)
    assert np.array_equal(open_pixels(path).stored(0), pixels)


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_simpleitk_decodes_the_same_numbers(tmp_path: Path, syntax: str) -> None:
    path = compressed(tmp_path / "a.dcm", noise("u2", bits=12), syntax, BitsStored=12, HighBit=11)
    theirs = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    assert np.array_equal(open_pixels(path).stored(0), theirs.reshape(SHAPE))


@pytest.mark.parametrize("syntax", [uid.JPEG2000, uid.JPEGLSNearLossless])
def test_lossy_compression_stays_near(tmp_path: Path, syntax: str) -> None:
    rows, columns = np.mgrid[:64, :64]
    pixels = (2000 + 1500 * np.sin(rows / 9) * np.cos(columns / 7)).astype("u2")
    options = {"j2k_cr": [6]} if syntax == uid.JPEG2000 else {"jls_error": 3}
    header = picture_header(pixels.shape, "u2", BitsStored=12, HighBit=11)
    path = write_picture(tmp_path / "a", header, pixels.tobytes())
    dataset = pydicom.dcmread(path)
    compress(dataset, syntax, generate_instance_uid=False, **options)
    dataset.save_as(path)
    error = open_pixels(path).stored(0).astype(float) - pixels
    assert 0 < np.sqrt((error**2).mean()) < 8


def test_deflated_frames_come_back(tmp_path: Path) -> None:
    pixels = noise("u2", (2, *SHAPE))
    frames = []
    for frame in pixels:
        deflater = zlib.compressobj(wbits=-15)
        data = deflater.compress(frame.tobytes()) + deflater.flush()
        frames.append(data + b"\0" * (len(data) % 2))
    header = picture_header(SHAPE, "u2", NumberOfFrames=2)
    path = write_picture(tmp_path / "a", header, frames, "1.2.840.10008.1.2.8.1")
    assert np.array_equal(open_pixels(path).stored(1), pixels[1])


def test_rubbish_and_overlays_in_unused_bits_are_left_out(tmp_path: Path) -> None:
    pixels = noise("u2", bits=12)
    dirty = pixels | (noise("u2") & 0xF000)
    header = picture_header(SHAPE, "u2", BitsStored=12, HighBit=11)
    path = write_picture(tmp_path / "a", header, dirty.tobytes())
    assert np.array_equal(open_pixels(path).stored(0), pixels)


def test_signed_numbers_in_twelve_bits_keep_their_sign(tmp_path: Path) -> None:
    pixels = noise("i2", bits=12)
    dirty = (pixels.astype("u2") & 0x0FFF) | (noise("u2") & 0xF000)
    header = picture_header(SHAPE, "i2", BitsStored=12, HighBit=11)
    path = write_picture(tmp_path / "a", header, dirty.tobytes())
    assert np.array_equal(open_pixels(path).stored(0), pixels)


def test_values_that_sit_high_in_their_word_are_brought_down(tmp_path: Path) -> None:
    pixels = noise("u2", bits=12)
    header = picture_header(SHAPE, "u2", BitsStored=12, HighBit=15)
    path = write_picture(tmp_path / "a", header, (pixels << 4 | 0x5).astype("u2").tobytes())
    assert np.array_equal(open_pixels(path).stored(0), pixels)


@pytest.mark.parametrize(("dtype", "keyword"), [("f4", "FloatPixelData"), ("f8", "DoubleFloatPixelData")])
def test_floating_point_pixels_come_back(tmp_path: Path, dtype: str, keyword: str) -> None:
    pixels = RANDOM.normal(size=SHAPE).astype(dtype)
    path = write_picture(tmp_path / "a", picture_header(SHAPE), pixels.astype("u1").tobytes())
    dataset = pydicom.dcmread(path)
    del dataset.PixelData
    dataset.BitsAllocated = 8 * pixels.itemsize
    setattr(dataset, keyword, pixels.tobytes())
    dataset.save_as(path)
    assert np.array_equal(open_pixels(path).stored(0), pixels)


def test_pictures_of_one_bit_a_pixel_begin_inside_a_byte(tmp_path: Path) -> None:
    pixels = RANDOM.integers(0, 2, (3, 5, 7), dtype=np.uint8)
    data = np.packbits(pixels.ravel(), bitorder="little").tobytes()
    header = picture_header((5, 7), NumberOfFrames=3, BitsAllocated=1, BitsStored=1, HighBit=0)
    source = open_pixels(write_picture(tmp_path / "a", header, data + b"\0" * (len(data) % 2)))
    for index in range(3):
        assert np.array_equal(source.stored(index), pixels[index])


def test_padding_keeps_the_value_that_the_file_gives_it(tmp_path: Path) -> None:
    pixels = noise("i2", bits=12)
    pixels[:3] = -2000
    header = picture_header(SHAPE, "i2")
    header.add_new("PixelPaddingValue", "SS", -2000)
    source = open_pixels(write_picture(tmp_path / "a", header, pixels.tobytes()))
    assert np.array_equal(source.stored(0), pixels)


def frames_of(syntax: str, pixels: np.ndarray, tmp_path: Path) -> list[bytes]:
    """Each picture compressed alone, by pydicom's encoder."""
    from pydicom.encaps import generate_frames

    found = []
    for picture in pixels:
        dataset = pydicom.dcmread(compressed(tmp_path / "one", picture, syntax))
        found.append(next(generate_frames(dataset.PixelData, number_of_frames=1)))
    return found


def encapsulated(path: Path, pixels: np.ndarray, data: bytes, n_frames: int, syntax: str) -> Path:
    header = picture_header(pixels.shape[1:], pixels.dtype, NumberOfFrames=n_frames)
    write_picture(path, header, [b"\0\0"], syntax)
    dataset = pydicom.dcmread(path)
    dataset.PixelData = data
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path)
    return path


def item(payload: bytes) -> bytes:
    return b"\xfe\xff\x00\xe0" + len(payload).to_bytes(4, "little") + payload


END = b"\xfe\xff\xdd\xe0\0\0\0\0"


def test_frames_in_pieces_are_joined_with_and_without_an_offset_table(tmp_path: Path) -> None:
    pixels = noise("u1", (3, 40, 40))
    frames = frames_of(uid.JPEGLSLossless, pixels, tmp_path)
    pieces = [[frame[i : i + 300] for i in range(0, len(frame), 300)] for frame in frames]
    body = b"".join(item(piece) for frame in pieces for piece in frame)
    places = np.cumsum([0] + [sum(len(item(piece)) for piece in frame) for frame in pieces])[:-1]
    table = places.astype("<u4").tobytes()
    for name, first in (("none", b""), ("basic", table), ("wrong", (places + 2).astype("<u4").tobytes())):
        path = encapsulated(tmp_path / name, pixels, item(first) + body + END, 3, uid.JPEGLSLossless)
        source = open_pixels(path)
        for index in range(3):
            assert np.array_equal(source.stored(index), pixels[index]), name


def test_an_extended_offset_table_is_followed(tmp_path: Path) -> None:
    pixels = noise("u1", (3, 20, 20))
    frames = frames_of(uid.RLELossless, pixels, tmp_path)
    data, offsets, lengths = encapsulate_extended(frames)
    path = encapsulated(tmp_path / "a", pixels, data, 3, uid.RLELossless)
    dataset = pydicom.dcmread(path)
    dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = offsets, lengths
    dataset.save_as(path)
    assert np.array_equal(open_pixels(path).stored(2), pixels[2])


def test_fewer_frames_than_the_header_says_are_refused(tmp_path: Path) -> None:
    pixels = noise("u1", (2, 20, 20))
    frames = frames_of(uid.JPEGLSLossless, pixels, tmp_path)
    body = item(b"") + b"".join(map(item, frames)) + END
    with pytest.raises(PlannerError, match="says 3 frames and 2 are there"):
        open_pixels(encapsulated(tmp_path / "a", pixels, body, 3, uid.JPEGLSLossless))


@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_frame_that_is_cut_short_is_refused_and_not_filled_up(
    tmp_path: Path, syntax: str, kept: float
) -> None:
    pixels = noise("u1", (1, 40, 40))
    (frame,) = frames_of(syntax, pixels, tmp_path)
    cut = frame[: int(len(frame) * kept) // 2 * 2]
    path = encapsulated(tmp_path / "a", pixels, item(b"") + item(cut) + END, 1, syntax)
    with pytest.raises(PlannerError, match=r"cut short|could not be decoded|do not fit"):
        open_pixels(path).stored(0)


def test_a_file_that_ends_inside_a_fragment_is_refused(tmp_path: Path) -> None:
    path = compressed(tmp_path / "a", noise("u2", (40, 40)), uid.JPEG2000Lossless)
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(PlannerError, match="cut short"):
        open_pixels(path)


def test_a_picture_of_another_size_than_the_header_says_is_refused(tmp_path: Path) -> None:
    """As many pixels, but rows for columns: a decoder alone would show a sheared picture."""
    pixels = noise("u1", (1, 40, 60))
    frames = frames_of(uid.JPEG2000Lossless, pixels, tmp_path)
    turned = pixels.reshape(1, 60, 40)
    body = item(b"") + item(frames[0]) + END
    with pytest.raises(PlannerError, match="rows and columns"):
        open_pixels(encapsulated(tmp_path / "a", turned, body, 1, uid.JPEG2000Lossless)).stored(0)


@pytest.mark.parametrize(
    ("syntax", "name"),
    [
        (uid.MPEG2MPML, "MPEG2"),
        (uid.MPEG4HP41, "MPEG-4"),
        (uid.HEVCMP51, "HEVC"),
        ("1.2.840.10008.1.2.4.110", "JPEG XL Lossless"),
        ("1.2.3.4.5.6.7.8.9.10.11", "1.2.3.4.5.6.7.8.9.10.11"),
    ],
)
def test_a_syntax_without_a_decoder_is_refused_by_its_name(tmp_path: Path, syntax: str, name: str) -> None:
    path = write_picture(tmp_path / "a", picture_header(SHAPE), [b"\0\0\1\1"], syntax)
    with pytest.raises(PlannerError, match=name):
        open_pixels(path).stored(0)


def test_a_private_encoding_without_fragments_is_refused_by_its_name(tmp_path: Path) -> None:
    path = write_picture(
        tmp_path / "a", picture_header(SHAPE), noise("u1").tobytes(), uid.ImplicitVRLittleEndian
    )
    # As long as the name that it takes the place of, with the zero that evens that out.
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2\0", b"1.2.840.113619.5.2"))
    with pytest.raises(PlannerError, match=r"no decoder.*(1\.2\.840\.113619\.5\.2|GE)"):
        open_pixels(path)


def test_pixels_are_found_where_they_are_though_the_file_names_another_syntax(tmp_path: Path) -> None:
    pixels = noise("u2")
    path = write_picture(
        tmp_path / "a", picture_header(SHAPE, "u2"), pixels.tobytes(), uid.ExplicitVRLittleEndian
    )
    named = b"1.2.840.10008.1.2.1\0"
    path.write_bytes(path.read_bytes().replace(named, b"1.2.840.10008.1.2\0\0\0", 1))
    assert np.array_equal(open_pixels(path).stored(0), pixels)


@pytest.mark.parametrize(
    "changes",
    [
        {"Rows": 0},
        {"BitsStored": 17},
        {"HighBit": 3},
        {"BitsAllocated": 12},
        {"SamplesPerPixel": 4},
        {"Rows": 65535, "Columns": 65535},
    ],
)
def test_a_header_that_contradicts_itself_is_refused(tmp_path: Path, changes: dict[str, int]) -> None:
    path = write_picture(tmp_path / "a", picture_header(SHAPE, "u2", **changes), noise("u2").tobytes())
    with pytest.raises(PlannerError):
        open_pixels(path)


def test_pydicom_decodes_our_test_files_to_the_same_numbers(tmp_path: Path) -> None:
    """The writer of these tests makes files that another reader understands alike."""
    pixels = noise("i2", bits=12)
    path = compressed(tmp_path / "a", pixels, uid.JPEG2000Lossless, BitsStored=12, HighBit=11)
    assert np.array_equal(pixel_array(path, raw=True), open_pixels(path).stored(0))


HTJ2K_RAMP = (
    "/0//UQApQAAAAAAgAAAAIAAAAAAAAAAAAAAAIAAAACAAAAAAAAAAAAABDwEB/1AACAACAAAACv9SAAwAAgABAAUEBEAB/1wAEyCIkJCQ"
    "kJCQkJCQkJCQiIiI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAALQAAf+TwAAmx/oFB3QAwAATQAASgJD4Awd0ANoBh3QA"
    "wAATwAATAEgg8QKCdADs7ABDVADAABVQAAVIIkSIEPGqcgJ1AHSapsAQgey2AMAAFoQAAV4MDAwMDAwMDOfKenpxgngAOMYYY4z9gAB7"
    "9gAB7LoAwAAtmAAFrrZt27Zt27Zt27Zt2/n/Cnp6enp6enCCfQAYEREREREREf94Zye/fJ798nv3yey/AP/Z"
)
"""60 x column + 13 x row, 32 x 32 numbers of 16 bits, reversibly compressed by OpenJPH."""


@pytest.mark.parametrize("syntax", [uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K])
def test_high_throughput_jpeg_2000_of_another_encoder_comes_back(tmp_path: Path, syntax: str) -> None:
    rows, columns = np.mgrid[:32, :32]
    frame = base64.b64decode(HTJ2K_RAMP)
    header = picture_header((32, 32), "u2")
    path = write_picture(tmp_path / "a", header, [frame + b"\0" * (len(frame) % 2)], syntax)
    assert np.array_equal(open_pixels(path).stored(0), 60 * columns + 13 * rows)
