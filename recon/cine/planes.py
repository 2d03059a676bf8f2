"""The planes of a cine study brought to one cycle: every plane has a frame at every phase, or a refusal says why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.errors import Finding, PlannerError
from core.progress import Progress
from core.volume import Volume
from recon.patient_space import JOINED_BY_USER, is_by_user, one_patient_space

FEWEST_PHASES = 6
SAME_PLACE_MM = 0.5
WHAT = "cannot reconstruct the cycle"
UNTIMED = Finding(
    "times-unknown",
    "no phase has a time",
    "the files do not say when in the cycle each phase was taken",
    "the phases were spread evenly over one cycle; read volumes by phase, and no rate or speed from them",
)


@dataclass(frozen=True, eq=False)
class CineSeries:
    """One cine series as it is stored.

    Attributes:
        name: how a person calls it; its planes are numbered under it.
        n_phases: how many phases it has.
        read_planes: phase, from 0, to its slices, each a volume of one slice.
        percents, times_ms: of the phases, as in `core.volume.VolumeSequence`.
        is_stack: its slices came as one image: alone, with nothing that crosses them, they stay where they are.
    """

    name: str
    n_phases: int
    read_planes: Callable[[int], Sequence[Volume]]
    percents: tuple[float, ...] = ()
    times_ms: tuple[float, ...] = ()
    is_stack: bool = False

    @property
    def places(self) -> np.ndarray:
        """Where each phase (n_phases,) lies in the cycle, 0 to 1; evenly spread where the files do not say."""
        if self.percents:
            return np.array(self.percents) / 100.0
        if not self.times_ms or self.n_phases < 2:
            return np.arange(self.n_phases) / max(self.n_phases, 1)
        times = np.array(self.times_ms)
        cycle_ms = times[-1] - times[0] + float(np.median(np.diff(times)))
        return (times - times[0]) / cycle_ms


@dataclass(frozen=True, eq=False)
class CinePlane:
    """One slice through the cycle: frames (phases, rows, columns) float32 in one place."""

    name: str
    frames: np.ndarray
    patient_from_index: np.ndarray
    frame_of_reference_uid: str
    modality: str = "MR"

    def volume(self, phase: int) -> Volume:
        """The slice at a phase."""
        return Volume(
            self.frames[phase][None],
            self.patient_from_index,
            self.frame_of_reference_uid,
            modality=self.modality,
        )

    def moved(self, shift_mm: np.ndarray) -> CinePlane:
        """The same slice `shift_mm` (3,) further, LPS."""
        affine = np.array(self.patient_from_index)
        affine[:3, 3] += shift_mm
        return replace(self, patient_from_index=affine)

    @property
    def normal(self) -> np.ndarray:
        """Unit normal (3,) of the slice."""
        normal = np.cross(self.patient_from_index[:3, 1], self.patient_from_index[:3, 2])
        return np.asarray(normal / np.linalg.norm(normal))


@dataclass(frozen=True, eq=False)
class Cycle:
    """All planes on one set of phases.

    Attributes:
        places: of the phases in the cycle (phases,), 0 to 1, ascending.
        times_ms: of the phases after the R peak; empty when the files do not say.
    """

    planes: tuple[CinePlane, ...]
    places: np.ndarray
    times_ms: tuple[float, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def n_phases(self) -> int:
        """Number of phases."""
        return len(self.places)

    @property
    def frame_of_reference_uid(self) -> str:
        """The patient space of all planes."""
        return self.planes[0].frame_of_reference_uid


def gather(series: Sequence[CineSeries], progress: Progress, is_one_space_by_user: bool = False) -> Cycle:
    """Read every phase of every series and bring them to the phases that most series have.

    A series with another number of phases gives, at each of these, its phase nearest in normalised cycle time. The
    slices of one series share its space even where it has no name; `is_one_space_by_user` joins several such series.

    Raises:
        PlannerError: no series, too few phases, several patient spaces or none, or planes that move between phases.
        Cancelled: from `progress`.
    """
    _check(series)
    usual = Counter(one.n_phases for one in series).most_common(1)[0][0]
    lead = next(one for one in series if one.n_phases == usual)
    places = lead.places
    planes: list[CinePlane] = []
    spaces: list[str] = []
    findings = []
    for number, one in enumerate(series):
        progress.report("loading the cycle", number / len(series))
        nearest = _nearest(places, one.places)
        if one.n_phases != usual:
            findings.append(_resampled(one, usual))
        own = _planes(one, nearest)
        spaces += {plane.frame_of_reference_uid for plane in own}
        planes += own
    uid = one_patient_space(spaces, WHAT, is_one_space_by_user)
    if is_by_user(spaces, is_one_space_by_user):
        findings.append(JOINED_BY_USER)
    if not lead.times_ms and not lead.percents:
        findings.append(UNTIMED)
    in_one = tuple(replace(plane, frame_of_reference_uid=uid) for plane in planes)
    return Cycle(in_one, places, lead.times_ms, tuple(findings))


def _check(series: Sequence[CineSeries]) -> None:
    if not series:
        raise PlannerError(WHAT, "no series was given", "open a cine study first")
    few = [one for one in series if one.n_phases < FEWEST_PHASES]
    if few:
        raise PlannerError(
            WHAT,
            f"{few[0].name} has {few[0].n_phases} phases, a cycle needs at least {FEWEST_PHASES}",
            "leave that series out",
        )


def _nearest(places: np.ndarray, own: np.ndarray) -> np.ndarray:
    """For each place the phase of a series that is nearest to it on the circle."""
    apart = np.abs(places[:, None] - own[None])
    return np.asarray(np.minimum(apart, 1.0 - apart).argmin(axis=1))


def _planes(series: CineSeries, phases: np.ndarray) -> list[CinePlane]:
    read = {int(phase): series.read_planes(int(phase)) for phase in np.unique(phases)}
    first = read[int(phases[0])]
    if any(not _is_same_place(first, volumes) for volumes in read.values()):
        raise PlannerError(
            WHAT, f"the slices of {series.name} do not stay in their places", "leave that series out"
        )
    made = []
    for number, volume in enumerate(first):
        frames = np.stack([read[int(phase)][number].voxels[0] for phase in phases]).astype(np.float32)
        name = series.name if len(first) == 1 else f"{series.name}, slice {number + 1}"
        made.append(
            CinePlane(name, frames, volume.patient_from_index, volume.frame_of_reference_uid, volume.modality)
        )
    return made


def _is_same_place(first: Sequence[Volume], other: Sequence[Volume]) -> bool:
    if len(first) != len(other) or any(a.shape != b.shape for a, b in zip(first, other, strict=True)):
        return False
    ends = [np.array([(0, 0, 0), np.array(a.shape) - 1.0]) for a in first]
    return all(
        np.abs(a.patient_from_indices(end) - b.patient_from_indices(end)).max() < SAME_PLACE_MM
        for a, b, end in zip(first, other, ends, strict=True)
    )


def _resampled(series: CineSeries, n_phases: int) -> Finding:
    return Finding(
        "phases-resampled",
        f"{series.name} has {series.n_phases} phases and the others {n_phases}",
        "its nearest phase in the cycle was taken at each of theirs",
        "trust it less at the moments of fast motion",
    )
