"""Where the program's own documents lie: they are read on this machine, without a network."""

from __future__ import annotations

from pathlib import Path

from core.errors import PlannerError

FOLDER = Path(__file__).resolve().parent.parent / "docs"
PAGES: dict[str, str] = {
    "user-guide.md": "User guide",
    "command-line.md": "Command line",
    "coordinates.md": "Coordinates",
    "accuracy.md": "Accuracy",
    "hazards.md": "Hazards",
}


def read_page(name: str, folder: Path = FOLDER) -> str:
    """The Markdown of one of `PAGES`.

    Raises:
        PlannerError: it is no page of the program, or it is not installed.
    """
    if name not in PAGES:
        raise PlannerError(f"{name} is not opened", "it is no page of the help", "choose a page of the list")
    try:
        return (folder / name).read_text(encoding="utf-8")
    except OSError as error:
        raise PlannerError(
            "the help cannot be read",
            f"{name} is not where the program lies",
            "install the program from its repository, docs included",
        ) from error
