"""What a command-line INPUT means: a file, or a folder with one volume or the planes of one heart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import PlannerError
from core.progress import Progress, Silent
from core.study import ScanResult, Series, SeriesKind
from imaging.find.archives import is_archive
from imaging.find.files import FileKind, file_kind, found_file, is_dicomdir
from imaging.find.index import facts_of_files
from imaging.find.scan import scan_files, scan_folder
from imaging.guard.doors import read_image_file
from imaging.guard.trouble import Trouble, refusal_of
from imaging.slices.planes import is_cine_planes, is_uneven_cine


@dataclass(frozen=True)
class Input:
    """The series that an INPUT stands for, and whether they are taken as separate planes."""

    series: tuple[Series, ...]
    as_planes: bool


def choose_input(path: Path, series_uid: str | None = None, progress: Progress | None = None) -> Input:
    """Decide which series an INPUT stands for.

    A file stands for itself, or for its DICOM series in the same folder. A folder stands for its only
    volumetric series, at one phase or several, or for all its cine MR planes when they share one frame of
    reference. Raises PlannerError, listing the series, when that leaves a choice.
    """
    is_image_file = path.is_file() and not is_dicomdir(path) and not is_archive(path)
    if is_image_file:
        scan = _scan_of_file(path, progress)
    elif path.exists():
        scan = scan_folder(path, progress)
    else:
        raise PlannerError(f"cannot open {path.name}", "there is no such file or folder", "check the path")
    if not scan.series:
        why = "; ".join(finding.what for finding in scan.findings) or "it is empty"
        raise PlannerError(
            f"found no images in {path.name}", why, "choose a folder of DICOM, NIfTI, NRRD or MHA"
        )
    series = _named(scan, series_uid) if series_uid else scan.series
    if is_image_file and len(series) > 1:
        among = tuple(s for s in series if any(path in files for files in s.phases))
        # A copy of an image beside it was left out of every series: it still stands for itself.
        series = among or scan_files([path], path.parent, progress).series
    if len(series) == 1:
        return Input(series, is_uneven_cine(series[0]))
    return _choose(series)


def _choose(series: tuple[Series, ...]) -> Input:
    slices = tuple(s for s in series if s.kind is SeriesKind.STACK)
    if len(slices) == 1:
        # Among localisers, captures and reports there is one series to open; if it cannot be, it says why.
        return Input(slices, is_uneven_cine(slices[0]))
    series = slices or series
    usable = tuple(s for s in series if s.spacing_mm is not None or is_uneven_cine(s))
    cine = tuple(s for s in usable if is_cine_planes(s))
    stacks = tuple(s for s in usable if s.shape[0] > 1 and s not in cine)
    frames = {s.frame_of_reference_uid for s in cine}
    if cine and not stacks and len(frames) == 1 and "" not in frames:
        return Input(cine, as_planes=True)
    if len(stacks) == 1 and not cine:
        return Input(stacks, as_planes=False)
    listed = ", ".join(
        f"{s.series_uid} ({s.modality} {s.shape[0]}x{s.shape[1]}x{s.shape[2]})" for s in series[:12]
    )
    more = f" and {len(series) - 12} more" if len(series) > 12 else ""
    raise PlannerError(
        "cannot tell which series is meant", f"there are {len(series)}: {listed}{more}", "choose one by its UID"
    )


def _named(scan: ScanResult, series_uid: str) -> tuple[Series, ...]:
    chosen = tuple(
        s for s in scan.series if s.series_uid == series_uid or s.series_uid.startswith(f"{series_uid}#")
    )
    if not chosen:
        listed = ", ".join(s.series_uid for s in scan.series[:12])
        raise PlannerError(f"found no series {series_uid}", f"there are: {listed}", "choose one of these")
    return chosen


def _scan_of_file(path: Path, progress: Progress | None) -> ScanResult:
    """What a file stands for. One that cannot be read is refused before its neighbours are looked at."""
    file = found_file(path)
    if file is None:
        raise PlannerError(f"cannot open {path.name}", "it is no regular file", "choose an image file")
    (facts,) = facts_of_files([file], progress or Silent())
    if isinstance(facts, Trouble):
        if file_kind(path) in (FileKind.NIFTI, FileKind.ITK):
            # Its reader knows better than a scan what is wrong with it.
            read_image_file(path, 0, progress or Silent())
        raise refusal_of(facts, f"cannot read {path.name}")
    if not facts.planes:
        return scan_files([path], path.parent, progress)
    neighbours = sorted(p for p in path.parent.iterdir() if p.is_file() and file_kind(p) is FileKind.DICOM)
    return scan_files(neighbours, path.parent, progress)
