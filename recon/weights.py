"""Trained weights: where they lie, what they are, and a refusal when they are missing or do not fit."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import PlannerError
from core.resources import ASSETS
from recon.task import NetworkSpec, TaskSpec

if TYPE_CHECKING:
    import torch

    from recon.networks.unet import UNet

WEIGHTS_FOLDER = ASSETS / "weights"


@dataclass(frozen=True)
class LoadedNetwork:
    """A network ready to run, and the fingerprint of the weights it runs with.

    `spec` is what the weights were trained as, which may be another grid than the task's own today.
    """

    spec: NetworkSpec
    network: UNet
    name: str
    sha256: str


@dataclass(frozen=True, eq=False)
class WeightFile:
    """What a weight file holds: tensors in float32, and the network they belong to (None where it does not say)."""

    tensors: dict[str, torch.Tensor]
    spec: NetworkSpec | None
    sha256: str


def weights_path(task: TaskSpec, spec: NetworkSpec, folder: Path = WEIGHTS_FOLDER) -> Path:
    """Where the weights of a task's network lie."""
    return folder / f"{task.key}-{spec.key}.safetensors"


def metadata_of(spec: NetworkSpec) -> dict[str, str]:
    """What a weight file says of its network, so that it can be used without anything beside it."""
    return {"network": json.dumps(asdict(spec))}


def read_weights(path: Path) -> WeightFile:
    """Read a weight file. The spec comes from its metadata, else from the card beside it (older files).

    Raises FileNotFoundError, and PlannerError when it is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        content = path.read_bytes()
        tensors = {name: tensor.float() for name, tensor in load(content).items()}
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        facts = header.get("__metadata__", {}).get("network")
        spec = _spec_on_card(path) if facts is None else NetworkSpec.from_facts(json.loads(facts))
    except FileNotFoundError:
        raise
    except (SafetensorError, RuntimeError, OSError, ValueError, TypeError) as error:
        raise _unusable(path) from error
    return WeightFile(tensors, spec, hashlib.sha256(content).hexdigest())


def load_network(
    task: TaskSpec, spec: NetworkSpec, device: str, folder: Path = WEIGHTS_FOLDER
) -> LoadedNetwork:
    """Load a trained network. Raises PlannerError when its weights are missing, damaged or of another network."""
    import torch

    from recon.networks.unet import build_network

    path = weights_path(task, spec, folder)
    try:
        weights = read_weights(path)
    except FileNotFoundError as error:
        raise PlannerError(
            f"no weights for {task.key}/{spec.key}",
            f"{path.name} is not in the weights folder",
            f"train them with: auricle train {task.key} --network {spec.key} --out DIR",
        ) from error
    trained_as = weights.spec or spec
    if (trained_as.key, trained_as.n_classes) != (spec.key, spec.n_classes):
        raise _unusable(path)
    network = build_network(trained_as)
    try:
        network.load_state_dict(weights.tensors)
    except RuntimeError as error:
        raise _unusable(path) from error
    network.eval().to(device).to(memory_format=torch.channels_last_3d)
    return LoadedNetwork(trained_as, network, path.stem, weights.sha256)


def _spec_on_card(path: Path) -> NetworkSpec | None:
    try:
        card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if not isinstance(card, dict) or not isinstance(card.get("network"), dict):
        return None
    return NetworkSpec.from_facts(card["network"])


def _unusable(path: Path) -> PlannerError:
    return PlannerError(
        f"cannot use the weights {path.name}",
        "the file is damaged or made for another network",
        "restore it from the release, or train it anew",
    )
