"""Sessions whose journals live in the test's own folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.session import Session
from tests.support.ball_patient import make_series, make_volume


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session with nothing open."""
    made = Session(tmp_path / "data", settings_path=tmp_path / "settings.json")
    yield made
    made.close()


@pytest.fixture
def open_session(session: Session) -> Session:
    """A session with the ball's volume open."""
    session.show_volume(make_series(), 0, make_volume())
    return session
