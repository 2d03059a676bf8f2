"""What a length on a picture says, and how a picture is framed and windowed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.clip_framing import PictureFraming, place_of
from app.clips import NOT_CALIBRATED, OpenClip, Ruler, about, length_text, opened, picture
from app.windowing import Window
from core.clip import CalibratedRegion, Clip
from core.study import Series, SeriesKind
from core.xray import XRayView

TISSUE = CalibratedRegion(10, 10, 49, 39, 0.5, 0.25)
SPECTRUM = CalibratedRegion(60, 10, 79, 39, None, None, "spectral Doppler")


def make_clip(modality: str = "US", regions: tuple[CalibratedRegion, ...] = (TISSUE, SPECTRUM)) -> Clip:
    frames = np.arange(3)[:, None, None] * 100 + np.arange(4800).reshape(60, 80) % 100
    return Clip(3, 60, 80, False, modality, lambda index: frames[index], regions=(regions,) * 2 + ((),))


def open_clip(clip: Clip) -> OpenClip:
    series = Series("2.25.1", clip.modality, "", ((Path("a.dcm"),),), (3, 60, 80), None, kind=SeriesKind.CLIP)
    return opened(series, clip)


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        # 40 columns of 0.25 mm and 15 rows of 0.5 mm: each direction by its own size.
        ((10.0, 20.0), (50.0 - 1.0, 20.0), "9.8 mm"),
        ((20.0, 15.0), (20.0, 35.0), "10.0 mm"),
        ((20.0, 15.0), (32.0, 23.0), "5.0 mm"),
        # One end beside the region, both beside it, both where the axes are time and speed, one in each.
        ((20.0, 15.0), (20.0, 50.0), f"35 px, {NOT_CALIBRATED}"),
        ((0.0, 0.0), (3.0, 4.0), f"5 px, {NOT_CALIBRATED}"),
        ((62.0, 20.0), (72.0, 20.0), f"10 px, {NOT_CALIBRATED}"),
        ((40.0, 20.0), (70.0, 20.0), f"30 px, {NOT_CALIBRATED}"),
    ],
)
def test_a_length_has_millimetres_only_when_both_ends_lie_in_one_calibrated_region(
    start: tuple[float, float], end: tuple[float, float], text: str
) -> None:
    assert length_text(make_clip(), Ruler(0, start, end)) == text


def test_a_frame_without_a_region_has_no_millimetres_though_the_others_have() -> None:
    ruler = Ruler(2, (20.0, 15.0), (20.0, 35.0))
    assert length_text(make_clip(), ruler) == f"20 px, {NOT_CALIBRATED}"


def test_two_points_make_a_ruler_on_their_frame_and_another_frame_drops_a_first_point() -> None:
    clip = open_clip(make_clip()).with_point((5.0, 6.0))
    assert clip.start == (5.0, 6.0)
    assert clip.at(1, clip.clip.frame(1)).start is None
    clip = clip.with_point((500.0, -20.0))
    assert clip.rulers == (Ruler(0, (5.0, 6.0), (79.5, -0.5)),)
    assert clip.at(2, clip.clip.frame(2)).rulers == clip.rulers


def test_a_picture_says_how_it_was_taken_and_what_a_length_means() -> None:
    view = XRayView(60, 80, -30.2, 20.0, 1000.0, 750.0, (0.3, 0.3))
    xray = replace(open_clip(make_clip("XA", ())), views=(view,))
    assert about(xray) == (
        "RAO 30 CRA 20  ·  SID 1000 mm",
        "Sizes at the detector, not calibrated: lengths in pixels.",
    )
    calibrated = make_clip("XA", (replace(TISSUE, kind="X-ray, calibrated"),))
    assert about(open_clip(calibrated)) == ("Millimetres at the depth of the calibration only.",)
    assert "elsewhere pixels" in about(open_clip(make_clip()))[0]
    assert about(open_clip(make_clip(regions=(SPECTRUM,)))) == ("Not calibrated: lengths in pixels.",)


def test_the_window_is_the_files_own_or_fits_the_frame_and_colour_has_none() -> None:
    clip = make_clip()
    assert open_clip(replace(clip, window=(20.0, 60.0))).window == Window(40.0, 40.0)
    fitted = open_clip(clip)
    assert fitted.window is not None
    assert fitted.window.level == pytest.approx(49.5, abs=1.0)
    assert picture(fitted).dtype == np.uint8
    rgb = np.zeros((60, 80, 3), dtype=np.uint8)
    colour = open_clip(replace(clip, is_colour=True, read_frame=lambda index: rgb))
    assert colour.window is None
    assert picture(colour) is rgb


def test_a_place_in_the_view_and_back_is_the_same_pixel_however_it_is_framed() -> None:
    framing = PictureFraming().zoomed(3.0).panned(17.0, -5.0)
    place = place_of(80, 60, (400, 240), framing)
    assert place.to_pixel(*place.to_view((12.25, 40.5))) == pytest.approx((12.25, 40.5))
    whole = place_of(80, 60, (400, 240), PictureFraming())
    # A pixel's centre at an integer lies half a pixel inside the picture.
    assert whole.to_view((-0.5, -0.5)) == pytest.approx((40.0, 0.0))
    assert whole.to_view((79.5, 59.5)) == pytest.approx((360.0, 240.0))
