"""Undo of everything costs little memory beside the data, also when it is read again from the journal."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.labels.edited import mark_of
from app.session import Session
from core.anatomy import HEART_NAMES, Anatomy
from core.volume import LabelMap, Volume
from plan import edits
from plan.edits import Edit
from plan.items import Contour, as_point
from plan.label_edits import edit_of_voxels
from tests.support.ball_patient import FRAME_UID, make_anatomy, make_series

SHAPE = (160, 256, 256)
N_EDITS, N_STROKES = 500, 100
MOST = 1.5


def made(shape: tuple[int, int, int]) -> tuple[Volume, Anatomy]:
    """Images and labels of a size at which they are most of the memory."""
    chance = np.random.default_rng(3)
    volume = Volume(chance.integers(-100, 400, shape, dtype=np.int16), np.eye(4), FRAME_UID, "HU", "CT")
    labels = LabelMap(np.zeros(shape, np.uint8), np.eye(4), dict(HEART_NAMES), FRAME_UID)
    return volume, replace(make_anatomy(), labels=labels)


def edit_much(session: Session) -> None:
    """As an afternoon's work: items added and moved one by one, and strokes of a brush over labels."""
    ring = [(float(x), float(x % 7), float(x % 5)) for x in range(24)]
    for n in range(40):
        session.apply(edits.add(session.state.plan, Contour(f"Ring {n}", tuple(ring), f"c{n}")))
    for n in range(N_EDITS - 40):
        item = session.state.plan.items[n % 40]
        assert isinstance(item, Contour)
        moved = replace(item, points_mm=(as_point((n, 1.0, 2.0)), *item.points_mm[1:]))
        session.apply(edits.change(session.state.plan, moved))
    chance = np.random.default_rng(4)
    around = np.stack(np.mgrid[-6:7, -6:7, -6:7]).reshape(3, -1).T
    around = around[np.linalg.norm(around, axis=1) <= 6.0]
    for n in range(N_STROKES):
        session.labels.keep_beginning()
        anatomy = session.state.anatomy
        assert anatomy is not None
        assert anatomy.labels is not None
        places = around + chance.integers(8, np.array(SHAPE) - 8)
        flat = np.ravel_multi_index(tuple(places.T), SHAPE)
        step = edit_of_voxels(anatomy.labels, mark_of(anatomy).map_id, 0, flat, np.uint8(1 + n % 5))
        session.apply(Edit("Paint", session.state.plan, step))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_hundreds_of_edits_stay_within_one_and_a_half_times_the_data(tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        volume, anatomy = made(SHAPE)
        session = Session(tmp_path)
        session.show_volume(make_series(), 0, volume)
        session.show_anatomy(anatomy)
        del anatomy
        data = tracemalloc.get_traced_memory()[0]
        assert data > volume.voxels.nbytes + volume.voxels.size
        edit_much(session)
        edited = tracemalloc.get_traced_memory()[0]
        assert len(session.state.history.edits) == N_EDITS + N_STROKES
        plan = session.state.plan
        session.close()
        del session
        again = Session(tmp_path)
        again.show_volume(make_series(), 0, volume)
        reopened = tracemalloc.get_traced_memory()[0]
        assert again.state.plan == plan
        assert len(again.state.history.edits) == N_EDITS + N_STROKES
        again.close()
    finally:
        tracemalloc.stop()
    assert edited < MOST * data
    assert reopened < MOST * data
