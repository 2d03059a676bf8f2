"""Names of controls for those who hear the window: what has no words of its own is called by its tip."""

from __future__ import annotations

from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QScrollBar,
    QWidget,
)

CONTROLS = (QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)


def controls(root: QWidget) -> list[QWidget]:
    """The controls below a widget that a person can act on; not the parts that Qt makes for itself."""
    found = [widget for kind in CONTROLS for widget in root.findChildren(kind)]
    return [widget for widget in found if not isinstance(widget, QScrollBar) and not _is_qts_own(widget)]


def name_of(control: QWidget) -> str:
    """What is said of a control: its name, the words on it, or those of its tip."""
    words = control.text() if isinstance(control, QAbstractButton) else ""
    hint = control.placeholderText() if isinstance(control, QLineEdit) else ""
    return control.accessibleName() or words.replace("&", "") or hint or control.toolTip().partition("\n")[0]


def name_controls(root: QWidget) -> None:
    """Give every control below a widget the name that `name_of` finds."""
    for control in controls(root):
        if not control.accessibleName() and not (isinstance(control, QAbstractButton) and control.text()):
            control.setAccessibleName(name_of(control))


def _is_qts_own(widget: QWidget) -> bool:
    name, parent = widget.objectName(), widget.parentWidget()
    is_part = isinstance(parent, QComboBox | QAbstractSpinBox | QLineEdit) or isinstance(widget, QHeaderView)
    # The list that a combo box opens stands in a frame that is the box's.
    is_opened = parent is not None and isinstance(parent.parentWidget(), QComboBox)
    return name.startswith("qt_") or is_part or is_opened
