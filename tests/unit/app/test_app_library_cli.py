"""`auricle library ...` as a person and a script use it; it names nobody unless asked to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli import CANCELLED, DONE, REFUSED, main
from core.errors import Cancelled
from tests.support.library_studies import bytes_of, write_dicom_study


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The library of this test, wherever this system would keep one."""
    monkeypatch.setattr("app.cli.library.default_data_folder", lambda: tmp_path / "data")
    return tmp_path / "data"


def library(tmp_path: Path, *arguments: str) -> dict:
    out = tmp_path / "out.json"
    assert main(["library", *arguments, "--json", str(out), "--quiet"]) == DONE
    return json.loads(out.read_text())


def test_a_study_goes_in_is_labelled_deleted_restored_and_found(tmp_path: Path) -> None:
    source = write_dicom_study(tmp_path / "disc")
    (study,) = library(tmp_path, "import", str(source))["studies"]
    assert study["id"].startswith("20240312-CT-")
    assert [(s["modality"], s["n_images"]) for s in study["series"]] == [("CT", 3)]
    short = study["id"][-8:]
    assert library(tmp_path, "tag", "TAVI", short)["studies"][0]["tags"] == ["TAVI"]
    assert library(tmp_path, "delete", short)["studies"][0]["is_present"] is False
    assert library(tmp_path, "list")["studies"] == []
    assert [s["id"] for s in library(tmp_path, "list", "--deleted")["studies"]] == [study["id"]]
    assert library(tmp_path, "restore", short)["studies"][0]["is_present"] is True
    found = library(
        tmp_path, "list", "--tag", "TAVI", "--search", "ball heart", "--from", "2024-03", "--to", "2024"
    )
    assert [s["id"] for s in found["studies"]] == [study["id"]]
    assert library(tmp_path, "tag", "TAVI", short, "--remove")["studies"][0]["tags"] == []


def test_it_names_a_patient_only_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_dicom_study(tmp_path / "disc")
    assert main(["library", "import", str(source), "--link"]) == DONE
    for action in (["list"], ["space"], ["tag", "a", "20240312"], ["delete", "nobody"]):
        main(["library", *action, "--json", str(tmp_path / "out.json")])
        shown = "".join(capsys.readouterr()) + (tmp_path / "out.json").read_text()
        for secret in ("Ball", "Bea", "P-1", str(source)):
            assert secret not in shown
    named = library(tmp_path, "list", "--names")["studies"][0]
    assert (named["patient_name"], named["place"]) == ("Ball^Bea", str(source))
    assert "Ball^Bea" in capsys.readouterr().out


def test_space_counts_copies_links_and_the_trash_apart(tmp_path: Path) -> None:
    source = write_dicom_study(tmp_path / "disc")
    n_bytes = sum(len(content) for content, _ in bytes_of(source).values())
    library(tmp_path, "import", str(source), "--copy")
    library(tmp_path, "import", str(source), "--link")
    space = library(tmp_path, "space")
    assert (space["copied_bytes"], space["linked_bytes"], space["trash_bytes"]) == (n_bytes, n_bytes, 0)
    assert space["free_bytes"] > 0
    library(tmp_path, "delete", *(study["id"] for study in space["studies"]))
    assert library(tmp_path, "space")["trash_bytes"] == n_bytes
    assert library(tmp_path, "space", "--empty-trash")["n_trash"] == 0
    assert len(bytes_of(source)) == 3


def test_a_moved_link_is_told_where_it_is(tmp_path: Path) -> None:
    source = write_dicom_study(tmp_path / "disc")
    (study,) = library(tmp_path, "import", str(source), "--link")["studies"]
    source.rename(tmp_path / "moved")
    assert library(tmp_path, "list")["studies"][0]["is_present"] is False
    assert (
        library(tmp_path, "relocate", study["id"], str(tmp_path / "moved"))["studies"][0]["is_present"] is True
    )


def test_refusals_and_cancelling_have_the_exit_codes_of_all_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["library", "import", str(tmp_path / "nowhere")]) == REFUSED
    assert main(["library", "delete", "20240312-CT-00000000"]) == REFUSED
    assert capsys.readouterr().err.count("refused: ") == 2
    with pytest.raises(SystemExit, match="2"):
        main(["library", "list", "--from", "yesterday"])
    with pytest.raises(SystemExit, match="2"):
        main(["library"])

    def cancel(*_: object) -> None:
        raise Cancelled("now")

    monkeypatch.setattr("app.cli.library.import_folder", cancel)
    assert main(["library", "import", str(tmp_path)]) == CANCELLED
