"""What the network sees stays in the patient when it looks from aside; what it makes up moves with its grid."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import PlannerError
from core.volume import LabelMap, Volume
from recon.inference import RegionLogits, class_logits
from recon.sampling import patient_grid, rasterise
from recon.steadiness import agreement, averaged, check_is_heart, look_from_aside, spread_mm
from recon.surface import surfaces_of_labels
from recon.task import NetworkSpec
from recon.weights import LoadedNetwork

N, SPACING_MM = 32, 4.0
SPEC = NetworkSpec("region", N, SPACING_MM, (16,), 8, jitter_mm=0.0, negatives=0.0)


class Sees(nn.Module):
    """Calls each of five brightness bands of the image a structure."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        bands = torch.arange(8, device=x.device).reshape(1, 8, 1, 1, 1) * 0.2
        return -(x[:, :1] - bands).abs() * 50.0


class MakesUp(nn.Module):
    """Paints the same nested balls into the middle of its grid, whatever the image shows."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        axis = torch.arange(N, dtype=torch.float32) - (N - 1) / 2.0
        radius = (axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2).sqrt()
        band = (6 - radius / 2.0).clamp(0, 5).round().long()
        return torch.nn.functional.one_hot(band, 8).permute(3, 0, 1, 2)[None].float() * 10.0


def _image() -> Volume:
    """Nested balls of five brightnesses on a dark ground."""
    indices = np.indices((80, 80, 80)) - 39.5
    radius = np.sqrt((indices**2).sum(axis=0))
    return Volume(
        np.clip(6 - radius / 5.0, 0, 5).round().astype(np.float32), np.diag((2.0, 2.0, 2.0, 1.0)), "1"
    )


def _look(network: nn.Module) -> tuple[RegionLogits, LoadedNetwork]:
    loaded = LoadedNetwork(SPEC, network, "test", "")
    grid = patient_grid(np.full(3, 79.0), N, SPACING_MM)
    intensity, observed = rasterise([_image()], grid, N)
    return RegionLogits(class_logits(loaded, intensity, observed), observed, grid, 1.0), loaded


def test_what_is_seen_stays_in_the_patient() -> None:
    region, loaded = _look(Sees())
    agreed = agreement(region, look_from_aside([_image()], region, loaded, "cpu"))
    assert agreed > 0.9
    check_is_heart(agreed)


def test_what_is_made_up_is_refused() -> None:
    region, loaded = _look(MakesUp())
    agreed = agreement(region, look_from_aside([_image()], region, loaded, "cpu"))
    with pytest.raises(PlannerError, match="no heart found"):
        check_is_heart(agreed)


def test_the_spread_of_a_made_up_surface_is_larger_than_of_a_seen_one() -> None:
    spreads = []
    for network in (Sees(), MakesUp()):
        region, loaded = _look(network)
        labels = region.logits.argmax(dim=0).numpy().astype(np.uint8)
        surfaces = surfaces_of_labels(LabelMap(labels, region.patient_from_index, {1: "lv"}, "1"))
        looks = look_from_aside([_image()], region, loaded, "cpu")
        spreads.append(spread_mm(region, looks, surfaces)["lv"])
    assert spreads[0] < 1.0 < spreads[1]


def test_the_average_of_looks_at_something_seen_is_what_was_seen() -> None:
    region, loaded = _look(Sees())
    mean = averaged(region, look_from_aside([_image()], region, loaded, "cpu"))
    same = mean.logits.argmax(dim=0) == region.logits.argmax(dim=0)
    assert same.float().mean() > 0.98
    assert torch.allclose(mean.logits.exp().sum(dim=0), torch.ones(N, N, N), atol=1e-3)
