"""One look for all views: neutral, so that grey values and structure colours are judged fairly.

The names below are those of pictures, which stay dark in every theme; what stands around them follows the theme.
"""

from __future__ import annotations

from PyQt6.QtGui import QColor, QPalette
from PyQt6.QtWidgets import QApplication

from app.colours import DARK, THEMES
from app.views import shades

GROUND = DARK.ground
PANEL = DARK.panel
RAISED = DARK.raised
LINE = DARK.line
TEXT = DARK.text
QUIET = DARK.quiet
ACCENT = DARK.accent
WARNING = DARK.warning
STOP = DARK.stop
GOOD = DARK.good
# The colours in which slices, crosshair and titles tell the three orientations apart.
ORIENTATION_COLOURS = {"axial": "#e5645c", "coronal": "#63c074", "sagittal": "#e0c14a"}


def apply_theme(application: QApplication, name: str = "dark") -> None:
    """Give the whole application the look of one of `app.colours.THEMES`, now and while it is used."""
    shades.use_colours(THEMES[name])
    application.setStyle("Fusion")
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: shades.PANEL,
        QPalette.ColorRole.Base: shades.GROUND,
        QPalette.ColorRole.AlternateBase: shades.PANEL,
        QPalette.ColorRole.Button: shades.RAISED,
        QPalette.ColorRole.WindowText: shades.TEXT,
        QPalette.ColorRole.Text: shades.TEXT,
        QPalette.ColorRole.ButtonText: shades.TEXT,
        QPalette.ColorRole.PlaceholderText: shades.QUIET,
        QPalette.ColorRole.Highlight: shades.ACCENT,
        QPalette.ColorRole.HighlightedText: shades.GROUND,
        QPalette.ColorRole.ToolTipBase: shades.RAISED,
        QPalette.ColorRole.ToolTipText: shades.TEXT,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    application.setPalette(palette)
    application.setStyleSheet(_style())


