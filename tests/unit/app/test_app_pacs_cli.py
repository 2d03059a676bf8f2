"""`auricle pacs`: what it prints, what it never prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli import REFUSED, main
from app.settings import Settings, save_settings
from tests.support.orthanc import Orthanc, free_port
from tests.support.pacs import SERIES, STUDY, Caller, caller_of, data_sets, write_study


@pytest.fixture
def caller(orthanc: Orthanc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Caller:
    found = caller_of(orthanc)
    path = tmp_path / "settings.json"
    save_settings(Settings(pacs_nodes=(found.node,)), path)
    monkeypatch.setattr("app.cli.pacs.default_settings_path", lambda: path)
    return found


def test_a_study_goes_out_is_found_and_comes_back(
    caller: Caller, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = write_study(tmp_path / "out", 3)
    address = f"dicom://ORTHANC@127.0.0.1:{caller.node.port}"
    assert main(["pacs", "--quiet", "echo", "Archive"]) == 0
    assert main(["pacs", "--quiet", "send", address, str(tmp_path / "out")]) == 0
    assert main(["pacs", "--quiet", "find", address, "--name", "Doe*", "--json", str(tmp_path / "found")]) == 0
    found = json.loads((tmp_path / "found").read_text(encoding="utf-8"))
    assert [match["study_uid"] for match in found["matches"]] == [STUDY]
    get = ["pacs", "--quiet", "get", "Archive", "--study", STUDY, "--series", SERIES]
    assert main([*get, "--out", str(tmp_path / "got")]) == 0
    listen = ["--method", "move", "--listen", str(caller.node.listen_port)]
    assert main([*get, *listen, "--out", str(tmp_path / "moved")]) == 0
    for folder in ("got", "moved"):
        assert data_sets(list((tmp_path / folder).rglob("*.dcm"))) == data_sets(files)
    out, err = capsys.readouterr()
    assert "3 images in" in out
    assert "Doe" not in out + err + json.dumps(found)
    assert main(["pacs", "--quiet", "find", "Archive", "--show-names"]) == 0
    assert "Doe^Jane" in capsys.readouterr().out


def test_the_web_is_asked_with_the_password_of_a_variable(
    caller: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not caller.web.url:
        pytest.skip("no DICOMweb: install the Debian package orthanc-dicomweb")
    monkeypatch.setenv("PACS_PASSWORD", caller.orthanc.password)
    node = [caller.web.url, "--user", caller.web.user, "--password-env", "PACS_PASSWORD"]
    files = write_study(tmp_path / "out", 2)
    assert main(["pacs", "--quiet", "send", *node, str(tmp_path / "out")]) == 0
    assert main(["pacs", "--quiet", "get", *node, "--study", STUDY, "--out", str(tmp_path / "in")]) == 0
    assert data_sets(list((tmp_path / "in").rglob("*.dcm"))) == data_sets(files)
    assert caller.orthanc.password not in "".join(capsys.readouterr())


def test_every_refusal_is_one_line_and_exit_code_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dead = f"dicom://ARCHIVE@127.0.0.1:{free_port()}"
    for arguments in (
        ["echo", dead],
        ["echo", "no such node"],
        ["find", dead, "--date", "yesterday"],
        ["find", dead, "--level", "series"],
        ["get", dead, "--study", "../1", "--out", str(tmp_path / "in")],
        ["get", dead, "--study", "1.2", "--method", "wado", "--out", str(tmp_path / "in")],
        ["send", dead, str(tmp_path)],
    ):
        assert main(["pacs", "--quiet", *arguments]) == REFUSED
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1
        assert lines[0].startswith("refused: ")
