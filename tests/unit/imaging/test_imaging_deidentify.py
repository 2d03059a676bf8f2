"""After de-identification nothing names the patient, and what belongs together still does."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, generate_uid

from core.errors import PlannerError
from core.volume import Volume
from imaging.dicom.headers import quiet_parser
from imaging.outputs.basic_profile import ACTIONS
from imaging.outputs.copies import copy_series
from imaging.outputs.deidentify import Deidentifier
from tests.support.conformance import errors_of
from tests.unit.imaging.conftest import Writer

SECRETS = ("Doe", "Jane", "secret-17", "Klinik", "Dr.House", "ward 7", "1.2.3", "20240229")


def burdened(index: int, dataset: Dataset) -> None:
    """Put the patient and the hospital wherever files put them."""
    dataset.StudyDate, dataset.SeriesDate, dataset.AcquisitionDate = "20240229", "20240301", "20240301"
    dataset.AcquisitionDateTime, dataset.AcquisitionTime = "20240301101112.5+0100", "101112"
    dataset.PatientBirthDate, dataset.PatientAge = "19700102", "054Y"
    dataset.InstitutionName = dataset.StationName = "Klinik"
    dataset.OperatorsName = dataset.PhysiciansOfRecord = "Dr.House"
    dataset.StudyDescription = dataset.ProtocolName = dataset.ImageComments = "Doe in ward 7"
    dataset.DeviceSerialNumber = "Klinik 5"
    private = dataset.private_block(0x0029, "VENDOR", create=True)
    private.add_new(0x10, "LO", "Jane Doe")
    dataset.add(DataElement(0x60003000, "OW", b"\1\0"))
    nested = Dataset()
    nested.PatientName, nested.ReferencedSOPInstanceUID = "Doe^Jane", f"1.2.3.99.{index}"
    nested.PersonName = "Dr.House"
    outer = Dataset()
    outer.ReferencedImageSequence = [nested]
    outer.ReferencedSOPInstanceUID = "1.2.3.98"
    dataset.ReferencedImageSequence = [nested]
    dataset.ReferencedInstanceSequence = [outer]
    request = Dataset()
    request.RequestedProcedureDescription = "Doe"
    dataset.RequestAttributesSequence = [request]


@pytest.fixture
def cleaned(
    oblique: Volume, write_dicom: Writer, tmp_path: Path
) -> tuple[list[Path], list[Path], Deidentifier]:
    """A burdened series, its de-identified copy, and who did it."""
    files = write_dicom(oblique, change=burdened)
    deidentifier = Deidentifier(b"k" * 32)
    return files, copy_series(files, tmp_path / "out", deidentifier), deidentifier


def test_no_byte_of_a_file_names_patient_hospital_or_old_uid(cleaned) -> None:
    files, copies, _ = cleaned
    assert any(b"Dr.House" in path.read_bytes() for path in files)
    for path in copies:
        content = path.read_bytes()
        assert [secret for secret in SECRETS if secret.encode() in content] == []
        assert not any(element.tag.is_private for element in pydicom.dcmread(path).iterall())


def test_pixels_and_geometry_stay_bit_for_bit(cleaned) -> None:
    for path, copy in zip(*cleaned[:2], strict=True):
        old, new = pydicom.dcmread(path), pydicom.dcmread(copy)
        assert new.PixelData == old.PixelData
        for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "RescaleSlope"):
            assert new[name].value == old[name].value


def test_dates_move_together_and_keep_their_intervals(cleaned) -> None:
    new = pydicom.dcmread(cleaned[1][0])
    days = [date.fromisoformat(f"{d[:4]}-{d[4:6]}-{d[6:8]}") for d in (
        new.StudyDate, new.SeriesDate, new.AcquisitionDateTime)]  # fmt: skip
    assert (days[1] - days[0]).days == 1
    assert days[2] == days[1]
    assert 30 <= (date(2024, 2, 29) - days[0]).days <= 3650
    assert new.AcquisitionDateTime.endswith("101112.5+0100")
    assert new.PatientBirthDate == ""
    assert "PatientAge" not in new


def test_uids_stay_consistent_within_an_export_and_differ_between_exports(cleaned, tmp_path: Path) -> None:
    files, copies, deidentifier = cleaned
    new = [pydicom.dcmread(path) for path in copies]
    assert len({one.SeriesInstanceUID for one in new}) == 1
    assert len({one.SOPInstanceUID for one in new}) == len(new)
    assert all(one.file_meta.MediaStorageSOPInstanceUID == one.SOPInstanceUID for one in new)
    assert new[0].ReferencedInstanceSequence[0].ReferencedSOPInstanceUID == deidentifier.uid("1.2.3.98")
    again = pydicom.dcmread(copy_series(files, tmp_path / "again", Deidentifier())[0])
    assert again.StudyInstanceUID != new[0].StudyInstanceUID
    assert again.PatientID != new[0].PatientID
    assert all(pydicom.uid.UID(one.SOPInstanceUID).is_valid for one in new)


def test_the_file_says_how_it_was_cleaned_and_stays_valid(
    oblique: Volume, write_dicom: Writer, tmp_path: Path
) -> None:
    copies = copy_series(write_dicom(oblique), tmp_path / "out", Deidentifier())
    new = pydicom.dcmread(copies[0])
    assert new.PatientIdentityRemoved == "YES"
    assert "Basic Profile" in new.DeidentificationMethod
    assert [item.CodeValue for item in new.DeidentificationMethodCodeSequence] == ["113100", "113107"]
    assert errors_of(copies[0]) == []


def test_the_report_counts_attributes_and_holds_no_value(cleaned) -> None:
    report = cleaned[2].report.as_json()
    text = json.dumps(report)
    assert not [secret for secret in SECRETS if secret in text]
    counts = {(row["attribute"], row["action"]): row["n"] for row in report["attributes"]}
    n_files = len(cleaned[0])
    assert counts["InstitutionName", "Z"] == n_files
    assert counts["ImageComments", "X"] == n_files
    assert counts["private attributes", "X"] == 2 * n_files
    assert counts["overlays and curves", "X"] == n_files
    assert report["n_objects"] == n_files


def dataset_with_all_attributes() -> Dataset:
    """One value in every attribute of the profile, each holding the same secret."""
    dataset = Dataset()
    for tag in sorted(ACTIONS):
        vr = pydicom.datadict.dictionary_VR(tag).split(" ")[0]
        if tag >> 16 in (0x0000, 0x0002, 0x0004) or tag in (0x00420011, 0xFFFCFFFC):
            continue
        text = {"DA": "20240229", "TM": "101112", "DT": "20240229101112", "UI": "1.2.3.4", "AS": "054Y"}
        if vr == "SQ":
            item = Dataset()
            item.PatientName = "Doe^Jane"
            dataset.add_new(tag, vr, [item])
        elif vr in ("LO", "SH", "PN", "ST", "LT", "UT", "CS", "AE", "UC", "UR", *text):
            dataset.add_new(tag, vr, text.get(vr, "Doe^Jane"))
        elif vr in ("OB", "OW", "UN"):
            dataset.add_new(tag, vr, b"Doe^Jane")
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    return dataset


def test_no_attribute_of_the_profile_keeps_its_value() -> None:
    with quiet_parser():
        before = dataset_with_all_attributes()
        after = Deidentifier().apply(before)
        kept = []
        for element in after.iterall():
            same = element.tag in before and str(before[element.tag].value) == str(element.value)
            if element.VR not in ("SQ", "TM") and same and str(element.value) != "":
                kept.append(element.keyword)
        assert len(before) > 500
        assert kept == ["SOPClassUID"]
        assert "Doe" not in str(after)


@pytest.mark.parametrize("modality", ["US", "XA"])
def test_pictures_that_may_hold_text_are_pointed_out(modality: str) -> None:
    dataset = Dataset()
    dataset.Modality, dataset.PixelData = modality, b"\0\0"
    deidentifier = Deidentifier()
    deidentifier.apply(dataset)
    assert [finding.code for finding in deidentifier.report.findings] == ["burned_in_text"]
    dataset.BurnedInAnnotation = "NO"
    silent = Deidentifier()
    silent.apply(dataset)
    assert silent.report.findings == ()


def test_a_foreign_document_is_refused_because_nobody_can_clean_it() -> None:
    dataset = Dataset()
    dataset.EncapsulatedDocument = b"%PDF Jane Doe"
    with pytest.raises(PlannerError, match="cannot be cleaned"):
        Deidentifier().apply(dataset)


def test_text_of_a_foreign_report_goes_and_its_structure_stays() -> None:
    item = Dataset()
    item.ValueType, item.TextValue = "TEXT", "Mrs Doe has"
    number = Dataset()
    number.ValueType, number.ContentSequence = "NUM", [item]
    report = Dataset()
    report.ContentSequence = [number]
    made = Deidentifier().apply(report)
    assert made.ContentSequence[0].ValueType == "NUM"
    assert made.ContentSequence[0].ContentSequence[0].TextValue == "REMOVED"


def test_a_name_in_an_attribute_that_no_table_lists_goes_too() -> None:
    dataset = Dataset()
    dataset.PatientName, dataset.PatientID = "Doering^Jane", "4711-X"
    dataset.SequenceName, dataset.ReceiveCoilName, dataset.ConvolutionKernel = "of DOERING", "4711-X", "B30f"
    made = Deidentifier().apply(dataset)
    assert (made.SequenceName, made.ReceiveCoilName, made.ConvolutionKernel) == (None, None, "B30f")
    assert "DOERING" not in str(made)


def test_big_endian_and_implicit_files_stay_what_they_are(
    oblique: Volume, write_dicom: Writer, tmp_path: Path
) -> None:
    path = write_dicom(oblique)[0]
    source = pydicom.dcmread(path)
    source.decode()
    for syntax in (ExplicitVRBigEndian, ImplicitVRLittleEndian):
        other = FileDataset("", {}, file_meta=source.file_meta, preamble=b"\0" * 128)
        other.update({element.tag: element for element in source})
        other.file_meta.TransferSyntaxUID = syntax
        other.set_original_encoding(syntax.is_implicit_VR, syntax.is_little_endian)
        other.save_as(tmp_path / "other.dcm", enforce_file_format=True)
        copy = pydicom.dcmread(copy_series([tmp_path / "other.dcm"], tmp_path / "copy", Deidentifier())[0])
        assert copy.file_meta.TransferSyntaxUID == syntax
        assert copy.Rows == source.Rows
        assert copy.ImagePositionPatient == source.ImagePositionPatient
        assert copy.PixelData == pydicom.dcmread(tmp_path / "other.dcm").PixelData


def test_two_patients_get_two_pseudonyms_and_two_shifts() -> None:
    deidentifier = Deidentifier(b"k" * 32)
    made = []
    for patient in ("1", "2", "1"):
        dataset = Dataset()
        dataset.PatientID, dataset.StudyDate, dataset.StudyInstanceUID = patient, "20240101", generate_uid()
        made.append(deidentifier.apply(dataset))
    assert made[0].PatientID == made[2].PatientID != made[1].PatientID
    assert made[0].StudyDate == made[2].StudyDate != made[1].StudyDate


def test_a_date_that_is_none_is_emptied() -> None:
    dataset = Dataset()
    with quiet_parser():
        dataset.StudyDate, dataset.AcquisitionDateTime = "2024", "20249999"
        made = Deidentifier().apply(dataset)
    assert (made.StudyDate, made.AcquisitionDateTime) == ("", "")


def test_without_de_identification_the_files_are_copied_as_they_are(
    oblique: Volume, write_dicom: Writer, tmp_path: Path
) -> None:
    files = write_dicom(oblique)
    copies = copy_series(files, tmp_path / "copy")
    assert [path.read_bytes() for path in copies] == [path.read_bytes() for path in files]
    assert np.array_equal(pydicom.dcmread(copies[0]).pixel_array, pydicom.dcmread(files[0]).pixel_array)
