"""What may import what inside the program; import-linter guards the rooms, this guards Qt and the start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
QT_FREE = [
    "app.session",
    "app.settings",
    "app.commands.table",
    "app.cli",
    "app.cli.window",
    "app.case",
    "app.slices",
]


def loaded_after(statement: str) -> set[str]:
    script = f"{statement}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=REPOSITORY, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("module", QT_FREE)
def test_what_decides_knows_no_qt_and_nothing_heavy(module: str) -> None:
    loaded = loaded_after(f"import {module}")
    assert loaded.isdisjoint(
        {"PyQt6", "pyvistaqt", "torch", "vtkmodules", "pyvista", "cv2", "open3d", "pydicom"}
    )


def test_the_window_is_imported_without_any_heavy_library() -> None:
    loaded = loaded_after("import app.__main__")
    assert "PyQt6" in loaded
    assert loaded.isdisjoint(
        {"torch", "vtkmodules", "pyvista", "pyvistaqt", "cv2", "open3d", "pydicom", "scipy"}
    )
