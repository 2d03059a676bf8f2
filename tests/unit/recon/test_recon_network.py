"""The networks keep shapes, lose nothing at their doors, and answer with every head."""

from __future__ import annotations

import pytest
import torch

from core.errors import PlannerError
from recon.networks.output import TRUNCATION_MM
from recon.networks.unet import UNet, depth_to_space, space_to_depth
from recon.registry import find_task


def test_depth_to_space_undoes_space_to_depth() -> None:
    x = torch.arange(2 * 3 * 4 * 6 * 8, dtype=torch.float32).reshape(2, 3, 4, 6, 8)
    assert torch.equal(depth_to_space(space_to_depth(x)), x)


def test_the_network_gives_one_logit_per_class_and_voxel() -> None:
    network = UNet(8, (16, 32))
    output = network(torch.zeros(1, 2, 8, 8, 8))
    assert output.logits.shape == (1, 8, 8, 8, 8)
    assert output[1:] == (None, None, None)


def test_every_head_answers_on_its_grid_and_every_weight_takes_part() -> None:
    network = UNet(3, (16, 16), has_distances=True, n_landmarks=4, n_directed=2)
    generator = torch.Generator().manual_seed(0)
    output = network(torch.rand(2, 2, 8, 8, 8, generator=generator))
    assert output.distances_mm is not None
    assert output.heatmaps is not None
    assert output.directions is not None
    assert output.distances_mm.shape == (2, 2, 8, 8, 8)
    assert output.heatmaps.shape == (2, 4, 4, 4, 4)
    assert output.directions.shape == (2, 6, 4, 4, 4)
    assert output.distances_mm.abs().max() <= TRUNCATION_MM
    torch.stack([part.square().sum() for part in output]).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_an_unknown_task_is_refused_by_name() -> None:
    with pytest.raises(PlannerError, match="liver"):
        find_task("liver")


def test_reading_the_catalogue_imports_no_torch() -> None:
    import subprocess
    import sys

    code = "import sys, recon.registry, recon.run; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
