from __future__ import annotations

import os
import subprocess
import sys


def _run(code: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("QT_")} | {
        "QT_QPA_PLATFORM": "offscreen"
    }
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=environment, check=False
    )


def test_pyqt6_opens_an_application_after_opencv_was_imported() -> None:
    done = _run("import ar.tracking; from PyQt6.QtWidgets import QApplication; QApplication([]); print('open')")
    assert done.stdout.strip() == "open", done.stderr


def test_importing_opencv_leaves_the_environment_as_it_was() -> None:
    done = _run("import os; before = dict(os.environ); import ar.opencv; print(before == dict(os.environ))")
    assert done.stdout.strip() == "True", done.stderr
