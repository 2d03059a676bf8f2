"""Fixtures that every room's tests use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data, from AURICLE_DATA or beside the checkout; skips where there is none."""
    folder = Path(os.environ.get("AURICLE_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data: set AURICLE_DATA to its folder (looked at {folder})")
    return folder
