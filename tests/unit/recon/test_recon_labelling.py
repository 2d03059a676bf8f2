"""Logits become labels and fields at the right place, on any grid."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from core.frames import rigid
from core.volume import Volume
from recon.labelling import labels_of, labels_on
from recon.sampling import patient_grid
from recon.scores import RegionScores, lead_of, only_where, refined, smoothed, without_islands

CENTRE_MM, RADIUS_MM = np.array((12.0, -7.0, 31.0)), 20.0
N, SPACING_MM = 32, 3.0


def _ball(centre: np.ndarray, radius: float, grid: np.ndarray) -> torch.Tensor:
    indices = np.argwhere(np.ones((N, N, N)))
    distance = np.linalg.norm(indices @ grid[:3, :3].T + grid[:3, 3] - centre, axis=1)
    return torch.from_numpy((radius - distance).reshape(N, N, N).astype(np.float32))


def _region(*extra: tuple[np.ndarray, float]) -> RegionScores:
    """A ball of left ventricle, and further balls of the same, in a sea of background."""
    grid = patient_grid(CENTRE_MM, N, SPACING_MM)
    logits = torch.full((8, N, N, N), -30.0)
    logits[0] = 0.0
    balls = [_ball(CENTRE_MM, RADIUS_MM, grid), *(_ball(c, r, grid) for c, r in extra)]
    logits[1] = torch.stack(balls).amax(dim=0)
    return RegionScores(logits, torch.ones(N, N, N), grid)


def _oblique_volume() -> Volume:
    affine = rigid(np.array((0.4, 0.2, -0.7)), np.zeros(3)) @ np.diag((2.0, 0.9, 1.1, 1.0))
    shape = (40, 70, 60)
    affine[:3, 3] = CENTRE_MM - affine[:3, :3] @ ((np.array(shape) - 1) / 2.0)
    return Volume(np.zeros(shape, dtype=np.float32), affine, "1.2.3")


def test_labels_on_an_oblique_grid_are_the_ball_where_it_lies() -> None:
    labels = labels_on(refined(_region()), _oblique_volume())
    where = labels.patient_from_indices(np.argwhere(labels.mask("lv")))
    assert where.mean(axis=0) == pytest.approx(CENTRE_MM, abs=0.05)
    assert labels.volumes_ml()["lv"] == pytest.approx(4 / 3 * np.pi * RADIUS_MM**3 / 1000.0, rel=0.004)
    assert labels.frame_of_reference_uid == "1.2.3"


def test_outside_the_region_everything_is_background() -> None:
    far = np.array(_oblique_volume().patient_from_index)
    far[:3, 3] += 400.0
    labels = labels_on(_region(), Volume(np.zeros((5, 9, 9), dtype=np.float32), far, "1.2.3"))
    assert labels.labels.max() == 0


def test_refining_keeps_every_sample_and_what_is_quadratic_between_them() -> None:
    region = _region()
    fine = refined(region)
    assert torch.equal(fine.scores[:, ::2, ::2, ::2], region.scores)
    ramp = torch.arange(N, dtype=torch.float32) ** 2
    quadratic = RegionScores(ramp.expand(2, N, N, N).contiguous(), region.observed, region.patient_from_index)
    between = refined(quadratic).scores[0, 0, 0]
    exact = (torch.arange(2 * N - 1, dtype=torch.float32) / 2.0) ** 2
    assert torch.allclose(between[3:-3], exact[3:-3], rtol=1e-5)


def test_a_refined_grid_keeps_place_and_volume() -> None:
    labels = labels_of(refined(_region()), "1.2.3")
    assert labels.spacing_mm == pytest.approx(np.full(3, SPACING_MM / 2))
    where = labels.patient_from_indices(np.argwhere(labels.mask("lv")))
    assert where.mean(axis=0) == pytest.approx(CENTRE_MM, abs=0.05)
    assert labels.volumes_ml()["lv"] == pytest.approx(4 / 3 * np.pi * RADIUS_MM**3 / 1000.0, rel=0.01)


def test_a_speck_goes_and_a_large_second_piece_stays() -> None:
    speck = (CENTRE_MM + (36.0, 0.0, 0.0), 5.0)
    piece = (CENTRE_MM - (36.0, 0.0, 0.0), 12.0)
    cleaned = without_islands(_region(speck, piece)).scores.argmax(dim=0)
    original = _region(piece).scores.argmax(dim=0)
    assert torch.equal(cleaned, original)


def test_a_lead_is_positive_exactly_where_its_label_wins() -> None:
    region = _region()
    lead = lead_of(region.scores, 1)
    assert torch.equal(lead > 0, region.scores.argmax(dim=0) == 1)


def test_nothing_is_claimed_where_nothing_was_seen() -> None:
    seen = torch.ones(N, N, N, dtype=torch.bool)
    seen[: N // 2] = False
    region = _region()
    labels = only_where(region, seen).scores.argmax(dim=0)
    assert (labels[: N // 2] == 0).all()
    assert torch.equal(labels[N // 2 :], region.scores.argmax(dim=0)[N // 2 :])
    assert (labels[N // 2 :] > 0).any()


def test_smoothing_takes_off_blocks_and_keeps_the_place() -> None:
    """A ball written in 2x2x2 blocks, as the network's last layer does, comes back round."""
    region = _region()
    coarse = (
        region.scores[:, ::2, ::2, ::2].repeat_interleave(2, 1).repeat_interleave(2, 2).repeat_interleave(2, 3)
    )
    blocks = RegionScores(coarse, region.observed, region.patient_from_index)
    where = [torch.nonzero(r.scores.argmax(dim=0) == 1).float() for r in (blocks, smoothed(blocks))]
    assert torch.allclose(where[0].mean(dim=0), where[1].mean(dim=0), atol=0.1)
    spread = [(w - w.mean(dim=0)).norm(dim=1).sort().values[-60:].std() for w in where]
    assert spread[1] < spread[0]


def test_labels_on_a_grid_are_those_of_every_voxel_interpolated_by_itself() -> None:
    rng = np.random.default_rng(0)
    region = _region()
    rough = RegionScores(
        torch.from_numpy(rng.normal(size=(8, N, N, N)).astype(np.float32)).cumsum(dim=3) / 3.0,
        region.observed,
        region.patient_from_index,
    )
    volume = _oblique_volume()
    index = np.indices(volume.shape).reshape(3, -1).T
    where = np.linalg.inv(region.patient_from_index) @ volume.patient_from_index
    places = (index @ where[:3, :3].T + where[:3, 3]).T
    values = [ndimage.map_coordinates(one, places, order=1, mode="nearest") for one in rough.scores.numpy()]
    inside = ((places > 0) & (places < N - 1)).all(axis=0)
    expected = np.argmax(values, axis=0)[inside]
    found = labels_on(rough, volume).labels.ravel()[inside]
    assert inside.mean() > 0.5
    assert (found == expected).mean() > 0.9999
