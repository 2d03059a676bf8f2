"""`auricle tasks`: what can be reconstructed, and with which weights."""

from __future__ import annotations

import argparse

from app.cli.console import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options: it has none of its own."""


def run(options: argparse.Namespace) -> None:
    """List the tasks, their structures and whether their weights are there."""
    from recon.registry import TASKS
    from recon.weights import weights_path

    for task in TASKS:
        say(f"{task.key}: {task.title}. {task.description}")
        say(f"  structures: {', '.join(task.structures)}")
        for spec in (task.localiser, task.region):
            path = weights_path(task, spec)
            state = f"{path.stat().st_size / 1e6:.1f} MB" if path.is_file() else "no weights"
            say(f"  {spec.key}: {spec.n}^3 at {spec.spacing_mm:g} mm, {path.name} ({state})")
