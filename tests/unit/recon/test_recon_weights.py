"""Weight files say what network they are, and are refused when they are missing, damaged or another one's."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core.errors import PlannerError
from recon.networks.landmarks import ALL_LANDMARKS
from recon.networks.unet import build_network
from recon.registry import find_task
from recon.task import NetworkSpec, TaskSpec
from recon.train.checkpoint import save_weights
from recon.weights import load_network, metadata_of, read_weights

TINY = NetworkSpec(
    "region", 16, 12.0, (8, 8), 8, jitter_mm=5.0, negatives=0.0, has_distances=True, landmarks=ALL_LANDMARKS
)
TASK: TaskSpec = find_task("heart")


def _saved(folder: Path, spec: NetworkSpec = TINY) -> Path:
    path = folder / "heart-region.safetensors"
    save_weights(build_network(spec).state_dict(), path, spec)
    return path


def test_a_weight_file_stands_alone_whatever_grid_and_heads_the_task_has_today(tmp_path: Path) -> None:
    _saved(tmp_path)
    loaded = load_network(TASK, TASK.region, "cpu", tmp_path)
    assert loaded.spec == TINY
    output = loaded.network(torch.zeros(1, 2, 16, 16, 16))
    assert output.distances_mm is not None
    assert output.heatmaps is not None
    assert output.heatmaps.shape[1] == len(ALL_LANDMARKS)


def test_an_older_file_without_heads_is_known_by_its_card_and_has_logits_only(tmp_path: Path) -> None:
    spec = replace(TINY, has_distances=False, landmarks=())
    path = tmp_path / "heart-region.safetensors"
    save_file({name: tensor.half() for name, tensor in build_network(spec).state_dict().items()}, path)
    facts = {key: value for key, value in asdict(spec).items() if key not in ("has_distances", "landmarks")}
    path.with_suffix(".json").write_text(json.dumps({"network": facts}))
    loaded = load_network(TASK, TASK.region, "cpu", tmp_path)
    assert loaded.spec == spec
    assert loaded.network(torch.zeros(1, 2, 16, 16, 16))[1:] == (None, None, None)


def test_half_precision_is_all_that_saving_loses(tmp_path: Path) -> None:
    network = build_network(TINY)
    path = tmp_path / "w.safetensors"
    save_weights(network.state_dict(), path, TINY)
    found = read_weights(path)
    assert found.spec == TINY
    assert all(torch.equal(found.tensors[k], v.half().float()) for k, v in network.state_dict().items())


def test_missing_and_damaged_weights_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="auricle train"):
        load_network(TASK, TASK.region, "cpu", tmp_path)
    path = _saved(tmp_path)
    whole = path.read_bytes()
    for damaged in (b"", b"not weights", whole[:100], whole[:-10]):
        path.write_bytes(damaged)
        with pytest.raises(PlannerError, match="damaged"):
            load_network(TASK, TASK.region, "cpu", tmp_path)


@pytest.mark.parametrize(
    "facts",
    [
        "no JSON", "[]", "{}", '{"key": "region"}',
        {"channels": [8, -8]}, {"channels": [10**9]}, {"channels": []}, {"channels": "8"}, {"n": 17},
        {"n": 10**6}, {"n_classes": 1}, {"spacing_mm": 0.0}, {"spacing_mm": "1"}, {"landmarks": ["nose"]},
        {"landmarks": [[]]}, {"has_distances": 1}, {"more": 1},
    ],
)  # fmt: skip
def test_a_file_that_tells_of_an_impossible_network_is_refused(
    facts: str | dict[str, object], tmp_path: Path
) -> None:
    text = facts if isinstance(facts, str) else json.dumps({**asdict(TINY), **facts})
    save_file({"head.bias": torch.zeros(3)}, tmp_path / "heart-region.safetensors", {"network": text})
    with pytest.raises(PlannerError, match="damaged"):
        load_network(TASK, TASK.region, "cpu", tmp_path)


def test_weights_of_another_network_or_of_another_layout_than_they_say_are_refused(tmp_path: Path) -> None:
    _saved(tmp_path, replace(TINY, key="localiser"))
    with pytest.raises(PlannerError, match="another network"):
        load_network(TASK, TASK.region, "cpu", tmp_path)
    state = build_network(TINY).state_dict()
    says = metadata_of(replace(TINY, channels=(16, 16)))
    save_file(dict(state), tmp_path / "heart-region.safetensors", says)
    with pytest.raises(PlannerError, match="another network"):
        load_network(TASK, TASK.region, "cpu", tmp_path)
