"""One look for all views: dark and neutral, so that grey values and structure colours are judged fairly."""

from __future__ import annotations

from PyQt6.QtGui import QColor, QPalette
from PyQt6.QtWidgets import QApplication

GROUND = "#16181c"
PANEL = "#1d2025"
RAISED = "#272b32"
LINE = "#343a43"
TEXT = "#e4e7eb"
QUIET = "#98a1ad"
ACCENT = "#4fb0e8"
WARNING = "#e8b04f"
STOP = "#e2685f"
GOOD = "#62c48b"
# The colours in which slices, crosshair and titles tell the three orientations apart.
ORIENTATION_COLOURS = {"axial": "#e5645c", "coronal": "#63c074", "sagittal": "#e0c14a"}

STYLE = f"""
* {{ font-size: 13px; }}
QWidget {{ background: {PANEL}; color: {TEXT}; }}
QLabel {{ background: transparent; }}
QTabBar {{ qproperty-drawBase: 0; }}
QMainWindow, QSplitter {{ background: {GROUND}; }}
QSplitter::handle {{ background: {GROUND}; }}
QToolTip {{ background: {RAISED}; color: {TEXT}; border: 1px solid {LINE}; padding: 4px; }}
QMenuBar {{ background: {PANEL}; padding: 2px 4px; }}
QMenuBar::item {{ padding: 4px 10px; border-radius: 4px; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {RAISED}; }}
QMenu {{ background: {PANEL}; border: 1px solid {LINE}; padding: 4px; }}
QMenu::item {{ padding: 5px 28px 5px 24px; border-radius: 4px; }}
QMenu::item:disabled {{ color: #666d77; }}
QMenu::separator {{ height: 1px; background: {LINE}; margin: 4px 8px; }}
QToolBar {{
    background: {PANEL}; border: 0; border-bottom: 1px solid {LINE}; padding: 4px 6px; spacing: 2px;
}}
QToolBar#clip_tools {{ border: 0; padding: 0; }}
QToolBar::separator {{ background: {LINE}; width: 1px; margin: 5px 6px; }}
QToolButton {{ padding: 5px 9px; border-radius: 5px; border: 1px solid transparent; }}
QToolButton:hover {{ background: {RAISED}; }}
QToolButton:checked {{ background: #24394a; border-color: {ACCENT}; }}
QToolButton[flat="true"] {{ padding: 2px; border: 0; background: transparent; }}
QToolButton[flat="true"]:hover {{ background: {RAISED}; }}
QToolButton:disabled {{ color: #5d646e; }}
QPushButton {{ background: {RAISED}; border: 1px solid {LINE}; border-radius: 5px; padding: 5px 12px; }}
QPushButton:hover {{ border-color: {ACCENT}; }}
QPushButton:disabled {{ color: #5d646e; }}
QPushButton[primary="true"]:enabled {{ background: #1f5d86; border-color: {ACCENT}; }}
QRadioButton {{ spacing: 8px; padding: 2px 0; }}
QRadioButton::indicator {{
    width: 12px; height: 12px; border: 1px solid {QUIET}; border-radius: 7px; background: {GROUND};
}}
QRadioButton::indicator:checked {{ background: {ACCENT}; border: 3px solid {GROUND}; width: 8px; height: 8px; }}
QRadioButton::indicator:hover {{ border-color: {ACCENT}; }}
QCheckBox {{ spacing: 8px; padding: 2px 0; }}
QCheckBox::indicator {{
    width: 13px; height: 13px; border: 1px solid {QUIET}; border-radius: 3px; background: {GROUND};
}}
QCheckBox::indicator:checked {{ background: {ACCENT}; border-color: {ACCENT}; }}
QCheckBox::indicator:hover {{ border-color: {ACCENT}; }}
QCheckBox::indicator:disabled {{ border-color: {LINE}; }}
QLineEdit, QComboBox, QSpinBox {{
    background: {GROUND}; border: 1px solid {LINE}; border-radius: 4px; padding: 4px 6px;
}}
QLineEdit:focus, QComboBox:focus {{ border-color: {ACCENT}; }}
QToolButton[raised="true"] {{ background: {RAISED}; border: 1px solid {LINE}; padding: 5px 20px 5px 10px; }}
QToolButton[raised="true"]::menu-indicator {{ subcontrol-position: right center; right: 7px; }}
QToolButton[raised="true"]:hover, QToolButton[chip="true"]:hover {{ border-color: {ACCENT}; }}
QToolButton[chip="true"] {{ background: {RAISED}; border: 1px solid {LINE}; border-radius: 10px; padding: 2px 10px; }}
QToolButton[chip="true"]:checked {{ background: #24394a; border-color: {ACCENT}; }}
QTreeWidget, QListWidget, QTableWidget, QTableView, QPlainTextEdit {{
    background: {GROUND}; border: 1px solid {LINE}; border-radius: 5px; outline: 0;
}}
QTreeWidget::item, QListWidget::item {{ padding: 3px 2px; }}
QTreeWidget::item:selected, QListWidget::item:selected, QTableWidget::item:selected, QTableView::item:selected {{
    background: #24394a; color: {TEXT};
}}
QHeaderView::section {{
    background: {PANEL}; color: {QUIET}; border: 0; border-bottom: 1px solid {LINE}; padding: 4px;
}}
QTabWidget::pane {{ border: 0; }}
QTabBar::tab {{ padding: 7px 18px; color: {QUIET}; border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {TEXT}; border-bottom-color: {ACCENT}; }}
QProgressBar {{
    background: {GROUND}; border: 1px solid {LINE}; border-radius: 4px; text-align: center;
    min-height: 16px;
}}
QProgressBar::chunk {{ background: #2b6f9c; border-radius: 3px; }}
QStatusBar {{ background: {PANEL}; border-top: 1px solid {LINE}; }}
QStatusBar::item {{ border: 0; }}
QSlider::groove:horizontal {{ height: 4px; background: {LINE}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {ACCENT}; border-radius: 2px; }}
QSlider::handle:horizontal {{
    background: {TEXT}; width: 12px; height: 12px; margin: -4px 0; border-radius: 6px;
}}
QScrollBar:vertical {{ background: transparent; width: 10px; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; }}
QScrollBar::handle {{ background: {LINE}; border-radius: 4px; min-height: 24px; min-width: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: none; border: 0;
}}
QLabel[role="heading"] {{ font-weight: 600; color: {TEXT}; padding: 2px 0; }}
QLabel[role="quiet"] {{ color: {QUIET}; }}
QLabel[role="notice"] {{ color: {WARNING}; }}
"""


def apply_theme(application: QApplication) -> None:
    """Give the whole application its look."""
    application.setStyle("Fusion")
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: PANEL,
        QPalette.ColorRole.Base: GROUND,
        QPalette.ColorRole.AlternateBase: PANEL,
        QPalette.ColorRole.Button: RAISED,
        QPalette.ColorRole.WindowText: TEXT,
        QPalette.ColorRole.Text: TEXT,
        QPalette.ColorRole.ButtonText: TEXT,
        QPalette.ColorRole.PlaceholderText: QUIET,
        QPalette.ColorRole.Highlight: ACCENT,
        QPalette.ColorRole.HighlightedText: GROUND,
        QPalette.ColorRole.ToolTipBase: RAISED,
        QPalette.ColorRole.ToolTipText: TEXT,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    application.setPalette(palette)
    application.setStyleSheet(STYLE)
