"""QIDO-RS, WADO-RS and STOW-RS against the DICOMweb plug-in of a real Orthanc, and against servers that lie."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import RLELossless

from core.errors import Cancelled, PlannerError
from core.progress import Reporting
from imaging.network import dicomweb, dimse
from imaging.network.answers import is_named
from imaging.network.multipart import MultipartError, joined, split_parts
from imaging.network.node import WEB, Node
from imaging.network.query import Level, Query, Target
from imaging.network.store import outgoing_files, send
from tests.support.orthanc import Orthanc, free_port
from tests.support.pacs import OTHER_SERIES, SERIES, STUDY, caller_of, data_sets, silent_peer, write_study


@pytest.fixture
def node(orthanc: Orthanc) -> Node:
    if not orthanc.web_url:
        pytest.skip("no DICOMweb: install the Debian package orthanc-dicomweb")
    return Node("Web", kind=WEB, url=orthanc.web_url, user=orthanc.user, connect_s=5.0)


def test_an_archive_that_runs_answers(node: Node, orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch) -> None:
    dicomweb.echo(node, orthanc.password)
    with pytest.raises(PlannerError, match="HTTP 401"):
        dicomweb.echo(node, "wrong")
    with pytest.raises(PlannerError, match="password is missing"):
        dicomweb.echo(node)
    with pytest.raises(PlannerError, match="HTTP 404"):
        dicomweb.echo(replace(node, url=node.url + "/elsewhere"), orthanc.password)
    with pytest.raises(PlannerError, match="connection is refused"):
        dicomweb.echo(replace(node, url=f"http://127.0.0.1:{free_port()}/dicom-web"), orthanc.password)
    with pytest.raises(PlannerError, match="TLS"):
        dicomweb.echo(replace(node, url=node.url.replace("http:", "https:")), orthanc.password)


def test_names_are_found_and_shown_in_any_script(node: Node, orthanc: Orthanc, tmp_path: Path) -> None:
    for number, name in enumerate(("Müller^Jörg", "山田^太郎")):
        uid = f"2.25.80{number}"
        (file,) = write_study(tmp_path / uid, 1, name, f"P-{number}", uid, f"{uid}.1", f"2026010{number + 1}")
        orthanc.upload(file)

    def found(query: Query) -> dict[str, str]:
        return {m.patient_id: m.patient_name for m in dicomweb.find(node, query, orthanc.password)}

    assert found(Query()) == {"P-0": "Müller^Jörg", "P-1": "山田^太郎"}
    assert found(Query(patient_name="Müller*")) == {"P-0": "Müller^Jörg"}
    assert found(Query(patient_name="山田*")) == {"P-1": "山田^太郎"}
    assert found(Query(dates="20260102-")) == {"P-1": "山田^太郎"}
    assert found(Query(Level.PATIENT, patient_id="P-0")) == {"P-0": "Müller^Jörg"}
    assert found(Query(modality="MR")) == {}


def test_no_log_names_a_patient(
    node: Node, orthanc: Orthanc, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    way_of_old = caller_of(orthanc).node
    files = outgoing_files(write_study(tmp_path / "out", 1, "Secretname^Jane"))
    send(way_of_old, files)
    dicomweb.send(node, files, orthanc.password)
    query = Query(patient_name="Secretname*")
    assert len(dicomweb.find(node, query, orthanc.password)) == len(dimse.find(way_of_old, query)) == 1
    dimse.get(way_of_old, [Target(STUDY)], tmp_path / "in")
    assert "Secretname" not in caplog.text
    assert orthanc.password not in caplog.text


def test_a_study_goes_out_and_comes_back_equal_byte_for_byte(
    node: Node, orthanc: Orthanc, tmp_path: Path
) -> None:
    files = write_study(tmp_path / "out")
    write_study(tmp_path / "other", 2, series_uid=OTHER_SERIES)
    sent = dicomweb.send(node, outgoing_files([tmp_path / "out", tmp_path / "other"]), orthanc.password)
    assert (sent.n_images, sent.n_converted) == (6, 0)
    told: list[str] = []
    progress = Reporting(lambda stage, _: told.append(stage))
    targets = [Target(STUDY, SERIES)]
    received = dicomweb.get(node, targets, tmp_path / "in", orthanc.password, progress)
    assert (received.n_images, received.findings) == (4, ())
    assert told[-1] == "Receiving from Web: image 4 of 4"
    assert data_sets(list((tmp_path / "in").rglob("*.dcm"))) == data_sets(files)
    assert dicomweb.get(node, [Target(STUDY)], tmp_path / "all", orthanc.password).n_images == 6
    series = dicomweb.find(node, Query(Level.SERIES, study_uid=STUDY), orthanc.password)
    assert {(s.series_uid, s.n_images) for s in series} == {(SERIES, 4), (OTHER_SERIES, 2)}
    query = Query(Level.IMAGE, study_uid=STUDY, series_uid=SERIES)
    assert {i.sop_uid for i in dicomweb.find(node, query, orthanc.password)} == set(data_sets(files))


def test_compressed_files_keep_their_encoding(node: Node, orthanc: Orthanc, tmp_path: Path) -> None:
    (file,) = write_study(tmp_path / "out", 1)
    dataset = pydicom.dcmread(file)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(file)
    dicomweb.send(node, outgoing_files([file]), orthanc.password)
    dicomweb.get(node, [Target(STUDY)], tmp_path / "in", orthanc.password)
    (came,) = (tmp_path / "in").rglob("*.dcm")
    assert data_sets([came]) == data_sets([file])
    assert pydicom.dcmread(came).file_meta.TransferSyntaxUID == RLELossless


def test_a_study_that_is_not_there_is_a_refusal(node: Node, orthanc: Orthanc, tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match=r"HTTP 404|no image came"):
        dicomweb.get(node, [Target("2.25.999")], tmp_path / "in", orthanc.password)


def test_the_password_never_travels_in_the_open_nor_into_a_repr(node: Node) -> None:
    with pytest.raises(PlannerError, match="travel where all can read it"):
        dicomweb.echo(replace(node, url="http://archive.invalid/dicom-web"), "hidden")
    assert "hidden" not in repr(node)


class Liar(BaseHTTPRequestHandler):
    """Answers every retrieval with what the test has put here; a stall is a pause before the answer."""

    body, kind, stall_s = b"", "", 0.0

    def do_GET(self) -> None:
        time.sleep(self.stall_s)
        is_search = "?" in self.path
        body = b"[]" if is_search else self.body
        self.send_response(200)
        self.send_header("Content-Type", "application/dicom+json" if is_search else self.kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def liar() -> Iterator[tuple[type[Liar], Node]]:
    handler = type("OneLiar", (Liar,), {})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield handler, Node("Liar", kind=WEB, url=f"http://127.0.0.1:{server.server_address[1]}")
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("text/html", b"<html>log in</html>", "holds no DICOM"),
        ('multipart/related; boundary="b"', b"--b\r\n\r\nDICM", "cut short"),
        ('multipart/related; boundary="b"', b"--b\r\n\r\n" + bytes(300) + b"\r\n--b--", "damaged"),
        ('multipart/related; boundary="b"', b"--b--\r\n", "has none"),
        ("application/dicom", bytes(128) + b"DICM" + b"\2\0\0\0UL\4\0\xff\xff\xff\xff", "damaged"),
    ],
)
def test_answers_that_lie_are_refused(
    liar: tuple[type[Liar], Node], tmp_path: Path, kind: str, body: bytes, reason: str
) -> None:
    liar[0].kind, liar[0].body = kind, body
    with pytest.raises(PlannerError, match=reason):
        dicomweb.get(liar[1], [Target(STUDY)], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_object_of_another_study_is_not_kept(liar: tuple[type[Liar], Node], tmp_path: Path) -> None:
    (file,) = write_study(tmp_path / "out", 1, study_uid="2.25.666")
    liar[0].kind, liar[0].body = "application/dicom", file.read_bytes()
    with pytest.raises(PlannerError, match="not what was asked for"):
        dicomweb.get(liar[1], [Target(STUDY)], tmp_path / "in")
    assert list((tmp_path / "in").iterdir()) == []


def test_silence_ends_and_a_cancel_is_felt_within_a_second(
    liar: tuple[type[Liar], Node], tmp_path: Path
) -> None:
    liar[0].stall_s = 1.5
    began_s = time.monotonic()
    with pytest.raises(Cancelled):
        dicomweb.find(
            liar[1], Query(), "", Reporting(lambda *_: None, lambda: time.monotonic() > began_s + 0.2)
        )
    assert time.monotonic() - began_s < 1.2
    with silent_peer() as port, pytest.raises(PlannerError, match=r"nothing came for 0\.4 s"):
        dicomweb.echo(replace(liar[1], url=f"http://127.0.0.1:{port}", idle_s=0.4))


def test_parts_are_found_wherever_the_chunks_are_cut() -> None:
    bodies = [b"", b"one", b"\r\n--\r\n-", bytes(range(256)) * 3]
    message = joined(bodies, b"edge", b"application/dicom")
    for size in (1, 2, 3, 7, 64, len(message)):
        chunks = [message[i : i + size] for i in range(0, len(message), size)]
        assert [bytes(part) for part in split_parts(chunks, b"edge", 10_000)] == bodies
    with pytest.raises(MultipartError, match="too large"):
        list(split_parts([message], b"edge", 100))


@pytest.mark.parametrize(
    ("name", "pattern", "is_it"),
    [
        ("Müller^Jörg", "müller*", True),
        ("Müller^Jörg", "M?ller^J*", True),
        ("Müller^Jörg", "Muller*", False),
        ("Yamada^Tarou=山田^太郎", "山田*", True),
        ("Doe.^Jane", "Doe^Jane", False),
        ("Doe^Jane", "Doe", False),
    ],
)
def test_a_name_fits_a_pattern_as_dicom_means_it(name: str, pattern: str, is_it: bool) -> None:
    assert is_named(name, pattern) is is_it
