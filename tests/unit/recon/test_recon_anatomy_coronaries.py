"""Coronary vessels: painted in the fat, open into the root, by Murray's law; no structure gives way to them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from recon.anatomy.coronaries import ARTERIES, VEINS
from recon.anatomy.heart import Heart, sample_heart
from recon.anatomy.heart_layers import heart_layers, sac_of
from recon.anatomy.layers import Layer, paint_layers
from recon.anatomy.patient import grid_points, target_of
from recon.anatomy.tissues import VALUE
from recon.sampling import patient_grid

ARTERY, VEIN = VALUE["coronary_artery"], VALUE["coronary_vein"]


def _layers(heart: Heart, points: torch.Tensor) -> list[Layer]:
    parts = heart.parts(points)
    return list(heart_layers(parts, heart.sizes, sac_of(parts, heart.sizes)))


def _block(heart: Heart, centre: np.ndarray, n: int, spacing_mm: float) -> np.ndarray:
    points = grid_points(patient_grid(centre, n, spacing_mm), (n, n, n))
    return paint_layers(_layers(heart, points), points).numpy().reshape(n, n, n)


@pytest.fixture(scope="module")
def heart() -> Heart:
    return sample_heart(np.random.default_rng(81))


def test_both_tissues_are_painted_and_are_background(heart: Heart) -> None:
    tissues = _block(heart, np.array((-5.0, -15.0, -5.0)), 56, 2.8)
    assert 1.5 < (tissues == ARTERY).sum() * 2.8**3 / 1000 < 9.0  # ml
    assert 1.0 < (tissues == VEIN).sum() * 2.8**3 / 1000 < 20.0
    assert target_of(torch.tensor([ARTERY, VEIN], dtype=torch.uint8)).tolist() == [0, 0]


def test_no_structure_gives_way_to_a_coronary_vessel(heart: Heart) -> None:
    n = 40
    points = grid_points(patient_grid(np.array((-5.0, -15.0, 0.0)), n, 4.0), (n, n, n))
    layers = _layers(heart, points)
    without = [layer for layer in layers if not layer.tissue.startswith("coronary")]
    assert len(without) < len(layers)
    assert torch.equal(target_of(paint_layers(layers, points)), target_of(paint_layers(without, points)))


def _opens_into_root(heart: Heart, side: str) -> bool:
    tissues = _block(heart, heart.landmarks()[f"{side}_coronary_ostium"], 23, 0.7)
    parts, _ = ndimage.label((tissues == VALUE["aorta"]) | (tissues == ARTERY))
    root = np.bincount(parts[tissues == VALUE["aorta"]]).argmax()
    return bool((parts[tissues == ARTERY] == root).any())


def test_arteries_leave_the_root_at_their_ostia() -> None:
    """The right one may be hidden at once, where the right ventricle's outflow lies against its sinus."""
    hearts = [sample_heart(np.random.default_rng(seed)) for seed in (81, 82, 83, 85)]
    for heart in hearts:
        for side, name in (("left", "left_main"), ("right", "right")):
            line, radii = heart.coronary_lines[name]
            ostium = heart.landmarks()[f"{side}_coronary_ostium"]
            assert np.linalg.norm(ostium - line[:4], axis=1).min() < radii[0]
    assert all(_opens_into_root(heart, "left") for heart in hearts)
    assert sum(_opens_into_root(heart, "right") for heart in hearts) >= 2


def test_the_long_arteries_are_seen_over_most_of_their_course(heart: Heart) -> None:
    assert set(heart.coronary_lines) == {*ARTERIES, *VEINS}
    for name in ("descending", "circumflex", "right"):
        points = torch.from_numpy(heart.coronary_lines[name][0].astype(np.float32))
        shown = paint_layers(_layers(heart, points), points) == ARTERY
        assert shown.float().mean() > 0.5, name


def test_branches_share_the_width_of_their_parent_by_murrays_law(heart: Heart) -> None:
    at_fork = [heart.coronary_lines[name][1][0] ** 3 for name in ("descending", "circumflex")]
    assert sum(at_fork) == pytest.approx(heart.coronary_lines["left_main"][1][-1] ** 3)


def test_coronary_vessels_have_draws_of_their_own(heart: Heart) -> None:
    again = sample_heart(np.random.default_rng(81))
    for name in ARTERIES:
        assert np.array_equal(again.coronary_lines[name][0], heart.coronary_lines[name][0])
    assert (
        heart.coronary_lines["right"][1][0]
        != sample_heart(np.random.default_rng(82)).coronary_lines["right"][1][0]
    )
