"""A folder of DICOM files listed as series in geometric order, beside GDCM and bare header reading."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK

from benchmarks.report import Comparison, Row, best_of
from core.volume import Volume
from imaging.dicom.headers import read_planes
from imaging.find.scan import scan_folder
from imaging.guard.doors import CREW
from imaging.outputs.series import PatientModule, write_series

N_SERIES = 4


class Kept:
    """What headers said, kept in memory."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, int, int], str] = {}

    def get(self, path: str, size: int, mtime_ns: int) -> str | None:
        """What was put for this file in this state."""
        return self._rows.get((path, size, mtime_ns))

    def put_many(self, rows: Sequence[tuple[str, int, int, str]]) -> None:
        """Keep the rows."""
        self._rows.update({row[:3]: row[3] for row in rows})


def compare(quick: bool) -> Comparison:
    """Four series in one folder; each way runs once before it is timed, so that the disk's cache is warm."""
    n_slices = 25 if quick else 1250
    with tempfile.TemporaryDirectory(prefix="auricle-bench-") as place:
        folder = Path(place)
        write_study(folder, n_slices)
        ours_s, scan = best_of(3, lambda: scan_folder(folder))
        first_s, _ = best_of(1, lambda: first_scan(folder))
        kept = Kept()
        scan_folder(folder, cache=kept)
        again_s, _ = best_of(3, lambda: scan_folder(folder, cache=kept))
        inside_s, n_inside = best_of(2, lambda: read_unguarded(folder))
        gdcm_s, series = best_of(3, lambda: gdcm_series(folder))
        headers_s, n_read = best_of(2, lambda: read_headers(folder))
    n_files = N_SERIES * n_slices
    return Comparison(
        f"{n_files} single-frame files of 64x64 pixels in one folder, {N_SERIES} series",
        (
            _row("Auricle, imaging.find.scan.scan_folder", ours_s, n_files, len(scan.series), "yes"),
            _row("the same, its processes started anew", first_s, n_files, len(scan.series), "yes"),
            _row("the same folder again, from the index", again_s, n_files, len(scan.series), "yes"),
            _row("Auricle's headers only, unguarded", inside_s, n_inside, "", "no"),
            _row("SimpleITK (GDCM) series readers", gdcm_s, sum(map(len, series)), len(series), "no"),
            _row("pydicom, headers only", headers_s, n_read, "", "no"),
        ),
        (
            "checked: missing, uneven, repeated and tilted slices, phases and copies are looked for",
            "Auricle parses in two child processes that can be killed, SimpleITK and pydicom in their own",
        ),
    )


def _row(who: str, seconds: float, n_files: int, n_series: int | str, checked: str) -> Row:
    return Row(who, seconds, {"ms per file": 1e3 * seconds / n_files, "series": n_series, "checked": checked})


def first_scan(folder: Path) -> int:
    """A scan that has to start its processes first."""
    CREW.stop()
    return len(scan_folder(folder).series)


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


def read_unguarded(folder: Path) -> int:
    """The facts of each file, read in this process."""
    return sum(len(read_planes(path)) for path in sorted(folder.rglob("*.dcm")))
