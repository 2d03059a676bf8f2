"""The words a person reads, in the language that is loaded; English is what the program is written in."""

from __future__ import annotations

from PyQt6.QtCore import QCoreApplication

CONTEXT = "Auricle"


def told(english: str) -> str:
    """The words in the loaded language; as they are where it has none for them."""
    return QCoreApplication.translate(CONTEXT, english) if english else english
