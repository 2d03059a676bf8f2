"""Archives and studies for the tests of the network: small series, peers that misbehave, certificates."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE

from core.volume import Volume
from imaging.network.node import WEB, Node
from imaging.outputs.series import PatientModule, write_series
from tests.support.orthanc import Orthanc, free_port

STUDY, SERIES, OTHER_SERIES = "2.25.7001", "2.25.7002", "2.25.7003"
CT = "1.2.840.10008.5.1.4.1.1.2"


@dataclass(frozen=True)
class Caller:
    """How we reach the Orthanc of the tests."""

    orthanc: Orthanc
    node: Node
    web: Node


def caller_of(orthanc: Orthanc) -> Caller:
    """Nodes for both ways, and Orthanc knowing where our listener will be."""
    node = Node(
        "Archive",
        port=orthanc.dicom_port,
        aet=orthanc.aet,
        listen_port=free_port(),
        connect_s=5.0,
        answer_s=5.0,
    )
    orthanc.register(node.calling_aet, node.listen_port)
    web = Node("Web archive", kind=WEB, url=orthanc.web_url, user=orthanc.user, connect_s=5.0)
    return Caller(orthanc, node, web)


def write_study(
    folder: Path,
    n_slices: int = 4,
    name: str = "Doe^Jane",
    patient_id: str = "P-1",
    study_uid: str = STUDY,
    series_uid: str = SERIES,
    date: str = "20260102",
    size: int = 8,
) -> list[Path]:
    """A CT series of small slices, each with its own values."""
    voxels = np.arange(n_slices * size * size, dtype=np.int16).reshape(n_slices, size, size)
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [2.0, 0.0, 0.0]])
    return write_series(
        Volume(voxels, affine, "2.25.7", "HU", "CT"),
        folder,
        patient=PatientModule(name, patient_id),
        study_uid=study_uid,
        series_uid=series_uid,
        modality="CT",
        description="Heart",
        series_number=3,
        study_date=date,
        study_description="Chest",
    )


def data_sets(paths: Iterator[Path] | list[Path]) -> dict[str, bytes]:
    """SOP Instance UID -> the encoded data set of each file, without its meta information."""
    found = {}
    for path in paths:
        meta = pydicom.filereader.read_file_meta_info(path)
        with path.open("rb") as stream:
            stream.seek(128 + 4 + 12 + int(meta.FileMetaInformationGroupLength))
            found[str(meta.MediaStorageSOPInstanceUID)] = stream.read()
    return found


def encoded(dataset: Dataset) -> bytes:
    """A data set as implicit little endian bytes, whatever its values are."""
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, True
    pydicom.filewriter.write_dataset(stream, dataset)
    return stream.getvalue()


def element(group: int, number: int, value: bytes, length: int | None = None) -> bytes:
    """One element in implicit little endian, with the length it claims."""
    head = group.to_bytes(2, "little") + number.to_bytes(2, "little")
    return head + (len(value) if length is None else length).to_bytes(4, "little") + value


def object_bytes(
    sop_uid: str = "2.25.1", study_uid: str = STUDY, series_uid: str = SERIES, sop_class: str = CT
) -> bytes:
    """The least that makes a data set an object; implicit little endian."""
    pairs = ((0x8, 0x16, sop_class), (0x8, 0x18, sop_uid), (0x20, 0xD, study_uid), (0x20, 0xE, series_uid))
    return b"".join(element(g, n, v.encode() + b"\0" * (len(v) % 2)) for g, n, v in pairs)


def store_raw(assoc: Association, content: bytes, sop_uid: str, sop_class: str = CT) -> int | None:
    """C-STORE of any bytes, as a hostile peer sends them; the status, None when the connection is cut."""
    request = C_STORE()
    request.MessageID = 1
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = sop_class, sop_uid
    request.Priority, request.DataSet = 2, BytesIO(content)
    assoc._reactor_checkpoint.clear()
    assoc.dimse.send_msg(request, assoc.accepted_contexts[0].context_id)
    _, answer = assoc.dimse.get_msg(block=True)
    assoc._reactor_checkpoint.set()
    return None if answer is None else int(answer.Status)


@contextmanager
def calling(port: int, calling_aet: str, called_aet: str) -> Iterator[Association]:
    """An association from a peer to 127.0.0.1:`port` that offers CT in implicit little endian."""
    entity = AE(calling_aet)
    entity.acse_timeout = entity.dimse_timeout = 5
    entity.add_requested_context(CT, ["1.2.840.10008.1.2"])
    assoc = entity.associate("127.0.0.1", port, ae_title=called_aet)
    try:
        yield assoc
    finally:
        if assoc.is_established:
            assoc.release()


@contextmanager
def silent_peer() -> Iterator[int]:
    """Accepts connections and never says a word; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for connection in held:
                connection.close()


def make_certificates(folder: Path, openssl: str) -> tuple[Path, Path, Path]:
    """A CA, and a certificate with its key for 127.0.0.1; made with the program `openssl`."""
    ca, ca_key, request = folder / "ca.pem", folder / "ca.key", folder / "own.csr"
    own, own_key, names = folder / "own.pem", folder / "own.key", folder / "names.cnf"
    names.write_text("subjectAltName=IP:127.0.0.1\n", encoding="ascii")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    def run(*words: str | Path) -> None:
        subprocess.run([openssl, *map(str, words)], check=True, capture_output=True, cwd=folder)

    run("req", "-x509", *key, "-keyout", ca_key, "-out", ca, "-days", "2", "-subj", "/CN=Test authority")
    run("req", *key, "-keyout", own_key, "-out", request, "-subj", "/CN=127.0.0.1")
    signing = ["-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2", "-extfile", names]
    run("x509", "-req", "-in", request, "-out", own, *signing)
    return ca, own, own_key
