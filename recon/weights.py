"""Trained weights: where they lie, what they are, and a refusal when they are missing or do not fit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import PlannerError
from core.resources import ASSETS
from recon.task import NetworkSpec, TaskSpec

if TYPE_CHECKING:
    from torch import nn

WEIGHTS_FOLDER = ASSETS / "weights"


@dataclass(frozen=True)
class LoadedNetwork:
    """A network ready to run, and the fingerprint of the weights it runs with."""

    spec: NetworkSpec
    network: nn.Module
    name: str
    sha256: str


def weights_path(task: TaskSpec, spec: NetworkSpec, folder: Path = WEIGHTS_FOLDER) -> Path:
    """Where the weights of a task's network lie."""
    return folder / f"{task.key}-{spec.key}.safetensors"


def load_network(
    task: TaskSpec, spec: NetworkSpec, device: str, folder: Path = WEIGHTS_FOLDER
) -> LoadedNetwork:
    """Load a trained network. Raises PlannerError when its weights are missing, damaged or of another shape."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load

    from recon.networks.unet import UNet

    path = weights_path(task, spec, folder)
    try:
        content = path.read_bytes()
        state = {name: tensor.float() for name, tensor in load(content).items()}
        network = UNet(spec.n_classes, spec.channels)
        network.load_state_dict(state)
    except FileNotFoundError as error:
        raise PlannerError(
            f"no weights for {task.key}/{spec.key}",
            f"{path.name} is not in the weights folder",
            f"train them with: auricle train {task.key} --network {spec.key} --out DIR",
        ) from error
    except (SafetensorError, RuntimeError, OSError) as error:
        raise PlannerError(
            f"cannot use the weights {path.name}",
            "the file is damaged or made for another network",
            "restore it from the release, or train it anew",
        ) from error
    network.eval().to(device).to(memory_format=torch.channels_last_3d)
    return LoadedNetwork(spec, network, path.stem, hashlib.sha256(content).hexdigest())
