"""Frames of enhanced multi-frame files: each in its place, at its phase, by its own rescale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.frames import rotation_from_vector
from core.study import Series
from imaging.find.scan import scan_folder
from imaging.slices.load import load_sequence, load_series
from tests.support.enhanced import Frame, write_enhanced
from tests.support.slices import SHAPE, slices_along

TURNED = rotation_from_vector(np.array([0.4, -0.9, 0.3]))
STACK = slices_along(TURNED, np.arange(5) * 2.5)
PIXELS = np.random.default_rng(2).integers(0, 500, (4, 5, *SHAPE))


def scanned(folder: Path) -> tuple[Series, ...]:
    return scan_folder(folder).series


def test_each_frame_is_placed_and_rescaled_by_its_own_groups(tmp_path: Path) -> None:
    order = [3, 0, 4, 1, 2]
    frames = [Frame(PIXELS[0, i], STACK, i, rescale=(1.0 + i, -100.0 * i)) for i in order]
    write_enhanced(tmp_path / "e.dcm", frames)
    (series,) = scanned(tmp_path)
    assert (series.shape, series.n_phases, series.n_images) == ((5, *SHAPE), 1, 1)
    volume = load_series(series)
    np.testing.assert_allclose(volume.spacing_mm, (2.5, 0.9, 0.7))
    np.testing.assert_allclose(volume.origin_mm, STACK.positions_mm[0], atol=1e-6)
    for i in range(5):
        assert np.array_equal(volume.voxels[i], PIXELS[0, i] * (1 + i) - 100 * i)


@pytest.mark.parametrize(
    ("said", "scale", "labels"),
    [
        ("trigger_ms", 1.0, ("20 ms", "220 ms", "420 ms", "620 ms")),
        ("percent", 0.1, ("2 %", "22 %", "42 %", "62 %")),
    ],
)
def test_phases_in_one_file_are_told_by_delay_or_percent(
    tmp_path: Path, said: str, scale: float, labels: tuple[str, ...]
) -> None:
    frames = [
        Frame(PIXELS[p, i], STACK, i, **{said: scale * (20.0 + 200.0 * p)})
        for i in range(5)
        for p in (2, 0, 3, 1)
    ]
    write_enhanced(tmp_path / "e.dcm", frames)
    (series,) = scanned(tmp_path)
    assert series.n_phases == 4
    assert series.phase_labels == labels
    sequence = load_sequence(series)
    assert sequence.n_phases == 4
    assert (sequence.times_ms or sequence.percents) == pytest.approx([scale * (20 + 200 * p) for p in range(4)])
    for phase in range(4):
        assert np.array_equal(sequence.phase(phase).voxels, PIXELS[phase])


def test_one_file_per_phase_is_one_series_of_phases(tmp_path: Path) -> None:
    for phase in range(3):
        frames = [Frame(PIXELS[phase, i], STACK, i, percent=30.0 * phase) for i in range(5)]
        write_enhanced(tmp_path / f"{9 - phase}.dcm", frames)
    (series,) = scanned(tmp_path)
    assert (series.n_phases, series.n_images, series.phase_labels) == (3, 3, ("0 %", "30 %", "60 %"))
    for phase in range(3):
        assert np.array_equal(load_series(series, phase).voxels, PIXELS[phase])


def test_stacks_of_one_file_are_series_of_their_own_and_load_as_such(tmp_path: Path) -> None:
    other = slices_along(rotation_from_vector(np.array([1.9, 0.2, -0.4])), np.arange(5) * 2.5)
    above = slices_along(TURNED, 40.0 + np.arange(5) * 2.5)
    stacks = [(STACK, "1", 0), (other, "2", 1), (above, "3", 2)]
    frames = [Frame(PIXELS[n, i], slices, i, stack=name) for i in range(5) for slices, name, n in stacks]
    write_enhanced(tmp_path / "e.dcm", frames)
    found = scanned(tmp_path)
    assert [series.series_uid for series in found] == ["1.2.88#1", "1.2.88#2", "1.2.88#3"]
    for series, (slices, _, n) in zip(found, stacks, strict=True):
        volume = load_series(series)
        assert np.array_equal(volume.voxels, PIXELS[n])
        np.testing.assert_allclose(volume.origin_mm, slices.positions_mm[0], atol=1e-6)


def test_files_of_several_orientations_under_one_uid_load_each_its_own_frames(tmp_path: Path) -> None:
    other = slices_along(rotation_from_vector(np.array([1.9, 0.2, -0.4])), np.arange(5) * 2.5)
    write_enhanced(tmp_path / "a.dcm", [Frame(PIXELS[0, i], STACK, i) for i in range(5)])
    write_enhanced(tmp_path / "b.dcm", [Frame(PIXELS[1, i], other, i) for i in range(5)])
    first, second = scanned(tmp_path)
    assert np.array_equal(load_series(first).voxels, PIXELS[0])
    assert np.array_equal(load_series(second).voxels, PIXELS[1])


def test_tilted_frames_of_an_enhanced_ct_are_resampled_as_files_are(tmp_path: Path) -> None:
    tilted = slices_along(TURNED, np.arange(5) * 2.5, (0.0, 0.3))
    frames = [Frame(np.full(SHAPE, 50.0 + i), tilted, i, rescale=(1.0, -10.0)) for i in range(5)]
    write_enhanced(tmp_path / "e.dcm", frames, "CT")
    (series,) = scanned(tmp_path)
    assert [finding.code for finding in series.findings] == ["gantry_tilt"]
    volume = load_series(series)
    assert volume.shape == series.shape
    for i in range(5):
        middle = tilted.pixels_mm(i)[SHAPE[0] // 2, SHAPE[1] // 2]
        index = np.rint(volume.indices_from_patient(middle[None]))[0].astype(int)
        assert volume.voxels[tuple(index)] == 40 + i
