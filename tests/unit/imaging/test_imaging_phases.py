"""Cine series fall into phases in the order of the heart's cycle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from core.errors import PlannerError
from core.study import Series
from core.volume import Volume
from imaging.find.scan import scan_folder
from imaging.slices.load import load_series

N_PHASES = 4
Change = Callable[[pydicom.Dataset, int], None]


@pytest.fixture
def write_cine(oblique: Volume, write_dicom, tmp_path: Path):
    """Write four phases, phase p with 1000 p added, edited by `change(dataset, p)`; gives the series."""

    def write(change: Change, slices: slice = slice(None)) -> Series:
        still = replace(oblique, voxels=oblique.voxels[slices], modality="MR", unit="arbitrary")
        for phase in range(N_PHASES):
            volume = replace(still, voxels=still.voxels + np.int16(1000 * phase))

            def edit(index: int, dataset: pydicom.Dataset, phase: int = phase) -> None:
                # Descending instance numbers: whoever sorts by them gets the cycle backwards.
                dataset.InstanceNumber = 100 - phase * 10 - index
                dataset.SOPInstanceUID = f"1.2.9.{phase}.{index}"
                change(dataset, phase)

            for path in write_dicom(volume, f"phase-{phase}", edit):
                path.parent.parent.joinpath("cine").mkdir(exist_ok=True)
                path.rename(tmp_path / "cine" / f"{N_PHASES - phase}-{path.name}")
        (series,) = scan_folder(tmp_path / "cine").series
        return series

    return write


def cycle(series: Series) -> list[int]:
    """The phase number that each loaded phase was written with."""
    return [int(load_series(series, phase).voxels[0, 0, 0] + 100) // 1000 for phase in range(series.n_phases)]


def test_trigger_times_order_the_phases_of_a_stack(write_cine) -> None:
    series = write_cine(lambda dataset, phase: setattr(dataset, "TriggerTime", 40.0 * phase))
    assert (series.n_phases, series.shape, series.n_images) == (4, (5, 6, 7), 20)
    assert cycle(series) == [0, 1, 2, 3]


def test_a_single_location_is_as_many_phases_of_one_slice(write_cine) -> None:
    series = write_cine(lambda dataset, phase: setattr(dataset, "TriggerTime", 40.0 * phase), slice(0, 1))
    assert (series.n_phases, series.shape) == (4, (1, 6, 7))
    assert cycle(series) == [0, 1, 2, 3]


def test_the_nominal_percentage_goes_before_the_trigger_time(write_cine) -> None:
    def change(dataset: pydicom.Dataset, phase: int) -> None:
        dataset.NominalPercentageOfCardiacPhase = 25.0 * phase
        dataset.TriggerTime = 1000.0 - 40.0 * phase

    assert cycle(write_cine(change)) == [0, 1, 2, 3]


def test_siemens_scan_options_tell_the_percentage(write_cine) -> None:
    assert cycle(write_cine(lambda dataset, phase: setattr(dataset, "ScanOptions", f"TP{20 * phase}PC"))) == [
        0,
        1,
        2,
        3,
    ]


@pytest.mark.parametrize("times", [(0.0, 0.0, 0.0, 0.0), (9e6, 8e6, 7e6, 6e6), (-4.0, -3.0, -2.0, -1.0)])
def test_a_trigger_time_that_cannot_be_one_neither_splits_nor_orders(
    write_cine, times: tuple[float, ...]
) -> None:
    series = write_cine(lambda dataset, phase: setattr(dataset, "TriggerTime", times[phase]))
    assert cycle(series) == [3, 2, 1, 0], "the instance numbers decide, which were written backwards"


def test_the_clock_of_the_reconstruction_does_not_overrule_plausible_trigger_times(write_cine) -> None:
    def change(dataset: pydicom.Dataset, phase: int) -> None:
        dataset.TriggerTime = 40.0 * phase
        dataset.ContentTime = f"1200{30 - phase:02d}.5"

    assert cycle(write_cine(change)) == [0, 1, 2, 3]


def test_copies_are_left_out_and_told(oblique: Volume, write_dicom, tmp_path: Path) -> None:
    paths = write_dicom(oblique)
    for path in paths[:2]:
        path.with_name("copy-" + path.name).write_bytes(path.read_bytes())
    (series,) = scan_folder(tmp_path).series
    assert (series.n_phases, series.n_images) == (1, 5)
    (finding,) = series.findings
    assert finding.code == "duplicates"
    assert finding.why.startswith("2 images")


def test_images_sent_twice_under_new_uids_are_told(write_cine) -> None:
    def change(dataset: pydicom.Dataset, phase: int) -> None:
        dataset.InstanceNumber = 7

    told = {finding.code for finding in write_cine(change, slice(0, 1)).findings}
    assert "same_place_and_time" in told
    apart = write_cine(lambda dataset, phase: setattr(dataset, "TriggerTime", 40.0 * phase), slice(0, 1))
    assert "same_place_and_time" not in {finding.code for finding in apart.findings}


def test_images_that_only_share_a_uid_are_not_copies(oblique: Volume, write_dicom) -> None:
    paths = write_dicom(oblique, change=lambda i, dataset: setattr(dataset, "SOPInstanceUID", "1.2.3.9"))
    (series,) = scan_folder(paths[0].parent).series
    assert series.n_images == 5
    assert series.findings == ()


def whole_cycle(series: Series) -> list[set[int]]:
    """The phase numbers that the slices of each loaded phase were written with."""
    volumes = [load_series(series, phase) for phase in range(series.n_phases)]
    return [set(((volume.voxels[:, 0, 0] + 100) // 1000).tolist()) for volume in volumes]


@pytest.mark.parametrize("times", ["clock", "trigger"])
def test_times_that_order_each_slice_differently_mix_no_phases(write_cine, times: str) -> None:
    n_written = [0] * N_PHASES

    def change(dataset: pydicom.Dataset, phase: int) -> None:
        # Data of one phase come from this heartbeat in one slice and the next in another; or the times are noise.
        place = n_written[phase]
        n_written[phase] += 1
        dataset.InstanceNumber = 1 + place * N_PHASES + phase
        turned = (phase + place) % N_PHASES
        if times == "clock":
            dataset.ContentTime = f"1200{place * 8 + turned:02d}.5"
        else:
            dataset.TriggerTime = float((phase * 389 + place * place * 617) % 907)

    assert whole_cycle(write_cine(change)) == [{0}, {1}, {2}, {3}]


def test_trigger_times_that_recur_need_no_regular_numbers(write_cine) -> None:
    n_written = [0] * N_PHASES

    def change(dataset: pydicom.Dataset, phase: int) -> None:
        # Real time: every slice begins at another phase, numbered as it was taken, at its own heart rate.
        place = n_written[phase]
        n_written[phase] += 1
        dataset.InstanceNumber = 1 + place * N_PHASES + (phase + place) % N_PHASES
        dataset.TriggerTime = (5.0 + 200.0 * phase) * (1.0 + 0.05 * place)

    assert whole_cycle(write_cine(change)) == [{0}, {1}, {2}, {3}]


@pytest.mark.parametrize("tag", ["NominalPercentageOfCardiacPhase", "TriggerTime"])
def test_a_lost_image_moves_no_later_one_into_its_phase(write_cine, tmp_path: Path, tag: str) -> None:
    write_cine(lambda dataset, phase: setattr(dataset, tag, 20.0 * phase))
    (
        tmp_path / "cine" / next(p.name for p in sorted((tmp_path / "cine").iterdir()) if p.name[0] == "4")
    ).unlink()
    (series,) = scan_folder(tmp_path / "cine").series
    assert (series.n_phases, series.shape, series.n_images) == (4, (5, 6, 7), 19)
    with pytest.raises(PlannerError, match="4 slices and does not fill the space of the 5"):
        load_series(series, 0)
    assert {int(v) for v in (load_series(series, 1).voxels[:, 0, 0] + 100) // 1000} == {1}


def test_a_place_whose_phases_cannot_be_told_is_left_out(write_cine, tmp_path: Path) -> None:
    write_cine(lambda dataset, phase: None)
    sorted((tmp_path / "cine").iterdir())[0].unlink()
    (series,) = scan_folder(tmp_path / "cine").series
    assert (series.n_phases, series.n_images) == (4, 16)
    assert series.findings[0].why.endswith("1 places were left out, whose phases cannot be told")
    assert whole_cycle(series) == [{3}, {2}, {1}, {0}]


def test_a_phase_with_a_lost_image_is_told(write_cine, tmp_path: Path) -> None:
    write_cine(lambda dataset, phase: setattr(dataset, "TriggerTime", 40.0 * phase))
    next(iter(sorted((tmp_path / "cine").iterdir()))).unlink()
    (series,) = scan_folder(tmp_path / "cine").series
    assert [finding.code for finding in series.findings] == ["incomplete_phases"]
