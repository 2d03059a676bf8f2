"""The report says what the plan measures, and whose heart it is only when that is wished."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from PyQt6.QtCore import QSize
from PyQt6.QtGui import QImage
from PyQt6.QtPdf import QPdfDocument
from PyQt6.QtWidgets import QApplication

from app.cli import main
from app.report.content import report_of
from app.report.files import write_video
from app.report.making import make_report, slices_row
from app.report.offscreen import view_of_heart
from app.report.pictures import BAR_SHARE, bar_mm, mm_per_px, plane_of_camera, slice_image
from app.report.places import frame_through, points_of_item
from app.report.privacy import HIDDEN
from app.report.turntable import turntable_views, write_turntable
from app.slices import Framing, frame_in
from core.errors import Cancelled, PlannerError
from core.progress import Progress, Reporting, Silent
from core.resources import RESEARCH_NOTICE
from plan.history import History
from plan.items import Contour, CutPlane
from plan.plan import Plan
from plan.readings import readings
from render.camera import fit
from render.compose import compose
from render.offscreen import render_image
from render.slice_plane import orientation_letters
from tests.support.ball_patient import CENTRE_MM, RADIUS_MM
from tests.support.report_state import report_state

NOW = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
SD_MM = 0.75
SMALL = (360, 288)


def pages_of(path: Path) -> list[str]:
    """The text of each page, by Qt's reader of PDF, on single spaces."""
    document = QPdfDocument(None)
    assert document.load(str(path)) == QPdfDocument.Error.None_
    texts = [" ".join(document.getAllText(n).text().split()) for n in range(document.pageCount())]
    document.close()
    return texts


@pytest.fixture(scope="module")
def anonymous(tmp_path_factory: pytest.TempPathFactory, qapp: QApplication) -> Path:
    """An anonymous report of the ball's patient, with a red picture as the 3-D view."""
    path = tmp_path_factory.mktemp("report") / "r.pdf"
    n_pages = make_report(report_state(), path, SD_MM, Silent(), [np.full((80, 100, 3), (255, 0, 0), np.uint8)])
    assert len(pages_of(path)) == n_pages > 1
    return path


@pytest.fixture
def text(anonymous: Path) -> str:
    """All text of the anonymous report."""
    return " ".join(pages_of(anonymous))


def test_every_page_says_what_it_is_not_for(anonymous: Path) -> None:
    assert all(RESEARCH_NOTICE in page for page in pages_of(anonymous))


def test_the_pdf_holds_every_reading_with_its_band(text: str) -> None:
    plan = report_state().plan
    found = [one for item in plan.items for one in readings(item, plan, SD_MM)]
    assert len(found) > 12
    for one in found:
        if one.value is not None:
            assert f"{one.title} {one.text}" in text
    lv = report_state().anatomy.surfaces["lv"].volume_ml  # type: ignore[union-attr]
    assert f"Left ventricle {lv:.1f} ml 0.4 mm" in text
    # What the plane cuts out of the ball: pi r^2, a little less for a ball of triangles.
    row = next(
        row
        for part in report_of(report_state(), SD_MM, NOW).parts
        for row in part.rows
        if "myocardium: area" in row.title
    )
    assert float(row.value.split()[0]) == pytest.approx(np.pi * RADIUS_MM**2, rel=0.02)


def test_the_pdf_says_how_its_numbers_came_about(text: str) -> None:
    assert "heart-region (SHA-256 " + "ab" * 8 in text
    assert "0.75 mm along each axis" in text
    assert "The slices are thick" in text
    assert "second line" in text
    assert "<today> & tomorrow" in text


def test_without_a_wish_no_name_number_or_uid_is_in_the_file(text: str) -> None:
    for secret in ("Ball", "Bea", "P-1234", "1.2.3", "2026-01-02"):
        assert secret.lower() not in text.lower()
    assert f"Width of {HIDDEN}" in text
    assert "Anonymous" in text


def test_with_a_wish_the_patient_stands_on_the_cover(tmp_path: Path, qapp: QApplication) -> None:
    make_report(report_state(), tmp_path / "r.pdf", SD_MM, Silent(), with_patient=True)
    first = pages_of(tmp_path / "r.pdf")[0]
    assert "Ball Bea, P-1234" in first
    assert "2026-01-02" in first


