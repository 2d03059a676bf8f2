"""The trainer learns, stops, goes on as if it had never stopped, and leaves files that are whole."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from core.errors import Cancelled, PlannerError
from core.progress import Reporting, Silent
from recon.networks.landmarks import ALL_LANDMARKS
from recon.registry import find_task
from recon.task import NetworkSpec
from recon.train.card import card_of
from recon.train.checkpoint import load_state, save_state
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


def _stop_at(trainer: Trainer, step: int) -> None:
    with pytest.raises(Cancelled):
        trainer.run(Reporting(lambda *_: None, lambda: trainer.step >= step), len)


def test_a_training_that_was_stopped_and_resumed_is_the_uninterrupted_one_bit_for_bit(tmp_path: Path) -> None:
    plan = replace(PLAN, steps=7, refresh=0.3, batch=2)
    whole = Trainer(TINY, plan, tmp_path / "whole", "cpu", resume=False)
    _stop_at(whole, 4)
    first = Trainer(TINY, plan, tmp_path / "parts", "cpu", resume=False)
    _stop_at(first, 2)
    second = Trainer(TINY, plan, tmp_path / "parts", "cpu", resume=True)
    assert (second.step, second.seconds) == (first.step, first.seconds)
    _stop_at(second, 4)
    for folder in ("whole", "parts"):
        assert (tmp_path / folder / "state.json").is_file()
    found = [load_state(tmp_path / folder) for folder in ("whole", "parts")]
    assert found[0] is not None
    assert found[1] is not None
    tensors, others = found[0][0], found[1][0]
    assert {name.split(".")[0] for name in tensors} == {"network", "average", "muon", "adamw"}
    assert set(tensors) == set(others)
    assert all(torch.equal(tensors[name], others[name]) for name in tensors)


def test_a_request_to_end_is_answered_with_a_score_and_whole_files(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    trainer = Trainer(TINY, replace(PLAN, minutes=60.0), tmp_path, "cpu", resume=False)

    def ask(stage: str, _: float) -> None:
        if stage.startswith("step 1,"):
            os.kill(os.getpid(), signal.SIGTERM)

    scores = trainer.run(Reporting(ask), len)
    assert trainer.step == 2
    assert scores["step"] == 2
    assert signal.getsignal(signal.SIGTERM) is before
    card = card_of(tmp_path, find_task("heart"), TINY)
    assert card["steps"] == 2
    assert card["validation"] == scores


def test_a_training_begins_from_given_weights_where_they_fit_and_the_card_says_so(tmp_path: Path) -> None:
    plain = replace(TINY, has_distances=False, landmarks=())
    given = Trainer(plain, PLAN, tmp_path / "given", "cpu", resume=False)
    given.save()
    path = tmp_path / "given" / "weights.safetensors"
    trainer = Trainer(TINY, replace(PLAN, seed=9, steps=1), tmp_path / "new", "cpu", False, path)
    held = load_file(path)
    own = trainer.network.state_dict()
    assert all(torch.equal(own[name], tensor.float()) for name, tensor in held.items())
    trainer.run(Silent(), len)
    begun = card_of(tmp_path / "new", find_task("heart"), TINY)["begun_from"]
    assert isinstance(begun, dict)
    assert begun["taken"] == len(held)
    assert begun["fresh"] == sorted(set(own) - set(held))
    again = Trainer(TINY, replace(PLAN, seed=9, steps=1), tmp_path / "new", "cpu", resume=True)
    assert again.history["begun_from"] == begun


def test_weights_that_fit_nowhere_are_no_beginning(tmp_path: Path) -> None:
    other = replace(TINY, channels=(24, 24), n_classes=3, has_distances=False, landmarks=())
    Trainer(other, PLAN, tmp_path / "other", "cpu", resume=False).save()
    with pytest.raises(PlannerError, match="fits this network"):
        Trainer(TINY, PLAN, tmp_path / "a", "cpu", False, tmp_path / "other" / "weights.safetensors")
    with pytest.raises(PlannerError, match="no file"):
        Trainer(TINY, PLAN, tmp_path / "b", "cpu", False, tmp_path / "none.safetensors")


def test_the_learning_rate_warms_up_and_falls_to_its_end() -> None:
    plan = replace(PLAN, steps=1000)
    assert plan.rate(0, 0.0) == pytest.approx(plan.learning_rate / 50.0, rel=1e-3)
    assert plan.rate(500, 0.0) == pytest.approx(plan.learning_rate / 2.0)
    assert plan.rate(1000, 0.0) == pytest.approx(plan.learning_rate * 0.005)
    timed = replace(PLAN, minutes=10.0)
    assert timed.rate(500, 300.0) == pytest.approx(plan.learning_rate / 2.0)
    assert timed.done(10**6, 600.0) == 1.0
