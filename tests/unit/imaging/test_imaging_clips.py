"""A series of pictures opens as clips whose frames are what was written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import Cancelled, PlannerError
from core.progress import Reporting
from core.study import Series, SeriesKind
from imaging.pictures.clips import clip_runs, open_clip
from tests.support.pixel_files import picture_header, write_picture


def series_of(*paths: Path, modality: str = "US") -> Series:
    return Series("1.2.3.4", modality, "", (paths,), (len(paths), 4, 6), None, kind=SeriesKind.CLIP)


def frames(n: int, rows: int = 4, columns: int = 6) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, rows, columns), dtype=np.uint8)


def write_loop(path: Path, pixels: np.ndarray, **changes) -> Path:
    header = picture_header(pixels.shape[1:], pixels.dtype, NumberOfFrames=len(pixels), **changes)
    return write_picture(path, header, pixels.tobytes())


def test_each_frame_of_a_loop_is_the_one_that_was_written(tmp_path: Path) -> None:
    pixels = frames(5)
    clip = open_clip(series_of(write_loop(tmp_path / "a", pixels, FrameTime="40")))
    assert (clip.n_frames, clip.rows, clip.columns, clip.is_colour, clip.modality) == (5, 4, 6, False, "US")
    assert clip.frame_times_s == pytest.approx((0.0, 0.04, 0.08, 0.12, 0.16))
    for index in (3, 0, 4):
        assert np.array_equal(clip.frame(index), pixels[index])
    with pytest.raises(IndexError):
        clip.frame(5)


def test_uneven_frame_times_come_from_their_vector(tmp_path: Path) -> None:
    path = write_loop(tmp_path / "a", frames(3), FrameTimeVector=["0", "30", "50"])
    assert open_clip(series_of(path)).frame_times_s == pytest.approx((0.0, 0.03, 0.08))


def test_a_display_rate_is_no_time_between_frames(tmp_path: Path) -> None:
    path = write_loop(tmp_path / "a", frames(3), RecommendedDisplayFrameRate="15", CineRate="15")
    assert open_clip(series_of(path)).frame_times_s == ()


def test_runs_come_in_the_order_of_their_numbers_and_single_pictures_of_one_size_are_one_run(
    tmp_path: Path,
) -> None:
    loops = {name: frames(2 + i) for i, name in enumerate("ab")}
    paths = [
        write_loop(tmp_path / "a", loops["a"], InstanceNumber=7),
        write_loop(tmp_path / "b", loops["b"], InstanceNumber=2),
        *(write_loop(tmp_path / f"s{i}", frames(1) + i, InstanceNumber=10 + i) for i in range(3)),
        write_loop(tmp_path / "t", frames(1, 5, 5), InstanceNumber=20),
    ]
    series = series_of(*paths)
    assert [run.n_frames for run in clip_runs(series)] == [3, 2, 3, 1]
    assert np.array_equal(open_clip(series, 1).frame(1), loops["a"][1])
    stills = open_clip(series, 2)
    assert np.array_equal(stills.frame(2), (frames(1) + 2)[0])
    with pytest.raises(PlannerError, match="4 runs"):
        open_clip(series, 4)


def test_a_colour_loop_in_planes_and_in_pixels_is_the_same_picture(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (3, 4, 6, 3), dtype=np.uint8)
    planar = np.moveaxis(pixels, -1, 1)
    for name, data, configuration in (("pixel", pixels, 0), ("plane", planar, 1)):
        header = picture_header((4, 6, 3), NumberOfFrames=3, PlanarConfiguration=configuration)
        clip = open_clip(series_of(write_picture(tmp_path / name, header, data.tobytes())))
        assert clip.is_colour
        assert all(np.array_equal(clip.frame(i), pixels[i]) for i in range(3)), name


def test_more_is_brighter_whatever_way_round_a_picture_is_stored(tmp_path: Path) -> None:
    pixels = frames(2)
    kwargs = {"WindowCenter": "100", "WindowWidth": "51"}
    plain = open_clip(series_of(write_loop(tmp_path / "2", pixels, **kwargs)))
    turned = open_clip(
        series_of(write_loop(tmp_path / "1", pixels, PhotometricInterpretation="MONOCHROME1", **kwargs))
    )
    assert np.array_equal(turned.frame(1), 255 - pixels[1].astype(int))
    assert plain.window == pytest.approx((74.5, 124.5))
    assert turned.window == pytest.approx((255 - 124.5, 255 - 74.5))


def test_a_loop_with_fewer_frames_than_it_says_is_refused(tmp_path: Path) -> None:
    header = picture_header((4, 6), NumberOfFrames=4)
    path = write_picture(tmp_path / "a", header, frames(3).tobytes())
    with pytest.raises(PlannerError, match="24 of 96 bytes"):
        open_clip(series_of(path))


def test_a_file_that_changed_after_it_was_opened_is_refused(tmp_path: Path) -> None:
    path = write_loop(tmp_path / "a", frames(3))
    clip = open_clip(series_of(path))
    write_loop(path, frames(4))
    with pytest.raises(PlannerError, match="changed"):
        clip.frame(0)
    path.unlink()
    with pytest.raises(PlannerError, match="gone"):
        clip.frame(0)


def test_opening_stops_at_the_report_after_a_cancel(tmp_path: Path) -> None:
    series = series_of(*(write_loop(tmp_path / f"{i}", frames(2), InstanceNumber=i) for i in range(4)))
    seen: list[float] = []
    with pytest.raises(Cancelled):
        open_clip(series, progress=Reporting(lambda s, d: seen.append(d), lambda: len(seen) >= 2))
    assert len(seen) == 2
