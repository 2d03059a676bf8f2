"""Two inputs of the command line to a registration: each read, reconstructed, and checked to be of one patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.fusion.making import key_of, moved_surfaces, register_anatomies
from app.identity import Sameness, owner_of, sameness
from app.reconstruction import HEART_TASK, check_place, engine_cache
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.fusion import ImageRegistration
from core.progress import Progress
from core.study import Patient, Series
from core.volume import Volume

STATED = "stated by the user"


@dataclass(frozen=True)
class ImageInput:
    """One image of a fusion: where it lies, which series and phase of it, and its labels where these are given."""

    path: Path
    series_uid: str | None = None
    phase: int = 0
    labels: Path | None = None


@dataclass(frozen=True, eq=False)
class FusedPair:
    """Both hearts in their own spaces, the map between them, and the moving one's surfaces in the fixed space."""

    fixed_volumes: tuple[Volume, ...]
    moving_volumes: tuple[Volume, ...]
    fixed: Anatomy
    moving: Anatomy
    registration: ImageRegistration
    moved: Anatomy


def fuse(
    fixed: ImageInput,
    moving: ImageInput,
    *,
    is_same_patient: bool,
    device: str,
    weights_folder: Path,
    is_smooth: bool,
    progress: Progress,
) -> FusedPair:
    """Reconstruct two images of one patient and register the second to the first.

    Args:
        is_same_patient: the user states that both are of one patient, whatever the files say.
        weights_folder: of the networks.

    Raises:
        PlannerError: an input cannot be opened or reconstructed, the files do not name one patient, or the hearts
            do not fit each other.
        Cancelled: told to stop.
    """
    series = [_series_of(one, progress) for one in (fixed, moving)]
    identity = check_identity([owner_of(chosen[0]) for chosen in series], is_same_patient)
    volumes = [_volumes(one, progress) for one in (fixed, moving)]
    here, there = (
        _anatomy(one, images, device, weights_folder, progress)
        for one, images in zip((fixed, moving), volumes, strict=True)
    )
    fixed_key, moving_key = (
        key_of(chosen[0], one.phase, images[0])
        for chosen, one, images in zip(series, (fixed, moving), volumes, strict=True)
    )
    registration = register_anatomies(here, there, fixed_key, moving_key, device, identity, progress, is_smooth)
    moved = Anatomy(moved_surfaces(there, registration), fixed_key.frame_of_reference_uid)
    return FusedPair(volumes[0], volumes[1], here, there, registration, moved)


def check_identity(owners: Sequence[Patient | None], is_same_patient: bool) -> str:
    """What makes two images those of one patient, in words.

    Raises:
        PlannerError: the files name different patients or none, and the user has not stated that it is one.
    """
    found = sameness(owners[0], owners[1])
    if found is Sameness.SAME:
        return found.value
    if is_same_patient:
        return f"{STATED}; {found.value}"
    raise PlannerError(
        "these images are not joined",
        found.value,
        "compare name, ID and birth date yourself; if it is one patient, say so with --same-patient",
    )


def _series_of(one: ImageInput, progress: Progress) -> tuple[Series, ...]:
    from imaging.find.inputs import choose_input

    chosen = choose_input(one.path, one.series_uid, progress).series
    for series in chosen:
        check_place(series)
    return chosen


def _volumes(one: ImageInput, progress: Progress) -> tuple[Volume, ...]:
    from imaging.slices.load import load_path

    return load_path(one.path, one.phase, one.series_uid, progress)


def _anatomy(
    one: ImageInput, volumes: tuple[Volume, ...], device: str, weights_folder: Path, progress: Progress
) -> Anatomy:
    from recon.run import reconstruct

    if one.labels is None:
        return reconstruct(HEART_TASK, volumes, device, progress, weights_folder, engine_cache())
    return _given(one.labels, volumes[0], progress)


def _given(path: Path, image: Volume, progress: Progress) -> Anatomy:
    """Labels that come as a NIfTI file, in the patient space of the image that they were drawn on."""
    from imaging.formats.nifti import read_labels
    from recon.surface import conformal_surfaces_of_labels

    labels = replace(read_labels(path), frame_of_reference_uid=image.frame_of_reference_uid)
    return Anatomy(
        conformal_surfaces_of_labels(labels, progress=progress), image.frame_of_reference_uid, labels
    )
