"""Volumes and planes land on the patient grid where they lie in the patient."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from core.frames import rigid
from core.volume import Volume
from recon.near import near, normalise
from recon.sampling import grid_box, patient_grid, place, rasterise


def _smooth_field(points: np.ndarray) -> np.ndarray:
    x, y, z = points.T
    return np.sin(x / 17.0) + np.cos(y / 23.0 + 0.4) + np.sin(z / 19.0 - 0.2)


def _oblique_volume(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> Volume:
    affine = rigid(np.array((0.3, -0.5, 0.8)), np.zeros(3)) @ np.diag((*spacing, 1.0))
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2.0)
    indices = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1).reshape(-1, 3)
    values = _smooth_field(indices @ affine[:3, :3].T + affine[:3, 3]).reshape(shape)
    return Volume(values.astype(np.float32), affine, "1.2.3")


def _correlation(volume: Volume, grid: np.ndarray, n: int) -> tuple[float, float]:
    """Correlation with the true field where observed, and the share of the grid that is observed."""
    intensity, observed = rasterise([volume], grid, n)
    seen = observed.numpy() > 0
    indices = np.argwhere(seen)
    truth = _smooth_field(indices @ grid[:3, :3].T + grid[:3, 3])
    return float(np.corrcoef(intensity.numpy()[seen], truth)[0, 1]), float(seen.mean())


def test_an_oblique_volume_keeps_every_value_at_its_place() -> None:
    volume = _oblique_volume((90, 80, 70), (2.0, 2.0, 2.0))
    correlation, share = _correlation(volume, patient_grid(np.array((3.0, -4.0, 5.0)), 32, 2.5), 32)
    assert share == 1.0
    assert correlation > 0.9999


def test_rasterising_agrees_with_scipy_on_an_oblique_volume() -> None:
    volume = _oblique_volume((60, 50, 40), (2.5, 2.5, 2.5))
    grid = patient_grid(np.zeros(3), 16, 2.5)
    intensity, _ = rasterise([volume], grid, 16)
    indices = np.argwhere(np.ones((16, 16, 16)))
    where = volume.indices_from_patient(indices @ grid[:3, :3].T + grid[:3, 3]).T
    scaled = normalise(torch.from_numpy(volume.voxels.copy())).numpy()
    expected = ndimage.map_coordinates(scaled, where, order=1).reshape(16, 16, 16)
    assert np.abs(intensity.numpy() - expected).max() < 1e-3


def test_what_lies_outside_the_volume_is_not_observed() -> None:
    volume = _oblique_volume((20, 20, 20), (2.0, 2.0, 2.0))
    _, observed = rasterise([volume], patient_grid(np.zeros(3), 48, 2.5), 48)
    observed_ml = float(observed.sum()) * 2.5**3 / 1000.0
    assert observed_ml == pytest.approx(20**3 * 2.0**3 / 1000.0, rel=0.03)


@pytest.mark.parametrize(("thickness_mm", "seen_mm"), [(8.0, 8.0), (1.0, 2.5)])
def test_a_single_plane_is_observed_at_its_place_as_thick_as_it_is_and_never_thinner_than_the_grid(
    thickness_mm: float, seen_mm: float
) -> None:
    plane = _oblique_volume((1, 120, 120), (thickness_mm, 1.5, 1.5))
    n, spacing = 40, 2.5
    grid = patient_grid(np.zeros(3), n, spacing)
    correlation, _ = _correlation(plane, grid, n)
    assert correlation > 0.995  # across its thickness a plane holds one value
    _, observed = rasterise([plane], grid, n)
    indices = np.argwhere(observed.numpy() > 0)
    distance = (indices @ grid[:3, :3].T + grid[:3, 3]) @ plane.axes[:, 0]
    assert np.abs(distance).max() <= 0.5 * seen_mm + 1e-6
    assert observed.sum() * spacing**3 == pytest.approx((n * spacing) ** 2 * seen_mm, rel=0.35)


def test_a_thick_stack_is_observed_between_its_slices() -> None:
    stack = _oblique_volume((10, 60, 60), (8.0, 1.5, 1.5))
    _, observed = rasterise([stack], patient_grid(np.zeros(3), 16, 2.5), 16)
    assert observed.min() == 1.0


def test_two_planes_that_cross_are_both_observed() -> None:
    first = _oblique_volume((1, 100, 100), (8.0, 1.5, 1.5))
    turned = np.array(first.patient_from_index)
    turned[:3, :3] = turned[:3, [1, 0, 2]]
    second = Volume(first.voxels, turned, "1.2.3")
    grid = patient_grid(np.zeros(3), 24, 2.5)
    parts = [rasterise([v], grid, 24)[1] for v in (first, second)]
    both = rasterise([first, second], grid, 24)[1]
    assert torch.equal(both, (parts[0] + parts[1] > 0).float())


def test_normalising_does_not_depend_on_gain_or_offset() -> None:
    values = torch.rand(20, 20, 20, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(normalise(values), normalise(values * 730.0 - 1000.0), atol=1e-3)


def test_padding_far_below_air_does_not_squeeze_the_contrast_of_a_ct() -> None:
    """A scanner pads outside its circle with -3024; inside, the picture must stay as it is without padding."""
    rng = np.random.default_rng(0)
    voxels = np.full((24, 24, 24), -1000.0, dtype=np.float32)
    voxels[4:20, 4:20, 4:20] = rng.uniform(-100.0, 400.0, (16, 16, 16))
    padded = voxels.copy()
    padded[:, :3] = -3024.0
    affine = np.diag((2.5, 2.5, 2.5, 1.0))
    images = [
        rasterise([Volume(v, affine, "1", "HU", "CT")], affine[[0, 1, 2, 3]], 24)[0] for v in (voxels, padded)
    ]
    inside = (slice(6, 18),) * 3
    assert torch.allclose(images[0][inside], images[1][inside], atol=0.03)


def test_a_fine_volume_is_blurred_as_much_as_the_grid_asks_for() -> None:
    """A wave becomes smaller as a Gaussian of that deviation makes it, whatever steps it was taken in."""
    for own_mm in (0.5, 0.7, 1.0, 1.9):
        n = round(120.0 / own_mm)
        affine = np.diag((own_mm, own_mm, own_mm, 1.0))
        wave = np.sin(2.0 * np.pi * np.arange(n) * own_mm / 24.0)
        volume = Volume(np.broadcast_to(wave, (n, n, n)).astype(np.float32), affine, "1")
        grid = patient_grid(np.full(3, 60.0), 16, 3.0)
        intensity, _ = rasterise([volume], grid, 16)
        z_mm = grid[2, 3] + 3.0 * np.arange(16)
        deviation_mm = 0.42 * np.sqrt(3.0**2 - own_mm**2)
        kept = np.exp(-0.5 * (2.0 * np.pi * deviation_mm / 24.0) ** 2)
        low, high = np.quantile(wave, (0.01, 0.99))
        expected = (kept * np.sin(2.0 * np.pi * z_mm / 24.0) - low) / (high - low)
        assert np.abs(intensity[:, 8, 8].numpy() - expected).max() < 0.015, own_mm


def test_cropping_to_a_box_changes_nothing_inside_it() -> None:
    rng = np.random.default_rng(0)
    oblique = _oblique_volume((90, 80, 70), (1.1, 0.9, 1.0))
    volume = Volume(rng.normal(size=oblique.shape).astype(np.float32), oblique.patient_from_index, "1")
    grid = patient_grid(np.array((3.0, -9.0, 5.0)), 12, 3.0)
    whole, cropped = (near([volume], 3.0, box_mm=box) for box in (None, grid_box(grid, 12)))
    assert cropped[0].part.voxels.numel() < 0.5 * whole[0].part.voxels.numel()
    for a, b in zip(place(whole, grid, 12), place(cropped, grid, 12), strict=True):
        # Cropping begins the steps elsewhere, and so the straight lines between them.
        assert torch.allclose(a, b, atol=0.03)


def test_slabs_give_what_one_piece_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    volume = _oblique_volume((60, 50, 40), (0.8, 1.1, 0.9))
    grid = patient_grid(np.zeros(3), 12, 3.0)
    whole = rasterise([volume], grid, 12)
    monkeypatch.setattr("recon.near.SLAB_VOXELS", 7 * 50 * 40)
    for a, b in zip(whole, rasterise([volume], grid, 12), strict=True):
        assert torch.allclose(a, b, atol=1e-5)


def test_a_volume_that_misses_the_box_is_left_out() -> None:
    far = _oblique_volume((20, 20, 20), (2.0, 2.0, 2.0))
    assert near([far], 3.0, box_mm=np.array([[300.0] * 3, [400.0] * 3])) == ()
    _, observed = rasterise([far], patient_grid(np.full(3, 350.0), 8, 3.0), 8)
    assert observed.max() == 0.0
