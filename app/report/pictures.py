"""Pictures for files: a slice or the 3-D view with letters of orientation, a bar of length, and the notice.

Painted on images, not on widgets: works in any thread, and without a display where a `QGuiApplication` exists.
"""

from __future__ import annotations

import math

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QImage, QPainter, QPen

from app.fusion.slices import fused_outlines
from app.slice_marks import marks
from app.slice_outlines import outlines
from app.slices import Frame, grey_picture
from app.state import State
from app.views.over_images import paint_text
from app.views.slices.painting import paint_findings
from core.resources import RESEARCH_NOTICE
from render.scene import CameraView
from render.slice_plane import SlicePlane, orientation_letters

BAR_SHARE = 0.25
"""The bar is the longest round length below this part of the width."""
ROUND = (1.0, 2.0, 5.0)
PLATE = QColor(8, 10, 13, 190)
AT_FOCUS = "at the middle of the view"


def slice_image(
    state: State, frame: Frame, title: str = "", scale: float = 2.0, has_plan: bool = True
) -> np.ndarray:
    """A slice of the open images as a picture (height, width, 3) uint8 RGB: contours, the plan, letters and bar.

    Args:
        scale: how many pixels lines and letters take where they take one on the screen.
        has_plan: with the plan's measures on it.

    Raises ValueError when no images are open.
    """
    grey = grey_picture(state, frame)
    if grey is None:
        raise ValueError("there are no images to cut")
    image = _image_of(np.repeat(grey[..., None], 3, axis=2))
    painter = QPainter(image)
    painter.scale(scale, scale)
    lines = (*outlines(state, frame), *fused_outlines(state, frame))
    paint_findings(painter, lines, marks(state, frame) if has_plan else (), scale)
    _annotate(painter, image, frame.plane, frame.spacing_mm, scale, title, state.is_in_patient)
    painter.end()
    return _array_of(image)


def scene_image(
    rgb: np.ndarray, camera: CameraView | None, scale: float = 2.0, title: str = "", letters: bool = True
) -> np.ndarray:
    """A picture (height, width, 3) of the 3-D view with letters, a bar and the notice.

    Args:
        camera: what it was drawn with, for letters and bar; None leaves them out, for nobody knows them then.
        letters: False where the patient's directions are not known.
    """
    image = _image_of(rgb)
    painter = QPainter(image)
    painter.scale(scale, scale)
    if camera is None:
        _notice(painter, image, scale)
    else:
        plane = plane_of_camera(camera)
        spacing_mm = mm_per_px(camera, rgb.shape[0])
        _annotate(painter, image, plane, spacing_mm, scale, title, letters, AT_FOCUS)
    painter.end()
    return _array_of(image)


def plane_of_camera(camera: CameraView) -> SlicePlane:
    """The plane through the focal point at right angles to the line of sight, as the picture shows it."""
    ahead = np.subtract(camera.focal_mm, camera.position_mm)
    ahead = ahead / np.linalg.norm(ahead)
    right = np.cross(ahead, camera.up)
    right = right / np.linalg.norm(right)
    return SlicePlane(camera.focal_mm, tuple(right), tuple(np.cross(ahead, right)))


def mm_per_px(camera: CameraView, height_px: int) -> float:
    """The side of a pixel in mm in the plane of the focal point; nearer things are drawn larger."""
    away_mm = float(np.linalg.norm(np.subtract(camera.focal_mm, camera.position_mm)))
    return 2.0 * away_mm * math.tan(math.radians(camera.view_angle_deg / 2.0)) / height_px


def bar_mm(width_px: int, spacing_mm: float) -> float:
    """A round length, 1, 2 or 5 times a power of ten, of at most `BAR_SHARE` of a picture's width."""
    most = BAR_SHARE * width_px * spacing_mm
    power = 10.0 ** math.floor(math.log10(most))
    return max(part * power for part in ROUND if part * power <= most)


def _annotate(
    painter: QPainter,
    image: QImage,
    plane: SlicePlane,
    spacing_mm: float,
    scale: float,
    title: str,
    has_letters: bool,
    bar_words: str = "",
) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _notice(painter, image, scale)
    foot = _line_px(painter) + 4.0
    area = QRectF(0, 0, image.width() / scale, image.height() / scale).adjusted(8, 5, -8, -5 - foot)
    flags = Qt.AlignmentFlag
    font = QFont(painter.font())
    font.setBold(True)
    painter.setFont(font)
    if has_letters:
        sides = (
            flags.AlignLeft | flags.AlignVCenter,
            flags.AlignRight | flags.AlignVCenter,
            flags.AlignTop | flags.AlignHCenter,
            flags.AlignBottom | flags.AlignHCenter,
        )
        for text, side in zip(orientation_letters(plane), sides, strict=True):
            paint_text(painter, area, side, text, QColor("white"))
    font.setBold(False)
    painter.setFont(font)
    paint_text(painter, area, flags.AlignLeft | flags.AlignTop, title, QColor("white"))
    _bar(painter, area, image.width(), spacing_mm, scale, bar_words)


def _bar(painter: QPainter, area: QRectF, width_px: int, spacing_mm: float, scale: float, words: str) -> None:
    length_mm = bar_mm(width_px, spacing_mm)
    length = length_mm / spacing_mm / scale
    right, y = area.right(), area.bottom() - 2.0
    painter.setPen(QPen(PLATE, 6.0))
    painter.drawLine(QPointF(right - length - 1.0, y), QPointF(right + 1.0, y))
    pen = QPen(QColor("white"), 2.0)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    painter.drawLine(QPointF(right - length, y), QPointF(right, y))
    text = f"{length_mm:g} mm {words}".strip()
    place = QRectF(area.left(), area.top(), area.width(), area.height() - 8.0)
    paint_text(
        painter, place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, text, QColor("white")
    )


def _notice(painter: QPainter, image: QImage, scale: float) -> None:
    """The notice of research use along the lower edge."""
    font = QFont(painter.font())
    font.setPixelSize(11)
    painter.setFont(font)
    width, height = image.width() / scale, image.height() / scale
    strip = QRectF(0, height - _line_px(painter) - 4.0, width, _line_px(painter) + 4.0)
    painter.fillRect(strip, QColor(0, 0, 0))
    painter.setPen(QColor(255, 200, 90))
    painter.drawText(strip, Qt.AlignmentFlag.AlignCenter, RESEARCH_NOTICE)


def _line_px(painter: QPainter) -> float:
    return float(painter.fontMetrics().height())


def _image_of(rgb: np.ndarray) -> QImage:
    rgb = np.ascontiguousarray(rgb[..., :3], dtype=np.uint8)
    height, width, _ = rgb.shape
    return QImage(rgb.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _array_of(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), dtype=np.uint8)
    flat = rows.reshape(image.height(), image.bytesPerLine())[:, : 3 * image.width()]
    return flat.reshape(image.height(), image.width(), 3).copy()
