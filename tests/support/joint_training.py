"""A tiny training whose one step two processes share; run under torchrun, each writes what it saw and did.

`python -m torch.distributed.run --standalone --nproc-per-node 2 -m tests.support.joint_training FOLDER`
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from recon.networks.landmarks import ALL_LANDMARKS, directed
from recon.task import NetworkSpec
from recon.train.parallel import Group, highest, join_group, leave_group
from recon.train.plan import TrainingPlan
from recon.train.trainer import Trainer
from recon.train.truth import Truth

SPEC = NetworkSpec(
    "region", 16, 12.0, (8, 8), 8, jitter_mm=5.0, negatives=0.0, has_distances=True, landmarks=ALL_LANDMARKS
)


def tiny_trainer(folder: Path, group: Group) -> Trainer:
    """A trainer of fresh weights, the same in every process."""
    plan = TrainingPlan(minutes=1.0, batch=1, pool_size=2, n_validation=1, steps=10)
    return Trainer(SPEC, plan, folder, group, resume=False)


def joint_batch(which: slice = slice(None)) -> tuple[torch.Tensor, Truth]:
    """Some of two images of noise and what is true of them; not all of their landmarks are visible."""
    g = torch.Generator().manual_seed(0)
    n, k = SPEC.n, len(SPEC.landmarks)
    truth = Truth(
        torch.randint(0, 8, (2, n, n, n), generator=g),
        torch.randn(2, 7, n, n, n, generator=g) * 4.0,
        torch.rand(2, k, 3, generator=g) * (n / 2 - 1),
        torch.tensor([[1.0] * k, [0.0] * k]),
        torch.nn.functional.normalize(torch.randn(2, k, 3, generator=g), dim=2),
    )
    assert len(directed(SPEC.landmarks)) > 0
    inputs = torch.rand(2, 2, n, n, n, generator=g)
    return inputs[which], Truth(*(part[which] for part in truth if part is not None))


def main(folder: Path) -> None:
    """One process's part: the gradients of its half of the batch, then one real step."""
    group = join_group("cpu")
    mine = folder / f"training-{group.rank}"
    trainer = tiny_trainer(mine, group)
    trainer.gradients(*joint_batch(slice(group.rank, group.rank + 1)))
    gradients = {n: p.grad for n, p in trainer.network.named_parameters() if p.grad is not None}
    save_file(gradients, folder / f"gradients-{group.rank}.safetensors")
    trainer.network.zero_grad(set_to_none=True)
    pool = trainer.pool()
    save_file({"inputs": trainer.batch(pool)[0].contiguous()}, folder / f"batch-{group.rank}.safetensors")
    trainer.train_step(trainer.pool())
    save_file(trainer.network.state_dict(), folder / f"weights-{group.rank}.safetensors")
    trainer.save()
    values = highest(group, float(group.rank), 7.0 - group.rank)
    if group.is_first:
        (folder / "highest.txt").write_text(" ".join(map(str, values)))
    leave_group(group)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
