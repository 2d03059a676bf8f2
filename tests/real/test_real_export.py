"""Export of real patients' images: placed on their slices, valid, and without the patient where asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from core.volume import LabelMap
from imaging.dicom.headers import quiet_parser
from imaging.find.files import FileKind, file_kind
from imaging.find.scan import scan_folder
from imaging.given.segmentation import read_segmentation
from imaging.outputs.copies import copy_series
from imaging.outputs.deidentify import Deidentifier
from imaging.outputs.made import MadeSeries, save_object
from imaging.outputs.segmentation import make_segmentation
from imaging.outputs.source import read_source
from imaging.slices.load import load_series
from tests.support.conformance import errors_of

pytestmark = [pytest.mark.real, pytest.mark.slow]


def one_of_each_folder(root: Path) -> list[Path]:
    """The first DICOM file of every folder."""
    found = []
    for folder in sorted(path for path in root.rglob("*") if path.is_dir()):
        files = (path for path in sorted(folder.iterdir()) if path.is_file())
        found += [path for path in files if file_kind(path) is FileKind.DICOM][:1]
    return found


def test_every_vendors_file_is_de_identified_without_a_new_fault(real_data: Path, tmp_path: Path) -> None:
    files = one_of_each_folder(real_data)
    assert len(files) > 10
    for path in files:
        copy = copy_series([path], tmp_path, Deidentifier())[0]
        with quiet_parser():
            old, new = pydicom.dcmread(path, force=True), pydicom.dcmread(copy)
            assert new.get("PixelData") == old.get("PixelData")
            assert not any(element.tag.is_private for element in new.iterall())
            assert new.SOPInstanceUID != old.SOPInstanceUID
        assert set(errors_of(copy)) <= set(errors_of(path)), path.name


def test_a_segmentation_of_a_real_ct_lies_on_its_slices_and_names_them(real_data: Path, tmp_path: Path) -> None:
    scan = scan_folder(real_data / "brick-phantom-ct")
    series = next(one for one in scan.series if one.modality == "CT")
    volume = load_series(series)
    labels = LabelMap(
        (volume.voxels > 300).astype(np.uint8),
        volume.patient_from_index,
        {1: "lv"},
        volume.frame_of_reference_uid,
    )
    source = read_source(series.phases[0])
    path = save_object(make_segmentation(labels, source, MadeSeries.new("Bone", 9001)), tmp_path / "seg.dcm")
    assert errors_of(path) == []
    back, findings = read_segmentation([path])
    assert not findings
    expected = labels.patient_from_indices(np.argwhere(labels.labels > 0))
    found = back.patient_from_indices(np.argwhere(back.labels > 0))
    assert len(found) == len(expected)
    np.testing.assert_allclose(found, expected, atol=0.01)
    made = pydicom.dcmread(path)
    place_of = {image.SOPInstanceUID: image.ImagePositionPatient for image in source.images}
    for group in made.PerFrameFunctionalGroupsSequence:
        image = group.DerivationImageSequence[0].SourceImageSequence[0]
        place = group.PlanePositionSequence[0].ImagePositionPatient
        np.testing.assert_allclose(place, place_of[image.ReferencedSOPInstanceUID], atol=0.01)
