"""A moving heart in the session, in a case and in files, without a window."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.case import MOTION, case_of, read_case, write_case
from app.exporting import Content, export, offered
from app.motion_file import read_motion, write_motion
from app.moving import as_cine, cine_of, write_motion_files
from app.session import Session
from core.errors import Cancelled, PlannerError
from core.mesh import SurfaceMesh
from core.progress import Reporting, Silent
from core.study import Series
from core.volume import Volume
from imaging.find.scan import scan_folder
from imaging.formats.surfaces import read_surface
from tests.support.ball_patient import make_series, make_volume
from tests.support.moving_ball import moving_ball
from tests.support.small_dicom import FRAME_UID, N_PHASES, write_cine


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path / "data")


def show(session: Session, phase: int, n_phases: int = 8, uid: str = "9.1") -> tuple[Series, Volume]:
    series, volume = make_series(uid, n_phases=n_phases), make_volume()
    session.show_volume(series, phase, volume)
    return series, volume


def test_each_phase_of_the_images_shows_its_own_surfaces(session: Session) -> None:
    moving = moving_ball("1.2.3", 8)
    show(session, 2)
    session.show_moving(moving)
    assert session.state.anatomy is moving.at(2)
    show(session, 5)
    assert session.state.anatomy is moving.at(5)
    assert session.state.moving is moving


def test_images_of_another_number_of_phases_show_no_surface_of_a_wrong_moment(session: Session) -> None:
    show(session, 0)
    session.show_moving(moving_ball("1.2.3", 8))
    show(session, 0, n_phases=20, uid="9.2")
    assert session.state.anatomy is None
    assert session.state.moving is None
    show(session, 1)
    assert session.state.moving is not None


def test_a_moving_heart_that_fits_no_open_series_waits_for_one_that_it_fits(session: Session) -> None:
    show(session, 0, n_phases=20, uid="9.2")
    session.show_moving(moving_ball("1.2.3", 8))
    assert session.state.anatomy is None
    assert session.state.notices[-1].code == "moving_ready"
    show(session, 3)
    assert session.state.moving is not None


def test_a_moving_heart_of_another_patient_space_is_not_shown(session: Session) -> None:
    show(session, 0)
    with pytest.raises(PlannerError, match="another patient space"):
        session.show_moving(moving_ball("9.9.9", 8))
    assert session.state.moving is None


def test_a_saved_case_stays_saved_while_it_plays(session: Session, tmp_path: Path) -> None:
    moving = moving_ball("1.2.3", 8)
    show(session, 0)
    session.show_moving(moving)
    assert not session.state.is_saved
    content = case_of(session.state)
    session.saved_as(tmp_path / "a.auricle", content.plan, content.anatomy, content.moving)
    show(session, 4)
    assert session.state.is_saved


def test_a_case_brings_the_moving_heart_back_exactly(session: Session, tmp_path: Path) -> None:
    moving = moving_ball("1.2.3", 8)
    show(session, 2)
    session.show_moving(moving)
    write_case(case_of(session.state), tmp_path / "a.auricle", Silent())
    found = read_case(tmp_path / "a.auricle", Silent()).moving
    assert found is not None
    assert np.array_equal(found.surfaces["lv"].vertices, moving.surfaces["lv"].vertices)
    assert np.array_equal(found.labels[5].labels, moving.labels[5].labels)
    assert (found.shifts, found.findings, found.times_ms) == (moving.shifts, moving.findings, moving.times_ms)
    assert (found.end_diastole, found.end_systole) == (0, 4)
    assert dict(found.report) == dict(moving.report)


def test_a_damaged_file_or_one_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / MOTION
    write_motion(moving_ball("1.2.3", 6), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PlannerError, match="damaged"):
        read_motion(path)
    np.savez(path, facts=np.zeros(3, dtype=np.uint8))
    with pytest.raises(PlannerError, match="not a saved reconstruction"):
        read_motion(path)


def test_killed_while_it_saves_a_heart_again_the_old_or_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / MOTION
    write_motion(moving_ball("1.2.3", 6), path)
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from app.motion_file import write_motion\n"
        "from tests.support.moving_ball import moving_ball\n"
        "moving = moving_ball('1.2.3', 9)\n"
        "print('ready', flush=True)\n"
        "while True: write_motion(moving, Path(sys.argv[1]))\n"
    )
    root = str(Path(__file__).parents[3])
    with subprocess.Popen([sys.executable, "-c", code, str(path), root], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.15)
        os.kill(child.pid, signal.SIGKILL)
    assert read_motion(path).n_phases in (6, 9)


def test_every_phase_is_exported_with_corresponding_triangles(tmp_path: Path) -> None:
    moving = moving_ball("1.2.3", 6)
    files = write_motion_files(moving, tmp_path, Silent())
    assert len(files) == 6 * 2 + 1
    facts = json.loads((tmp_path / "motion.json").read_text())
    assert facts["n_phases"] == 6
    assert facts["findings"][0]["code"] == "slices-not-realigned"
    for phase in (0, 3):
        found = read_surface(tmp_path / f"phase-{phase:02d}" / "lv.stl", "mm")
        surface: SurfaceMesh = found if isinstance(found, SurfaceMesh) else found[0]
        assert surface.volume_ml == pytest.approx(moving.volumes_ml["lv"][phase], rel=1e-4)


def test_the_moving_heart_is_offered_for_export_only_where_there_is_one(tmp_path: Path) -> None:
    moving = moving_ball("1.2.3", 6)
    assert "motion" not in offered(Content(moving.at(0)))
    done = export(Content(moving.at(0), moving=moving), ("motion",), tmp_path, False, Silent())
    assert len(done.files) == 13
    with pytest.raises(PlannerError, match="not all phases"):
        export(Content(moving.at(0)), ("motion",), tmp_path, False, Silent())


def test_cancelling_an_export_takes_effect(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        write_motion_files(moving_ball("1.2.3", 6), tmp_path, Reporting(lambda *_: None, lambda: True))


def test_cine_series_of_a_folder_give_planes_at_their_times(session: Session, tmp_path: Path) -> None:
    write_cine(tmp_path / "a", "2.25.501", slices=1)
    (series,) = scan_folder(tmp_path / "a", Silent(), None).series
    cine = as_cine(series)
    assert cine.n_phases == N_PHASES
    assert cine.places == pytest.approx(np.arange(N_PHASES) / N_PHASES)
    (plane,) = cine.read_planes(4)
    assert plane.frame_of_reference_uid == FRAME_UID
    session.show_volume(series, 0, plane)
    assert cine_of(session.state, ()) == (series,)
    still = replace(series, phases=series.phases[:1], phase_labels=(), series_uid="2.25.502")
    with pytest.raises(PlannerError, match="no cine of separate slices"):
        cine_of(session.state, (series, still))
