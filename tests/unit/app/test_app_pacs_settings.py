"""Archives in the settings: kept, changed, and never at the price of the start."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from app.settings import Settings, load_settings, save_settings
from imaging.network.node import WEB, Node

ARCHIVE = Node("Archive", host="pacs.example", port=4242, aet="PACS", is_tls=True, ca_file="/ca.pem")
CLOUD = Node(
    "Cloud", kind=WEB, url="https://pacs.example/dicom-web", user="surgeon", secret_env="PACS_PASSWORD"
)


def test_archives_come_back_as_they_were_saved(tmp_path: Path) -> None:
    settings = Settings(pacs_nodes=(ARCHIVE, CLOUD), receive_folder="/data/received")
    assert save_settings(settings, tmp_path / "settings.json")
    assert load_settings(tmp_path / "settings.json") == settings


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "ftp"},
        {"port": 0},
        {"port": "104"},
        {"aet": "A TITLE THAT IS TOO LONG"},
        {"aet": ""},
        {"host": "a b"},
        {"idle_s": -1},
        {"idle_s": float("nan")},
        {"name": ""},
        {"is_verified": "no"},
        {"kind": WEB, "url": "ftp://pacs.example"},
        {"kind": WEB, "url": "https://surgeon:secret@pacs.example"},
    ],
)
def test_an_archive_that_cannot_be_costs_itself_only(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "settings.json"
    content = {"pacs_nodes": [{**asdict(ARCHIVE), **change}, asdict(CLOUD), 7], "device": "cpu"}
    path.write_text(json.dumps(content), encoding="utf-8")
    assert load_settings(path) == Settings(pacs_nodes=(CLOUD,), device="cpu")


def test_an_archive_is_changed_in_its_place_and_forgotten_by_its_name() -> None:
    settings = Settings().with_node(ARCHIVE).with_node(CLOUD)
    renamed = replace(ARCHIVE, name="Old archive", port=104)
    settings = settings.with_node(renamed, "Archive")
    assert settings.pacs_nodes == (renamed, CLOUD)
    assert settings.with_node(replace(CLOUD, user="")).pacs_nodes == (renamed, replace(CLOUD, user=""))
    assert settings.without_node("Old archive").pacs_nodes == (CLOUD,)
