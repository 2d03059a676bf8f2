"""`auricle train heart`: train the networks of a task on synthetic patients, resumable."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.console import progress_of, say, write_json

if TYPE_CHECKING:
    from recon.anatomy.label_maps import LabelMapHearts
    from recon.train.parallel import Group


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.add_argument("task", help="the task's key, see `auricle tasks`")
    parser.add_argument("--network", default="region", choices=["region", "localiser"])
    parser.add_argument("--minutes", type=float, default=30.0, help="training time over all resumed runs")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights, state and log")
    parser.add_argument("--resume", action="store_true", help="go on from the state in --out")
    parser.add_argument(
        "--from", dest="begin_from", type=Path, metavar="FILE", help="begin from these weights where they fit"
    )
    parser.add_argument(
        "--label-maps",
        type=Path,
        metavar="DIR",
        help="folder of heart label maps (*_label.nii.gz) to vary shapes from",
    )
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    parser.add_argument("--batch", type=int, default=2, help="images per step, on each GPU")
    parser.add_argument("--pool", type=int, default=240, help="painted patients kept in memory")
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--steps", type=int, help="stop after so many steps, whatever the time")
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> None:
    """Train until the limit and write weights that `auricle reconstruct` can use."""
    from recon.device import choose_device
    from recon.registry import find_task
    from recon.train.card import card_of
    from recon.train.parallel import join_group, leave_group
    from recon.train.plan import TrainingPlan
    from recon.train.trainer import Trainer

    task = find_task(options.task)
    spec = task.network(options.network)
    device, _ = choose_device(options.device)
    plan = TrainingPlan(
        options.minutes,
        options.batch,
        options.learning_rate,
        pool_size=options.pool,
        seed=options.seed,
        steps=options.steps,
    )
    group = join_group(device)
    try:
        tell = say if group.is_first else _say_nothing
        hearts = _label_map_hearts(options, group)
        trainer = Trainer(spec, plan, options.out, group, options.resume, options.begin_from, hearts)
        limit = f"{plan.minutes:g} min in all" if plan.steps is None else f"{plan.steps} steps"
        tell(f"training {options.task}/{options.network} on {trainer.device_name()} for {limit}")
        tell(f"{trainer.numerics}; training in {trainer.precision}")
        trainer.run(progress_of(options), tell)
        if group.is_first:
            write_json(options.out / "weights.json", card_of(options.out, task, spec))
        tell(f"wrote {options.out / 'weights.safetensors'} after {trainer.step} steps")
    finally:
        leave_group(group)


def _label_map_hearts(options: argparse.Namespace, group: Group) -> LabelMapHearts | None:
    """The hearts of --label-maps; the first of several processes prepares them, the others wait for it."""
    from recon.anatomy.label_maps import LabelMapHearts
    from recon.train.checkpoint import open_folder
    from recon.train.parallel import highest

    if options.label_maps is None:
        return None
    open_folder(options.out)
    cache = options.out / "label-maps"
    if group.is_first:
        LabelMapHearts(options.label_maps, cache, progress_of(options))
    highest(group, 0.0)
    return LabelMapHearts(options.label_maps, cache)


def _say_nothing(_: str) -> None:
    """Of several processes one speaks."""
