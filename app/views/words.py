"""The words a person reads, in the language that is loaded; English is what the program is written in."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QCoreApplication, QTranslator

CONTEXT = "Auricle"


def told(english: str) -> str:
    """The words in the loaded language; as they are where it has none for them."""
    return QCoreApplication.translate(CONTEXT, english) if english else english


def load_language(name: str, folder: Path) -> QTranslator | None:
    """The words of `auricle_<name>.qm` in a folder; None where there is no such file, or it is none of Qt's."""
    translator = QTranslator()
    return translator if name and translator.load(f"auricle_{name}", str(folder)) else None
