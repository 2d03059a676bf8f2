"""A folder of DICOM files listed as series in geometric order, beside GDCM and bare header reading."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK

from benchmarks.report import Comparison, Row, best_of
from core.volume import Volume
from imaging.dicom_out import PatientModule, write_series
from imaging.scan import scan_folder

N_SERIES = 4


def compare(quick: bool) -> Comparison:
    """Four series in one folder; each way runs once before it is timed, so that the disk's cache is warm."""
    n_slices = 25 if quick else 250
    with tempfile.TemporaryDirectory(prefix="auricle-bench-") as place:
        folder = Path(place)
        write_study(folder, n_slices)
        ours_s, scan = best_of(2, lambda: scan_folder(folder))
        gdcm_s, series = best_of(2, lambda: gdcm_series(folder))
        headers_s, n_read = best_of(2, lambda: read_headers(folder))
    return Comparison(
        f"{N_SERIES * n_slices} single-frame files of 64x64 pixels in one folder, {N_SERIES} series",
        (
            Row("Auricle, imaging.scan.scan_folder", ours_s, {"series": len(scan.series), "checked": "yes"}),
            Row("SimpleITK (GDCM) series readers", gdcm_s, {"series": len(series), "checked": "no"}),
            Row("pydicom, headers only", headers_s, {"series": "", "files": n_read, "checked": "no"}),
        ),
        ("checked: missing, uneven, repeated and tilted slices, phases and copies are looked for",),
    )


def write_study(folder: Path, n_slices: int) -> None:
    """Series of small slices."""
    rng = np.random.default_rng(5)
    affine = np.eye(4)
    affine[:3, :3] = np.fliplr(np.eye(3))
    for number in range(N_SERIES):
        voxels = rng.integers(-900, 900, (n_slices, 64, 64), dtype=np.int16)
        write_series(
            Volume(voxels, affine, "1.2.826.1", "HU", "CT"),
            folder / f"series-{number}",
            patient=PatientModule("Nobody", "0"),
            study_uid="1.2.826.2",
            series_uid=f"1.2.826.3.{number + 1}",
            modality="CT",
            description="noise",
            series_number=number + 1,
        )


def gdcm_series(folder: Path) -> list[tuple[str, ...]]:
    """The files of every series as SimpleITK's reader orders them."""
    reader = SimpleITK.ImageSeriesReader
    return [
        reader.GetGDCMSeriesFileNames(str(place), uid)
        for place in sorted(folder.iterdir())
        for uid in reader.GetGDCMSeriesIDs(str(place))
    ]


def read_headers(folder: Path) -> int:
    """The least that any way has to do: open each file and read it up to its pixels."""
    return len([pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(folder.rglob("*.dcm"))])
