"""Thick slabs in steps: the strips are the full picture, the rough one shows the same places."""

from __future__ import annotations

import numpy as np
import pytest

from app.slices import Frame, Framing, frame_in, grey_picture
from app.state import State
from app.viewing import slab_steps
from app.viewing.arrangement import Arrangement
from app.viewing.axes import patient_axes
from app.viewing.slab import Slab
from app.viewing.slab_steps import Strips, is_slow, rough_frame
from app.windowing import Window
from core.volume import Volume
from plan.items import as_point

SIZE_PX = (157, 131)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setattr(slab_steps, "MOST_SAMPLES", 60_000)
    index = np.indices((40, 50, 60))
    # Soft waves, so that a coarser grid shows nearly the same.
    values = 400.0 * np.sin(index[0] / 9.0) + 300.0 * np.cos(index[1] / 11.0) + 5.0 * index[2]
    volume = Volume(values.astype(np.float32), np.diag([1.0, 1.0, 1.0, 1.0]), "1.2.3", "HU", "CT")
    axes = patient_axes().turned("sagittal", 25.0)
    slabs = {"axial": Slab("max", 10.0)}
    return State(
        volume=volume,
        crosshair_mm=as_point(volume.centre_mm),
        window=Window(0.0, 2000.0),
        arrangement=Arrangement(axes=axes, slabs=slabs),
    )


@pytest.fixture
def frame(state: State) -> Frame:
    return frame_in(state, "axial", SIZE_PX, Framing(zoom=1.7, pan_mm=(3.0, -2.0)))


def test_strips_are_the_full_picture(state: State, frame: Frame) -> None:
    assert is_slow(state.volume, frame)
    strips, n_steps, found = Strips(state, frame), 0, None
    while found is None:
        found, n_steps = strips.advance(), n_steps + 1
    assert n_steps > 3
    wanted = grey_picture(state, frame)
    assert found.shape == wanted.shape
    assert np.abs(found.astype(int) - wanted).max() <= 1


def test_the_rough_picture_shows_the_same_places_with_fewer_values(state: State, frame: Frame) -> None:
    rough, factor = rough_frame(state.volume, frame)
    assert factor >= 2
    assert rough.size_px[0] * rough.size_px[1] * factor**2 < 1.1 * SIZE_PX[0] * SIZE_PX[1]
    # Both begin in the same corner: the middle of the first large pixel is that of the small ones below it.
    middle = (factor - 1) / 2.0
    np.testing.assert_allclose(rough.to_mm(0, 0), frame.to_mm(middle, middle), atol=1e-9)
    np.testing.assert_allclose(
        rough.to_mm(7, 5), frame.to_mm(middle + 7 * factor, middle + 5 * factor), atol=1e-9
    )
    large = np.kron(grey_picture(state, rough), np.ones((factor, factor)))[: SIZE_PX[1], : SIZE_PX[0]]
    full = grey_picture(state, frame)
    both = (full > 0) & (large > 0)
    assert both.mean() > 0.5
    assert np.abs(large - full)[both].mean() < 6.0


def test_a_plain_slice_is_never_made_in_steps(state: State, frame: Frame) -> None:
    assert not is_slow(state.volume, Frame(frame.plane, (4000, 4000), 0.1))
