"""What a user wants of a report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ReportChoice:
    """The PDF to write, and whether it names the patient."""

    path: Path
    with_patient: bool = False