def _style() -> str:
    return f"""
* {{ font-size: 13px; }}
QWidget {{ background: {shades.PANEL}; color: {shades.TEXT}; }}
QLabel {{ background: transparent; }}
QTabBar {{ qproperty-drawBase: 0; }}
QMainWindow, QSplitter {{ background: {shades.GROUND}; }}
QSplitter::handle {{ background: {shades.GROUND}; }}
QToolTip {{ background: {shades.RAISED}; color: {shades.TEXT}; border: 1px solid {shades.LINE}; padding: 4px; }}
QMenuBar {{ background: {shades.PANEL}; padding: 2px 4px; }}
QMenuBar::item {{ padding: 4px 10px; border-radius: 4px; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {shades.RAISED}; }}
QMenu {{ background: {shades.PANEL}; border: 1px solid {shades.LINE}; padding: 4px; }}
QMenu::item {{ padding: 5px 28px 5px 24px; border-radius: 4px; }}
QMenu::item:disabled {{ color: {shades.FAINT}; }}
QMenu::separator {{ height: 1px; background: {shades.LINE}; margin: 4px 8px; }}
QToolBar {{
    background: {shades.PANEL}; border: 0; border-bottom: 1px solid {shades.LINE}; padding: 4px 6px; spacing: 2px;
}}
QToolBar#clip_tools {{ border: 0; padding: 0; }}
QToolBar::separator {{ background: {shades.LINE}; width: 1px; margin: 5px 6px; }}
QToolButton {{ padding: 5px 9px; border-radius: 5px; border: 1px solid transparent; }}
QToolButton:hover {{ background: {shades.RAISED}; }}
QToolButton:checked {{ background: {shades.MARKED}; border-color: {shades.ACCENT}; }}
QToolButton[flat="true"] {{ padding: 2px; border: 0; background: transparent; }}
QToolButton[flat="true"]:hover {{ background: {shades.RAISED}; }}
QToolButton:disabled {{ color: {shades.FAINT}; }}
QPushButton {{ background: {shades.RAISED}; border: 1px solid {shades.LINE}; border-radius: 5px; padding: 5px 12px; }}
QPushButton:hover {{ border-color: {shades.ACCENT}; }}
QPushButton:disabled {{ color: {shades.FAINT}; }}
QPushButton[primary="true"]:enabled {{ background: {shades.PRESSED}; border-color: {shades.ACCENT}; }}
QRadioButton {{ spacing: 8px; padding: 2px 0; }}
QRadioButton::indicator {{
    width: 12px; height: 12px; border: 1px solid {shades.QUIET}; border-radius: 7px; background: {shades.GROUND};
}}
QRadioButton::indicator:checked {{
    background: {shades.ACCENT}; border: 3px solid {shades.GROUND}; width: 8px; height: 8px;
}}
QRadioButton::indicator:hover {{ border-color: {shades.ACCENT}; }}
QCheckBox {{ spacing: 8px; padding: 2px 0; }}
QCheckBox::indicator {{
    width: 13px; height: 13px; border: 1px solid {shades.QUIET}; border-radius: 3px; background: {shades.GROUND};
}}
QCheckBox::indicator:checked {{ background: {shades.ACCENT}; border-color: {shades.ACCENT}; }}
QCheckBox::indicator:hover {{ border-color: {shades.ACCENT}; }}
QCheckBox::indicator:disabled {{ border-color: {shades.LINE}; }}
QLineEdit, QComboBox, QSpinBox {{
    background: {shades.GROUND}; border: 1px solid {shades.LINE}; border-radius: 4px; padding: 4px 6px;
}}
QLineEdit:focus, QComboBox:focus {{ border-color: {shades.ACCENT}; }}
QToolButton[raised="true"] {{
    background: {shades.RAISED}; border: 1px solid {shades.LINE}; padding: 5px 20px 5px 10px;
}}
QToolButton[raised="true"]::menu-indicator {{ subcontrol-position: right center; right: 7px; }}
QToolButton[raised="true"]:hover, QToolButton[chip="true"]:hover {{ border-color: {shades.ACCENT}; }}
QToolButton[chip="true"] {{
    background: {shades.RAISED}; border: 1px solid {shades.LINE}; border-radius: 10px; padding: 2px 10px;
}}
QToolButton[chip="true"]:checked {{ background: {shades.MARKED}; border-color: {shades.ACCENT}; }}
QTreeWidget, QListWidget, QTableWidget, QTableView, QPlainTextEdit {{
    background: {shades.GROUND}; border: 1px solid {shades.LINE}; border-radius: 5px; outline: 0;
}}
QTreeWidget::item, QListWidget::item {{ padding: 3px 2px; }}
QTreeWidget::item:selected, QListWidget::item:selected, QTableWidget::item:selected, QTableView::item:selected {{
    background: {shades.MARKED}; color: {shades.TEXT};
}}
QHeaderView::section {{
    background: {shades.PANEL}; color: {shades.QUIET}; border: 0; border-bottom: 1px solid {shades.LINE}; padding: 4px;
}}
QTabWidget::pane {{ border: 0; }}
QTabBar::tab {{ padding: 7px 18px; color: {shades.QUIET}; border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {shades.TEXT}; border-bottom-color: {shades.ACCENT}; }}
QProgressBar {{
    background: {shades.GROUND}; border: 1px solid {shades.LINE}; border-radius: 4px; text-align: center;
    min-height: 16px;
}}
QProgressBar::chunk {{ background: {shades.PRESSED}; border-radius: 3px; }}
QStatusBar {{ background: {shades.PANEL}; border-top: 1px solid {shades.LINE}; }}
QStatusBar::item {{ border: 0; }}
QSlider::groove:horizontal {{ height: 4px; background: {shades.LINE}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {shades.ACCENT}; border-radius: 2px; }}
QSlider::handle:horizontal {{
    background: {shades.TEXT}; width: 12px; height: 12px; margin: -4px 0; border-radius: 6px;
}}
QScrollBar:vertical {{ background: transparent; width: 10px; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; }}
QScrollBar::handle {{ background: {shades.LINE}; border-radius: 4px; min-height: 24px; min-width: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: none; border: 0;
}}
QDialog {{ background: {shades.PANEL}; }}
QTextBrowser {{ background: {shades.GROUND}; border: 1px solid {shades.LINE}; }}
QPushButton:focus, QToolButton:focus, QTreeWidget:focus, QListWidget:focus {{ border-color: {shades.ACCENT}; }}
QFrame#tour {{ background: {shades.RAISED}; border: 1px solid {shades.ACCENT}; border-radius: 8px; }}
QLabel[role="heading"] {{ font-weight: 600; color: {shades.TEXT}; padding: 2px 0; }}
QLabel[role="quiet"] {{ color: {shades.QUIET}; }}
QLabel[role="notice"] {{ color: {shades.WARNING}; }}
"""
