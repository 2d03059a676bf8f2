"""From the start of Python to a shown window, beside a bare Qt window and beside what is left for later."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from benchmarks.report import Comparison, Row, best_of

BARE = """
import sys
from PyQt6.QtWidgets import QApplication, QMainWindow
application = QApplication(sys.argv[:1])
window = QMainWindow()
window.show()
application.processEvents()
"""
OURS = """
import os, sys
from pathlib import Path
from PyQt6.QtWidgets import QApplication
from app.__main__ import make_window, prepare_opengl
from app.reconstruction import reconstruct
from app.views.theme import apply_theme
prepare_opengl()
application = QApplication(sys.argv[:1])
apply_theme(application)
place = Path(sys.argv[1])
window = make_window(reconstruct, place / "settings.json", place)
window.show()
window.repaint()
assert "torch" not in sys.modules
sys.stdout.flush()
os._exit(0)
"""
LATER = "import torch, vtkmodules.all, pyvista, cv2"


def compare(quick: bool) -> Comparison:
    """Processes of their own, the disk's cache warm."""
    n = 1 if quick else 3
    with tempfile.TemporaryDirectory(prefix="auricle-bench-") as place:
        run(OURS, place)
        ours_s, _ = best_of(n, lambda: run(OURS, place))
    bare_s, _ = best_of(n, lambda: run(BARE))
    run(LATER)
    later_s, _ = best_of(n, lambda: run(LATER))
    return Comparison(
        "Start of Python to a shown window, without a display server",
        (
            Row("Auricle, window shown, 3-D view not yet there", ours_s, {}),
            Row("a bare PyQt6 window", bare_s, {}),
            Row("importing torch, VTK, pyvista and OpenCV, which Auricle puts off", later_s, {}),
        ),
        ("Qt's off-screen platform; a real display server adds its own time",),
    )


def run(script: str, *arguments: str) -> None:
    """Run a script in a new Python. Raises RuntimeError with its words when it fails."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
