"""Several processes train as one with their joint batch would; half precision is used only where it is right."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from recon.train import numerics
from recon.train.numerics import MOST_ERROR, Numerics, check_numerics
from recon.train.parallel import Group, highest, join_group
from recon.train.pool import Pool
from recon.train.trainer import precision_on
from tests.support.joint_training import joint_batch, tiny_trainer

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes under torchrun, one image each, write of one step: see `tests.support.joint_training`."""
    folder = tmp_path_factory.mktemp("two")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [*command, "-m", "tests.support.joint_training", str(folder)],
        cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.mark.slow
def test_gradients_of_two_processes_are_those_of_one_with_the_joint_batch(
    two_processes: Path, tmp_path: Path
) -> None:
    trainer = tiny_trainer(tmp_path, Group("cpu"))
    trainer.gradients(*joint_batch())
    for rank in (0, 1):
        found = load_file(two_processes / f"gradients-{rank}.safetensors")
        for name, parameter in trainer.network.named_parameters():
            assert parameter.grad is not None
            scale = float(parameter.grad.abs().max())
            assert torch.allclose(found[name], parameter.grad, rtol=1e-4, atol=1e-4 * scale + 1e-7), name


@pytest.mark.slow
def test_processes_stay_equal_after_a_step_on_different_patients(two_processes: Path) -> None:
    batches = [load_file(two_processes / f"batch-{rank}.safetensors")["inputs"] for rank in (0, 1)]
    assert not torch.equal(*batches)
    first, second = (load_file(two_processes / f"weights-{rank}.safetensors") for rank in (0, 1))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.slow
def test_only_the_first_process_writes_and_all_agree_on_the_highest(two_processes: Path) -> None:
    assert (two_processes / "training-0" / "weights.safetensors").is_file()
    assert not list((two_processes / "training-1").iterdir())
    assert (two_processes / "highest.txt").read_text() == "1.0 7.0"


def test_without_torchrun_a_process_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    group = join_group("cpu")
    assert (group.rank, group.size, group.is_first) == (0, 1, True)
    assert highest(group, 2.0, 3.0) == [2.0, 3.0]


def test_pools_of_several_processes_share_no_patient() -> None:
    import numpy as np

    painted: list[list[int]] = [[], []]
    for rank in (0, 1):
        pool = Pool(painted[rank].append, 4, 100 + rank, stride=2)  # type: ignore[arg-type]
        rng = np.random.default_rng(rank)
        for _ in range(40):
            pool.draw(rng, refresh=0.5)
    assert len(set(painted[0])) > 4
    assert not set(painted[0]) & set(painted[1])


def test_half_precision_is_right_on_this_machines_cpu() -> None:
    found = check_numerics("cpu")
    assert 0.0 < found.error < MOST_ERROR
    assert found.is_bfloat16_right
    assert "right" in str(found)


@pytest.mark.parametrize("wrong", ["scaled", "nan"])
def test_a_wrong_half_precision_kernel_is_noticed_and_not_trained_with(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = torch.nn.functional.conv3d

    def broken(x: torch.Tensor, kernel: torch.Tensor, padding: int) -> torch.Tensor:
        y = right(x, kernel, padding=padding)
        is_bad = x.dtype == torch.bfloat16 and not x.is_contiguous()  # wrong in one memory layout only
        return y * (1.1 if wrong == "scaled" else float("nan")) if is_bad else y

    monkeypatch.setattr(numerics.functional, "conv3d", broken)
    found = check_numerics("cpu")
    assert not found.is_bfloat16_right
    assert "WRONG" in str(found)
    assert precision_on("cuda:0", found) == "float32"


def test_half_precision_is_for_gpus() -> None:
    assert precision_on("cuda", Numerics(90100, 0.003)) == "bfloat16"
    assert precision_on("cpu", Numerics(None, 0.003)) == "float32"


@pytest.mark.gpu
def test_half_precision_is_right_on_this_machines_gpu() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    assert check_numerics("cuda").is_bfloat16_right
