"""C-ECHO, C-FIND, C-GET, C-MOVE and C-STORE against a real Orthanc."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import RLELossless

from core.errors import Cancelled, PlannerError
from core.progress import Reporting
from imaging.find.scan import scan_folder
from imaging.network import dimse
from imaging.network.node import Node
from imaging.network.query import Level, Query, Target
from imaging.network.store import outgoing_files, send
from imaging.slices.load import load_series
from tests.support.orthanc import Orthanc, free_port
from tests.support.pacs import (
    OTHER_SERIES,
    SERIES,
    STUDY,
    Caller,
    caller_of,
    data_sets,
    silent_peer,
    write_study,
)


@pytest.fixture
def caller(orthanc: Orthanc) -> Caller:
    return caller_of(orthanc)


def upload(orthanc: Orthanc, files: list[Path]) -> list[Path]:
    for file in files:
        orthanc.upload(file)
    return files


def why(node: Node) -> str:
    with pytest.raises(PlannerError) as refusal:
        dimse.echo(node)
    return str(refusal.value)


def test_an_archive_that_runs_answers_the_call(caller: Caller) -> None:
    stages: list[str] = []
    dimse.echo(caller.node, Reporting(lambda stage, _: stages.append(stage)))
    assert stages[-1] == "Calling Archive"


def test_each_reason_for_no_connection_is_told_apart(caller: Caller) -> None:
    node = caller.node
    assert "its AE title is another one" in why(replace(node, aet="SOMEONE"))
    assert "does not know our AE title" in why(replace(node, calling_aet="SOMEONE"))
    assert "connection is refused" in why(replace(node, port=free_port()))
    assert "host name is unknown" in why(replace(node, host="archive.invalid"))
    assert "ended the connection" in why(replace(node, port=caller.orthanc.http_port))


def test_a_peer_that_stays_silent_is_left_after_the_time_that_was_set() -> None:
    with silent_peer() as port:
        began_s = time.monotonic()
        text = why(Node("Silent", port=port, answer_s=0.5))
        assert "does not answer" in text
        assert "0.5 s" in text
        assert 0.4 < time.monotonic() - began_s < 3.0
        assert "nothing answers within 0.4 s" in why(Node("Silent", port=port, is_tls=True, connect_s=0.4))


def test_names_are_found_and_shown_in_any_script(caller: Caller, tmp_path: Path) -> None:
    names = {"P-1": "Müller^Jörg", "P-2": "山田^太郎", "P-3": "Doe^Jane"}
    for number, (patient_id, name) in enumerate(names.items()):
        uid = f"2.25.80{number}"
        files = write_study(tmp_path / uid, 1, name, patient_id, uid, f"{uid}.1", date=f"2026010{number + 1}")
        upload(caller.orthanc, files)

    def found(query: Query) -> dict[str, str]:
        return {match.patient_id: match.patient_name for match in dimse.find(caller.node, query)}

    assert found(Query()) == names
    assert found(Query(patient_name="Müller*")) == {"P-1": names["P-1"]}
    assert found(Query(patient_name="山田*")) == {"P-2": names["P-2"]}
    assert found(Query(patient_id="P-?")) == names
    assert set(found(Query(dates="20260102-"))) == {"P-2", "P-3"}
    assert set(found(Query(dates="20260102-20260102"))) == {"P-2"}
    assert found(Query(modality="MR")) == {}
    assert found(Query(Level.PATIENT, patient_id="P-2")) == {"P-2": names["P-2"]}


def test_each_level_of_the_model_answers_with_its_own_facts(caller: Caller, tmp_path: Path) -> None:
    files = upload(caller.orthanc, write_study(tmp_path))
    (study,) = dimse.find(caller.node, Query())
    assert (study.study_uid, study.date, study.modalities, study.n_images) == (STUDY, "20260102", ("CT",), 4)
    (series,) = dimse.find(caller.node, Query(Level.SERIES, study_uid=STUDY))
    assert (series.series_uid, series.description, series.series_number) == (SERIES, "Heart", 3)
    assert (series.modalities, series.n_images) == (("CT",), 4)
    images = dimse.find(caller.node, Query(Level.IMAGE, study_uid=STUDY, series_uid=SERIES))
    assert {image.sop_uid for image in images} == set(data_sets(files))


@pytest.mark.parametrize("way", [dimse.get, dimse.move])
def test_what_is_retrieved_is_equal_byte_for_byte_and_opens(caller: Caller, tmp_path: Path, way) -> None:
    files = upload(caller.orthanc, write_study(tmp_path / "out"))
    upload(caller.orthanc, write_study(tmp_path / "other", 2, series_uid=OTHER_SERIES))
    told: list[str] = []
    received = way(
        caller.node, [Target(STUDY, SERIES)], tmp_path / "in", Reporting(lambda stage, _: told.append(stage))
    )
    assert (received.n_images, received.findings) == (4, ())
    assert data_sets(list((tmp_path / "in").rglob("*.dcm"))) == data_sets(files)
    assert told[-1] == "Receiving from Archive: image 4 of 4"
    (series,) = scan_folder(tmp_path / "in").series
    assert load_series(series, 0).voxels[:, 0, 0].tolist() == [0, 64, 128, 192]


def test_what_is_already_there_is_not_written_again(caller: Caller, tmp_path: Path) -> None:
    upload(caller.orthanc, write_study(tmp_path / "out", 2))
    assert dimse.get(caller.node, [Target(STUDY)], tmp_path / "in").n_images == 2
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "in").rglob("*.dcm")}
    assert dimse.get(caller.node, [Target(STUDY)], tmp_path / "in").n_images == 2
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "in").rglob("*.dcm")} == before


def test_a_study_that_is_not_there_is_a_refusal(caller: Caller, tmp_path: Path) -> None:
    for way in (dimse.get, dimse.move):
        with pytest.raises(PlannerError):
            way(caller.node, [Target("2.25.999")], tmp_path / "in")
    assert list((tmp_path / "in").iterdir()) == []


def test_an_archive_that_does_not_know_where_to_move_to_says_so(caller: Caller, tmp_path: Path) -> None:
    upload(caller.orthanc, write_study(tmp_path / "out", 1))
    caller.orthanc.register("AURICLE", free_port())
    with pytest.raises(PlannerError, match=r"no image came|refuses moving"):
        dimse.move(caller.node, [Target(STUDY)], tmp_path / "in")


@pytest.mark.parametrize("way", [dimse.get, dimse.move])
def test_a_cancel_is_felt_within_a_second_and_nothing_comes_after_it(
    caller: Caller, tmp_path: Path, way
) -> None:
    upload(caller.orthanc, write_study(tmp_path / "out", 30))
    asked_s: list[float] = []

    def is_enough() -> bool:
        if any((tmp_path / "in").rglob("*.dcm")):
            asked_s.append(time.monotonic())
            return True
        return False

    with pytest.raises(Cancelled):
        way(caller.node, [Target(STUDY)], tmp_path / "in", Reporting(lambda *_: None, is_enough))
    assert time.monotonic() - asked_s[0] < 1.0
    n_left = len(list((tmp_path / "in").rglob("*")))
    time.sleep(0.3)
    assert len(list((tmp_path / "in").rglob("*"))) == n_left < 30
    dimse.echo(caller.node)


def test_files_arrive_as_they_were_sent(caller: Caller, tmp_path: Path) -> None:
    files = write_study(tmp_path)
    sent = send(caller.node, outgoing_files([tmp_path]))
    assert (sent.n_images, sent.n_converted, sent.findings) == (4, 0, ())
    for number, uid in enumerate(data_sets(files)):
        copy = tmp_path / f"back{number}.dcm"
        copy.write_bytes(caller.orthanc.file_of(uid))
        assert data_sets([copy])[uid] == data_sets(files)[uid]


def test_compressed_files_keep_their_encoding(caller: Caller, tmp_path: Path) -> None:
    (file,) = write_study(tmp_path / "out", 1)
    dataset = pydicom.dcmread(file)
    pixels = dataset.pixel_array.copy()
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(file)
    assert send(caller.node, outgoing_files([file])).n_converted == 0
    dimse.get(caller.node, [Target(STUDY)], tmp_path / "in")
    (came,) = (tmp_path / "in").rglob("*.dcm")
    assert data_sets([came]) == data_sets([file])
    assert pydicom.dcmread(came).file_meta.TransferSyntaxUID == RLELossless
    assert np.array_equal(pydicom.dcmread(came).pixel_array, pixels)
