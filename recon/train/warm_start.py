"""Begin a training from weights that another network, or an earlier one with fewer heads, was trained to."""

from __future__ import annotations

from pathlib import Path

from core.errors import PlannerError
from recon.networks.unet import UNet
from recon.weights import read_weights


def take_weights(network: UNet, path: Path) -> dict[str, object]:
    """Copy the weights that match by name and shape; the others stay fresh.

    Returns:
        What the card should say of it, JSON-ready.

    Raises PlannerError when the file is missing, damaged, or holds nothing that fits.
    """
    try:
        found = read_weights(path)
    except FileNotFoundError as error:
        raise PlannerError(
            "cannot begin from these weights", f"there is no file {path.name}", "give a .safetensors file"
        ) from error
    own = network.state_dict()
    fitting = {k: v for k, v in found.tensors.items() if k in own and own[k].shape == v.shape}
    if not fitting:
        raise PlannerError(
            "cannot begin from these weights",
            f"nothing in {path.name} fits this network",
            "give weights of the same task and network",
        )
    network.load_state_dict(fitting, strict=False)
    return {
        "sha256": found.sha256,
        "taken": len(fitting),
        "fresh": sorted(set(own) - set(fitting)),
    }
