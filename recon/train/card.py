"""The card of a weight file: how it was trained, on what, and how it scored on patients it never saw."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from core.errors import PlannerError
from recon.task import NetworkSpec, TaskSpec
from recon.train.samples import LABEL_MAP_SHARE, TRAINING_SEEDS, VALIDATION_SEEDS


def card_of(folder: Path, task: TaskSpec, spec: NetworkSpec) -> dict[str, object]:
    """What a training folder (weights, state.json, log.jsonl) says of its weights, JSON-ready.

    Raises PlannerError when the folder holds no finished training.
    """
    try:
        facts = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        log = (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
        weights = (folder / "weights.safetensors").read_bytes()
        validation = json.loads(log[-1])
    except (OSError, ValueError, IndexError) as error:
        raise PlannerError(
            "no card", f"{folder.name} holds no finished training", "train first, then ask for the card"
        ) from error
    plan = facts["plan"]
    return {
        "task": task.key,
        "network": facts["spec"],
        "sha256": hashlib.sha256(weights).hexdigest(),
        "command": _command(task, spec, facts),
        "trained_on": "synthetic patients only (recon.anatomy, recon.simulate); no real image" + _shapes(facts),
        "training_seeds": f"from {TRAINING_SEEDS + plan['seed']} up, below {VALIDATION_SEEDS}",
        "steps": facts["step"],
        "minutes": round(facts["seconds"] / 60.0, 1),
        "torch": facts["torch"],
        "device": facts["device"],
        "processes": facts["processes"],
        "precision": facts["precision"],
        "numerics": facts["numerics"],
        **({"begun_from": facts["begun_from"]} if "begun_from" in facts else {}),
        "validation": validation,
        "validation_note": "unseen synthetic patients in random contrasts, on the network's own grid: Dice by kind "
        "of acquisition and structure; mean error in mm of signed distances within 3 mm of the surface; mean error "
        "of landmarks beside the error that the network itself expects",
        "licence": "GPL-3.0-or-later",
        "notice": "For research and education; not for clinical decisions.",
    }


def _shapes(facts: dict[str, Any]) -> str:
    n = facts["label_maps"]
    return (
        f"; about {LABEL_MAP_SHARE:.0%} of the hearts are varied from {n} label maps, shapes only" if n else ""
    )


def _command(task: TaskSpec, spec: NetworkSpec, facts: dict[str, Any]) -> str:
    """The command that repeats the training, its last part where it was resumed."""
    plan = facts["plan"]
    steps = f" --steps {plan['steps']}" if plan["steps"] is not None else ""
    begin = " --from FILE" if "begun_from" in facts else ""
    begin += " --label-maps DIR" if facts["label_maps"] else ""
    return (
        f"auricle train {task.key} --network {spec.key} --minutes {plan['minutes']:g}{steps} "
        f"--batch {plan['batch']} --pool {plan['pool_size']} --learning-rate {plan['learning_rate']:g} "
        f"--seed {plan['seed']}{begin} --out DIR"
    )
