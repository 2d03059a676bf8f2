"""A CT of 300 slices as a volume in patient coordinates, beside SimpleITK's reader and pydicom's pixels."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK

from benchmarks.report import Comparison, Row, best_of
from core.volume import Volume
from imaging.dicom.headers import read_planes
from imaging.find.scan import scan_folder
from imaging.outputs.series import PatientModule, write_series
from imaging.pixels.decode import decode_planes
from imaging.slices.load import load_series


def compare(quick: bool) -> Comparison:
    """One series, its files in the disk's cache; each way ends with all voxels in one array."""
    n_slices, size = (20, 128) if quick else (300, 512)
    with tempfile.TemporaryDirectory(prefix="auricle-bench-") as place:
        folder = Path(place) / "ct"
        truth = write_ct(folder, n_slices, size)
        (series,) = scan_folder(folder).series
        ours_s, volume = best_of(3, lambda: load_series(series))
        inside_s, inside = best_of(3, lambda: load_unguarded(series.phases[0]))
        sitk_s, read = best_of(3, lambda: load_with_simpleitk(folder))
        pydicom_s, stacked = best_of(3, lambda: load_with_pydicom(series.phases[0]))
    rows = (
        ("Auricle, imaging.slices.load.load_series", ours_s, volume.voxels),
        ("Auricle's decoding, unguarded", inside_s, inside),
        ("SimpleITK.ImageSeriesReader", sitk_s, read),
        ("pydicom, pixel_array of each file, rescaled and stacked", pydicom_s, stacked),
    )
    return Comparison(
        f"A CT of {n_slices} slices of {size}x{size} pixels, uncompressed",
        tuple(
            Row(who, seconds, {"equal to what was written": "yes" if np.array_equal(voxels, truth) else "no"})
            for who, seconds, voxels in rows
        ),
        (
            "Auricle reads in two child processes that can be killed, and places each slice by its own header",
            "SimpleITK and the two others are told the order; its reader would not notice a tilt or a gap",
        ),
    )


def write_ct(folder: Path, n_slices: int, size: int) -> np.ndarray:
    """Write noise as a CT; returns its values (slices, rows, columns)."""
    voxels = np.random.default_rng(6).integers(-900, 900, (n_slices, size, size), dtype=np.int16)
    affine = np.eye(4)
    affine[:3, :3] = np.fliplr(np.diag([0.7, 0.7, 0.6]))
    write_series(
        Volume(voxels, affine, "1.2.826.1", "HU", "CT"),
        folder,
        patient=PatientModule("Nobody", "0"),
        study_uid="1.2.826.2",
        series_uid="1.2.826.3.1",
        modality="CT",
        description="noise",
        series_number=1,
    )
    return voxels


def load_unguarded(paths: tuple[Path, ...]) -> np.ndarray:
    """The same headers and pixels, read in this process."""
    return np.stack(list(decode_planes([plane for path in paths for plane in read_planes(path)])))


def load_with_simpleitk(folder: Path) -> np.ndarray:
    """The series as SimpleITK orders and reads it."""
    reader = SimpleITK.ImageSeriesReader()
    (uid,) = reader.GetGDCMSeriesIDs(str(folder))
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder), uid))
    return SimpleITK.GetArrayFromImage(reader.Execute())


def load_with_pydicom(paths: tuple[Path, ...]) -> np.ndarray:
    """Each file's pixels times its slope plus its intercept."""
    slices = []
    for path in paths:
        dataset = pydicom.dcmread(path)
        slices.append(dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept))
    return np.stack(slices)
