"""A window on a small study, driven as a user would; software OpenGL is slow, so everything is small."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from app.__main__ import make_window, prepare_opengl
from app.views.main_window import MainWindow
from imaging.outputs.series import PatientModule, write_series
from tests.support.ball_patient import make_anatomy, make_volume
from tests.support.gui import LONG_MS, SlowReconstruction

# Before pytest-qt makes its application.
prepare_opengl()


@pytest.fixture(scope="session")
def study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two CT series of one patient, of two patient spaces. The name looks like HTML."""
    folder = tmp_path_factory.mktemp("study")
    for number, uid in ((1, "2.25.11"), (2, "2.25.12")):
        write_series(
            make_volume(uid),
            folder / str(number),
            patient=PatientModule("<b>Ball</b>^Bea", "P-1"),
            study_uid="2.25.1",
            series_uid=f"2.25.2{number}",
            modality="CT",
            description=f"Ball {number}",
            series_number=number,
        )
    return folder


@pytest.fixture
def slow() -> SlowReconstruction:
    """What the window reconstructs with."""
    return SlowReconstruction()


@pytest.fixture
def open_window(
    qtbot: QtBot, tmp_path: Path, slow: SlowReconstruction, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], MainWindow]]:
    """Opens windows on one user's settings and journals; each is closed at the end and must leave nothing."""
    before = set(threading.enumerate())
    opened: list[MainWindow] = []

    def make() -> MainWindow:
        window = make_window(slow, tmp_path / "settings.json", tmp_path / "data")
        monkeypatch.setattr(window.desk, "confirm", lambda *_: True)
        qtbot.addWidget(window)
        opened.append(window)
        window.resize(1000, 700)
        window.show()
        qtbot.waitExposed(window)
        return window

    yield make
    for window in opened:
        window.close()
    left = [thread.name for thread in set(threading.enumerate()) - before if thread.is_alive()]
    assert left == [], "threads outlived their window"
    timers = [timer for window in opened for timer in window.findChildren(QTimer) if timer.isActive()]
    assert timers == [], "timers outlived their window"


@pytest.fixture
def window(open_window: Callable[[], MainWindow]) -> MainWindow:
    """One window with nothing open."""
    return open_window()


@pytest.fixture
def ball_window(window: MainWindow, study_folder: Path, qtbot: QtBot) -> MainWindow:
    """A window with the first series open."""
    window.open_folder(study_folder)
    qtbot.waitUntil(lambda: window.session.state.scan is not None, timeout=LONG_MS)
    window.browser.series_chosen.emit(window.session.state.scan.series[0])
    qtbot.waitUntil(lambda: window.session.state.volume is not None, timeout=LONG_MS)
    return window


@pytest.fixture
def heart_window(ball_window: MainWindow, qtbot: QtBot) -> MainWindow:
    """A window with a reconstruction and its 3-D view ready."""
    ball_window.session.show_anatomy(make_anatomy(ball_window.session.state.volume.frame_of_reference_uid))
    qtbot.waitUntil(lambda: ball_window.planning.scene.renderer is not None, timeout=LONG_MS)
    return ball_window
