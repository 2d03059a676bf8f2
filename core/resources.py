"""Where the files that ship with the program lie."""

from __future__ import annotations

from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"
RESEARCH_NOTICE = "For research and education; not for clinical decisions."
