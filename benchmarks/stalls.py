"""How long the window does not answer: a heartbeat in the event loop while a surgeon's journey runs through it."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from app.__main__ import make_window, prepare_opengl
from app.views.main_window import MainWindow
from benchmarks.cutting import hollow_ball
from benchmarks.report import Comparison, Row
from benchmarks.slicing import noisy_volume
from core.anatomy import Anatomy
from core.progress import Progress
from core.volume import LabelMap, Volume
from imaging.outputs.series import PatientModule, write_series
from plan import edits
from plan.items import CutBox, CutPlane, as_point

BEAT_MS = 2
LONGEST_S = 180.0
STEPS = 40


@dataclass
class Heartbeat:
    """The gaps between beats of a timer in the event loop, by the part of the journey they fell into.

    Attributes:
        gaps: part -> (wall seconds, seconds of the window's own thread) of each gap beyond the timer's own interval.
    """

    gaps: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    part: str = ""
    _last: tuple[float, float] = (0.0, 0.0)

    def beat(self) -> None:
        """Called by the timer."""
        now = time.perf_counter(), time.thread_time()
        if self.part:
            wall, own = (new - old for new, old in zip(now, self._last, strict=True))
            self.gaps.setdefault(self.part, []).append((max(wall - BEAT_MS / 1000.0, 0.0), own))
        self._last = now

    @contextmanager
    def during(self, part: str) -> Iterator[None]:
        """Count the beats for this part."""
        self.part, self._last = part, (time.perf_counter(), time.thread_time())
        yield
        self.beat()
        self.part = ""


def compare(quick: bool) -> Comparison | None:
    """A volume is opened, reconstructed, looked at, cut and saved; None without a display for the 3-D view."""
    if not os.environ.get("DISPLAY"):
        return None
    from PyQt6.QtCore import QTimer
    from PyQt6.QtWidgets import QApplication

    if QApplication.instance() is None:
        prepare_opengl()
    application = QApplication.instance() or QApplication(["bench"])
    heart = Heartbeat()
    timer = QTimer()
    timer.setInterval(BEAT_MS)
    timer.timeout.connect(heart.beat)
    timer.start()
    with tempfile.TemporaryDirectory(prefix="auricle-bench-") as place:
        volume = noisy_volume((60, 96, 96) if quick else (400, 512, 512))
        study = _write(volume, Path(place) / "study")
        window = make_window(_Fake(60 if quick else 354), Path(place) / "settings.json", Path(place) / "data")
        window.desk.confirm = lambda *_: True  # type: ignore[method-assign]
        window.resize(1280, 800)
        window.show()
        _Journey(window, heart, application.processEvents, Path(place)).run(study)
        window.close()
    timer.stop()
    application.processEvents()
    rows = [_row(part, gaps) for part, gaps in heart.gaps.items()]
    everything = [gap for gaps in heart.gaps.values() for gap in gaps]
    return Comparison(
        f"The event loop's stalls over a journey with {volume.voxels.size / 1e6:.0f} million voxels and "
        f"{4 * (60 if quick else 354) ** 2:,} triangles; the first column is the worst stall",
        (_row("whole journey", everything), *rows),
        (
            "thread ms: processor time of the window's own thread in such a gap; on a busy machine wall time "
            "has the waiting for other programs in it",
            "the 3-D view is drawn by whatever OpenGL the display has; under Xvfb that is software",
        ),
    )


class _Fake:
    """Reconstructs a hollow ball in the middle of the volume, in a job's thread, as the network would."""

    def __init__(self, n: int) -> None:
        self._n = n

    def __call__(self, key: str, volumes: Sequence[Volume], device: str, progress: Progress) -> Anatomy:
        for step in range(10):
            progress.report("segmenting", step / 10)
            threading.Event().wait(0.02)
        volume = volumes[0]
        mesh = hollow_ball(self._n)
        moved = replace(mesh, vertices=mesh.vertices + volume.centre_mm)
        labels = LabelMap(
            np.zeros((4, 4, 4), dtype=np.uint8),
            volume.patient_from_index,
            {1: "lv_myocardium"},
            volume.frame_of_reference_uid,
        )
        return Anatomy({"lv_myocardium": moved}, volume.frame_of_reference_uid, labels=labels)


class _Journey:
    def __init__(self, window: MainWindow, heart: Heartbeat, process: Callable[[], None], place: Path) -> None:
        self._window, self._heart, self._process, self._place = window, heart, process, place

    def run(self, study: Path) -> None:
        window, session = self._window, self._window.session
        scene = window.planning.scene
        with self._heart.during("start of the 3-D view"):
            self._until(lambda: scene.renderer is not None)
        with self._heart.during("reading the folder"):
            window.open_folder(study)
            self._until(lambda: session.state.scan is not None and not window.desk.is_busy)
        with self._heart.during("loading the series"):
            assert session.state.scan is not None
            window.browser.series_chosen.emit(session.state.scan.series[0])
            self._until(lambda: session.state.volume is not None and not window.desk.is_busy)
        with self._heart.during("reconstructing and showing"):
            window.actions_.by_key["reconstruct.heart"].trigger()
            self._until(lambda: session.state.anatomy is not None and not window.desk.is_busy)
            self._rest()
        assert session.state.volume is not None
        middle = session.state.volume.centre_mm
        self._steps("scrolling", lambda n: session.look_at(middle + [0.0, 0.0, 0.4 * n]))
        self._steps("turning slices", lambda n: session.viewing.turn_by("sagittal", 1.0))
        window.actions_.by_key["view.slab_max"].trigger()
        self._steps("scrolling a MIP", lambda n: session.look_at(middle + [0.0, 0.0, 0.4 * n]))
        window.actions_.by_key["view.slab_max"].trigger()
        plane = CutPlane("Plane", as_point(middle), (0.1, 0.2, 1.0), item_id="plane")
        session.apply(edits.add(session.state.plan, plane))
        self._steps(
            "dragging a plane",
            lambda n: session.drag(replace(plane, origin_mm=as_point(middle + [0.0, 0.0, 0.37 * n]))),
        )
        session.drop()
        self._rest()
        box = CutBox("Box", as_point(middle - 30.0), as_point(middle + 60.0), item_id="box")
        with self._heart.during("adding a box"):
            session.apply(edits.add(session.state.plan, box))
            self._until(lambda: not scene.cut_maker.jobs.is_busy)
        self._steps(
            "dragging a box", lambda n: session.drag(replace(box, first_mm=as_point(middle - 30.0 + 0.3 * n)))
        )
        with self._heart.during("letting go of the box"):
            session.drop()
            self._until(lambda: not scene.cut_maker.jobs.is_busy)
            self._rest()
        with self._heart.during("saving"):
            window.desk.ask_new_folder = lambda *_: self._place / "case.auricle"  # type: ignore[method-assign]
            window.actions_.by_key["file.save"].trigger()
            self._until(lambda: session.state.case is not None and not window.desk.is_busy)

    def _steps(self, part: str, step: Callable[[int], object]) -> None:
        with self._heart.during(part):
            for n in range(STEPS):
                step(n)
                self._process()
            self._rest()

    def _rest(self) -> None:
        end_s = time.perf_counter() + 0.5
        while time.perf_counter() < end_s:
            self._process()
            time.sleep(0.0005)

    def _until(self, is_done: Callable[[], bool]) -> None:
        end_s = time.perf_counter() + LONGEST_S
        while not is_done():
            if time.perf_counter() > end_s:
                raise TimeoutError(f"{self._heart.part} did not end in {LONGEST_S:.0f} s")
            self._process()
            time.sleep(0.0005)


def _write(volume: Volume, folder: Path) -> Path:
    write_series(
        volume,
        folder,
        patient=PatientModule("Bench^Ball", "B-1"),
        study_uid="2.25.1",
        series_uid="2.25.21",
        modality="CT",
        description="Ball",
        series_number=1,
    )
    return folder


def _row(part: str, gaps: list[tuple[float, float]]) -> Row:
    wall, own = (np.array(times) for times in zip(*gaps, strict=True))
    figures = {
        "99th percentile ms": 1000.0 * float(np.percentile(wall, 99)),
        "worst thread ms": 1000.0 * float(own.max()),
        "thread 99th percentile ms": 1000.0 * float(np.percentile(own, 99)),
        "beats": len(wall),
        "above 100 ms": int((wall > 0.1).sum()),
    }
    return Row(part, float(wall.max()), figures)
