"""`auricle train heart`: train the networks of a task on synthetic patients, resumable."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.console import progress_of, say, write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument("task", help="the task's key, see `auricle tasks`")
    parser.add_argument("--network", default="region", choices=["region", "localiser"])
    parser.add_argument("--minutes", type=float, default=30.0, help="training time over all resumed runs")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights, state and log")
    parser.add_argument("--resume", action="store_true", help="go on from the state in --out")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--pool", type=int, default=240, help="painted patients kept in memory")
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> None:
    """Train until the time limit and write weights that `auricle reconstruct` can use."""
    from recon.device import choose_device
    from recon.registry import find_task
    from recon.train.card import card_of
    from recon.train.trainer import Trainer, TrainingPlan

    task = find_task(options.task)
    spec = task.network(options.network)
    device, _ = choose_device(options.device)
    plan = TrainingPlan(options.minutes, options.batch, pool_size=options.pool, seed=options.seed)
    trainer = Trainer(spec, plan, options.out, device, options.resume)
    say(f"training {options.task}/{options.network} on {device} for {options.minutes:g} min in all")
    trainer.run(progress_of(options), say)
    write_json(options.out / "weights.json", card_of(options.out, task, spec))
    say(f"wrote {options.out / 'weights.safetensors'} after {trainer.step} steps")
