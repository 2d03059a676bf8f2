"""Every artefact does what physics says it does: noise laws, slice profiles, steps, fans, bands, scars, metal."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from recon.anatomy.tissues import VALUE
from recon.sampling import patient_grid
from recon.simulate.acquire import acquire, stack_around
from recon.simulate.degrade import add_gaussian, add_rician, bend
from recon.simulate.echo import Fan, scan
from recon.simulate.inside import (
    add_scars,
    band,
    cancel_fat_edges,
    mix_blood,
    stir_blood,
    streak,
    weigh_by_coil,
)
from recon.simulate.metal import add_metal
from recon.simulate.planes import draw_steps
from recon.simulate.view import crop_to_circle, truncate

N, GRID_MM = 40, 2.0
CENTRE_MM = np.array((5.0, -12.0, 40.0))
GRID = patient_grid(CENTRE_MM, N, GRID_MM)
AXIAL = np.eye(3)[::-1]


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(11)


def _tissues(name: str) -> torch.Tensor:
    return torch.full((N, N, N), VALUE[name], dtype=torch.uint8)


def _positions() -> np.ndarray:
    """LPS mm (n, n, n, 3) of the grid's voxels."""
    indices = np.stack(np.meshgrid(*[np.arange(N)] * 3, indexing="ij"), axis=-1)
    return indices @ GRID[:3, :3].T + GRID[:3, 3]


@pytest.mark.parametrize("signal", [0.0, 1.0, 5.0])
def test_rician_noise_has_the_mean_and_spread_of_rices_law(signal: float) -> None:
    image = torch.full((60, 60, 60), signal)
    noisy = add_rician(image, 1.0, _generator()).numpy()
    law = stats.rice(b=signal)
    assert noisy.mean() == pytest.approx(law.mean(), rel=0.01)
    assert noisy.std() == pytest.approx(law.std(), rel=0.01)


def test_gaussian_noise_follows_a_map_of_its_strength() -> None:
    sigma = torch.linspace(1.0, 3.0, 60)[None, None].expand(60, 60, 60)
    noise = add_gaussian(torch.zeros(60, 60, 60), sigma, _generator())
    assert noise[..., 0].std().item() == pytest.approx(1.0, rel=0.05)
    assert noise[..., -1].std().item() == pytest.approx(3.0, rel=0.05)


