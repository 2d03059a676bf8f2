"""What the network sees stays in the patient when it looks from aside; what it makes up moves with its grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from core.volume import Volume
from recon.inference import RegionLogits, network_output, region_of
from recon.near import near
from recon.networks.landmarks import FoundLandmark
from recon.networks.output import NetworkOutput
from recon.sampling import patient_grid, place
from recon.steadiness import agreement, averaged, look_from_aside
from recon.task import NetworkSpec
from recon.weights import LoadedNetwork

N, SPACING_MM = 32, 4.0
SPEC = NetworkSpec("region", N, SPACING_MM, (16,), 8, jitter_mm=0.0, negatives=0.0)


class Sees(nn.Module):
    """Calls each of five brightness bands of the image a structure."""

    def forward(self, x: torch.Tensor) -> NetworkOutput:
        bands = torch.arange(8, device=x.device).reshape(1, 8, 1, 1, 1) * 0.2
        return NetworkOutput(-(x[:, :1] - bands).abs() * 50.0)


class MakesUp(nn.Module):
    """Paints the same nested balls into the middle of its grid, whatever the image shows."""

    def forward(self, x: torch.Tensor) -> NetworkOutput:
        axis = torch.arange(N, dtype=torch.float32) - (N - 1) / 2.0
        radius = (axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2).sqrt()
        band = (6 - radius / 2.0).clamp(0, 5).round().long()
        return NetworkOutput(torch.nn.functional.one_hot(band, 8).permute(3, 0, 1, 2)[None].float() * 10.0)


def _image() -> Volume:
    """Nested balls of five brightnesses on a dark ground."""
    indices = np.indices((80, 80, 80)) - 39.5
    radius = np.sqrt((indices**2).sum(axis=0))
    return Volume(
        np.clip(6 - radius / 5.0, 0, 5).round().astype(np.float32), np.diag((2.0, 2.0, 2.0, 1.0)), "1"
    )


def _look(network: nn.Module) -> tuple[RegionLogits, LoadedNetwork]:
    loaded = LoadedNetwork(SPEC, network, "test", "")  # type: ignore[arg-type]
    grid = patient_grid(np.full(3, 79.0), N, SPACING_MM)
    images = near([_image()], SPACING_MM)
    intensity, observed = place(images, grid, N)
    return region_of(network_output(loaded, intensity, observed), observed, grid, (), images=images), loaded


def test_what_is_seen_stays_in_the_patient() -> None:
    region, loaded = _look(Sees())
    assert agreement(region, look_from_aside(region, loaded, "cpu")) > 0.9


def test_what_is_made_up_moves_with_the_grid() -> None:
    region, loaded = _look(MakesUp())
    assert agreement(region, look_from_aside(region, loaded, "cpu")) < 0.6


def test_the_average_of_looks_at_something_seen_is_what_was_seen() -> None:
    region, loaded = _look(Sees())
    mean = averaged(region, look_from_aside(region, loaded, "cpu"))
    same = mean.logits.argmax(dim=0) == region.logits.argmax(dim=0)
    assert same.float().mean() > 0.98
    assert not mean.logits.isnan().any()


def test_a_landmark_seen_from_three_places_is_as_unsure_as_the_places_are_apart() -> None:
    region, _ = _look(Sees())
    ways = (np.array((1.0, 0.0, 0.0)), np.array((0.0, 1.0, 0.0)), np.array((1.0, 1.0, 0.0)) / np.sqrt(2.0))
    seen = [
        replace(region, landmarks={"mitral_valve": FoundLandmark(np.array((x, 0.0, 0.0)), 2.0, way)})
        for x, way in zip((9.0, 12.0, 15.0), ways, strict=True)
    ]
    joined = averaged(seen[0], seen[1:]).landmarks["mitral_valve"]
    assert joined.position_mm == pytest.approx((12.0, 0.0, 0.0))
    assert joined.sd_mm == pytest.approx(np.sqrt(2.0**2 + 6.0))
    assert joined.direction == pytest.approx(np.array((1.0, 1.0, 0.0)) / np.sqrt(2.0))
