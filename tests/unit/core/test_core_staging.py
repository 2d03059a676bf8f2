"""A file is replaced whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import PlannerError
from core.staging import replace_file, staged


def test_a_new_file_takes_the_old_ones_place(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "plan.json"
    replace_file(path, b"old")
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_a_writer_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    replace_file(path, b"old")

    def fail_half_way() -> None:
        with staged(path) as stage:
            stage.write_bytes(b"ne")
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        fail_half_way()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_staged_name_keeps_the_suffix_that_writers_choose_their_format_by(tmp_path: Path) -> None:
    with staged(tmp_path / "labels.nii.gz") as stage:
        assert stage.name.endswith(".nii.gz")
        stage.write_bytes(b"x")


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PlannerError, match="choose another folder"):
        replace_file(tmp_path / "file" / "plan.json", b"x")
