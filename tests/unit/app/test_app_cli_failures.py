"""Whatever goes wrong in a command is one line on stderr, without a traceback and without a patient's name."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import CANCELLED, FAILED, REFUSED, main, tasks
from recon.registry import find_task
from recon.train.plan import TrainingPlan
from recon.train.trainer import Trainer

NAME = "Doe^Jane"


def _raising(error: Exception) -> object:
    def run_badly(options: argparse.Namespace) -> None:
        raise error

    return run_badly


def test_a_defect_is_one_line_that_names_its_place_and_no_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AURICLE_DEBUG", raising=False)
    monkeypatch.setattr(tasks, "run", _raising(KeyError(NAME)))
    assert main(["tasks"]) == FAILED
    line = capsys.readouterr().err
    assert line.startswith("failed: unexpected KeyError in run_badly, line ")
    assert line.count("\n") == 1
    assert NAME not in line
    assert "Traceback" not in line


def test_the_traceback_of_a_defect_is_there_for_who_asks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AURICLE_DEBUG", "1")
    monkeypatch.setattr(tasks, "run", _raising(KeyError("key")))
    assert main(["tasks"]) == FAILED
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")],
)
def test_too_little_memory_is_a_refusal(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AURICLE_DEBUG", raising=False)
    monkeypatch.setattr(tasks, "run", _raising(error))
    assert main(["tasks"]) == REFUSED
    assert "not enough memory" in capsys.readouterr().err


def test_a_reader_that_leaves_ends_the_command_silently() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    program = "import sys; from app.cli import main; sys.exit(main(['tasks']))"
    root = Path(__file__).parents[3]
    ended = subprocess.run(
        [sys.executable, "-c", program], stdout=writer, stderr=subprocess.PIPE, cwd=root, check=False
    )
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (CANCELLED, b"")


@pytest.mark.parametrize(
    "wrong",
    [
        ("--minutes", "0"), ("--minutes", "-1"), ("--minutes", "nan"), ("--minutes", "inf"), ("--pool", "0"),
        ("--batch", "0"), ("--steps", "0"), ("--learning-rate", "0"), ("--seed", "-1"), ("--seed", "500000"),
    ],
)  # fmt: skip
def test_a_training_that_cannot_be_is_refused_by_its_option(
    wrong: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "heart", "--device", "cpu", "--out", str(tmp_path / "out"), *wrong]) == REFUSED
    assert f"choose {wrong[0]} " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_refuses_the_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    for out in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        assert main(["train", "heart", "--device", "cpu", "--out", str(out)]) == REFUSED
        assert capsys.readouterr().err.startswith("refused: cannot write to ")


def test_a_folder_with_a_training_is_neither_overwritten_nor_mistaken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Trainer(find_task("heart").localiser, TrainingPlan(1.0), tmp_path, "cpu", resume=False).save()
    before = (tmp_path / "state.json").read_bytes()
    command = ["train", "heart", "--device", "cpu", "--out", str(tmp_path), "--network"]
    assert main([*command, "localiser"]) == REFUSED
    assert "--resume" in capsys.readouterr().err
    assert main([*command, "region", "--resume"]) == REFUSED
    assert "holds a training of the network 'localiser'" in capsys.readouterr().err
    assert (tmp_path / "state.json").read_bytes() == before
