"""Fixtures that every room's tests use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.orthanc import Orthanc, find_orthanc, running_orthanc

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data, from AURICLE_DATA or beside the checkout; skips where there is none."""
    folder = Path(os.environ.get("AURICLE_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data: set AURICLE_DATA to its folder (looked at {folder})")
    return folder


@pytest.fixture(scope="session")
def orthanc_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """One Orthanc for all tests of a run; skips where the program is not installed."""
    if find_orthanc() is None:
        pytest.skip("no Orthanc: install the Debian package orthanc")
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as archive:
        yield archive


@pytest.fixture
def orthanc(orthanc_server: Orthanc) -> Orthanc:
    """The running Orthanc, empty."""
    orthanc_server.clear()
    return orthanc_server
