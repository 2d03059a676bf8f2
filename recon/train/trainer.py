"""The trainer: stops cleanly at its time limit, goes on from where it stopped, keeps averaged weights."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from core.errors import PlannerError
from core.progress import Progress
from recon.networks.unet import UNet
from recon.task import NetworkSpec
from recon.train.checkpoint import has_state, load_state, open_folder, save_state, save_weights, writing
from recon.train.losses import dice_and_cross_entropy, dice_per_class
from recon.train.muon import Muon
from recon.train.samples import (
    LARGEST_TRAINING_SEED,
    VALIDATION_SEEDS,
    Pool,
    classes_for,
    draw_image,
    paint_sample,
)


@dataclass(frozen=True)
class TrainingPlan:
    """How to train. `minutes` counts training time over all resumed runs; the learning rate ends with it.

    Raises PlannerError when it cannot be trained like that.
    """

    minutes: float
    batch: int = 2
    learning_rate: float = 3e-3
    pool_size: int = 240
    refresh: float = 0.15
    sparse: float = 0.4
    seed: int = 0
    n_validation: int = 8
    validate_every_minutes: float = 6.0

    def __post_init__(self) -> None:
        limits = {
            "minutes": (0.0 < self.minutes < math.inf, "above 0"),
            "batch": (self.batch >= 1, "1 or more"),
            "pool": (self.pool_size >= 1, "1 or more"),
            "seed": (
                0 <= self.seed < LARGEST_TRAINING_SEED,
                f"from 0 and below {LARGEST_TRAINING_SEED}: the patients further up are those it is scored on",
            ),
        }
        for option, (is_right, demand) in limits.items():
            if not is_right:
                raise PlannerError("cannot train", f"{option} is out of range", f"choose --{option} {demand}")


class Trainer:
    """Trains one network of a task into a folder: `weights.safetensors`, `state*.`, `log.jsonl`.

    Raises PlannerError when the folder cannot be written, or when it holds a training that is not to be resumed
    or that is one of another network.
    """

    def __init__(self, spec: NetworkSpec, plan: TrainingPlan, folder: Path, device: str, resume: bool) -> None:
        self.spec, self.plan, self.folder, self.device = spec, plan, folder, device
        open_folder(folder)
        if has_state(folder) and not resume:
            raise PlannerError(
                "cannot train here",
                f"{folder.name} already holds a training",
                "go on with it (--resume), or choose another folder",
            )
        torch.manual_seed(plan.seed)
        # Measured: channels last are the faster way on a GPU, and a sixth slower in training on a CPU.
        self.layout = torch.channels_last_3d if device.startswith("cuda") else torch.contiguous_format
        self.network = UNet(spec.n_classes, spec.channels).to(device).to(memory_format=self.layout)
        self.average = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        self.optimisers = _optimisers(self.network, plan.learning_rate)
        self.step, self.seconds = 0, 0.0
        if resume:
            self._resume()

    def run(self, progress: Progress, say: Callable[[str], None]) -> dict[str, object]:
        """Train until the time limit; returns the last validation. Raises Cancelled after saving."""
        pool = Pool(self.spec, self.plan.pool_size, self.plan.seed + self.step, self.device, progress)
        limit = self.plan.minutes * 60.0
        scores: dict[str, object] = {}
        validated = self.seconds
        try:
            while self.seconds < limit:
                started = time.monotonic()
                loss = self._train_step(pool, self.seconds / limit)
                self.seconds += time.monotonic() - started
                progress.report(f"step {self.step}, loss {loss:.3f}", self.seconds / limit)
                if self.seconds - validated > 60.0 * self.plan.validate_every_minutes or self.seconds >= limit:
                    validated = self.seconds
                    scores = self._validate(loss)
                    say(json.dumps(scores))
                    self.save()
        finally:
            self.save()
        return scores

    def save(self) -> None:
        """Write the averaged weights and everything needed to go on. Raises PlannerError when it cannot."""
        save_weights(self.average, self.folder / "weights.safetensors")
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.items()}
        for kind, optimiser in self.optimisers.items():
            for index, state in optimiser.state_dict()["state"].items():
                tensors |= {f"{kind}.{index}.{k}": v for k, v in state.items()}
        facts = {
            "step": self.step,
            "seconds": self.seconds,
            "spec": asdict(self.spec),
            "plan": asdict(self.plan),
            "torch": torch.__version__,
        }
        save_state(self.folder, tensors, facts)

    def _resume(self) -> None:
        found = load_state(self.folder)
        if found is None:
            return
        tensors, facts = found
        _check_same_network(facts, self.spec)
        self.network.load_state_dict(_under(tensors, "network."))
        self.average = {k: v.to(self.device) for k, v in _under(tensors, "average.").items()}
        for kind, optimiser in self.optimisers.items():
            state: dict[int, dict[str, torch.Tensor]] = {}
            for name, tensor in _under(tensors, f"{kind}.").items():
                index, key = name.split(".", 1)
                state.setdefault(int(index), {})[key] = tensor
            groups = optimiser.state_dict()["param_groups"]
            optimiser.load_state_dict({"state": state, "param_groups": groups})
        self.step, self.seconds = int(str(facts["step"])), float(str(facts["seconds"]))

    def _train_step(self, pool: Pool, done: float) -> float:
        rng = np.random.default_rng((self.plan.seed, self.step, 1))
        pairs = [
            draw_image(pool.draw(rng, self.plan.refresh), rng, bool(rng.random() < self.plan.sparse))
            for _ in range(self.plan.batch)
        ]
        inputs = torch.stack([x for x, _ in pairs]).contiguous(memory_format=self.layout)
        classes = torch.stack([classes_for(self.spec, y) for _, y in pairs])
        warm = min(1.0, (self.step + 1) / 50.0)
        rate = self.plan.learning_rate * warm * max(0.5 * (1.0 + math.cos(math.pi * min(done, 1.0))), 0.005)
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = rate
        self.network.train()
        is_cuda = self.device.startswith("cuda")
        with torch.autocast("cuda", torch.bfloat16, enabled=is_cuda):
            loss = dice_and_cross_entropy(self.network(inputs), classes)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        for optimiser in self.optimisers.values():
            optimiser.step()
        self.network.zero_grad(set_to_none=True)
        self.step += 1
        self._average(min(0.998, 1.0 - 1.0 / (0.2 * self.step + 2)))
        return float(loss.detach())

    def _average(self, keep: float) -> None:
        for name, value in self.network.state_dict().items():
            self.average[name].lerp_(value.detach(), 1.0 - keep)

    @torch.no_grad()
    def _validate(self, loss: float) -> dict[str, object]:
        """Mean hard Dice on patients never trained on, fully and sparsely observed."""
        network = UNet(self.spec.n_classes, self.spec.channels).to(self.device)
        network.load_state_dict(self.average)
        network.eval()
        scores: dict[bool, list[list[float]]] = {False: [], True: []}
        # A patient without a heart has no overlap to score, and one false voxel would count as none at all.
        hearts = replace(self.spec, negatives=0.0)
        for i in range(self.plan.n_validation):
            painted = paint_sample(hearts, VALIDATION_SEEDS + i, self.device)
            for sparse in (False, True):
                inputs, target = draw_image(painted, np.random.default_rng((i, sparse)), sparse)
                predicted = network(inputs[None])[0].argmax(dim=0)
                classes = classes_for(self.spec, target)
                scores[sparse].append(dice_per_class(predicted, classes, self.spec.n_classes))
        full, sparsely = (np.nanmean(np.array(scores[s]), axis=0) for s in (False, True))
        row: dict[str, object] = {
            "step": self.step,
            "minutes": round(self.seconds / 60.0, 1),
            "loss": round(loss, 4),
            "dice_full": [round(float(v), 3) for v in full],
            "dice_sparse": [round(float(v), 3) for v in sparsely],
        }
        with writing(self.folder), (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")
        return row


def _optimisers(network: UNet, learning_rate: float) -> dict[str, torch.optim.Optimizer]:
    """Muon for the inner kernels; AdamW for the first and last layers, where it is the better one, and the norms."""
    inner = [p for block in (network.encoders, network.decoders) for p in block.parameters() if p.ndim == 5]
    ids = {id(p) for p in inner}
    others = [p for p in network.parameters() if id(p) not in ids]
    return {
        "muon": Muon(inner, learning_rate),
        "adamw": torch.optim.AdamW(others, lr=learning_rate, weight_decay=1e-4),
    }


def _check_same_network(facts: Mapping[str, object], spec: NetworkSpec) -> None:
    """Raise PlannerError unless the state is one of this network, on this grid."""
    held = facts["spec"]
    assert isinstance(held, dict)
    if held.get("key") != spec.key:
        raise PlannerError(
            "cannot resume",
            f"the folder holds a training of the network {held.get('key')!r}, not of {spec.key!r}",
            f"give --network {held.get('key')}, or choose another folder",
        )
    # What a state must share to fit; how its samples are drawn may have changed since.
    wanted = {**asdict(spec), "channels": list(spec.channels)}
    if any(held.get(name) != wanted[name] for name in ("n", "spacing_mm", "channels", "n_classes")):
        raise PlannerError(
            "cannot resume",
            f"the folder holds a training of the network {spec.key!r} in another layout",
            "choose another folder and train anew",
        )


def _under(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}
