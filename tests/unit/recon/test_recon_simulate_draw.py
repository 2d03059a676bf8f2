"""Images drawn for training: every kind, every family, deterministic, and what training sees is what use sees."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.volume import Volume
from recon.anatomy.tissues import TISSUES, VALUE
from recon.near import Scaled, normalise
from recon.sampling import patient_grid, rasterise, rasterise_scaled
from recon.simulate.degrade import scale_as_of_wider_view
from recon.simulate.draw import KINDS, LvAxes, draw_image
from recon.simulate.families import FAMILIES, random_contrast
from recon.simulate.groups import GROUPS, values_of
from recon.simulate.planes import draw_breathing
from recon.simulate.scene import Scene
from recon.simulate.slices import planes_of, short_axis_stack

N, GRID_MM = 32, 5.0
CENTRE_MM = np.array((10.0, -20.0, 30.0))
GRID = patient_grid(CENTRE_MM, N, GRID_MM)
AXES = LvAxes(
    CENTRE_MM + np.array((-15.0, 10.0, 20.0)),
    CENTRE_MM + np.array((40.0, -35.0, -30.0)),
    np.array((-0.7, -0.7, 0.1)),
)


def _tissues() -> torch.Tensor:
    """Nested balls of heart in fat, lung and muscle; every tissue somewhere, so that none is forgotten."""
    tissues = torch.full((N, N, N), VALUE["lung"], dtype=torch.uint8)
    axis = torch.arange(N, dtype=torch.float32) - (N - 1) / 2.0
    z, y, x = torch.meshgrid(axis, axis, axis, indexing="ij")
    radius = (z * z + y * y + x * x).sqrt() * GRID_MM
    for name, reach_mm in (("heart_fat", 70.0), ("lv_myocardium", 58.0), ("lv", 45.0)):
        tissues[radius < reach_mm] = VALUE[name]
    tissues[(radius < 45.0) & (x < -1)] = VALUE["rv"]
    tissues[:, :3] = VALUE["skin_fat"]
    tissues.view(-1)[: len(TISSUES)] = torch.arange(len(TISSUES), dtype=torch.uint8)
    return tissues


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_gives_a_finite_image_and_shows_nothing_where_it_observed_nothing(kind: str) -> None:
    for seed in range(3):
        intensity, observed = draw_image(_tissues(), GRID, AXES, np.random.default_rng(seed), kind)
        assert intensity.shape == observed.shape == (N, N, N)
        assert torch.isfinite(intensity).all()
        assert set(observed.unique().tolist()) <= {0.0, 1.0}
        assert observed.mean() > 0.005
        assert intensity[observed == 0].abs().sum() == 0.0
        assert intensity[observed > 0].std() > 0.02
        assert intensity.amin() >= -0.2 - 1e-5
        assert intensity.amax() <= 1.2 + 1e-5


def test_the_same_seed_draws_the_same_image_and_another_seed_another() -> None:
    for kind in KINDS:
        first, again, other = (
            draw_image(_tissues(), GRID, AXES, np.random.default_rng(seed), kind)[0] for seed in (5, 5, 6)
        )
        assert torch.equal(first, again), kind
        assert not torch.equal(first, other), kind


def test_the_kinds_are_drawn_as_often_as_their_table_says() -> None:
    assert sum(share for share, _, _ in KINDS.values()) == pytest.approx(1.0)
    for _, families, _ in KINDS.values():
        assert set(families) <= set(FAMILIES)


def test_an_image_without_a_heart_can_be_drawn_in_every_kind() -> None:
    nothing = torch.full((N, N, N), VALUE["liver"], dtype=torch.uint8)
    nothing[:, :16] = VALUE["bone"]
    for kind in KINDS:
        intensity, _ = draw_image(nothing, GRID, None, np.random.default_rng(2), kind)
        assert torch.isfinite(intensity).all(), kind


def test_every_tissue_belongs_to_exactly_one_group() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(TISSUES)


@pytest.mark.parametrize("family", list(FAMILIES))
def test_every_family_gives_every_tissue_a_brightness_and_a_texture(family: str) -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        contrast = random_contrast(rng, family)
        assert np.isfinite(contrast.means).all()
        assert (contrast.deviations > 0).all()


def test_blood_is_within_fifteen_hu_of_muscle_without_contrast_agent() -> None:
    rng = np.random.default_rng(8)
    for _ in range(50):
        hu = random_contrast(rng, "ct_noncontrast").means
        blood, muscle = hu[values_of(("lv", "rv", "aorta"))], hu[values_of(("lv_myocardium",))]
        assert np.abs(blood - muscle).max() <= 15.0 + 3.0 * 5.0


def test_bright_blood_families_show_blood_brighter_than_muscle_and_black_blood_darker() -> None:
    rng = np.random.default_rng(8)
    for family, sign in (("mr_bssfp", 1), ("ct_arterial", 1), ("lge", 1), ("black_blood", -1), ("echo", -1)):
        for _ in range(20):
            means = random_contrast(rng, family).means
            assert sign * (means[VALUE["lv"]] - means[VALUE["lv_myocardium"]]) > 0, family


def test_the_left_heart_is_tied_to_the_aorta_and_the_right_heart_is_free() -> None:
    rng = np.random.default_rng(3)
    drawn = np.stack([random_contrast(rng, "ct_arterial").means for _ in range(80)])
    assert (drawn[:, VALUE["lv"]] == drawn[:, VALUE["aorta"]]).all()
    is_tied = np.isclose(drawn[:, VALUE["rv"]], drawn[:, VALUE["lv"]])
    assert 0.1 < is_tied.mean() < 0.7


def test_breathing_moves_slices_by_three_and_a_half_mm_and_two_and_a_half_degrees_on_average() -> None:
    rng = np.random.default_rng(0)
    moves = np.concatenate([draw_breathing(rng, CENTRE_MM, 10) for _ in range(400)])
    shifts = np.linalg.norm(moves[:, :3, :3] @ CENTRE_MM + moves[:, :3, 3] - CENTRE_MM, axis=1)
    turns = np.degrees(np.arccos(np.clip((np.trace(moves[:, :3, :3], axis1=1, axis2=2) - 1.0) / 2.0, -1, 1)))
    assert shifts.mean() == pytest.approx(3.5, rel=0.08)
    assert turns.mean() == pytest.approx(2.5, rel=0.08)


def _scene(seed: int) -> Scene:
    brightness = torch.rand(N, N, N, generator=torch.Generator().manual_seed(seed)) * 500.0
    generator = torch.Generator().manual_seed(1)
    contrast = random_contrast(np.random.default_rng(0), "mr_bssfp")
    return Scene(brightness, GRID, AXES, contrast, np.random.default_rng(seed), generator)


def test_a_simulated_stack_written_as_a_study_rasterises_to_what_training_sees() -> None:
    """The same slices as one volume and as planes: real volumes through `rasterise`, simulated ones through theirs."""
    for seed in range(3):
        stack = short_axis_stack(_scene(seed))
        for taken in ([stack], planes_of(*stack)):
            volumes = [Volume(voxels.numpy(), where.patient_from_index, "1.2") for voxels, _, where in taken]
            used = rasterise(volumes, GRID, N)
            scaled = [Scaled(normalise(voxels), where.patient_from_index) for voxels, _, where in taken]
            trained = rasterise_scaled(scaled, GRID, N)
            assert torch.equal(used[1], trained[1])
            assert torch.allclose(used[0], trained[0], atol=1e-5)


def test_scaling_of_a_view_that_ends_where_the_grid_ends_is_that_of_use_but_for_its_percentiles() -> None:
    values = torch.rand(30, 30, 30, generator=torch.Generator().manual_seed(0))
    scaled = scale_as_of_wider_view(values, torch.ones_like(values) > 0, np.random.default_rng(0))
    slope = torch.corrcoef(torch.stack([values.flatten(), scaled.flatten()]))[0, 1]
    assert slope > 0.999
    assert scaled.mean().item() == pytest.approx(0.5, abs=0.02)
