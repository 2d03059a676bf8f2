"""Every run of pictures is offered as a row of its own, so that none stays unseen behind the first."""

from __future__ import annotations

from pathlib import Path

import pydicom

from imaging.find.scan import scan_folder
from imaging.pictures.clips import clip_runs
from tests.support.small_dicom import write_xray


def test_runs_stills_and_coloured_stills_of_one_series_are_each_one_row(tmp_path: Path) -> None:
    path = write_xray(tmp_path / "xa")
    image = pydicom.dcmread(path)
    save(image, path.parent, 2)
    n_bytes = len(image.PixelData) // int(image.NumberOfFrames)
    image.PixelData, image.NumberOfFrames = image.PixelData[:n_bytes], 1
    for number in (3, 4):
        save(image, path.parent, number)
    image.PhotometricInterpretation = "PALETTE COLOR"
    for colour in ("Red", "Green", "Blue"):
        image.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
        image.add_new(f"{colour}PaletteColorLookupTableData", "OW", bytes(512))
    save(image, path.parent, 5)
    found = scan_folder(path.parent).series
    assert sorted(series.shape[0] for series in found) == [1, 2, 5, 5]
    assert [len(clip_runs(series)) for series in found] == [1, 1, 1, 1]


def save(image: pydicom.Dataset, folder: Path, number: int) -> None:
    image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"2.25.77{number}"
    image.InstanceNumber = number
    image.save_as(folder / f"{number}.dcm")
