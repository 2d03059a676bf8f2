"""Findings tell what is wrong with label maps made for it, and nothing of a heart that is right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from core.anatomy import HEART_BY_KEY
from recon.findings import edge_findings, topology_findings, volume_findings
from recon.shown import in_field_of_view, shown
from recon.topology import Shape, contact_mm2, euler_characteristic, gap_mm, shape_of

N, SPACING_MM = 56, 3.0
VALUE = {key: kind.value for key, kind in HEART_BY_KEY.items()}
GRID = np.indices((N, N, N)).astype(float)


def _ball(centre: tuple[float, float, float], radius: float) -> np.ndarray:
    return sum((axis - c) ** 2 for axis, c in zip(GRID, centre, strict=True)) < radius**2


def _tube(start: tuple[float, float], first: float, last: float, radius: float) -> np.ndarray:
    """Along the slices from `first` to `last`, around (row, column) `start`."""
    across = (GRID[1] - start[0]) ** 2 + (GRID[2] - start[1]) ** 2 < radius**2
    return across & (GRID[0] >= first) & (GRID[0] <= last)


def _heart() -> np.ndarray:
    """Blocks of a heart that hang together as they should: atria and vessels above, ventricles below."""
    labels = np.zeros((N, N, N), dtype=np.uint8)
    labels[_ball((20, 30, 34), 12)] = VALUE["lv_myocardium"]
    labels[_ball((20, 22, 16), 9)] = VALUE["rv"]
    labels[_ball((20, 30, 34), 8)] = VALUE["lv"]
    labels[_ball((37, 40, 34), 9)] = VALUE["la"]
    labels[_ball((37, 22, 12), 9)] = VALUE["ra"]
    labels[_tube((27, 32), 28, 52, 4)] = VALUE["aorta"]
    labels[_tube((17, 22), 28, 52, 4)] = VALUE["pulmonary_artery"]
    labels[_tube((33, 34), 26, 31, 4)] = VALUE["la"]
    return labels


def _codes(labels: np.ndarray) -> set[str]:
    return {finding.code for finding in topology_findings(labels, SPACING_MM)}


def _torn(labels: np.ndarray) -> None:
    labels[36:38][labels[36:38] == VALUE["la"]] = 0


def _pierced(labels: np.ndarray) -> None:
    labels[:, 20:24, 14:18][labels[:, 20:24, 14:18] == VALUE["rv"]] = 0


def _hollow(labels: np.ndarray) -> None:
    labels[_ball((37, 22, 12), 4)] = 0


def _thin_septum(labels: np.ndarray) -> None:
    labels[_ball((20, 26, 25), 5)] = VALUE["rv"]


def _bare(labels: np.ndarray) -> None:
    labels[:16][labels[:16] == VALUE["lv_myocardium"]] = 0


def _atrium_apart(labels: np.ndarray) -> None:
    labels[labels == VALUE["la"]] = 0
    labels[_ball((44, 46, 34), 6)] = VALUE["la"]


def _aorta_apart(labels: np.ndarray) -> None:
    labels[:44][labels[:44] == VALUE["aorta"]] = 0


def test_a_heart_that_hangs_together_has_no_finding() -> None:
    assert topology_findings(_heart(), SPACING_MM) == []


@pytest.mark.parametrize(
    ("spoil", "code", "named"),
    [
        (_torn, "pieces", "Left atrium is in 2 pieces"),
        (_pierced, "handles", "Right ventricle has 1 hole"),
        (_hollow, "hollow", "Right atrium has 1 hollow"),
        (_thin_septum, "septum-open", "the ventricles touch"),
        (_bare, "wall-open", "LV myocardium does not surround"),
        (_atrium_apart, "not-connected", "Left atrium does not reach left ventricle"),
        (_aorta_apart, "not-connected", "Aorta does not reach left ventricle"),
    ],
)
def test_what_is_wrong_is_told_by_name(spoil: Callable[[np.ndarray], None], code: str, named: str) -> None:
    labels = _heart()
    spoil(labels)
    told = [finding for finding in topology_findings(labels, SPACING_MM) if finding.code == code]
    assert [finding.what.startswith(named) for finding in told] == [True]


def test_an_aorta_in_two_pieces_is_no_finding() -> None:
    labels = _heart()
    labels[_tube((46, 46), 4, 40, 4)] = VALUE["aorta"]
    assert "pieces" not in _codes(labels)


def test_a_border_as_rough_as_noise_makes_it_has_no_handles() -> None:
    labels = _heart()
    rim = (labels == VALUE["ra"]) & ~_ball((37, 22, 12), 8)
    labels[rim & (np.random.default_rng(0).random(labels.shape) < 0.3)] = 0
    assert shape_of(labels == VALUE["ra"]).n_hollows > 0
    assert not _codes(labels) & {"handles", "hollow"}


def _told_of_edges(observed: np.ndarray) -> list[tuple[str, str]]:
    labels = _heart()
    is_shown = shown(torch.from_numpy(observed.astype(np.float32)), SPACING_MM)
    in_view = in_field_of_view(labels > 0, observed)
    return [(told.code, told.what) for told in edge_findings(labels, is_shown, in_view, SPACING_MM)]


def test_a_chamber_that_the_images_cut_is_told_and_one_inside_is_not() -> None:
    observed = np.ones((N, N, N), dtype=bool)
    assert _told_of_edges(observed) == []
    observed[:16] = False
    assert _told_of_edges(observed) == [
        ("cut-by-the-edge", "Left ventricle is not wholly in the images"),
        ("cut-by-the-edge", "Right ventricle is not wholly in the images"),
        ("cut-by-the-edge", "LV myocardium is not wholly in the images"),
    ]


def test_of_planes_far_apart_chambers_are_guessed_between_them_and_only_one_beyond_the_last_is_cut() -> None:
    observed = np.zeros((N, N, N), dtype=bool)
    observed[5:45:8] = True  # 24 mm apart; the last at slice 37, the atria reach up to slice 45
    told = _told_of_edges(observed)
    guessed = {what for code, what in told if code == "between-planes"}
    cut = {what for code, what in told if code == "cut-by-the-edge"}
    assert "Left ventricle is partly guessed between the planes" in guessed
    assert cut == {"Left atrium is not wholly in the images", "Right atrium is not wholly in the images"}


def test_planes_as_near_as_those_of_a_cine_stack_leave_nothing_guessed() -> None:
    observed = np.zeros((N, N, N), dtype=bool)
    observed[5:53:4] = True  # 12 mm apart, beyond the heart on both sides
    assert _told_of_edges(observed) == []


def test_volumes_that_no_adult_has_and_structures_without_a_surface_are_told() -> None:
    told = volume_findings({"lv": 700.0, "rv": 120.0, "la": 0.0}, {"lv": 1, "rv": 1})
    assert [(f.code, f.what) for f in told] == [
        ("implausible-volume", "Left ventricle measures 700 ml"),
        ("missing", "Left atrium was not found"),
    ]


def test_balls_rings_and_shells_have_the_shape_that_mathematics_gives_them() -> None:
    radius = np.sqrt(sum((axis - 27.5) ** 2 for axis in GRID))
    ring = np.hypot(np.hypot(GRID[1] - 27.5, GRID[2] - 27.5) - 14.0, GRID[0] - 27.5) < 4.0
    assert shape_of(radius < 12) == Shape(1, 0, 0)
    assert shape_of((radius < 12) & (radius > 6)) == Shape(1, 0, 1)
    assert shape_of(ring) == Shape(1, 1, 0)
    assert shape_of(ring | (radius < 3)) == Shape(2, 1, 0)
    assert euler_characteristic(ring) == 0


def test_contact_and_gap_of_two_boxes_are_what_a_ruler_says() -> None:
    labels = np.zeros((20, 20, 20), dtype=np.uint8)
    labels[2:8, 5:15, 5:15], labels[8:12, 7:11, 5:15] = 1, 2
    assert contact_mm2(labels, 2.0, 3)[1, 2] == 4 * 10 * 4.0
    labels[8:10] = 0
    assert gap_mm(labels == 1, labels == 2, 2.0) == pytest.approx(6.0)
    assert gap_mm(labels == 1, labels == 9, 2.0) == np.inf
