"""What runs the networks: torch anywhere, or OpenVINO on a CPU where it is installed, with equal answers.

OpenVINO needs seconds to take a network over and a fraction of one to run it, so the result is kept in a folder, named
by the fingerprint of the weights. Without such a folder torch runs: one reconstruction would not win back the time.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import PlannerError
from core.staging import replace_file
from recon.networks.landmarks import directed
from recon.task import NetworkSpec, TaskSpec
from recon.weights import WEIGHTS_FOLDER, LoadedNetwork, load_network

if TYPE_CHECKING:
    import torch

TORCH, OPENVINO = "torch", "openvino"


class CompiledNetwork:
    """A network that OpenVINO runs; called as the torch module that it was made from."""

    def __init__(self, compiled: Any, outputs: tuple[str, ...]) -> None:
        self._compiled = compiled
        self._outputs = outputs

    def __call__(self, x: torch.Tensor) -> Any:
        """As the network's own `forward`, on the CPU."""
        import torch

        from recon.networks.output import NetworkOutput

        found = self._compiled([x.numpy()])
        # The arrays belong to OpenVINO, which writes the next answer into them.
        parts = [torch.from_numpy(found[i].copy()) for i in range(len(self._outputs))]
        return NetworkOutput(**dict(zip(self._outputs, parts, strict=True)))


def load_networks(
    task: TaskSpec, device: str, weights_folder: Path = WEIGHTS_FOLDER, cache: Path | None = None
) -> tuple[LoadedNetwork, LoadedNetwork]:
    """The localiser and the region network of a task, ready to run on a device.

    Args:
        cache: folder where networks that OpenVINO has taken over are kept; None: torch runs them.

    Raises PlannerError when weights are missing or damaged.
    """
    localiser, region = (
        ready(load_network(task, spec, device, weights_folder), device, cache)
        for spec in (task.localiser, task.region)
    )
    return localiser, region


def ready(loaded: LoadedNetwork, device: str, cache: Path | None) -> LoadedNetwork:
    """The same network on the fastest engine that this machine has for it."""
    if device != "cpu" or cache is None or find_spec("openvino") is None:
        return loaded
    return replace(loaded, network=_compiled(loaded, cache))


def engine_of(loaded: LoadedNetwork) -> str:
    """Which engine runs a network: "torch" or "openvino"."""
    return OPENVINO if isinstance(loaded.network, CompiledNetwork) else TORCH


def _outputs(spec: NetworkSpec) -> tuple[str, ...]:
    """The parts of `NetworkOutput` that a network of this spec has, in their order."""
    has = {
        "distances_mm": spec.has_distances,
        "heatmaps": bool(spec.landmarks),
        "directions": bool(directed(spec.landmarks)),
    }
    return ("logits", *(name for name, there in has.items() if there))


def _compiled(loaded: LoadedNetwork, cache: Path) -> Any:
    """The network from the cache; taken over and put there at its first use, and when the file there is damaged."""
    import openvino

    # Without the hint OpenVINO rounds to bfloat16 where the processor can: faster, and another answer.
    hints = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    core = openvino.Core()
    version = openvino.get_version().split("-")[0]
    kept = cache / f"{loaded.name}-{loaded.sha256[:16]}-openvino-{version}.blob"
    outputs = _outputs(loaded.spec)
    try:
        return CompiledNetwork(core.import_model(kept.read_bytes(), "CPU", hints), outputs)
    except (OSError, RuntimeError):
        compiled = core.compile_model(_converted(loaded), "CPU", hints)
    with suppress(PlannerError):  # where it cannot be kept, the next time will be as long as this one
        replace_file(kept, compiled.export_model().getvalue())
    return CompiledNetwork(compiled, outputs)


def _converted(loaded: LoadedNetwork) -> Any:
    """The network as OpenVINO's own graph, by its reader of PyTorch modules."""
    import openvino
    import torch

    class Row(torch.nn.Module):
        """The graph knows a row of tensors: no names, and no Nones among them."""

        def __init__(self) -> None:
            super().__init__()
            self.network = loaded.network

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return tuple(part for part in self.network(x) if part is not None)

    n = loaded.spec.n
    example = torch.zeros(1, 2, n, n, n)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # of torch's tracing, which OpenVINO's reader uses
        graph = openvino.convert_model(Row().eval(), example_input=example)
    graph.reshape(list(example.shape))
    return graph
