"""The trainer: stops cleanly at its limit, goes on from where it stopped, keeps averaged weights."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch

from core.errors import PlannerError
from core.progress import Progress
from recon.anatomy.label_maps import LabelMapHearts
from recon.networks.landmarks import directed
from recon.networks.unet import build_network
from recon.task import NetworkSpec
from recon.train.checkpoint import has_state, load_state, open_folder, save_state, save_weights, writing
from recon.train.losses import training_loss
from recon.train.numerics import Numerics, check_numerics
from recon.train.optimisers import optimisers_for, restore, set_rate, state_of, under
from recon.train.parallel import Group, highest, shared
from recon.train.plan import TrainingPlan
from recon.train.pool import Pool
from recon.train.samples import TRAINING_SEEDS, image_and_truth, paint_sample
from recon.train.truth import Truth, stack_truths
from recon.train.validation import Validation
from recon.train.warm_start import take_weights

MOST_GRADIENT = 5.0
LONGEST_AVERAGE = 0.998


class Trainer:
    """Trains one network of a task into a folder: `weights.safetensors`, `state*.`, `log.jsonl`.

    Raises PlannerError when the folder cannot be written, or when it holds a training that is not to be resumed
    or that is one of another network.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        plan: TrainingPlan,
        folder: Path,
        device: str | Group,
        resume: bool,
        begin_from: Path | None = None,
        label_maps: LabelMapHearts | None = None,
    ) -> None:
        self.spec, self.plan, self.folder, self.label_maps = spec, plan, folder, label_maps
        self.group = device if isinstance(device, Group) else Group(device)
        self.device = self.group.device
        open_folder(folder)
        if has_state(folder) and not resume:
            raise PlannerError(
                "cannot train here",
                f"{folder.name} already holds a training",
                "go on with it (--resume), or choose another folder",
            )
        torch.manual_seed(plan.seed)
        # Measured: channels last are the faster way on a GPU, and a sixth slower in training on a CPU.
        self.layout = torch.channels_last_3d if self.device.startswith("cuda") else torch.contiguous_format
        self.network = build_network(spec)
        self.history: dict[str, object] = {"label_maps": 0 if label_maps is None else len(label_maps)}
        if begin_from is not None and not has_state(folder):
            self.history["begun_from"] = take_weights(self.network, begin_from)
        self.network.to(self.device).to(memory_format=self.layout)
        self.average = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        self.optimisers = optimisers_for(self.network, plan.learning_rate)
        self.step, self.seconds = 0, 0.0
        if resume:
            self._resume()
        self.numerics = check_numerics(self.device)
        self.precision = precision_on(self.device, self.numerics)
        self._shared = shared(self.network, self.group)
        self._validation = Validation(spec, plan.n_validation, self.device)

    def run(self, progress: Progress, say: Callable[[str], None]) -> dict[str, object]:
        """Train until the limit or SIGTERM; returns the last validation. Raises Cancelled after saving."""
        pool = self.pool()
        validated = self.seconds
        scores: dict[str, object] = {}
        stopping = threading.Event()
        with _told_to_stop(stopping):
            try:
                while self.plan.done(self.step, self.seconds) < 1.0:
                    started = time.monotonic()
                    loss = self.train_step(pool)
                    seconds = self.seconds + time.monotonic() - started
                    self.seconds, stop = highest(self.group, seconds, float(stopping.is_set()))
                    done = self.plan.done(self.step, self.seconds)
                    progress.report(f"step {self.step}, loss {loss:.3f}", min(done, 1.0))
                    due = self.seconds - validated > 60.0 * self.plan.validate_every_minutes
                    if due or done >= 1.0 or stop:
                        validated = self.seconds
                        scores = self._validate(loss, say)
                        self.save()
                    if stop:
                        break
            finally:
                self.save()
        return scores

    def train_step(self, pool: Pool) -> float:
        """One step of all optimisers on a fresh batch; returns the total loss of this process's part of it."""
        inputs, truth = self.batch(pool)
        set_rate(self.optimisers, self.plan.rate(self.step, self.seconds))
        loss = self.gradients(inputs, truth)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), MOST_GRADIENT)
        for optimiser in self.optimisers.values():
            optimiser.step()
        self.network.zero_grad(set_to_none=True)
        self.step += 1
        self._average(min(LONGEST_AVERAGE, 1.0 - 1.0 / (0.2 * self.step + 2)))
        return loss

    def gradients(self, inputs: torch.Tensor, truth: Truth) -> float:
        """Add the gradients of a batch, averaged over the group, to the network's; returns the total loss."""
        self._shared.train()
        with torch.autocast("cuda", torch.bfloat16, enabled=self.precision == "bfloat16"):
            output = self._shared(inputs)
        loss = training_loss(output, truth, directed(self.spec.landmarks))["total"]
        loss.backward()
        return float(loss.detach())

    def save(self) -> None:
        """Write the averaged weights and everything needed to go on. Raises PlannerError when it cannot."""
        if not self.group.is_first:
            return
        save_weights(self.average, self.folder / "weights.safetensors", self.spec)
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.items()}
        facts = {
            "step": self.step,
            "seconds": self.seconds,
            "spec": asdict(self.spec),
            "plan": asdict(self.plan),
            "torch": torch.__version__,
            "device": self.device_name(),
            "precision": self.precision,
            "numerics": str(self.numerics),
            "processes": self.group.size,
            **self.history,
        }
        save_state(self.folder, tensors | state_of(self.optimisers), facts)

    def device_name(self) -> str:
        """What the work runs on, as a person would name it."""
        return torch.cuda.get_device_name(self.device) if self.device.startswith("cuda") else "CPU"

    def pool(self) -> Pool:
        """The pool as it is after the steps taken so far."""
        paint = partial(paint_sample, self.spec, device=self.device, label_maps=self.label_maps)
        first = TRAINING_SEEDS + self.plan.seed + 1 + self.group.rank
        pool = Pool(paint, self.plan.pool_size, first, self.group.size)
        for step in range(self.step):
            rng = self._pool_rng(step)
            for _ in range(self.plan.batch):
                pool.choose(rng, self.plan.refresh)
        return pool

    def _pool_rng(self, step: int) -> np.random.Generator:
        return np.random.default_rng((self.plan.seed, step, 2, self.group.rank))

    def batch(self, pool: Pool) -> tuple[torch.Tensor, Truth]:
        """What the next step is trained on: images (b, 2, n, n, n) and what is true of them."""
        choice = self._pool_rng(self.step)
        rng = np.random.default_rng((self.plan.seed, self.step, 1, self.group.rank))
        patients = [pool.draw(choice, self.plan.refresh) for _ in range(self.plan.batch)]
        pairs = [image_and_truth(self.spec, patient, rng) for patient in patients]
        inputs = torch.cat([image for image, _ in pairs]).contiguous(memory_format=self.layout)
        return inputs, stack_truths([truth for _, truth in pairs])

    def _average(self, keep: float) -> None:
        for name, value in self.network.state_dict().items():
            self.average[name].lerp_(value.detach(), 1.0 - keep)

    def _validate(self, loss: float, say: Callable[[str], None]) -> dict[str, object]:
        """Score the averaged weights, note it in the log and say it; only the first process does."""
        if not self.group.is_first:
            return {}
        network = build_network(self.spec).to(self.device)
        network.load_state_dict(self.average)
        row: dict[str, object] = {
            "step": self.step,
            "minutes": round(self.seconds / 60.0, 1),
            "loss": round(loss, 4),
            **self._validation.score(network),
        }
        with writing(self.folder), (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")
        say(json.dumps(row))
        return row

    def _resume(self) -> None:
        found = load_state(self.folder)
        if found is None:
            return
        tensors, facts = found
        _check_same_network(facts, self.spec)
        self.network.load_state_dict(under(tensors, "network."))
        self.average = {k: v.to(self.device) for k, v in under(tensors, "average.").items()}
        restore(self.optimisers, tensors)
        self.step, self.seconds = int(str(facts["step"])), float(str(facts["seconds"]))
        # Of how the weights came about nothing is forgotten by a later part of the training.
        self.history["label_maps"] = max(
            int(str(facts.get("label_maps", 0))), int(str(self.history["label_maps"]))
        )
        if "begun_from" in facts:
            self.history["begun_from"] = facts["begun_from"]


def precision_on(device: str, numerics: Numerics) -> str:
    """Half precision on a GPU that computes it rightly, full precision elsewhere."""
    return "bfloat16" if device.startswith("cuda") and numerics.is_bfloat16_right else "float32"


@contextmanager
def _told_to_stop(stopping: threading.Event) -> Iterator[None]:
    """Set the event on SIGTERM while the block runs; signals reach the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


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
    wanted = json.loads(json.dumps(asdict(spec)))
    shared_names = ("n", "spacing_mm", "channels", "n_classes", "has_distances", "landmarks")
    if any(held.get(name) != wanted[name] for name in shared_names):
        raise PlannerError(
            "cannot resume",
            f"the folder holds a training of the network {spec.key!r} in another layout",
            "choose another folder and train anew",
        )
