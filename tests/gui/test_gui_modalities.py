"""Every kind of series as a surgeon meets it: phases that play, X-ray and ultrasound, archives, given structures."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QUrl
from PyQt6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from app.given import SurfaceFacts
from app.slices import Frame, grey_picture
from app.state import State
from app.views.main_window import MainWindow
from app.views.slices.pictures import SlicePictures
from app.views.surface_dialog import SurfaceDialog
from core.anatomy import Anatomy
from core.progress import Progress
from core.study import Series, SeriesKind
from core.volume import Volume
from imaging.formats.surfaces import write_stl
from imaging.outputs.made import MadeSeries, save_object
from imaging.outputs.segmentation import make_segmentation
from imaging.outputs.source import read_source
from tests.support.ball_patient import CENTRE_MM, make_anatomy
from tests.support.gui import LONG_MS, SlowReconstruction, trigger
from tests.support.small_dicom import N_PHASES, US_REGION, write_cine, write_ultrasound, write_xray

Button = Qt.MouseButton
SMALL_SCREEN = QSize(1280, 800)


@pytest.fixture(scope="module")
def cine_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cine(tmp_path_factory.mktemp("cine"))


def open_only_series(window: MainWindow, path: Path, qtbot: QtBot) -> None:
    window.open_folder(path)
    qtbot.waitUntil(lambda: window.session.state.scan is not None and not window.desk.is_busy, timeout=LONG_MS)
    if window.session.state.shown_series is None:
        (series,) = window.session.state.scan.series
        window.browser.series_chosen.emit(series)
    qtbot.waitUntil(lambda: window.session.state.n_moments > 1, timeout=LONG_MS)


@pytest.fixture
def cine_window(window: MainWindow, cine_folder: Path, qtbot: QtBot) -> MainWindow:
    open_only_series(window, cine_folder, qtbot)
    qtbot.waitUntil(lambda: len(window.player.cache.kept) == N_PHASES, timeout=LONG_MS)
    return window


def test_all_phases_are_loaded_while_the_first_is_looked_at_and_each_shows_its_own_heart(
    cine_window: MainWindow,
) -> None:
    state, player = cine_window.session.state, cine_window.planning.player
    assert player.isVisible()
    assert player.label.text() == f"phase 1 / {N_PHASES}, 0 ms"
    bright = [int((volume.voxels > 500).sum()) for _, volume in sorted(cine_window.player.cache.kept.items())]
    assert np.argmin(bright) == 4
    assert bright[0] == max(bright)
    assert state.playback.is_playing is False


def test_end_diastole_and_end_systole_are_marked_as_suggestions(cine_window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(cine_window.session.state.suggestions) == 2, timeout=LONG_MS)
    (diastole, first), (systole, second) = cine_window.session.state.suggestions
    assert (first, second) == ("ED", "ES")
    assert diastole in (N_PHASES - 1, 0, 1)
    assert systole in (3, 4, 5)
    slider = cine_window.planning.player.slider
    assert slider.suggestions == cine_window.session.state.suggestions
    assert "suggestions from the image" in slider.toolTip()


def test_keys_step_and_play_and_the_slices_follow_at_the_speed_of_the_data(
    cine_window: MainWindow, qtbot: QtBot
) -> None:
    session = cine_window.session
    trigger(cine_window, "view.next_moment")
    assert session.state.phase == 1
    assert cine_window.planning.player.label.text() == f"phase 2 / {N_PHASES}, 80 ms"
    trigger(cine_window, "view.previous_moment")
    trigger(cine_window, "view.previous_moment")
    assert session.state.phase == N_PHASES - 1
    seen = {session.state.phase}
    session.watch(lambda before, after: seen.add(after.phase))
    trigger(cine_window, "view.play")
    assert cine_window.actions_.by_key["view.play"].text() == "Pause"
    qtbot.waitUntil(lambda: len(seen) > 3, timeout=LONG_MS)
    trigger(cine_window, "view.play")
    assert not session.state.playback.is_playing


def test_played_once_it_stops_at_the_last_phase(cine_window: MainWindow, qtbot: QtBot) -> None:
    trigger(cine_window, "view.loop")
    cine_window.player.seek(N_PHASES - 2)
    trigger(cine_window, "view.play")
    qtbot.waitUntil(lambda: not cine_window.session.state.playback.is_playing, timeout=LONG_MS)
    assert cine_window.session.state.phase == N_PHASES - 1


def test_played_again_no_slice_is_worked_out_anew_and_each_phase_keeps_its_own_picture(
    cine_window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked_out: list[int] = []

    def counted(state: State, frame: Frame) -> np.ndarray | None:
        worked_out.append(state.phase)
        return grey_picture(state, frame)

    monkeypatch.setattr("app.views.slices.pictures.grey_picture", counted)
    view = cine_window.planning.slices["axial"]
    frame = view.frame()
    assert frame is not None
    kept = SlicePictures()

    def turn() -> list[bytes]:
        pictures = []
        for phase in range(N_PHASES):
            cine_window.session.show_moment(phase, cine_window.player.cache.kept[phase])
            image = kept.layers(cine_window.session.state, frame, 1.0)[0]
            pictures.append(bytes(image.constBits().asarray(image.sizeInBytes())))
        return pictures

    first = turn()
    n_worked_out = len(worked_out)
    assert turn() == first
    assert len(worked_out) == n_worked_out >= N_PHASES - 1
    assert len(set(first)) > N_PHASES // 2


def test_the_slider_goes_to_a_phase_and_findings_are_said_once(cine_window: MainWindow) -> None:
    n_notices = len(cine_window.session.state.notices)
    cine_window.planning.player.slider.setValue(7)
    assert cine_window.session.state.phase == 7
    assert cine_window.session.state.volume is cine_window.player.cache.kept[7]
    assert len(cine_window.session.state.notices) == n_notices


def test_what_is_reconstructed_is_the_phase_that_was_shown_even_if_another_one_is_by_then(
    cine_window: MainWindow, slow: SlowReconstruction, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, given = cine_window.session, []

    def reconstruct(key: str, volumes: list[Volume], device: str, progress: Progress) -> Anatomy:
        given.extend(volumes)
        return slow(key, volumes, device, progress)

    slow.n_steps = 20
    monkeypatch.setattr(cine_window.desk, "reconstruct", reconstruct)
    cine_window.player.seek(4)
    trigger(cine_window, "reconstruct.heart")
    qtbot.waitUntil(lambda: slow.n_reports > 1, timeout=LONG_MS)
    cine_window.player.seek(6)
    qtbot.waitUntil(lambda: slow.n_finished == 1 and not cine_window.desk.is_busy, timeout=LONG_MS)
    assert given == [cine_window.player.cache.kept[4]]
    assert session.state.phase == 6
    assert session.state.anatomy is None
    assert "phase 5 is ready" in cine_window.notices.text.text()
    cine_window.player.seek(4)
    assert session.state.anatomy is not None


def test_a_length_on_an_uncalibrated_x_ray_is_in_pixels_and_planning_waits(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    open_only_series(window, write_xray(tmp_path / "xa").parent, qtbot)
    clip = window.session.state.clip
    assert clip is not None
    assert clip.series.kind is SeriesKind.PROJECTION
    assert window.planning.clip.isVisible()
    assert not any(view.isVisible() for view in window.planning.slices.values())
    tool = window.actions_.by_key["plan.distance"]
    assert not tool.isEnabled()
    assert "no patient space" in tool.toolTip()
    trigger(window, "view.ruler")
    assert measure(window, qtbot, (10.0, 10.0), (40.0, 50.0)) == "50 px, not calibrated"
    trigger(window, "view.next_moment")
    qtbot.waitUntil(lambda: window.session.state.moment == 1, timeout=LONG_MS)
    assert window.planning.player.label.text() == "frame 2 / 5, 0.07 s"


def test_no_kind_of_series_makes_the_window_wider_than_a_small_screen(
    cine_window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    cine_window.resize(SMALL_SCREEN)
    assert cine_window.minimumSizeHint().width() <= SMALL_SCREEN.width()
    open_only_series(cine_window, write_xray(tmp_path / "xa").parent, qtbot)
    trigger(cine_window, "view.ruler")
    assert cine_window.planning.clip_tools.isVisible()
    assert cine_window.planning.player.isVisible()
    assert cine_window.minimumSizeHint().width() <= SMALL_SCREEN.width()
    for page in (cine_window.ar, cine_window.library):
        cine_window.tabs.setCurrentWidget(page)
        assert cine_window.minimumSizeHint().width() <= SMALL_SCREEN.width()
    assert cine_window.width() <= SMALL_SCREEN.width()


def test_a_length_on_ultrasound_is_in_millimetres_inside_its_region_only(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    open_only_series(window, write_ultrasound(tmp_path / "us").parent, qtbot)
    trigger(window, "view.ruler")
    left, top, right, _ = US_REGION
    assert measure(window, qtbot, (left + 5.0, top + 5.0), (left + 45.0, top + 35.0)) == "25.0 mm"
    assert measure(window, qtbot, (left + 5.0, top + 5.0), (right + 15.0, top + 5.0)).endswith(
        "px, not calibrated"
    )
    trigger(window, "view.remove_rulers")
    assert window.session.state.clip.rulers == ()


def test_pictures_leave_the_slices_as_they_were(cine_window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    from imaging.find.scan import scan_folder

    session = cine_window.session
    cine_window.player.seek(3)
    (xray,) = scan_folder(write_xray(tmp_path / "xa").parent).series
    cine_window.browser.series_chosen.emit(xray)
    qtbot.waitUntil(lambda: session.state.clip is not None, timeout=LONG_MS)
    assert session.state.volume is not None
    (cine,) = session.state.scan.series
    cine_window.browser.series_chosen.emit(cine)
    qtbot.waitUntil(lambda: session.state.clip is None and not cine_window.desk.is_busy, timeout=LONG_MS)
    assert session.state.phase == 3
    assert cine_window.planning.slices["axial"].isVisible()


def test_a_dropped_archive_and_a_dropped_file_are_opened(
    open_window: Callable[[], MainWindow], cine_folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    archive = tmp_path / "cine.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(cine_folder.iterdir()):
            packed.write(path, path.name)
    window = open_window()
    drop(window, archive)
    qtbot.waitUntil(lambda: window.session.state.scan is not None, timeout=LONG_MS)
    (series,) = window.session.state.scan.series
    assert series.n_phases == N_PHASES
    # One file of a stack says little: its whole series is shown.
    drop(window, next(iter(sorted(cine_folder.iterdir()))))
    qtbot.waitUntil(lambda: window.session.state.volume is not None, timeout=LONG_MS)
    assert window.session.state.volume.shape[0] == 3


def test_a_surface_is_not_shown_before_its_unit_and_axes_are_said(
    cine_window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    middle_mm = cine_window.session.state.volume.centre_mm
    ball = make_anatomy().surfaces["lv"]
    shift = middle_mm - ball.bounds_mm.mean(axis=0)
    path = tmp_path / "valve.stl"
    write_stl(type(ball)(ball.vertices + shift, ball.faces), path)
    asked: list[Sequence[Path]] = []
    answers = [None, SurfaceFacts("mm", "LPS")]

    def answer(paths: Sequence[Path]) -> SurfaceFacts | None:
        asked.append(paths)
        return answers.pop(0)

    monkeypatch.setattr(cine_window.desk, "ask_surface_facts", answer)
    monkeypatch.setattr(cine_window.desk, "ask_file", lambda title, pattern: path)
    trigger(cine_window, "file.import_surface")
    assert cine_window.session.state.anatomy is None
    trigger(cine_window, "file.import_surface")
    qtbot.waitUntil(lambda: cine_window.session.state.anatomy is not None, timeout=LONG_MS)
    assert asked == [[path], [path]]
    row = cine_window.structures.rows["valve"]
    assert row.origin.text() == "given"
    bounds_mm = cine_window.session.state.anatomy.surfaces["valve"].bounds_mm
    assert bounds_mm.mean(axis=0) == pytest.approx(middle_mm, abs=1e-3)


def test_the_dialog_takes_no_unit_for_granted(qtbot: QtBot) -> None:
    dialog = SurfaceDialog(("valve.stl",))
    qtbot.addWidget(dialog)
    assert dialog.facts is None
    assert not dialog.accept_button.isEnabled()
    dialog.choose("cm", "RAS")
    assert dialog.accept_button.isEnabled()
    assert dialog.facts == SurfaceFacts("cm", "RAS")


def test_a_segmentation_is_shown_over_the_images_of_its_own_patient_space_only(
    window: MainWindow, study_folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(study_folder, folder)
    labels = replace(make_anatomy("2.25.11").labels, names={1: "lv"})
    source = read_source(sorted((folder / "1").iterdir()))
    save_object(make_segmentation(labels, source, MadeSeries.new("Heart", 9)), folder / "seg.dcm")
    session = window.session
    window.open_folder(folder)
    qtbot.waitUntil(lambda: session.state.scan is not None and not window.desk.is_busy, timeout=LONG_MS)
    by_space = {s.frame_of_reference_uid: s for s in session.state.scan.series if s.kind is SeriesKind.STACK}
    (given,) = (s for s in session.state.scan.series if s.kind is SeriesKind.SEGMENTATION)

    def choose(series: Series) -> None:
        window.browser.series_chosen.emit(series)
        qtbot.waitUntil(lambda: not window.desk.is_busy, timeout=LONG_MS)

    choose(by_space["2.25.12"])
    choose(given)
    assert session.state.anatomy is None
    assert "another patient space" in window.notices.text.text()
    choose(by_space["2.25.11"])
    choose(given)
    assert session.state.anatomy is not None
    assert window.structures.rows["lv"].origin.text() == "given"
    centre_mm = session.state.anatomy.surfaces["lv"].vertices.mean(axis=0)
    assert centre_mm == pytest.approx(CENTRE_MM, abs=0.5)


def test_the_filter_hides_what_does_not_match_and_details_say_what_to_do(ball_window: MainWindow) -> None:
    browser = ball_window.browser
    items = list(browser._items.values())
    browser.filter.setText("ct bea")
    assert not any(item.isHidden() for item in items)
    browser.filter.setText("dora")
    assert all(item.isHidden() for item in items)
    browser.filter.clear()
    items[0].setSelected(True)
    assert browser.details.isVisible()
    assert browser.details.toPlainText().startswith("CT  Ball 1\n40 × 40 × 20")


def measure(window: MainWindow, qtbot: QtBot, start: tuple[float, float], end: tuple[float, float]) -> str:
    """Click both ends, given as (column, row), and read what is written beside the ruler."""
    from app.clips import length_text

    view = window.planning.clip
    for point in (start, end):
        x, y = view.place().to_view(point)
        qtbot.mouseClick(view, Button.LeftButton, pos=QPoint(round(x), round(y)))
    clip = window.session.state.clip
    return length_text(clip.clip, clip.rulers[-1])


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    no_key = Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, Button.NoButton, no_key))
