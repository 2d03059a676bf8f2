"""What the program remembers between two starts. A damaged file costs a preference, never the start."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from platformdirs import user_config_path, user_data_path

from app.colours import THEMES
from core.errors import PlannerError
from core.staging import replace_file
from imaging.network.node import Node, node_from
from plan.formula import LANDMARK_SD_MM

N_RECENT = 10
MOST_NODES = 100
MOST_PAIRS = 1000
SCALES_PERCENT = (75, 100, 125, 150, 175, 200, 250, 300)
MOST_SPREAD_MM = 5.0
DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Settings:
    """Preferences, each with a default that always works.

    Attributes:
        recent_studies: folders opened before, newest first.
        device: where networks run: "auto", "cpu" or "cuda".
        window_geometry: Qt's own description of size and place, base64; empty for the default.
        ar_source, ar_board, ar_camera: what the AR tab was last used with: camera index or video file,
            board.json and camera.json.
        pacs_nodes: the archives that are known; their passwords are not.
        receive_folder: where studies from archives are put; empty for a folder beside the journals.
        layout: how the views of the planning page share it.
        theme: one of `app.colours.THEMES`.
        scale_percent: how large the window's contents are, on top of what the system asks for.
        window_parts: where docks and borders of the window stand, as Qt describes them, base64.
        language: of the words, such as "de"; empty for English.
        tour: "over" once it was seen or sent away.
        shortcuts: command key -> the user's own keys in the place of the table's; empty for none.
        landmark_sd_mm: how far, per axis, a point is placed differently the next time; the bands follow from it.
    """

    recent_studies: tuple[str, ...] = ()
    device: str = "auto"
    window_geometry: str = ""
    ar_source: str = "0"
    ar_board: str = ""
    ar_camera: str = ""
    pacs_nodes: tuple[Node, ...] = ()
    receive_folder: str = ""
    landmark_sd_mm: float = LANDMARK_SD_MM
    layout: str = "grid"
    shortcuts: Mapping[str, str] = field(default_factory=dict)
    theme: str = "dark"
    scale_percent: int = 100
    window_parts: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    tour: str = ""

    def with_recent(self, folder: Path) -> Settings:
        """The same settings with `folder` as the newest study."""
        newest = str(folder.resolve())
        others = tuple(old for old in self.recent_studies if old != newest)
        return replace(self, recent_studies=(newest, *others)[:N_RECENT])

    def with_node(self, node: Node, old_name: str = "") -> Settings:
        """The same settings with `node` in the place of the one of its name, or of `old_name`."""
        names = [known.name for known in self.pacs_nodes]
        place = names.index(old_name) if old_name in names else len(names)
        kept = [known for known in self.pacs_nodes if known.name not in (node.name, old_name)]
        kept.insert(place, node)
        return replace(self, pacs_nodes=tuple(kept))

    def without_node(self, name: str) -> Settings:
        """The same settings without the node of this name."""
        return replace(self, pacs_nodes=tuple(node for node in self.pacs_nodes if node.name != name))


def is_language(name: str) -> bool:
    """Whether this can be a language's name, such as "de" or "pt_BR": it becomes part of a file's name."""
    return len(name) <= 16 and name.replace("_", "").isalpha() and name.isascii()


def default_settings_path() -> Path:
    """Where settings live on this system."""
    return user_config_path("auricle", appauthor=False) / "settings.json"


def default_data_folder() -> Path:
    """Where journals live on this system."""
    return user_data_path("auricle", appauthor=False)


def load_settings(path: Path) -> Settings:
    """Settings of `path`; the default for each field that is absent or unusable, whatever the file holds."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return Settings()
    if not isinstance(content, Mapping):
        return Settings()
    usable = {f.name: _READERS[f.name](content.get(f.name)) for f in fields(Settings)}
    return Settings(**{name: value for name, value in usable.items() if value is not None})


def save_settings(settings: Settings, path: Path) -> bool:
    """Write the settings; False when the place cannot be written, which is no reason to stop anything."""
    try:
        replace_file(path, (json.dumps(asdict(settings), indent=2) + "\n").encode())
    except PlannerError:
        return False
    return True


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= 4096 and "\0" not in value else None


def _texts(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(text for text in map(_text, value) if text)[:N_RECENT]


def _device(value: object) -> str | None:
    return value if isinstance(value, str) and value in DEVICES else None


def _spread(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0.0 < value <= MOST_SPREAD_MM else None  # type: ignore[operator, arg-type]


def _nodes(value: object) -> tuple[Node, ...] | None:
    if not isinstance(value, list):
        return None
    nodes = {node.name: node for node in map(node_from, value[:MOST_NODES]) if node is not None}
    return tuple(nodes.values())


def _map_of_texts(value: object) -> dict[str, str] | None:
    if not isinstance(value, Mapping):
        return None
    pairs = [(str(key), _text(text)) for key, text in list(value.items())[:MOST_PAIRS]]
    return {key: text for key, text in pairs if text is not None}


_READERS: dict[str, Callable[[object], Any]] = {
    "recent_studies": _texts,
    "device": _device,
    "window_geometry": _text,
    "ar_source": _text,
    "ar_board": _text,
    "ar_camera": _text,
    "pacs_nodes": _nodes,
    "receive_folder": _text,
    "landmark_sd_mm": _spread,
    "layout": _text,
    "shortcuts": _map_of_texts,
    "theme": lambda value: value if isinstance(value, str) and value in THEMES else None,
    "scale_percent": lambda value: value if type(value) is int and value in SCALES_PERCENT else None,
    "window_parts": _map_of_texts,
    "language": lambda value: value if isinstance(value, str) and is_language(value) else None,
    "tour": lambda value: value if value == "over" else None,
}
