from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from app.settings import N_RECENT, Settings, load_settings, save_settings


def test_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    settings = Settings(("/a", "/b"), "cpu", "AAAA", "video.mp4", "board.json", "camera.json")
    assert save_settings(settings, tmp_path / "deep" / "settings.json")
    assert load_settings(tmp_path / "deep" / "settings.json") == settings


@pytest.mark.parametrize("content", ["", "{", "[]", "7", "null", "[" * 99999, "\x00\xff"])
def test_a_damaged_file_gives_the_defaults(tmp_path: Path, content: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content, encoding="latin-1")
    assert load_settings(path) == Settings()
    assert load_settings(tmp_path / "absent.json") == Settings()


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
@pytest.mark.parametrize("value", [7, None, {"a": 1}, [1, 2], "x" * 9999, True])
def test_a_bad_field_costs_that_field_only(tmp_path: Path, name: str, value: object) -> None:
    good = {"recent_studies": ["/a"], "device": "cuda", "ar_source": "2"}
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({**good, name: value}), encoding="utf-8")
    loaded = load_settings(path)
    expected = Settings(recent_studies=("/a",), device="cuda", ar_source="2")
    for field in fields(Settings):
        if field.name != name:
            assert getattr(loaded, field.name) == getattr(expected, field.name)
    assert getattr(loaded, name) in (getattr(Settings(), name), ())


def test_the_newest_study_leads_and_none_is_listed_twice(tmp_path: Path) -> None:
    settings = Settings()
    for number in [*range(N_RECENT + 3), 5]:
        settings = settings.with_recent(tmp_path / str(number))
    names = [Path(folder).name for folder in settings.recent_studies]
    assert names[:3] == ["5", "12", "11"]
    assert len(names) == len(set(names)) == N_RECENT


def test_settings_that_cannot_be_saved_stop_nothing(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    assert not save_settings(Settings(), blocker / "settings.json")
