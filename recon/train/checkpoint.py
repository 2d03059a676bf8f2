"""Saving and resuming a training: averaged weights in fp16, the rest in shards below 16 MB."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from core.errors import PlannerError
from recon.task import NetworkSpec
from recon.weights import metadata_of

SHARD_BYTES = 15_000_000


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Raise PlannerError for whatever keeps the block from writing into the folder."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        reason = str(getattr(error, "strerror", None) or "the disk refuses it")
        raise PlannerError(
            f"cannot write to {folder.name}", reason, "choose another folder or free some space"
        ) from error


def open_folder(folder: Path) -> None:
    """Make the folder and try to write to it, before hours are spent. Raises PlannerError when that fails."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass


def has_state(folder: Path) -> bool:
    """Whether the folder holds a training to go on with."""
    return (folder / "state.json").is_file()


def save_weights(state: Mapping[str, torch.Tensor], path: Path, spec: NetworkSpec) -> None:
    """Write tensors as fp16 safetensors that name their network, replacing `path` in one step.

    Raises PlannerError when it cannot.
    """
    half = {name: tensor.detach().cpu().contiguous().half() for name, tensor in state.items()}
    staged = path.with_suffix(".part")
    with writing(path.parent):
        save_file(half, staged, metadata_of(spec))
        os.replace(staged, path)


def save_state(folder: Path, tensors: Mapping[str, torch.Tensor], facts: Mapping[str, object]) -> None:
    """Write everything a training needs to go on; the JSON file comes last and names the shards that belong.

    Raises PlannerError when the folder cannot be written; the state before this one is still there.
    """
    shards: list[dict[str, torch.Tensor]] = [{}]
    size = 0
    for name, tensor in tensors.items():
        n_bytes = tensor.numel() * tensor.element_size()
        if size + n_bytes > SHARD_BYTES and shards[-1]:
            shards.append({})
            size = 0
        shards[-1][name] = tensor.detach().cpu().contiguous()
        size += n_bytes
    step = facts["step"]
    names = [f"state-{step}-{i}.safetensors" for i in range(len(shards))]
    with writing(folder):
        for name, shard in zip(names, shards, strict=True):
            save_file(shard, folder / name)
        staged = folder / "state.part"
        staged.write_text(json.dumps({**facts, "shards": names}, indent=2), encoding="utf-8")
        os.replace(staged, folder / "state.json")
        for old in folder.glob("state-*.safetensors"):
            if old.name not in names:
                old.unlink()


def load_state(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, object]] | None:
    """What `save_state` wrote, or None when the folder holds no finished checkpoint.

    Raises PlannerError when the checkpoint is damaged.
    """
    if not has_state(folder):
        return None
    tensors: dict[str, torch.Tensor] = {}
    try:
        facts = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        for name in facts["shards"]:
            tensors |= load_file(folder / name)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise PlannerError(
            "cannot resume", f"the state in {folder.name} is damaged", "choose another folder and train anew"
        ) from error
    return tensors, facts
