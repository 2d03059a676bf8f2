"""What a person means by the folders and files that they drop or choose: one study, or one file of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.library.header_index import HeaderIndex
from core.errors import PlannerError
from core.progress import Progress
from core.study import ScanResult, Series

SURFACE_SUFFIXES = (".stl", ".ply", ".obj", ".off", ".glb")
SURFACE_PATTERN = f"Surfaces ({' '.join(f'*{suffix}' for suffix in SURFACE_SUFFIXES)})"
IMAGE_PATTERN = "All files (*);;Archives (*.zip);;Images (*.dcm *.ima *.nii *.nii.gz *.nrrd *.mha)"


@dataclass(frozen=True)
class Opened:
    """What was found, where, and the series of the one file that was chosen."""

    folder: Path
    scan: ScanResult
    chosen: Series | None = None


def is_surface(path: Path) -> bool:
    """True for a surface file, which needs a person to say its unit first."""
    return path.suffix.lower() in SURFACE_SUFFIXES


def read_paths(paths: Sequence[Path], progress: Progress, cache: HeaderIndex | None = None) -> Opened:
    """Find what these paths hold.

    A folder, an archive and a DICOMDIR are scanned whole. A DICOM file stands for its folder, because one slice
    says little; an image file of another format for itself. Several paths are read together. What `cache` knows
    is not read again.

    Raises:
        PlannerError: nothing is there, or archives were given together with other things. Cancelled.
    """
    from imaging.find.scan import scan_files, scan_folder

    if len(paths) == 1:
        return _read_one(paths[0], progress, cache)
    if any(_is_container(path) for path in paths):
        raise PlannerError(
            "these were not opened together",
            "one of them is an archive or a DICOMDIR, which stands for a whole study",
            "open it alone",
        )
    files = [file for path in paths for file in _files_of(path)]
    folder = Path(os.path.commonpath([path if path.is_dir() else path.parent for path in paths]))
    if not files:
        return Opened(folder, scan_folder(folder, progress, cache))
    return Opened(folder, scan_files(files, folder, progress, cache))


def _read_one(path: Path, progress: Progress, cache: HeaderIndex | None) -> Opened:
    from imaging.find.files import FileKind, file_kind
    from imaging.find.scan import scan_files, scan_folder

    if not path.is_file() or _is_container(path):
        return Opened(path, scan_folder(path, progress, cache))
    kind = file_kind(path)
    if kind is FileKind.DICOM:
        scan = scan_folder(path.parent, progress, cache)
        return Opened(path.parent, scan, _holder(path, scan))
    if kind is FileKind.OTHER:
        raise PlannerError(
            f"cannot open {path.name}",
            "it is no image and no archive that Auricle knows",
            "choose DICOM, a DICOMDIR, a zip, NIfTI, NRRD or MHA",
        )
    scan = scan_files([path], path.parent, progress, cache)
    return Opened(path.parent, scan, _holder(path, scan))


def _is_container(path: Path) -> bool:
    from imaging.find.archives import is_archive
    from imaging.find.files import is_dicomdir

    return path.is_file() and (is_archive(path) or is_dicomdir(path))


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return [Path(place, name) for place, _, names in sorted(os.walk(path)) for name in sorted(names)]


def _holder(path: Path, scan: ScanResult) -> Series | None:
    """The series that a file belongs to; None when it belongs to several or to none."""
    found = [series for series in scan.series if any(path in files for files in series.phases)]
    return found[0] if len(found) == 1 else None
