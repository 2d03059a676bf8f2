"""The files of a source series, given away as they are or without the patient."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from core.errors import PlannerError
from core.progress import Progress, Silent
from core.staging import staged
from imaging.dicom.headers import quiet_parser
from imaging.outputs.deidentify import Deidentifier
from imaging.outputs.made import IMPLEMENTATION_UID


def copy_series(
    files: Sequence[Path],
    folder: Path,
    deidentifier: Deidentifier | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Write the files of a DICOM series as `image-00001.dcm`, ...; pixels stay as they are, bit for bit.

    Raises PlannerError when a file cannot be read or cleaned, or the folder cannot be written.
    """
    progress = progress or Silent()
    made = []
    for number, path in enumerate(files, start=1):
        progress.report("Writing images", (number - 1) / len(files))
        target = folder / f"image-{number:05d}.dcm"
        if deidentifier is None:
            with staged(target) as stage:
                shutil.copyfile(path, stage)
        else:
            _write_cleaned(path, target, deidentifier)
        made.append(target)
    progress.report("Writing images", 1.0)
    return made


def _write_cleaned(path: Path, target: Path, deidentifier: Deidentifier) -> None:
    with quiet_parser():
        try:
            dataset = pydicom.dcmread(path, force=True)
            cleaned = deidentifier.apply(dataset)
            file = FileDataset(
                str(target), {}, file_meta=_meta(dataset, str(cleaned.SOPInstanceUID)), preamble=b"\0" * 128
            )
            file.update(cleaned)
            is_implicit, is_little = dataset.original_encoding
            file.set_original_encoding(is_implicit, is_little)
        except PlannerError:
            raise
        except Exception as error:
            # Broken files raise anything in a parser, and a file that was not understood was not cleaned.
            raise PlannerError(
                "cannot de-identify an image", "its file is damaged or gone", "leave it out, or copy it again"
            ) from error
        with staged(target) as stage:
            try:
                file.save_as(stage, enforce_file_format=True)
            except (ValueError, TypeError, AttributeError, KeyError) as error:
                why = "a value in it cannot be written"
                raise PlannerError("cannot de-identify an image", why, "leave it out") from error


def _meta(dataset: FileDataset, sop_uid: str) -> FileMetaDataset:
    """New file information: the old one may name who sent the file."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = UID(sop_uid)
    meta.TransferSyntaxUID = dataset.file_meta.get("TransferSyntaxUID") or (
        ImplicitVRLittleEndian if dataset.original_encoding[0] else ExplicitVRLittleEndian
    )
    meta.ImplementationClassUID = IMPLEMENTATION_UID
    return meta
