"""Pictures without a window: Qt for letters, VTK for the heart, neither of them with a display."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PyQt6.QtGui import QGuiApplication

from app.report.pictures import scene_image
from app.state import State
from core.anatomy import Anatomy
from render.camera import fit
from render.compose import compose
from render.offscreen import render_image
from render.scene import CameraView, Scene


@contextmanager
def qt_without_display() -> Iterator[None]:
    """Qt's fonts and painters for a command; the application that is there already, where there is one."""
    if QGuiApplication.instance() is not None:
        yield
        return
    before = os.environ.get("QT_QPA_PLATFORM")
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = QGuiApplication(["auricle"])
    try:
        yield
    finally:
        del application
        os.environ.pop("QT_QPA_PLATFORM")
        if before is not None:
            os.environ["QT_QPA_PLATFORM"] = before


def scene_of(state: State) -> Scene:
    """What the 3-D view shows of a state: surfaces, cuts and measures."""
    plan = state.plan
    return compose(
        state.anatomy or Anatomy({}, frame_of_reference_uid=plan.frame_of_reference_uid), plan, state.view
    )


def view_of_heart(state: State, size_px: tuple[int, int], camera: CameraView | None = None) -> np.ndarray:
    """The 3-D view (height, width, 3) from `camera`, from the front without one; letters, bar and notice on it."""
    scene = scene_of(state)
    bounds_mm = scene.bounds_mm
    if camera is None and bounds_mm is not None:
        camera = fit(bounds_mm)
    return scene_image(render_image(scene, *size_px, camera), camera, letters=state.is_in_patient)
