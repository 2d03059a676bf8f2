"""A cine of thick slices in a 4-D NIfTI file is reconstructed through the cycle; less is refused with words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import nibabel
import numpy as np
import pytest

import recon.cine.run
from app.cli import REFUSED, main
from app.moving import as_cine, check_cine
from core.errors import PlannerError
from core.motion import MovingAnatomy
from core.progress import Silent
from core.study import Series
from imaging.find.inputs import choose_input
from imaging.formats.nifti import read_times_ms, read_volume
from recon.cine.planes import Cycle, gather
from tests.support.moving_ball import moving_ball

N_PHASES, N_SLICES = 8, 5


def write_stack(
    path: Path, step: float = 0.1, unit: str = "sec", thick_mm: float = 8.0, n_phases: int = N_PHASES
) -> Path:
    """Slices obliquely through the patient; every voxel tells its slice and its phase."""
    turn = np.array([[0.8, 0.0, 0.6], [0.0, 1.0, 0.0], [-0.6, 0.0, 0.8]])
    affine = np.eye(4)
    affine[:3, :3] = turn * [1.5, 1.5, thick_mm]
    affine[:3, 3] = (10.0, -20.0, 30.0)
    values = np.zeros((12, 10, N_SLICES, n_phases), dtype=np.int16)
    values += (10 * np.arange(N_SLICES)[:, None] + np.arange(n_phases)).astype(np.int16)
    image = nibabel.Nifti1Image(values if n_phases > 1 else values[..., 0], affine)
    image.header.set_xyzt_units("mm", unit)
    if n_phases > 1:
        image.header["pixdim"][4] = step
    nibabel.save(image, path)
    return path


def series_of(path: Path) -> Series:
    (series,) = choose_input(path).series
    return series


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Cycle]:
    """The cycles that reach the reconstruction, which is a stand-in that always finds one ball."""
    given: list[Cycle] = []

    def look(_: str, cycle: Cycle, *__: object) -> SimpleNamespace:
        given.append(cycle)
        return SimpleNamespace(look=None, device="cpu", findings=(), report={})

    def build(cycle: Cycle, *_: object) -> MovingAnatomy:
        moving = moving_ball(cycle.frame_of_reference_uid, cycle.n_phases)
        return replace(moving, times_ms=cycle.times_ms, findings=cycle.findings, report={})

    def moved(*_: object) -> None:
        raise AssertionError("a lone stack is left where it is")

    monkeypatch.setattr(recon.cine.run, "_look_at_first", look)
    monkeypatch.setattr(recon.cine.run, "build", build)
    monkeypatch.setattr(recon.cine.run, "realign", moved)
    return given


def reconstruct(inputs: Sequence[Path], out: Path, *more: str) -> int:
    paths = [str(path) for path in inputs]
    return main(
        ["reconstruct", *paths, "--phases", "all", "--out", str(out), "--device", "cpu", "--quiet", *more]
    )


def test_a_stack_in_one_file_becomes_a_moving_heart_with_its_files(tmp_path: Path, seen: list[Cycle]) -> None:
    path = write_stack(tmp_path / "sax.nii.gz")
    assert reconstruct([path], tmp_path / "out") == 0
    assert (tmp_path / "out" / "motion" / "motion.json").is_file()
    assert (tmp_path / "out" / "motion" / f"phase-{N_PHASES - 1:02d}" / "lv.stl").is_file()
    (cycle,) = seen
    assert (cycle.n_phases, len(cycle.planes)) == (N_PHASES, N_SLICES)
    assert cycle.times_ms == pytest.approx([100.0 * phase for phase in range(N_PHASES)])


def test_every_plane_lies_where_the_volume_of_its_phase_has_it(tmp_path: Path) -> None:
    path = write_stack(tmp_path / "sax.nii.gz")
    cycle = gather([as_cine(series_of(path))], Silent())
    for phase in (0, 5):
        volume = read_volume(path, phase)
        for number, plane in enumerate(cycle.planes):
            assert np.array_equal(plane.volume(phase).voxels[0], volume.voxels[number])
            own = plane.volume(phase).patient_from_indices(np.array([[0.0, 3.0, 4.0]]))
            assert own == pytest.approx(volume.patient_from_indices(np.array([[number, 3.0, 4.0]])))


def test_a_step_that_spans_no_beat_is_not_taken_for_a_time(tmp_path: Path) -> None:
    told = {
        (0.1, "sec"): 100.0,
        (40.0, "msec"): 40.0,
        (1.0, "sec"): None,
        (0.0, "sec"): None,
        (40.0, "sec"): None,
    }
    for (step, unit), step_ms in told.items():
        times = read_times_ms(write_stack(tmp_path / "sax.nii", step, unit))
        assert times == pytest.approx([step_ms * i for i in range(N_PHASES)] if step_ms else [], abs=1e-3)
    cycle = gather([as_cine(series_of(write_stack(tmp_path / "sax.nii", 1.0)))], Silent())
    assert cycle.times_ms == ()
    assert cycle.places == pytest.approx(np.arange(N_PHASES) / N_PHASES)
    assert [finding.code for finding in cycle.findings] == ["times-unknown"]


@pytest.mark.parametrize(("thick_mm", "n_phases"), [(8.0, 1), (1.0, N_PHASES)])
def test_a_still_image_or_thin_slices_are_refused_with_what_is_needed(
    thick_mm: float, n_phases: int, tmp_path: Path
) -> None:
    path = write_stack(tmp_path / "image.nii.gz", thick_mm=thick_mm, n_phases=n_phases)
    with pytest.raises(PlannerError) as refusal:
        check_cine([series_of(path)])
    assert "4-D NIfTI" in refusal.value.fix


def test_two_files_go_together_only_on_the_users_word(tmp_path: Path) -> None:
    paths = [write_stack(tmp_path / name) for name in ("a.nii.gz", "b.nii.gz")]
    cines = [as_cine(series_of(path)) for path in paths]
    with pytest.raises(PlannerError, match="which patient space"):
        gather(cines, Silent())
    cycle = gather(cines, Silent(), is_one_space_by_user=True)
    assert len(cycle.planes) == 2 * N_SLICES
    assert [finding.code for finding in cycle.findings] == ["joined-by-user"]
    assert reconstruct(paths, tmp_path / "out") == REFUSED
