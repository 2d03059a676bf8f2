"""What a benchmark found, as a table that a person reads and a file that a script reads."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

ResultT = TypeVar("ResultT")
Figure = float | int | str


@dataclass(frozen=True)
class Row:
    """One contender: its name, its seconds for the whole task, and other figures by a name with a unit."""

    who: str
    seconds: float
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class Comparison:
    """A task done by Auricle (the first row) and by others.

    Attributes:
        task: what was done, with its size.
        notes: what must be known to read the table.
    """

    task: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def ratio(self, row: Row) -> float:
        """How many times Auricle's seconds this row took; below 1 it was faster than Auricle."""
        return row.seconds / self.rows[0].seconds


def best_of(n: int, work: Callable[[], ResultT]) -> tuple[float, ResultT]:
    """The shortest of `n` runs in seconds, because a busy machine only ever adds; and the last result."""
    shortest = float("inf")
    for _ in range(n):
        started = time.perf_counter()
        result = work()
        shortest = min(shortest, time.perf_counter() - started)
    return shortest, result


def as_markdown(name: str, comparison: Comparison) -> str:
    """The comparison as a page."""
    names = list(dict.fromkeys(key for row in comparison.rows for key in row.figures))
    head = ["", "ms", "time / Auricle's", *names]
    lines = [f"# {name}", "", f"{comparison.task}.", "", _line(head), _line(["---"] * len(head))]
    for row in comparison.rows:
        figures = [_text(row.figures.get(key, "")) for key in names]
        lines.append(_line([row.who, _text(row.seconds * 1e3), f"{comparison.ratio(row):.2f}", *figures]))
    lines += ["", *(f"- {note}" for note in comparison.notes), f"- {machine()}", ""]
    return "\n".join(lines)


def write(name: str, comparison: Comparison, folder: Path) -> None:
    """Write `<name>.md` and `<name>.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(as_markdown(name, comparison), encoding="utf-8")
    ratios = {row.who: comparison.ratio(row) for row in comparison.rows}
    content = {**asdict(comparison), "ratios": ratios, "machine": machine()}
    (folder / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def machine() -> str:
    """Processor, Python and the libraries that do the work, in one line."""
    libraries = ("numpy", "scipy", "vtk", "opencv-python", "torch")
    found = ", ".join(f"{name} {version(name)}" for name in libraries)
    return f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}, {found}"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(figure: Figure) -> str:
    return f"{figure:.3g}" if isinstance(figure, float) and abs(figure) < 1000 else str(figure).split(".")[0]