def test_without_images_the_report_says_that_names_were_not_checked() -> None:
    state = replace(report_state(), series=None, scan=None, volume=None)
    report = report_of(state, SD_MM, NOW)
    assert any("as they were typed" in finding for finding in report.findings)


def test_a_report_that_is_stopped_leaves_the_old_one(tmp_path: Path, qapp: QApplication) -> None:
    path = tmp_path / "r.pdf"
    path.write_bytes(b"old")

    def stop(stage: str, done: float) -> None:
        if stage == "Cutting slices":
            raise Cancelled

    with pytest.raises(Cancelled):
        make_report(report_state(), path, SD_MM, Reporting(stop))
    assert path.read_bytes() == b"old"
    with pytest.raises(PlannerError, match="cannot write"):
        make_report(report_state(), tmp_path / "r.pdf" / "below.pdf", SD_MM, Silent())


def test_a_measure_lies_in_the_plane_of_its_picture() -> None:
    plan = report_state().plan
    shown = {}
    for item in plan.items:
        frame = frame_through(item, plan, SMALL)
        if isinstance(item, CutPlane):
            assert frame is None
            continue
        assert frame is not None
        assert np.abs(frame.depth_mm(points_of_item(item))).max() < 1e-6
        pixels = frame.to_px(points_of_item(item))
        assert (pixels > 0).all()
        assert (pixels < SMALL).all()
        shown[item.name] = frame
    assert orientation_letters(shown["Ring"].plane) == ("R", "L", "A", "P")
    # The tilted line is seen as coronal slices are: right on the left, head up.
    left, right, top, bottom = orientation_letters(shown["Width of Bea"].plane)
    assert (left[0], right[0]) == ("R", "L")
    assert (top[0], bottom[0]) in (("S", "I"), ("A", "P"))


def test_a_ring_seen_from_either_side_is_read_the_same_way() -> None:
    upside_down = Contour("Ring", tuple(reversed(report_state().plan.items[2].points_mm)))  # type: ignore[union-attr]
    frame = frame_through(upside_down, Plan(), SMALL)
    assert frame is not None
    assert orientation_letters(frame.plane) == ("R", "L", "A", "P")


def test_the_bar_on_a_slice_is_as_long_as_it_says(qapp: QApplication) -> None:
    state = report_state()
    frame = frame_in(state, "axial", (640, 480), Framing())
    assert frame is not None
    picture = slice_image(replace(state, history=History(), anatomy=None), frame, scale=1.0)
    white = (picture[-60:] == 255).all(axis=2)
    longest = max(run for row in white for run in _runs(row))
    assert longest * frame.spacing_mm == pytest.approx(
        bar_mm(640, frame.spacing_mm), abs=1.5 * frame.spacing_mm
    )


def _runs(row: np.ndarray) -> list[int]:
    ends = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
    return [int(end - start) for start, end in zip(ends[::2], ends[1::2], strict=True)] or [0]


@pytest.mark.parametrize("spacing_mm", [0.013, 0.2, 0.37, 1.0, 4.2])
def test_a_bar_is_a_round_length_that_fits(spacing_mm: float) -> None:
    length = bar_mm(700, spacing_mm)
    assert 0.4 * BAR_SHARE <= length / (700 * spacing_mm) <= BAR_SHARE
    assert f"{length:g}".strip("0.")[0] in "125"


def test_the_scale_of_the_heart_is_that_of_a_ball_of_known_size() -> None:
    state = report_state()
    scene = compose(state.anatomy, Plan(state.plan.frame_of_reference_uid), state.view)  # type: ignore[arg-type]
    camera = fit(np.array([CENTRE_MM - 60.0, CENTRE_MM + 60.0]))
    rgb = render_image(scene, 500, 400, camera, background=(0.0, 0.0, 0.0))
    wide = np.ptp(np.flatnonzero(rgb.max(axis=(0, 2)) > 30)) + 1
    away = np.linalg.norm(np.subtract(camera.focal_mm, camera.position_mm))
    # The rim of a ball in perspective lies before its middle, and is seen in the plane of the middle so large:
    radius_mm = away * np.tan(np.arcsin(RADIUS_MM / away))
    assert wide / 2.0 * mm_per_px(camera, 400) == pytest.approx(radius_mm, rel=0.02)
    assert orientation_letters(plane_of_camera(camera)) == ("R", "L", "S", "I")


