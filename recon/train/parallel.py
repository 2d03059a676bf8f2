"""Several processes, one training: what `torchrun` says of them, and how they agree."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
import torch.distributed as distributed
from torch import nn


@dataclass(frozen=True)
class Group:
    """This process among those that train together; alone it is 0 of 1.

    Attributes:
        device: the torch device of this process.
    """

    device: str
    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0


def join_group(device: str) -> Group:
    """Join the processes that `torchrun` has started, one GPU each; alone without it.

    Args:
        device: "cuda" or "cpu", which talk through NCCL and Gloo.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return Group(device)
    if device == "cuda":
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    return Group(device, distributed.get_rank(), size)


def leave_group(group: Group) -> None:
    """Undo `join_group`."""
    if group.size > 1:
        distributed.destroy_process_group()


def shared(network: nn.Module, group: Group) -> nn.Module:
    """The network with its gradients averaged over the group at every backward pass."""
    if group.size == 1:
        return network
    devices = [group.device] if group.device.startswith("cuda") else None
    return nn.parallel.DistributedDataParallel(network, device_ids=devices)


def highest(group: Group, *values: float) -> list[float]:
    """The highest of each value over the group, so that all stop at the same step and agree on the time."""
    if group.size == 1:
        return list(values)
    tensor = torch.tensor(values, dtype=torch.float64, device=group.device)
    distributed.all_reduce(tensor, distributed.ReduceOp.MAX)
    return [float(value) for value in tensor]
