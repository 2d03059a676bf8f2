"""Muon: its steps against a singular value decomposition, and that it descends."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from recon.train.muon import ADAM_LIKE, Muon, orthogonal


@pytest.mark.parametrize("shape", [(8, 40), (40, 8), (16, 16)])
def test_all_singular_values_come_near_one_along_the_same_vectors(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(3))
    u, _, vh = torch.linalg.svd(matrix, full_matrices=False)
    along = u.T @ orthogonal(matrix) @ vh.T
    singular = along.diagonal()
    assert ((singular > 0.6) & (singular < 1.25)).all()
    assert (along - torch.diag(singular)).abs().max() < 1e-3


def test_a_step_has_the_length_of_an_adam_step_whatever_the_gradients_length() -> None:
    moves = []
    for size in (1e-2, 1e4):
        kernel = nn.Parameter(torch.zeros(16, 4, 3, 3, 3))
        kernel.grad = size * torch.randn(kernel.shape, generator=torch.Generator().manual_seed(5))
        Muon([kernel], lr=0.01).step()
        moves.append(kernel.detach())
    assert torch.allclose(moves[0], moves[1], rtol=1e-3, atol=1e-5)
    rms = float(moves[0].square().mean().sqrt())
    assert rms == pytest.approx(0.01 * ADAM_LIKE, rel=0.3)


def test_it_recovers_a_known_kernel() -> None:
    generator = torch.Generator().manual_seed(7)
    wanted = torch.randn(6, 20, generator=generator)
    kernel = nn.Parameter(torch.zeros(6, 20))
    optimiser = Muon([kernel], lr=0.3, weight_decay=0.0)
    for step in range(300):
        inputs = torch.randn(20, 32, generator=generator)
        loss = ((kernel - wanted) @ inputs).square().mean()
        kernel.grad = torch.autograd.grad(loss, kernel)[0]
        for group in optimiser.param_groups:
            group["lr"] = 0.3 * (1.0 - step / 300)
        optimiser.step()
    assert (kernel - wanted).abs().max() < 0.05
