"""Pieces that come and go between phases are no anatomy; those that stay are kept, also over the end of the cycle."""

from __future__ import annotations

import numpy as np

from core.anatomy import HEART_BY_KEY
from recon.cine.pieces import passing_pieces

AORTA, LV = HEART_BY_KEY["aorta"].value, HEART_BY_KEY["lv"].value


def cycle_of_a_block() -> np.ndarray:
    """Six phases of a grid with a ventricle and one steady piece of an aorta in it."""
    labels = np.zeros((6, 12, 12, 12), dtype=np.uint8)
    labels[:, 1:5, 1:5, 1:5] = LV
    labels[:, 7:11, 1:5, 1:5] = AORTA
    return labels


def test_a_piece_that_is_gone_at_some_phase_is_passing_and_the_rest_is_not() -> None:
    labels = cycle_of_a_block()
    labels[2:5, 7:11, 8:11, 8:11] = AORTA
    passing = passing_pieces(labels)
    assert passing[2:5, 7:11, 8:11, 8:11].all()
    assert passing.sum() == 3 * 4 * 3 * 3


def test_a_second_piece_that_is_always_there_stays() -> None:
    labels = cycle_of_a_block()
    labels[:, 7:11, 8:11, 8:11] = AORTA
    assert not passing_pieces(labels).any()


def test_a_piece_that_wanders_is_followed_also_from_the_last_phase_to_the_first() -> None:
    labels = cycle_of_a_block()
    for phase, at in enumerate((6, 7, 8, 8, 7, 6)):
        labels[phase, 1:4, at : at + 3, 8:11] = AORTA
    assert not passing_pieces(labels).any()
    # Held at the turn of the cycle only: gone in between, though last and first phase touch.
    labels[1:5, 1:4, :, 8:11] = 0
    passing = passing_pieces(labels)
    assert passing[0, 1:4, 6:9, 8:11].all()
    assert passing[5, 1:4, 6:9, 8:11].all()
