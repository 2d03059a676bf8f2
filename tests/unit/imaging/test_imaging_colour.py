"""Colours come out as the RGB that was put in, whatever model the file keeps them in."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom import uid
from pydicom.pixels import compress

from core.errors import PlannerError
from imaging.pixels.colour import is_colour, rgb_frame
from imaging.pixels.opening import open_pixels
from tests.support.pixel_files import picture_header, write_picture


def painting() -> np.ndarray:
    """Soft colours, uint8 (48, 64, 3)."""
    rows, columns = np.mgrid[:48, :64]
    planes = (128 + 90 * np.sin(rows / 11), 128 + 90 * np.cos(columns / 13), 60 + rows * 2 + columns)
    return np.stack(planes, axis=-1).clip(0, 255).astype(np.uint8)


def ybr_of(picture: np.ndarray) -> np.ndarray:
    """By the forward equations of DICOM PS3.3 C.7.6.3.1.2; the program has the backward ones."""
    forward = np.array([[0.2990, 0.5870, 0.1140], [-0.1687, -0.3313, 0.5000], [0.5000, -0.4187, -0.0813]])
    return np.rint((picture @ forward.T + (0, 128, 128)).clip(0, 255)).astype(np.uint8)


def jpeg(picture: np.ndarray, **options) -> bytes:
    stream = BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=95, **options)
    data = stream.getvalue()
    return data + b"\0" * (len(data) % 2)


def rms(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.sqrt(((one.astype(float) - other) ** 2).mean()))


@pytest.mark.parametrize("is_planar", [0, 1])
def test_luminance_and_chroma_become_the_rgb_they_were_made_of(tmp_path: Path, is_planar: int) -> None:
    stored = ybr_of(painting())
    data = np.moveaxis(stored, -1, 0) if is_planar else stored
    header = picture_header((48, 64, 3), PhotometricInterpretation="YBR_FULL", PlanarConfiguration=is_planar)
    source = open_pixels(write_picture(tmp_path / "a", header, data.tobytes()))
    assert is_colour(source)
    assert np.abs(rgb_frame(source, 0).astype(int) - painting()).max() <= 2


def test_neighbours_that_share_their_chroma_are_spread_out_again(tmp_path: Path) -> None:
    even = painting()[:, ::2].repeat(2, axis=1)
    full = ybr_of(even).reshape(48, 32, 2, 3)
    halved = np.concatenate([full[..., 0], full[:, :, 0, 1:]], axis=-1)
    for name, data in (("halved", halved), ("said to be", full)):
        header = picture_header((48, 64, 3), PhotometricInterpretation="YBR_FULL_422")
        source = open_pixels(write_picture(tmp_path / name, header, data.tobytes()))
        assert np.abs(rgb_frame(source, 0).astype(int) - even).max() <= 2, name


@pytest.mark.parametrize("photometric", ["YBR_FULL_422", "YBR_FULL", "RGB"])
@pytest.mark.parametrize("subsampling", [0, 1])
def test_a_jpeg_is_believed_before_its_header(tmp_path: Path, photometric: str, subsampling: int) -> None:
    """Pillow's JPEGs say that they are YCbCr; headers that say RGB of them are common."""
    header = picture_header((48, 64, 3), PhotometricInterpretation=photometric)
    frame = jpeg(painting(), subsampling=subsampling)
    path = write_picture(tmp_path / "a", header, [frame], uid.JPEGBaseline8Bit)
    assert rms(rgb_frame(open_pixels(path), 0), painting()) < 3.0


def test_a_jpeg_that_keeps_rgb_is_left_as_rgb(tmp_path: Path) -> None:
    header = picture_header((48, 64, 3))
    frame = jpeg(painting(), keep_rgb=True)
    path = write_picture(tmp_path / "a", header, [frame], uid.JPEGBaseline8Bit)
    assert rms(rgb_frame(open_pixels(path), 0), painting()) < 3.0


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEGLSLossless, uid.JPEG2000Lossless])
def test_lossless_colour_comes_back_bit_for_bit(tmp_path: Path, syntax: str) -> None:
    path = write_picture(tmp_path / "a", picture_header((48, 64, 3)), painting().tobytes())
    dataset = pydicom.dcmread(path)
    if syntax == uid.JPEG2000Lossless:
        dataset.PhotometricInterpretation = "YBR_RCT"
    compress(dataset, syntax, generate_instance_uid=False)
    dataset.save_as(path)
    assert np.array_equal(rgb_frame(open_pixels(path), 0), painting())


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_is_looked_up(tmp_path: Path, bits: int) -> None:
    indices = np.random.default_rng(4).integers(10, 40, (20, 30), dtype=np.uint8)
    table = np.random.default_rng(5).integers(0, 256, (30, 3))
    header = picture_header((20, 30), PhotometricInterpretation="PALETTE COLOR")
    for column, name in enumerate(("Red", "Green", "Blue")):
        header.add_new(f"{name}PaletteColorLookupTableDescriptor", "US", [30, 10, bits])
        values = table[:, column] * (257 if bits == 16 else 1)
        data = values.astype("<u2" if bits == 16 else "u1").tobytes()
        setattr(header, f"{name}PaletteColorLookupTableData", data)
    source = open_pixels(write_picture(tmp_path / "a", header, indices.tobytes()))
    assert is_colour(source)
    assert np.array_equal(rgb_frame(source, 0), table[indices - 10])


@pytest.mark.parametrize("photometric", ["YBR_PARTIAL_420", "HSV", "CMYK"])
def test_an_unknown_colour_model_is_refused_by_its_name(tmp_path: Path, photometric: str) -> None:
    header = picture_header((48, 64, 3), PhotometricInterpretation=photometric)
    path = write_picture(tmp_path / "a", header, painting().tobytes())
    with pytest.raises(PlannerError, match=photometric):
        rgb_frame(open_pixels(path), 0)


def test_a_palette_that_is_absent_is_refused(tmp_path: Path) -> None:
    header = picture_header((20, 30), PhotometricInterpretation="PALETTE COLOR")
    path = write_picture(tmp_path / "a", header, bytes(600))
    with pytest.raises(PlannerError, match="palette"):
        rgb_frame(open_pixels(path), 0)
