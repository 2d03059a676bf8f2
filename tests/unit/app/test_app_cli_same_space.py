"""`auricle reconstruct --same-space`: images that name no patient space go in together on the user's word only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

import recon.run
from app.cli import REFUSED, main
from core.anatomy import Anatomy
from core.volume import Volume
from imaging.formats.nifti import write_volume
from tests.support.ball_patient import make_volume
from tests.support.moving_ball import moving_ball


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[Volume]]:
    """The images that reach the network, which is a stand-in that always finds one ball."""
    given: list[Sequence[Volume]] = []

    def locate(volumes: Sequence[Volume], *_: object) -> None:
        given.append(volumes)

    def anatomy_of(region: object, looks: object, uid: str, *_: object) -> Anatomy:
        surfaces = moving_ball("9.9", 6).at(0).surfaces
        return Anatomy(surfaces, uid, report={"uncertainty_mm": {}, "landmarks": {}})

    found = SimpleNamespace(report=lambda: {"score": 1.0, "least_score": 0.3})
    network = SimpleNamespace(name="none", sha256="0", network=None)
    monkeypatch.setattr(recon.run, "load_networks", lambda *_: (network, network))
    monkeypatch.setattr(recon.run, "engine_of", lambda _: "none")
    monkeypatch.setattr(recon.run, "locate_heart", locate)
    monkeypatch.setattr(recon.run, "evidence", lambda *_: found)
    monkeypatch.setattr(recon.run, "anatomy_of", anatomy_of)
    for name in ("look_at_region", "look_from_aside", "check_is_heart"):
        monkeypatch.setattr(recon.run, name, lambda *_: None)
    return given


def written(folder: Path, *spaces: str) -> list[str]:
    paths = [folder / f"image-{number}.nii.gz" for number in range(len(spaces))]
    for path, space in zip(paths, spaces, strict=True):
        write_volume(replace(make_volume(), frame_of_reference_uid=space), path)
    return [str(path) for path in paths]


def reconstruct(inputs: list[str], out: Path, *more: str) -> int:
    return main(["reconstruct", *inputs, "--out", str(out), "--device", "cpu", "--quiet", *more])


def test_files_that_name_no_space_are_joined_on_the_users_word_and_the_report_says_so(
    tmp_path: Path, seen: list[Sequence[Volume]]
) -> None:
    inputs = written(tmp_path, "", "")
    assert reconstruct(inputs, tmp_path / "out", "--same-space") == 0
    assert [len(volumes) for volumes in seen] == [2]
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["joined_by_user"] is True
    assert "joined-by-user" in [finding["code"] for finding in report["findings"]]


def test_without_the_word_they_are_refused_and_the_way_out_is_told(
    tmp_path: Path, seen: list[Sequence[Volume]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert reconstruct(written(tmp_path, "", ""), tmp_path / "out") == REFUSED
    assert "--same-space" in capsys.readouterr().err
    assert not seen


@pytest.mark.parametrize("spaces", [("1.2", "1.3"), ("1.2", "1.3", "")])
def test_files_that_name_different_spaces_are_refused_whatever_the_user_says(
    spaces: tuple[str, ...], tmp_path: Path, seen: list[Sequence[Volume]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert reconstruct(written(tmp_path, *spaces), tmp_path / "out", "--same-space") == REFUSED
    assert "different frames of reference" in capsys.readouterr().err
    assert not seen


def test_files_of_one_named_space_need_no_word_and_none_is_reported(
    tmp_path: Path, seen: list[Sequence[Volume]]
) -> None:
    assert reconstruct(written(tmp_path, "1.2", "1.2"), tmp_path / "out", "--same-space") == 0
    assert "joined_by_user" not in json.loads((tmp_path / "out" / "report.json").read_text())
    assert len(seen) == 1
