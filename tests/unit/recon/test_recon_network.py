"""The network keeps shapes, loses nothing at its doors, and the trainer learns, stops and goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from core.errors import Cancelled, PlannerError
from core.progress import Reporting, Silent
from recon.networks.landmarks import ALL_LANDMARKS
from recon.networks.output import TRUNCATION_MM
from recon.networks.unet import UNet, depth_to_space, space_to_depth
from recon.registry import find_task
from recon.task import NetworkSpec, TaskSpec
from recon.train.checkpoint import load_state, save_state
from recon.train.losses import dice_and_cross_entropy, dice_per_class
from recon.train.plan import TrainingPlan
from recon.train.pool import Pool
from recon.train.samples import (
    LARGEST_TRAINING_SEED,
    TEST_SEEDS,
    TRAINING_SEEDS,
    VALIDATION_SEEDS,
    classes_for,
    image_and_truth,
    paint_sample,
)
from recon.train.trainer import Trainer
from recon.weights import load_network

TINY = NetworkSpec(
    "region",
    16,
    12.0,
    (16, 16),
    8,
    jitter_mm=5.0,
    negatives=0.0,
    has_distances=True,
    landmarks=ALL_LANDMARKS,
)
PLAN = TrainingPlan(minutes=0.02, batch=1, pool_size=2, refresh=0.0, n_validation=1)


def test_depth_to_space_undoes_space_to_depth() -> None:
    x = torch.arange(2 * 3 * 4 * 6 * 8, dtype=torch.float32).reshape(2, 3, 4, 6, 8)
    assert torch.equal(depth_to_space(space_to_depth(x)), x)


def test_the_network_gives_one_logit_per_class_and_voxel() -> None:
    network = UNet(8, (16, 32))
    output = network(torch.zeros(1, 2, 8, 8, 8))
    assert output.logits.shape == (1, 8, 8, 8, 8)
    assert output[1:] == (None, None, None)


def test_every_head_answers_on_its_grid_and_every_weight_takes_part() -> None:
    network = UNet(3, (16, 16), has_distances=True, n_landmarks=4, n_directed=2)
    generator = torch.Generator().manual_seed(0)
    output = network(torch.rand(2, 2, 8, 8, 8, generator=generator))
    assert output.distances_mm is not None
    assert output.heatmaps is not None
    assert output.directions is not None
    assert output.distances_mm.shape == (2, 2, 8, 8, 8)
    assert output.heatmaps.shape == (2, 4, 4, 4, 4)
    assert output.directions.shape == (2, 6, 4, 4, 4)
    assert output.distances_mm.abs().max() <= TRUNCATION_MM
    torch.stack([part.square().sum() for part in output]).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_the_loss_is_near_zero_for_a_sure_and_right_answer_and_large_for_a_wrong_one() -> None:
    classes = torch.randint(0, 3, (1, 8, 8, 8), generator=torch.Generator().manual_seed(0))
    right = torch.nn.functional.one_hot(classes, 3).movedim(-1, 1) * 30.0
    assert dice_and_cross_entropy(right, classes).item() < 0.01
    assert dice_and_cross_entropy(right.roll(1, dims=1), classes).item() > 10.0


def test_dice_of_half_an_overlap_is_a_half() -> None:
    a = torch.tensor([1, 1, 0, 0])
    b = torch.tensor([0, 1, 1, 0])
    assert dice_per_class(a, b, 2) == [0.5]


def test_seed_ranges_for_training_and_judging_are_apart() -> None:
    assert TRAINING_SEEDS + 500_000 < VALIDATION_SEEDS
    assert VALIDATION_SEEDS + 500_000 < TEST_SEEDS


def test_a_training_never_reaches_the_patients_it_is_scored_on() -> None:
    painted: list[int] = []
    rng = np.random.default_rng(0)
    pool = Pool(painted.append, 3, VALIDATION_SEEDS - 2)  # type: ignore[arg-type]
    for _ in range(60):
        pool.draw(rng, refresh=0.5)
    assert painted[:3] == [VALIDATION_SEEDS - 2, VALIDATION_SEEDS - 1, TRAINING_SEEDS]
    assert max(painted) < VALIDATION_SEEDS
    assert TRAINING_SEEDS + 2 * LARGEST_TRAINING_SEED <= VALIDATION_SEEDS


def test_the_localiser_learns_chambers_only() -> None:
    structures = torch.tensor([0, 1, 5, 6, 7], dtype=torch.uint8)
    spec = replace(TINY, n_classes=2)
    assert classes_for(spec, structures).tolist() == [0, 1, 1, 0, 0]


def test_a_sample_without_a_heart_has_an_empty_target() -> None:
    spec = replace(TINY, negatives=1.0)
    painted = paint_sample(spec, 3, "cpu")
    inputs, truth = image_and_truth(spec, painted, np.random.default_rng(0))
    assert inputs.shape == (1, 2, 16, 16, 16)
    assert torch.isfinite(inputs).all()
    assert truth.classes.sum() == 0
    assert truth.visible.sum() == 0
    assert truth.distances_mm is not None
    assert truth.distances_mm.min() > 7.9


def test_training_lowers_the_loss_and_writes_half_precision_weights(tmp_path: Path) -> None:
    trainer = Trainer(TINY, replace(PLAN, minutes=60.0), tmp_path, "cpu", resume=False)
    losses: list[float] = []

    def note(stage: str, _: float) -> None:
        if "loss" in stage:
            losses.append(float(stage.split()[-1]))

    with pytest.raises(Cancelled):
        trainer.run(Reporting(note, lambda: trainer.step >= 30), len)
    assert np.mean(losses[-5:]) < np.mean(losses[:3]) - 0.1
    weights = load_file(tmp_path / "weights.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.float16}


def test_a_training_ends_at_its_time_limit_with_a_score_per_structure(tmp_path: Path) -> None:
    trainer = Trainer(TINY, replace(PLAN, minutes=0.001), tmp_path, "cpu", resume=False)
    scores = trainer.run(Silent(), len)
    assert trainer.seconds >= 0.06
    row = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])
    assert row == scores
    assert all(len(dice) == 7 for dice in row["dice"].values())
    assert len(row["distance_error_mm"]) == 7
    assert len(row["landmark_error_mm"]) == len(row["landmark_claimed_mm"]) == len(ALL_LANDMARKS)


def test_a_cancelled_training_goes_on_from_its_last_step(tmp_path: Path) -> None:
    first = Trainer(TINY, replace(PLAN, minutes=5.0), tmp_path, "cpu", resume=False)
    with pytest.raises(Cancelled):
        first.run(Reporting(lambda *_: None, lambda: first.step >= 3), len)
    second = Trainer(TINY, replace(PLAN, minutes=5.0), tmp_path, "cpu", resume=True)
    assert (second.step, second.seconds) == (first.step, first.seconds)
    for name, value in first.network.state_dict().items():
        assert torch.equal(value, second.network.state_dict()[name]), name
    for kind, key in (("muon", "momentum"), ("adamw", "exp_avg")):
        before = first.optimisers[kind].state_dict()["state"]
        after = second.optimisers[kind].state_dict()["state"]
        assert before
        assert all(torch.equal(before[i][key], after[i][key]) for i in before)


def test_state_is_split_into_files_below_sixteen_megabytes(tmp_path: Path) -> None:
    tensors = {f"t{i}": torch.full((1_500_000,), float(i)) for i in range(5)}
    save_state(tmp_path, tensors, {"step": 4})
    sizes = [path.stat().st_size for path in tmp_path.glob("state-*.safetensors")]
    assert len(sizes) > 1
    assert max(sizes) < 16_000_000
    found = load_state(tmp_path)
    assert found is not None
    assert all(torch.equal(found[0][name], tensor) for name, tensor in tensors.items())


def test_an_unfinished_checkpoint_is_ignored(tmp_path: Path) -> None:
    save_state(tmp_path, {"a": torch.ones(3)}, {"step": 1})
    (tmp_path / "state-2-0.safetensors").write_bytes(b"half written")
    found = load_state(tmp_path)
    assert found is not None
    assert found[1]["step"] == 1


def test_a_damaged_state_and_one_of_another_layout_are_not_resumed(tmp_path: Path) -> None:
    Trainer(TINY, PLAN, tmp_path, "cpu", resume=False).save()
    with pytest.raises(PlannerError, match="another layout"):
        Trainer(replace(TINY, channels=(16, 32)), PLAN, tmp_path, "cpu", resume=True)
    assert Trainer(replace(TINY, jitter_mm=9.0), PLAN, tmp_path, "cpu", resume=True).step == 0
    next(tmp_path.glob("state-*.safetensors")).write_bytes(b"half written")
    with pytest.raises(PlannerError, match="damaged"):
        Trainer(TINY, PLAN, tmp_path, "cpu", resume=True)


def test_missing_and_damaged_weights_are_refused_with_what_to_do(tmp_path: Path) -> None:
    task: TaskSpec = find_task("heart")
    with pytest.raises(PlannerError, match="auricle train"):
        load_network(task, task.region, "cpu", tmp_path)
    (tmp_path / "heart-region.safetensors").write_bytes(b"not weights")
    with pytest.raises(PlannerError, match="damaged"):
        load_network(task, task.region, "cpu", tmp_path)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    task = find_task("heart")
    Trainer(replace(TINY, key="localiser"), PLAN, tmp_path, "cpu", resume=False).save()
    (tmp_path / "weights.safetensors").rename(tmp_path / "heart-region.safetensors")
    with pytest.raises(PlannerError, match="another network"):
        load_network(task, task.region, "cpu", tmp_path)


def test_an_unknown_task_is_refused_by_name() -> None:
    with pytest.raises(PlannerError, match="liver"):
        find_task("liver")


def test_reading_the_catalogue_imports_no_torch() -> None:
    import subprocess
    import sys

    code = "import sys, recon.registry, recon.run; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
