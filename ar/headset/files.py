"""The built page: a handful of files, read once, so that no request ever becomes a path on the disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import PlannerError

DIST = Path(__file__).resolve().parent / "page" / "dist"
PAIRING = ("pair.html", "pair.js", "page.css")
PAGE = ("index.html", "app.js", "page.css")
LESSON = "lesson.html"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}


@dataclass(frozen=True)
class PageFile:
    """One file as it is served."""

    content: bytes
    content_type: str


def read_page(folder: Path = DIST) -> Mapping[str, PageFile]:
    """All files of the page by name. Raises PlannerError when the page was not built."""
    return {name: PageFile(_read(folder, name), TYPES[Path(name).suffix]) for name in {*PAIRING, *PAGE}}


def read_lesson_page(folder: Path = DIST) -> str:
    """The page of a lesson, without its heart. Raises PlannerError when it was not built."""
    return _read(folder, LESSON).decode()


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise PlannerError(
            "the headset page is not there",
            "it is built with Node.js when Auricle is set up, and that was not done here",
            "install Node.js 20 or later with npm and run: make headset-page",
        ) from error
