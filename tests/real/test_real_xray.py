"""Eight angiograms of a coronary phantom: one place of its reconstruction explains all of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
import pyvista
from scipy import ndimage

from core.errors import PlannerError
from core.frames import rotation_from_vector
from core.study import Series, SeriesKind
from core.xray import XRayView
from imaging.pictures.clips import clip_runs, open_clip, views_of

pytestmark = pytest.mark.real

GE_TABLE = ((0x0019, 0x1023), (0x0019, 0x1021), (0x0019, 0x1022))
"""Lateral, vertical, longitudinal, in mm: the table moved between the runs, and the phantom with it."""
FIELD_MM = 200.0
"""Of every run. Four of them do not tell the pixel size at the detector; its field over its 512 pixels is the
same as in those that do."""
ROTATION = (-0.0908, -1.5640, 0.0500)
PLACE_MM = (-7.63, -22.84, 13.13)
"""Where the authors' frame lies in the isocentre's frame of the first run. Fitted once, to all eight pictures."""
VESSEL = -18
"""How much darker than its surroundings contrast in a vessel is, in grey values."""


@pytest.fixture(scope="module")
def series(real_data: Path) -> Series:
    files = tuple(sorted((real_data / "coronary-xa-phantom").glob("IM*")))
    return Series("1", "XA", "", (files,), (8, 512, 512), None, kind=SeriesKind.PROJECTION)


@pytest.fixture(scope="module")
def views(series: Series) -> list[XRayView]:
    return [views_of(run)[0] for run in clip_runs(series)]


def vessel_distance_px(series: Series, number: int) -> np.ndarray:
    """Distance (rows, columns) of each pixel to the nearest one with contrast, in pixels."""
    clip = open_clip(series, number)
    grey = np.mean([clip.frame(index) for index in range(2, clip.n_frames)], axis=0)
    mask = grey - ndimage.uniform_filter(grey, 61) < VESSEL
    mask[:20] = mask[-20:] = mask[:, :20] = mask[:, -20:] = False
    return ndimage.distance_transform_edt(~ndimage.binary_opening(mask))


def misses_px(view: XRayView, centreline_mm: np.ndarray, distance_px: np.ndarray) -> np.ndarray:
    """How far each projected point lies from the contrast; those beside the picture are left out."""
    column, row = np.rint(view.project(centreline_mm)).astype(int).T
    inside = (column >= 0) & (column < 512) & (row >= 0) & (row < 512)
    return distance_px[row[inside], column[inside]]


def test_the_headers_tell_the_angles_and_four_do_not_tell_the_pixel_size(views: list[XRayView]) -> None:
    assert [view.title for view in views[:2]] == ["LAO 31 CRA 0", "RAO 27 CAU 0"]
    assert {view.source_isocentre_mm for view in views} == {720.0}
    assert [view.detector_spacing_mm for view in views] == [None] * 4 + [(0.390625, 0.390625)] * 4
    with pytest.raises(PlannerError, match="pixel size"):
        views[0].project(np.zeros((1, 3)))


@pytest.mark.slow
def test_the_reconstruction_fits_all_eight_pictures_and_no_other_signs_of_the_angles_do(
    series: Series, views: list[XRayView], real_data: Path
) -> None:
    folder = real_data / "coronary-xa-phantom"
    centreline = np.asarray(pyvista.read(folder / "centerlines.vtk").points, dtype=np.float64)
    turned = (centreline - centreline.mean(axis=0)) @ rotation_from_vector(np.array(ROTATION)).T + PLACE_MM
    tables = []
    for path in series.phases[0]:
        header = pydicom.dcmread(path, stop_before_pixels=True)
        tables.append([float(header[tag].value) for tag in GE_TABLE])
    for number, view in enumerate(views):
        view = replace(view, detector_spacing_mm=(FIELD_MM / 512, FIELD_MM / 512))
        placed = turned + np.array(tables[number]) - tables[0]
        distance = vessel_distance_px(series, number)
        found = misses_px(view, placed, distance)
        assert np.median(found) < 1.5, number
        assert np.percentile(found, 75) < 6.0, number
        assert view.primary_deg is not None
        assert view.secondary_deg is not None
        if abs(view.primary_deg) > 20:
            other = replace(view, primary_deg=-view.primary_deg)
            assert np.mean(misses_px(other, placed, distance)) > 2.5 * np.mean(found), number
        if abs(view.secondary_deg) > 15:
            other = replace(view, secondary_deg=-view.secondary_deg)
            assert np.mean(misses_px(other, placed, distance)) > 2.5 * np.mean(found), number
