"""Which optimiser moves which weights, and their state as named tensors to save."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from recon.networks.unet import UNet
from recon.train.muon import Muon

HEAD_RATE = 4.0
"""Times the learning rate, for the heads beside the classes: from features made for classes they have far to go."""

Optimisers = dict[str, torch.optim.Optimizer]


def optimisers_for(network: UNet, learning_rate: float) -> Optimisers:
    """Muon for the inner kernels; AdamW for the first and last layers, where it is the better one, and the norms."""
    inner = [p for block in (network.encoders, network.decoders) for p in block.parameters() if p.ndim == 5]
    heads = [
        p
        for head in (network.distance_head, network.heatmap_head, network.direction_head)
        if head is not None
        for p in head.parameters()
    ]
    ids = {id(p) for p in inner + heads}
    others = [p for p in network.parameters() if id(p) not in ids]
    groups = [{"params": others, "scale": 1.0}]
    if heads:
        groups.append({"params": heads, "scale": HEAD_RATE})
    return {
        "muon": Muon(inner, learning_rate),
        "adamw": torch.optim.AdamW(groups, lr=learning_rate, weight_decay=1e-4),
    }


def set_rate(optimisers: Optimisers, learning_rate: float) -> None:
    """Let the next step be taken at this learning rate."""
    for optimiser in optimisers.values():
        for group in optimiser.param_groups:
            group["lr"] = learning_rate * group.get("scale", 1.0)


def state_of(optimisers: Optimisers) -> dict[str, torch.Tensor]:
    """All that the optimisers remember: "<optimiser>.<parameter's index>.<name>" to tensor."""
    return {
        f"{kind}.{index}.{name}": tensor
        for kind, optimiser in optimisers.items()
        for index, state in optimiser.state_dict()["state"].items()
        for name, tensor in state.items()
    }


def restore(optimisers: Optimisers, tensors: Mapping[str, torch.Tensor]) -> None:
    """Undo `state_of`; tensors of other names are left alone."""
    for kind, optimiser in optimisers.items():
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in under(tensors, f"{kind}.").items():
            index, key = name.split(".", 1)
            state.setdefault(int(index), {})[key] = tensor
        optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def under(tensors: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """The tensors whose name begins with `prefix`, without it."""
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}
