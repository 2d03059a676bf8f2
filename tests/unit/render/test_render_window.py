"""Window level and width turn intensities into the grey that DICOM defines."""

from __future__ import annotations

import numpy as np
import pytest

from core.volume import Volume
from render.window import WINDOW_PRESETS, auto_window, window

RNG = np.random.default_rng(1)


def test_the_level_is_mid_grey_and_the_width_spans_black_to_white():
    values = np.array([-1000.0, 0.0, 50.0, 100.0, 150.0, 200.0, 900.0])
    grey = window(values, level=100.0, width=200.0)
    assert grey.dtype == np.uint8
    np.testing.assert_array_equal(grey, [0, 0, 64, 128, 191, 255, 255])


def test_what_was_not_measured_is_black():
    np.testing.assert_array_equal(window(np.array([np.nan, 1e9]), 0.0, 1.0), [0, 255])


def test_a_window_without_width_is_refused():
    with pytest.raises(ValueError, match="positive width"):
        window(np.zeros(3), 0.0, 0.0)


def test_ct_in_hounsfield_units_starts_with_a_preset():
    volume = Volume(RNG.normal(size=(4, 4, 4)), np.eye(4), unit="HU", modality="CT")
    first = WINDOW_PRESETS["CT"][0]
    assert auto_window(volume) == (first.level, first.width)


def test_other_modalities_start_with_nearly_all_intensities_whatever_their_scale():
    voxels = RNG.uniform(300.0, 700.0, (20, 20, 20))
    voxels[0, 0, 0] = 1e6
    level, width = auto_window(Volume(voxels, np.eye(4), modality="MR"))
    assert level == pytest.approx(500.0, abs=10.0)
    assert width == pytest.approx(394.0, abs=15.0)


def test_an_even_volume_still_has_a_window():
    level, width = auto_window(Volume(np.full((2, 2, 2), 7.0), np.eye(4)))
    assert level == 7.0
    assert width > 0.0
