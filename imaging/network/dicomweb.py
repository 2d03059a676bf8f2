"""QIDO-RS, WADO-RS and STOW-RS: asking an archive over the web."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag

from core.errors import PlannerError
from core.progress import Progress
from imaging.network import refusals
from imaging.network.answers import KEYS, is_named, loosened, match_of, search_keys
from imaging.network.dimse import MOST_MATCHES
from imaging.network.inflow import MOST_WAITING_BYTES
from imaging.network.multipart import boundary_of, joined, split_parts
from imaging.network.node import Node
from imaging.network.outcome import Count, received_of, too_many
from imaging.network.query import Level, Match, Query, Target, checked_target
from imaging.network.receive import PREAMBLE, UNREADABLE, Received, Receiver
from imaging.network.store import NOT_TAKEN, Outgoing, Sent, read_plain, sent_of
from imaging.network.watch import Pulse
from imaging.network.web_session import WebLink

CHUNK_BYTES = 1 << 16
SEARCH, RETRIEVE, STORE = "searching (QIDO-RS)", "sending us images (WADO-RS)", "storing (STOW-RS)"
ANY_ENCODING = 'multipart/related; type="application/dicom"; transfer-syntax=*'


def echo(node: Node, secret: str = "", progress: Progress | None = None) -> None:
    """Ask for one study, which is the least that DICOMweb can be asked. Raises PlannerError; Cancelled."""
    link = WebLink(node, secret, Pulse(f"Calling {node.name}"))
    link.run(lambda: link.client.search_for_studies(limit=1), SEARCH, progress)


def find(node: Node, query: Query, secret: str = "", progress: Progress | None = None) -> tuple[Match, ...]:
    """QIDO-RS; patients are those of the studies that match.

    Raises PlannerError when the archive refuses or finds more than `MOST_MATCHES`; Cancelled.
    """
    link = WebLink(node, secret, Pulse(f"Searching {node.name}"))
    return link.run(lambda: _find_by_name(link, query), SEARCH, progress)


def get(
    node: Node, targets: Sequence[Target], folder: Path, secret: str = "", progress: Progress | None = None
) -> Received:
    """WADO-RS: what `targets` name, each object as the archive keeps it.

    Raises PlannerError when nothing came; what came in part is said in the findings. Raises Cancelled.
    """
    link = WebLink(node, secret, Pulse(f"Receiving from {node.name}: image"))
    receiver = Receiver(folder, [checked_target(target) for target in targets])

    def work() -> Count:
        n_expected = sum(_n_images(link, target) for target in targets)
        link.pulse.tell(0, n_expected)
        for target in targets:
            _retrieve(link, target, receiver)
        return Count(n_expected)

    try:
        count = link.run(work, RETRIEVE, progress)
    finally:
        receiver.close()
    return received_of(node, receiver, count)


def send(node: Node, files: Sequence[Outgoing], secret: str = "", progress: Progress | None = None) -> Sent:
    """STOW-RS `files`, one after the other. Raises PlannerError at the first that is not taken; Cancelled."""
    link = WebLink(node, secret, Pulse(f"Sending to {node.name}: image"))

    def work() -> Sent:
        n_converted = 0
        for n_done, file in enumerate(files):
            link.pulse.tell(n_done, len(files))
            n_converted += _store(link, file)
        link.pulse.tell(len(files), len(files))
        return sent_of(node, len(files), n_converted, 0)

    return link.run(work, STORE, progress)


def _find_by_name(link: WebLink, query: Query) -> tuple[Match, ...]:
    """The matches; where an archive finds no name beyond ASCII, all that come near are asked and sifted here."""
    found, near = _find(link, query), loosened(query.patient_name)
    if found or near == query.patient_name:
        return found
    return tuple(
        match
        for match in _find(link, replace(query, patient_name=near))
        if is_named(match.patient_name, query.patient_name)
    )


def _find(link: WebLink, query: Query) -> tuple[Match, ...]:
    level = Level.STUDY if query.level is Level.PATIENT else query.level
    keys = search_keys(replace(query, level=level))
    options: dict[str, Any] = {"fields": list(KEYS[level]), "limit": MOST_MATCHES + 1}
    above = {"StudyInstanceUID", "SeriesInstanceUID"} if level is Level.IMAGE else {"StudyInstanceUID"}
    path = {name: keys.pop(name) for name in above & keys.keys()} if level is not Level.STUDY else {}
    options["search_filters"] = keys
    if level is Level.STUDY:
        rows = link.client.search_for_studies(**options)
    elif level is Level.SERIES:
        rows = link.client.search_for_series(path["StudyInstanceUID"], **options)
    else:
        rows = link.client.search_for_instances(path["StudyInstanceUID"], path["SeriesInstanceUID"], **options)
    if len(rows) > MOST_MATCHES:
        raise too_many(link.node, MOST_MATCHES)
    matches = tuple(match_of(Dataset.from_json(row), level) for row in rows)
    if query.level is not Level.PATIENT:
        return matches
    return tuple(dict.fromkeys(Match(Level.PATIENT, m.patient_name, m.patient_id) for m in matches))


def _n_images(link: WebLink, target: Target) -> int:
    """How many images the archive says a target has; 0 when it does not say."""
    level = Level.SERIES if target.series_uid else Level.STUDY
    found = _find(link, Query(level, study_uid=target.study_uid, series_uid=target.series_uid))
    return sum(match.n_images or 0 for match in found if match.series_uid == target.series_uid)


def _retrieve(link: WebLink, target: Target, receiver: Receiver) -> None:
    path = f"/studies/{target.study_uid}" + (f"/series/{target.series_uid}" if target.series_uid else "")
    with link.request("GET", path, headers={"Accept": ANY_ENCODING}) as answer:
        answer.raise_for_status()
        if answer.status_code == 204:
            return
        boundary = boundary_of(answer.headers.get("Content-Type", ""))

        def chunks() -> Any:
            for chunk in answer.iter_content(CHUNK_BYTES):
                link.pulse.beat()
                yield chunk

        for part in split_parts(chunks(), boundary, MOST_WAITING_BYTES):
            _receive(receiver, part)
            link.pulse.tell(receiver.n_images)


def _receive(receiver: Receiver, part: memoryview) -> None:
    """Hand a DICOM file on as the data set that it holds; its own meta information is not believed further."""

    def is_past(tag: BaseTag, vr: str | None, length: int) -> bool:
        return tag.group != 2

    stream = BytesIO(part[: 1 << 16])
    stream.seek(len(PREAMBLE))
    try:
        meta = read_dataset(stream, False, True, stop_when=is_past)
        words = [str(meta[k].value) for k in _META]
    except Exception:
        # A hostile part may raise anything in a parser.
        receiver.refuse(UNREADABLE)
        return
    receiver.store(part[stream.tell() :], *words)


_META = ("TransferSyntaxUID", "MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID")


def _store(link: WebLink, file: Outgoing) -> bool:
    """Send one object; returns whether it had to be converted."""
    if file.is_exact:
        status = _post(link, file.path.read_bytes())
        if status == 0:
            return False
        is_encoding = status in (NOT_TAKEN, 415) or status >= 0xC000
        if not (pydicom.uid.UID(file.syntax).is_compressed and is_encoding):
            raise _not_stored(link.node, status)
    stream = BytesIO()
    pydicom.dcmwrite(stream, read_plain(file), enforce_file_format=True)
    status = _post(link, stream.getvalue())
    if status != 0:
        raise _not_stored(link.node, status)
    return True


def _post(link: WebLink, content: bytes) -> int:
    """POST one file; returns 0, an HTTP status, or the DIMSE status that the archive gives as its reason."""
    boundary = secrets.token_hex(16)
    headers = {
        "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
        "Accept": "application/dicom+json",
    }
    body = joined([content], boundary.encode(), b"application/dicom")
    with link.request("POST", "/studies", data=body, headers=headers) as answer:
        link.pulse.beat()
        text = answer.raw.read(CHUNK_BYTES, decode_content=True)
    if answer.status_code not in (200, 202, 409):
        return int(answer.status_code)
    try:
        failed = Dataset.from_json(text.decode("utf-8")).get("FailedSOPSequence") or []
    except ValueError:
        failed = []
    reasons = [int(item.get("FailureReason") or 0x0110) for item in failed]
    if reasons:
        return reasons[0]
    return 0 if answer.status_code == 200 else int(answer.status_code)


def _not_stored(node: Node, status: int) -> PlannerError:
    is_http = 400 <= status < 600 or status == 202
    return refusals.failed_http(node, STORE, status) if is_http else refusals.failed_status(node, STORE, status)