def test_a_thick_slice_blurs_an_edge_as_wide_as_it_is_thick() -> None:
    """The response to a step, along the slices, has the standard deviation of a box: thickness / sqrt(12)."""
    image = torch.zeros(N, N, N)
    image[N // 2 :] = 1.0
    thickness = 12.0
    stack = stack_around(CENTRE_MM, AXIAL, np.array((1.0, 2.0, 2.0)), (60, 8, 8), thickness)
    profile = acquire(image, GRID, stack, None, 24)[0][:, 4, 4].numpy()
    spread = np.diff(profile)
    at = np.arange(len(spread)) * 1.0
    mean = (at * spread).sum() / spread.sum()
    deviation = np.sqrt((spread * (at - mean) ** 2).sum() / spread.sum())
    # The grid's own straight lines between voxels add a box of one grid step.
    assert deviation == pytest.approx(np.sqrt(thickness**2 + GRID_MM**2) / np.sqrt(12.0), rel=0.03)
    assert mean + 0.5 == pytest.approx(29.5, abs=0.1)


def test_an_oblique_stack_shows_every_place_where_it_lies() -> None:
    direction = np.array((0.3, -0.2, 0.7))
    image = torch.as_tensor(_positions() @ direction, dtype=torch.float32)
    turned = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    stack = stack_around(CENTRE_MM + 2.0, turned, np.array((5.0, 1.5, 2.5)), (5, 12, 9), 4.0)
    voxels, shown = acquire(image, GRID, stack)
    indices = np.stack(np.meshgrid(*map(np.arange, stack.shape), indexing="ij"), axis=-1)
    where = indices @ stack.patient_from_index[:3, :3].T + stack.patient_from_index[:3, 3]
    assert shown.all()
    assert np.abs(voxels.numpy() - where @ direction).max() < 1e-3


def test_a_moved_slice_shows_what_lies_where_the_move_carries_it() -> None:
    image = torch.as_tensor(_positions()[..., 0], dtype=torch.float32)
    stack = stack_around(CENTRE_MM, AXIAL, np.array((6.0, 2.0, 2.0)), (3, 10, 10), 2.0)
    moves = np.tile(np.eye(4), (3, 1, 1))
    moves[1, 0, 3] = 4.5
    still, moved = acquire(image, GRID, stack)[0], acquire(image, GRID, stack, moves)[0]
    difference = (moved - still).mean(dim=(1, 2)).numpy()
    assert difference == pytest.approx([0.0, 4.5, 0.0], abs=1e-3)


def test_gating_steps_stay_in_the_slice_and_within_five_millimetres() -> None:
    rng = np.random.default_rng(2)
    normal = np.array((0.0, 0.6, 0.8))
    moves = np.concatenate([draw_steps(rng, 30, normal) for _ in range(50)])
    shifts = moves[:, :3, 3]
    assert np.abs(shifts @ normal).max() < 1e-9
    assert np.linalg.norm(shifts, axis=1).max() <= 5.0
    assert np.linalg.norm(shifts, axis=1).max() > 4.0
    one = draw_steps(rng, 30, normal)[:, :3, 3]
    assert 1 <= (np.abs(np.diff(one, axis=0)).sum(axis=1) > 0).sum() <= 4


def test_an_echo_shows_its_cone_and_nothing_else() -> None:
    tip = CENTRE_MM + np.array((0.0, -35.0, 0.0))
    fan = Fan(tip, np.array((0.0, 1.0, 0.0)), half_angle_deg=35.0, depth_mm=60.0, near_mm=5.0)
    echo, inside = scan(torch.ones(N, N, N), GRID, fan, np.random.default_rng(0), _generator())
    offset = _positions() - tip
    radius = np.linalg.norm(offset, axis=-1)
    angle = np.degrees(np.arccos(offset[..., 1] / radius))
    expected = (angle <= 35.0) & (radius <= 60.0) & (radius >= 5.0)
    assert (inside.numpy() == expected).mean() > 0.999
    assert (echo[~inside] == 0).all()
    assert echo[inside].mean() > 0


def test_speckle_is_uneven_where_the_tissue_is_even() -> None:
    fan = Fan(CENTRE_MM + np.array((0.0, -45.0, 0.0)), np.array((0.0, 1.0, 0.0)), 40.0, 90.0)
    echo, inside = scan(torch.ones(N, N, N), GRID, fan, np.random.default_rng(3), _generator())
    core = echo[18:22, 10:14, 18:22]
    assert inside[18:22, 10:14, 18:22].all()
    assert core.std() > 0.05 * core.mean()


def test_a_band_is_dark_once_in_every_turn_of_the_phase() -> None:
    image = torch.ones(N, N, N)
    darkest = []
    for seed in range(8):
        banded = band(image, np.random.default_rng(seed), GRID_MM, _generator(), depth=1.0)
        assert banded.amax() < 1.6
        darkest.append(banded.amin().item())
    assert min(darkest) < 0.05


def test_fat_and_water_in_one_voxel_cancel() -> None:
    tissues = _tissues("heart_fat")
    tissues[:, :, N // 2 :] = VALUE["lv_myocardium"]
    image = cancel_fat_edges(torch.ones(N, N, N), tissues, 0.8)
    line = image[20, 20]
    assert line[N // 2 - 1 : N // 2 + 1].amax() < 0.6
    assert line[5] == pytest.approx(1.0)
    assert line[35] == pytest.approx(1.0)


def test_unmixed_blood_darkens_the_right_heart_only() -> None:
    tissues = _tissues("rv")
    tissues[:, :, N // 2 :] = VALUE["lv"]
    tissues[:10] = VALUE["liver"]
    image = torch.full((N, N, N), 300.0)
    image[:30] = 50.0
    mixed = mix_blood(image, tissues, 0.8, _generator())
    right = tissues == VALUE["rv"]
    assert torch.equal(mixed[~right], image[~right])
    assert (mixed <= image).all()
    assert (image - mixed)[right].std() > 5.0


def test_scars_lie_in_the_muscle_only() -> None:
    tissues = _tissues("lv")
    tissues[:, :20] = VALUE["lv_myocardium"]
    image = torch.where(tissues == VALUE["lv"], 1.0, 0.1)
    scarred = add_scars(image, tissues, np.random.default_rng(1), GRID_MM)
    changed = scarred != image
    assert changed.any()
    assert (tissues[changed] == VALUE["lv_myocardium"]).all()
    assert scarred[changed].amax() > 0.7


def test_moving_blood_keeps_its_mean_without_voids_and_loses_signal_with_them() -> None:
    tissues = _tissues("aorta")
    image = torch.ones(N, N, N)
    mottled = stir_blood(image, tissues, 0.1, 0.0, _generator())
    assert mottled.mean().item() == pytest.approx(1.0, abs=0.01)
    assert mottled.std().item() == pytest.approx(0.1, rel=0.05)
    assert stir_blood(image, tissues, 0.0, 1.0, _generator()).amin() < 0.5


def test_a_coil_in_front_brightens_the_front_and_keeps_the_mean() -> None:
    image = torch.ones(N, N, N)
    weighed = weigh_by_coil(image, np.random.default_rng(0), GRID_MM)
    assert weighed.mean().item() == pytest.approx(1.0, rel=1e-4)
    assert weighed[:, :5].mean() > 1.05 * weighed[:, 20:25].mean()


def test_streaks_fade_with_distance_and_add_nothing_on_average() -> None:
    middle = np.array((20.0, 20.0, 20.0))
    streaked = streak(torch.zeros(N, N, N), middle, 100.0, np.random.default_rng(0), GRID_MM)
    assert abs(streaked[20].mean().item()) < 5.0
    near, far = streaked[20, 15:26, 15:26].std(), streaked[20, :6, :6].std()
    assert near > 3.0 * far
    assert streaked[0].abs().amax() < 0.2 * streaked[20].abs().amax()


@pytest.mark.parametrize("is_ct", [True, False])
def test_metal_is_bright_in_ct_and_a_void_in_mr(is_ct: bool) -> None:
    tissues = _tissues("muscle")
    tissues[10:30, 10:30, 10:30] = VALUE["ra"]
    tissues[25:35, 12:28, 5:20] = VALUE["rv"]
    tissues[5:12, 12:28, 5:20] = VALUE["aortic_leaflet"]
    tissues[32:36, 30:36, 30:36] = VALUE["coronary_artery"]
    image = torch.full((N, N, N), 100.0)
    image[0] = 0.0
    for seed in range(6):
        with_metal = add_metal(image, tissues, is_ct, np.random.default_rng(seed), GRID_MM)
        changed = with_metal - image
        assert (changed.amax() > 60.0) if is_ct else (changed.amin() < -60.0)


def test_no_metal_is_put_where_there_is_no_heart() -> None:
    image = torch.rand(N, N, N, generator=_generator())
    for seed in range(4):
        assert torch.equal(
            add_metal(image, _tissues("liver"), True, np.random.default_rng(seed), GRID_MM), image
        )


def test_gamma_bias_and_inversion_keep_the_range_of_brightness() -> None:
    image = torch.rand(N, N, N, generator=_generator()) * 400.0 - 100.0
    for seed in range(10):
        bent = bend(image, np.random.default_rng(seed), _generator())
        assert torch.isfinite(bent).all()
        assert bent.amin() >= -101.0


def test_a_truncated_view_shows_nothing_outside_its_mask() -> None:
    image = torch.rand(N, N, N, generator=_generator()) + 0.1
    shares = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        intensity, observed = truncate(image, torch.ones_like(image), GRID_MM, rng, probability=1.0)
        assert intensity[observed == 0].abs().sum() == 0.0
        assert torch.equal(intensity[observed > 0], image[observed > 0])
        shares.append(observed.mean().item())
    assert 0.2 < min(shares) < 0.95


def test_a_round_crop_keeps_a_circle() -> None:
    cropped = crop_to_circle(torch.ones(2, 50, 60))
    assert cropped[0].sum().item() == pytest.approx(np.pi * 25.0**2, rel=0.02)