def test_the_heart_and_the_slices_become_pictures_with_the_notice(qapp: QApplication) -> None:
    heart = view_of_heart(report_state(), (400, 320))
    assert heart.shape == (320, 400, 3)
    row = slices_row(report_state(), SMALL)
    assert row.shape == (288, 3 * 360, 3)
    for picture in (heart, row):
        strip = picture[-12:].astype(int)
        assert ((strip[..., 0] > 200) & (strip[..., 2] < 140)).any()
    with pytest.raises(PlannerError, match="no slices"):
        slices_row(replace(report_state(), volume=None))


def test_the_turntable_goes_once_round_from_the_front_over_the_patients_left() -> None:
    cameras = turntable_views(np.array([[-10.0, -20.0, 0.0], [30.0, 20.0, 60.0]]), 8)
    eyes = np.array([np.subtract(one.position_mm, one.focal_mm) for one in cameras])
    assert np.allclose(np.linalg.norm(eyes, axis=1), np.linalg.norm(eyes[0]))
    assert np.allclose(eyes[:, 2], 0.0)
    front, left = eyes[0] / np.linalg.norm(eyes[0]), eyes[2] / np.linalg.norm(eyes[2])
    assert np.allclose((front, left), [(0, -1, 0), (1, 0, 0)], atol=1e-9)
    assert np.allclose(eyes.sum(axis=0), 0.0, atol=1e-9)


def test_the_video_turns_the_heart_and_a_stopped_one_leaves_nothing(tmp_path: Path, qapp: QApplication) -> None:
    path = write_turntable(report_state(), tmp_path / "t.mp4", Silent(), 4, (320, 240))
    video = cv2.VideoCapture(str(path))
    frames = []
    while (found := video.read())[0]:
        frames.append(found[1])
    video.release()
    assert len(frames) == 4
    assert frames[0].shape == (240, 320, 3)
    assert np.abs(frames[0].astype(int) - frames[1]).mean() > 0.5

    def stop(stage: str, done: float) -> None:
        if done > 0.4:
            raise Cancelled

    progress: Progress = Reporting(stop)
    with pytest.raises(Cancelled):
        write_turntable(report_state(), tmp_path / "u.mp4", progress, 4, (320, 240))
    assert [found.name for found in tmp_path.iterdir()] == ["t.mp4"]
    with pytest.raises(PlannerError, match="no surface"):
        write_turntable(replace(report_state(), anatomy=None, history=History()), path, Silent(), 2)


def test_a_video_of_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(PlannerError, match="cannot write"):
        write_video([np.zeros((4, 4, 3), np.uint8)], tmp_path / "file" / "a.mp4", 5.0, (4, 4))


def test_a_picture_keeps_its_shape_and_size_on_the_page(anonymous: Path) -> None:
    document = QPdfDocument(None)
    document.load(str(anonymous))
    assert document.pagePointSize(0).width() == pytest.approx(595.3, abs=0.5)
    page = document.render(0, QSize(595, 842)).convertToFormat(QImage.Format.Format_ARGB32)
    document.close()
    rows = np.frombuffer(page.constBits().asstring(page.sizeInBytes()), np.uint8).reshape(842, 595, 4)
    red = (rows[..., 2] > 200) & (rows[..., 1] < 40) & (rows[..., 3] > 200)
    columns, lines = np.flatnonzero(red.any(axis=0)), np.flatnonzero(red.any(axis=1))
    # The picture keeps its shape: 5 to 4.
    assert (np.ptp(columns) + 1) / (np.ptp(lines) + 1) == pytest.approx(1.25, rel=0.02)
    assert np.ptp(columns) + 1 == pytest.approx(246, abs=4)


def test_the_command_refuses_what_is_no_case_and_what_is_no_pdf(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(tmp_path), "--out", str(tmp_path / "r.pdf")]) == 3
    assert "not a saved case" in capsys.readouterr().err
    assert main(["report", str(tmp_path), "--out", str(tmp_path / "r.doc")]) == 3
    assert "a report is a PDF" in capsys.readouterr().err
