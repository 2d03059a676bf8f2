"""Archives that answer badly: slowly, in part, in another encoding, or with what no archive should say."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless
from pynetdicom import AE, evt

from core.errors import Cancelled, PlannerError
from core.progress import Reporting
from imaging.network import dimse
from imaging.network.node import Node
from imaging.network.query import Level, Query, Target, checked_query, checked_target
from imaging.network.store import Outgoing, batches_of, outgoing_files, send
from imaging.network.syntaxes import PATIENT_FIND, PLAIN, STUDY_FIND, STUDY_GET, VERIFICATION
from tests.support.pacs import CT, STUDY, encoded, write_study

Handler = Callable[[evt.Event], Any]


@contextmanager
def peer(
    services: dict[str, list[str]], handlers: list[tuple[Any, Handler]], idle_s: float = 5.0
) -> Iterator[Node]:
    """An archive of our own that does what a test needs."""
    entity = AE("PEER")
    for uid, syntaxes in services.items():
        entity.add_supported_context(uid, syntaxes, scu_role=True, scp_role=True)
    held: list[socket.socket] = []
    opened = (evt.EVT_CONN_OPEN, lambda event: held.append(event.assoc.dul.socket.socket))
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[*handlers, opened])
    assert server is not None
    try:
        yield Node("Peer", port=server.server_address[1], aet="PEER", answer_s=5.0, idle_s=idle_s)
    finally:
        entity.shutdown()
        # The library leaves a socket open whose other side has gone first.
        for connection in held:
            connection.close()


def answering(*answers: Dataset | bytes) -> list[tuple[Any, Handler]]:
    def find(event: evt.Event) -> Iterator[tuple[int, Any]]:
        for answer in answers:
            yield 0xFF00, answer

    return [(evt.EVT_C_FIND, find)]


def study(**values: object) -> Dataset:
    dataset = Dataset()
    dataset.StudyInstanceUID = STUDY
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def test_an_archive_that_falls_silent_after_it_has_answered_is_left(tmp_path: Path) -> None:
    def dawdle(event: evt.Event) -> int:
        time.sleep(1.5)
        return 0

    with peer({VERIFICATION: list(PLAIN)}, [(evt.EVT_C_ECHO, dawdle)], idle_s=0.4) as node:
        began_s = time.monotonic()
        with pytest.raises(PlannerError, match=r"nothing came for 0\.4 s"):
            dimse.echo(node)
        assert time.monotonic() - began_s < 1.5


def test_a_search_is_cancelled_within_a_second_and_the_archive_is_told() -> None:
    told: list[bool] = []

    def endless(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        for _ in range(500):
            if event.is_cancelled:
                told.append(True)
                yield 0xFE00, None
                return
            time.sleep(0.01)
            yield 0xFF00, study()

    with peer({STUDY_FIND: list(PLAIN)}, [(evt.EVT_C_FIND, endless)]) as node:
        stages: list[str] = []
        asked_s: list[float] = []

        def has_begun() -> bool:
            if stages and stages[-1] != "Searching Peer":
                asked_s.append(time.monotonic())
            return bool(asked_s)

        with pytest.raises(Cancelled):
            dimse.find(node, Query(), Reporting(lambda stage, _: stages.append(stage), has_begun))
        assert time.monotonic() - asked_s[0] < 1.0
        deadline_s = time.monotonic() + 5.0
        while not told and time.monotonic() < deadline_s:
            time.sleep(0.02)
        assert told == [True]


def test_names_in_any_character_set_are_read() -> None:
    greek = study(SpecificCharacterSet="ISO_IR 126", PatientName="Παπαδόπουλος^Γιώργος", PatientID="1")
    japanese = study(
        SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientName="Yamada^Tarou=山田^太郎", PatientID="2"
    )
    latin = study(SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Jörg", PatientID="3")
    with peer({STUDY_FIND: [ImplicitVRLittleEndian]}, answering(greek, japanese, latin)) as node:
        names = {match.patient_id: match.patient_name for match in dimse.find(node, Query())}
    assert names == {"1": "Παπαδόπουλος^Γιώργος", "2": "Yamada^Tarou=山田^太郎", "3": "Müller^Jörg"}


def test_utf_8_that_is_not_declared_is_read_as_what_it_is() -> None:
    silent = study(SpecificCharacterSet="ISO_IR 192", PatientName="山田^太郎", PatientID="1")
    content = encoded(silent)
    at = content.index(b"ISO_IR 192") - 8
    undeclared = content[:at] + content[at + 18 :]
    dataset = pydicom.filereader.read_dataset(pydicom.filebase.DicomBytesIO(undeclared), True, True)
    assert "SpecificCharacterSet" not in dataset
    with peer({STUDY_FIND: [ImplicitVRLittleEndian]}, answering(dataset)) as node:
        (match,) = dimse.find(node, Query())
    assert match.patient_name == "山田^太郎"


def test_answers_cannot_steer_a_terminal_nor_name_a_place() -> None:
    hostile = study(PatientName="Doe\x1b[2J^Jane", StudyDescription="a\nb\tc", PatientID="1\r2")
    hostile.StudyInstanceUID = "1.2.3"
    hostile.add_new("NumberOfStudyRelatedInstances", "IS", None)
    with peer({STUDY_FIND: [ImplicitVRLittleEndian]}, answering(hostile)) as node:
        (match,) = dimse.find(node, Query())
    assert (match.patient_name, match.description, match.patient_id) == ("Doe[2J^Jane", "abc", "12")
    assert match.n_images is None
    assert "Doe" not in repr(match)
    for uid in ("../1", "1.2\\3", "", "1..2", "x" * 70):
        with pytest.raises(PlannerError):
            checked_target(Target(uid))


def test_a_search_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dimse, "MOST_MATCHES", 5)
    with (
        peer({STUDY_FIND: list(PLAIN)}, answering(*[study()] * 20)) as node,
        pytest.raises(PlannerError, match="too wide"),
    ):
        dimse.find(node, Query())


def test_a_service_that_is_not_offered_is_named(tmp_path: Path) -> None:
    with peer({PATIENT_FIND: list(PLAIN)}, answering()) as node:
        with pytest.raises(PlannerError, match=r"does not offer searching \(C-FIND\)"):
            dimse.find(node, Query())
        assert dimse.find(node, Query(Level.PATIENT)) == ()
        with pytest.raises(PlannerError, match=r"does not offer sending us images \(C-GET\)"):
            dimse.get(node, [Target(STUDY)], tmp_path)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(0xA700, "out of resources"), (0xA701, "cannot count"), (0x0124, "does not allow"), (0xC123, "failure")],
)
def test_a_status_that_refuses_is_told_as_what_it_means(status: int, reason: str) -> None:
    def refuse(event: evt.Event) -> Iterator[tuple[int, None]]:
        yield status, None

    with (
        peer({STUDY_FIND: list(PLAIN)}, [(evt.EVT_C_FIND, refuse)]) as node,
        pytest.raises(PlannerError, match=f"{reason}.*0x{status:04X}"),
    ):
        dimse.find(node, Query())


def test_what_came_in_part_says_what_is_missing(tmp_path: Path) -> None:
    files = write_study(tmp_path / "out", 3)

    def give(event: evt.Event) -> Iterator[Any]:
        yield 3
        yield 0xFF00, pydicom.dcmread(files[0])
        yield 0xFF00, pydicom.dcmread(files[1])
        stranger = pydicom.dcmread(files[2])
        stranger.StudyInstanceUID = "2.25.666"
        yield 0xFF00, stranger

    services = {STUDY_GET: list(PLAIN), CT: [ExplicitVRLittleEndian]}
    with peer(services, [(evt.EVT_C_GET, give)]) as node:
        received = dimse.get(node, [Target(STUDY)], tmp_path / "in")
    assert received.n_images == 2
    (finding,) = received.findings
    assert (finding.code, finding.what) == ("incomplete", "1 of 3 images did not come")
    assert finding.why == "they are not what was asked for"


def compressed(folder: Path) -> tuple[Path, np.ndarray]:
    (file,) = write_study(folder, 1)
    dataset = pydicom.dcmread(file)
    pixels = dataset.pixel_array.copy()
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(file)
    return file, pixels


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_what_is_not_taken_compressed_is_sent_uncompressed_as_the_same_object(
    tmp_path: Path, syntax: str
) -> None:
    file, pixels = compressed(tmp_path)
    came: list[Dataset] = []

    def keep(event: evt.Event) -> int:
        dataset = event.dataset
        dataset.file_meta = event.file_meta
        came.append(dataset)
        return 0

    with peer({CT: [syntax]}, [(evt.EVT_C_STORE, keep)]) as node:
        sent = send(node, outgoing_files([file]))
    assert (sent.n_images, sent.n_converted, [f.code for f in sent.findings]) == (1, 1, ["converted"])
    assert came[0].file_meta.TransferSyntaxUID == syntax
    assert came[0].SOPInstanceUID == pydicom.dcmread(file).SOPInstanceUID
    assert np.array_equal(came[0].pixel_array, pixels)


def test_an_encoding_that_neither_side_knows_is_named(tmp_path: Path) -> None:
    file, _ = compressed(tmp_path)
    # A transfer syntax that nobody knows, as long as the true one.
    file.write_bytes(file.read_bytes().replace(str(RLELossless).encode(), b"1.2.840.10008.1.2.9"))
    unknown = outgoing_files([file])[0].syntax
    with (
        peer({CT: list(PLAIN)}, []) as node,
        pytest.raises(PlannerError, match=f"does not take {UID(unknown).name}"),
    ):
        send(node, outgoing_files([file]))


def test_a_kind_of_object_that_is_not_taken_and_a_full_archive_are_refusals(tmp_path: Path) -> None:
    files = outgoing_files(write_study(tmp_path, 1))
    with (
        peer({"1.2.840.10008.5.1.4.1.1.4": list(PLAIN)}, []) as node,
        pytest.raises(PlannerError, match=r"does not offer storing \(C-STORE\)"),
    ):
        send(node, files)
    with (
        peer({CT: list(PLAIN)}, [(evt.EVT_C_STORE, lambda event: 0xA700)]) as node,
        pytest.raises(PlannerError, match="out of resources"),
    ):
        send(node, files)


def test_more_kinds_than_one_association_can_offer_go_in_several() -> None:
    files = [
        Outgoing(Path(f"{number}"), f"1.2.3.{number}", "1", "1", RLELossless, True) for number in range(100)
    ]
    batches = batches_of(files)
    assert sorted((f for batch in batches for f in batch), key=lambda f: int(f.path.name)) == files
    assert [len(batch) for batch in batches] == [42, 42, 16]


def test_files_that_are_no_objects_are_not_sent(tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="nothing to send"):
        outgoing_files([tmp_path])
    (tmp_path / "bad.dcm").write_bytes(bytes(128) + b"DICM" + bytes(200))
    with pytest.raises(PlannerError, match="damaged"):
        outgoing_files([tmp_path])


@pytest.mark.parametrize(
    "query",
    [
        Query(dates="2024-01-01"),
        Query(dates="20240101-20240102-"),
        Query(patient_name="a\\b"),
        Query(patient_id="x" * 65),
        Query(patient_name="a\x00"),
        Query(Level.SERIES),
        Query(Level.IMAGE, study_uid=STUDY),
        Query(study_uid="../1"),
    ],
)
def test_a_question_that_no_archive_understands_is_not_asked(query: Query) -> None:
    with pytest.raises(PlannerError, match="cannot be asked this"):
        checked_query(query)
