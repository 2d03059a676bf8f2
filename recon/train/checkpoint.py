"""Saving and resuming a training: averaged weights in fp16, the rest in shards below 16 MB."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

SHARD_BYTES = 15_000_000


def save_weights(state: Mapping[str, torch.Tensor], path: Path) -> None:
    """Write tensors as fp16 safetensors, replacing `path` in one step."""
    half = {name: tensor.detach().cpu().contiguous().half() for name, tensor in state.items()}
    staged = path.with_suffix(".part")
    save_file(half, staged)
    os.replace(staged, path)


def save_state(folder: Path, tensors: Mapping[str, torch.Tensor], facts: Mapping[str, object]) -> None:
    """Write everything a training needs to go on; the JSON file comes last and names the shards that belong."""
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
    for name, shard in zip(names, shards, strict=True):
        save_file(shard, folder / name)
    staged = folder / "state.part"
    staged.write_text(json.dumps({**facts, "shards": names}, indent=2), encoding="utf-8")
    os.replace(staged, folder / "state.json")
    for old in folder.glob("state-*.safetensors"):
        if old.name not in names:
            old.unlink()


def load_state(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, object]] | None:
    """What `save_state` wrote, or None when the folder holds no finished checkpoint."""
    path = folder / "state.json"
    if not path.is_file():
        return None
    facts = json.loads(path.read_text(encoding="utf-8"))
    tensors: dict[str, torch.Tensor] = {}
    for name in facts["shards"]:
        tensors |= load_file(folder / name)
    return tensors, facts
