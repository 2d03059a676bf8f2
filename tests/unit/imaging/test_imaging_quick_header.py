"""The quick way to a header says exactly what pydicom says, or leaves the file to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from core.volume import Volume
from imaging.dicom import headers
from imaging.dicom.headers import HEADER_TAG_SET, Plane, read_planes
from imaging.dicom.quick_header import NotPlainError, quick_header

Change = Callable[[int, Dataset], None]


def refuse(path: Path, wanted: object) -> None:
    """Leave every file to pydicom."""
    raise NotPlainError


def both_ways(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[tuple[Plane, ...], tuple[Plane, ...]]:
    """The planes by the quick way, which has to be taken, and by pydicom."""
    quick_header(path, HEADER_TAG_SET)
    quick = read_planes(path)
    with monkeypatch.context() as patch:
        patch.setattr(headers, "quick_header", refuse)
        return quick, read_planes(path)


def nested(dataset: Dataset, is_undefined: bool) -> None:
    """Put three levels of sequences before and a long private element behind what is wanted."""
    inner = Dataset()
    inner.add_new("ReferencedSOPInstanceUID", "UI", "1.2.3")
    for _ in range(3):
        outer = Dataset()
        outer.ReferencedImageSequence = Sequence([inner, Dataset()])
        outer["ReferencedImageSequence"].is_undefined_length = is_undefined
        for item in outer.ReferencedImageSequence:
            item.is_undefined_length_sequence_item = is_undefined
        inner = outer
    dataset.ReferencedImageSequence = inner.ReferencedImageSequence
    dataset["ReferencedImageSequence"].is_undefined_length = is_undefined
    dataset.add_new(0x00291010, "OB", b"SV10" + bytes(40_000))


@pytest.mark.parametrize(
    "change",
    [
        lambda i, d: None,
        lambda i, d: nested(d, is_undefined=True),
        lambda i, d: nested(d, is_undefined=False),
        lambda i, d: d.update({"SpecificCharacterSet": "ISO_IR 192", "PatientName": "Müller^Jörg^^^=山田"}),
        lambda i, d: d.update({"SpecificCharacterSet": "ISO_IR 100", "SeriesDescription": "Überblick "}),
        lambda i, d: d.update({"ImageType": ["ORIGINAL", "PRIMARY", "M ", "X"], "Modality": "MR"}),
        lambda i, d: d.update({"SliceThickness": "", "RescaleSlope": None, "SeriesNumber": None}),
        lambda i, d: d.update({"NominalPercentageOfCardiacPhase": 40.5, "ScanOptions": "70% CTA"}),
        lambda i, d: d.update({"PatientName": "", "StudyDate": "", "ImagePositionPatient": [1e-3, -2, 0.5]}),
    ],
)
@pytest.mark.parametrize("is_implicit", [False, True])
def test_plain_headers_are_read_as_pydicom_reads_them(
    oblique: Volume, write_dicom, change: Change, is_implicit: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_dicom(oblique, change=change)[0]
    if is_implicit:
        dataset = pydicom.dcmread(path)
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        dataset.save_as(path, implicit_vr=True, little_endian=True)
    quick, slow = both_ways(path, monkeypatch)
    assert quick == slow
    assert len(quick) == 1
    assert vars(quick[0].owner) == vars(slow[0].owner)


def as_big_endian(path: Path) -> None:
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    pydicom.dcmwrite(path, dataset, implicit_vr=False, little_endian=False)


def with_other_syntax(path: Path) -> None:
    """Say implicit and be explicit."""
    content = path.read_bytes()
    path.write_bytes(content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0"))


@pytest.mark.parametrize(
    "spoil",
    [
        as_big_endian,
        with_other_syntax,
        lambda path: path.write_bytes(path.read_bytes()[:700]),
        lambda path: path.write_bytes(path.read_bytes()[132:]),
        lambda path: path.write_bytes(
            path.read_bytes().replace(b"\x28\0\x10\0US\x02\0", b"\x28\0\x10\0SS\x02\0")
        ),
        lambda path: path.write_bytes(path.read_bytes().replace(b"Doe^Jane", b"D\xf6e^Jane")),
        lambda path: path.write_bytes(path.read_bytes().replace(b"made for", b"made\\for")),
    ],
    ids=["big endian", "other syntax", "cut", "bare", "other type", "other letters", "several values"],
)
def test_all_else_is_left_to_pydicom(oblique: Volume, write_dicom, spoil: Callable[[Path], None]) -> None:
    path = write_dicom(oblique)[0]
    spoil(path)
    with pytest.raises(NotPlainError):
        quick_header(path, HEADER_TAG_SET)
