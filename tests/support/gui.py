"""Driving the window in tests."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from app.views.main_window import MainWindow
from core.anatomy import Anatomy
from core.progress import Progress
from core.volume import Volume
from tests.support.ball_patient import make_anatomy

LONG_MS = 60_000


@dataclass
class SlowReconstruction:
    """Takes `n_steps` reports of 20 ms each; the test says how many."""

    n_steps: int = 3
    n_started: int = 0
    n_finished: int = 0
    n_reports: int = 0

    def __call__(self, key: str, volumes: Sequence[Volume], device: str, progress: Progress) -> Anatomy:
        self.n_started += 1
        for step in range(self.n_steps):
            progress.report("segmenting", step / self.n_steps)
            self.n_reports += 1
            time.sleep(0.02)
        self.n_finished += 1
        return make_anatomy(volumes[0].frame_of_reference_uid)


def trigger(window: MainWindow, key: str) -> None:
    """Choose a command as the menu does; it must be offered."""
    action = window.actions_.by_key[key]
    assert action.isEnabled(), f"{key} is not offered"
    action.trigger()
