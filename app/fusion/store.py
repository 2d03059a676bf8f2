"""Registrations on the disk as soon as they are made: one folder for each series and phase that has one over it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from app.anatomy_file import read_anatomy, write_anatomy
from app.fusion.image import Fusion
from app.fusion.registration_file import read_registration, write_registration
from app.windowing import first_window
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.fusion import ImageRegistration
from core.progress import Progress
from core.study import ScanResult

REGISTRATION, SURFACES = "registration.json", "moved_surfaces.npz"


@dataclass(frozen=True, eq=False)
class KeptFusion:
    """What is kept of a fusion; the images stay where they are."""

    registration: ImageRegistration
    moved: Anatomy


def write_fusion(fusion: Fusion, folder: Path) -> None:
    """Write a fusion; the registration comes last. Raises PlannerError when the place cannot be written."""
    uid = fusion.registration.fixed.frame_of_reference_uid
    write_anatomy(Anatomy(fusion.surfaces, uid), folder / SURFACES)
    write_registration(fusion.registration, folder / REGISTRATION)


def read_fusion(folder: Path) -> KeptFusion | None:
    """What `write_fusion` wrote; None when nothing was. Raises PlannerError when it is damaged."""
    if not (folder / REGISTRATION).is_file():
        return None
    registration = read_registration(folder / REGISTRATION)
    moved = read_anatomy(folder / SURFACES)
    if moved.frame_of_reference_uid != registration.fixed.frame_of_reference_uid:
        raise PlannerError(
            "the registration is not shown", "its surfaces belong to another patient space", "register again"
        )
    return KeptFusion(registration, moved)


def folder_of(data_folder: Path, series_uid: str, phase: int) -> Path:
    """Where the fusion over a series at a phase is kept."""
    # The UID comes from a file: hashed, it can name no other place on the disk.
    name = hashlib.sha256(f"{series_uid}/{phase}".encode()).hexdigest()[:24]
    return data_folder / "fusions" / name


def with_images(kept: KeptFusion, scan: ScanResult | None, progress: Progress) -> Fusion:
    """A kept fusion with its moving images. Raises PlannerError when they are not among what was opened."""
    from imaging.slices.load import load_series

    key = kept.registration.moving
    series = next((s for s in (scan.series if scan else ()) if s.series_uid == key.series_uid), None)
    if series is None:
        raise PlannerError(
            "the registered series is not shown",
            "its images are not among those that are open",
            "open the folder that holds both series",
        )
    volume = load_series(series, key.phase, progress)
    if volume.frame_of_reference_uid != key.frame_of_reference_uid:
        raise PlannerError(
            "the registered series is not shown", "its images lie in another space now", "register again"
        )
    return Fusion(series, volume, kept.registration, kept.moved.surfaces, first_window(volume))
