"""Opens the window; everything slow is imported after it is on the screen."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QSurfaceFormat
from PyQt6.QtWidgets import QApplication

from app.reconstruction import Reconstruct, reconstruct
from app.session import Session
from app.settings import default_data_folder, default_settings_path, load_settings
from app.views.about import make_splash
from app.views.main_window import MainWindow
from app.views.theme import apply_theme
from app.views.words import load_language
from core.errors import Finding


def main(folder: Path | None = None) -> int:
    """Run the program until its window is closed; returns the exit code."""
    settings = load_settings(default_settings_path())
    prepare_opengl()
    prepare_scale(settings.scale_percent)
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Auricle")
    apply_theme(application, settings.theme)
    translator = load_language(settings.language, default_data_folder() / "translations")
    if translator is not None:
        application.installTranslator(translator)
    splash = make_splash()
    splash.show()
    application.processEvents()
    window = make_window(reconstruct)
    sys.excepthook = _shown_in(window)
    window.show()
    splash.finish(window)
    if folder is not None:
        opened = folder
        QTimer.singleShot(0, lambda: window.open_folder(opened))
    else:
        window.aids.welcome()
    return application.exec()


def make_window(
    reconstruct: Reconstruct, settings_path: Path | None = None, data_folder: Path | None = None
) -> MainWindow:
    """A window with the user's settings and journals, not yet shown."""
    path = settings_path or default_settings_path()
    session = Session(data_folder or default_data_folder(), load_settings(path), path)
    return MainWindow(session, reconstruct)


def prepare_opengl() -> None:
    """Ask for the OpenGL that VTK and the overlay need; only possible before there is an application."""
    wanted = QSurfaceFormat()
    wanted.setVersion(3, 3)
    wanted.setProfile(QSurfaceFormat.OpenGLContextProfile.CoreProfile)
    wanted.setDepthBufferSize(24)
    wanted.setStencilBufferSize(8)
    QSurfaceFormat.setDefaultFormat(wanted)


def prepare_scale(percent: int) -> None:
    """Draw everything larger or smaller than the system asks for; only possible before there is an application."""
    if percent != 100:
        os.environ.setdefault("QT_SCALE_FACTOR", f"{percent / 100:g}")


def _shown_in(window: MainWindow) -> Callable[..., None]:
    """An excepthook that tells the user and goes on, instead of Qt's abort."""

    def hook(kind: type[BaseException], error: BaseException, trace: object) -> None:
        traceback.print_exception(error)
        if threading.current_thread() is threading.main_thread():
            why = f"an unexpected {kind.__name__}"
            window.session.note(
                Finding("refused", "something went wrong", why, "save the case and report this")
            )

    return hook


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
