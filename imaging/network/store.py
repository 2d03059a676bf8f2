"""C-STORE: files to an archive in their own encoding, uncompressed only where the archive takes nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.association import Association

from core.errors import Finding, PlannerError
from core.progress import Progress, Silent
from imaging.dicom.headers import quiet_parser
from imaging.find.files import FileKind, file_kind
from imaging.network import refusals
from imaging.network.association import Link
from imaging.network.node import Node
from imaging.network.receive import IDENTITY
from imaging.network.syntaxes import MOST_CONTEXTS, contexts_to_send, offered_to_send, syntax_name
from imaging.network.watch import Pulse, watched

SERVICE = "storing (C-STORE)"
NOT_TAKEN = 0x0122
WARNINGS = (0xB000, 0xB006, 0xB007)


@dataclass(frozen=True)
class Outgoing:
    """A DICOM file and what its header says it is. `is_exact`: its bytes can go as they are."""

    path: Path
    sop_class: str
    sop_uid: str
    study_uid: str
    syntax: str
    is_exact: bool


@dataclass(frozen=True)
class Sent:
    """How many objects the archive has taken, and how many of them had to be converted."""

    n_images: int
    n_converted: int
    findings: tuple[Finding, ...] = ()


def outgoing_files(paths: Sequence[Path]) -> tuple[Outgoing, ...]:
    """The DICOM files among files and folders (with all below them), in order of their names.

    Raises PlannerError when there is none, or one of them does not say which object it is.
    """
    files = [f for path in paths for f in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    found = tuple(
        outgoing_file(f)
        for f in files
        if f.is_file() and f.name.upper() != "DICOMDIR" and file_kind(f) is FileKind.DICOM
    )
    if not found:
        raise PlannerError(
            "there is nothing to send",
            "no DICOM file is there",
            "export to DICOM first, or choose another folder",
        )
    return found


def outgoing_file(path: Path) -> Outgoing:
    """What one DICOM file is. Raises PlannerError when it is damaged or says nothing."""
    try:
        with quiet_parser():
            dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=list(IDENTITY))
        meta = dataset.file_meta
        sop_class, sop_uid, study_uid, _ = (str(dataset[name].value) for name in IDENTITY)
        is_exact = "TransferSyntaxUID" in meta and (
            str(meta.get("MediaStorageSOPClassUID", "")),
            str(meta.get("MediaStorageSOPInstanceUID", "")),
        ) == (sop_class, sop_uid)
        implicit, _ = dataset.original_encoding
        bare = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
        return Outgoing(path, sop_class, sop_uid, study_uid, str(meta.get("TransferSyntaxUID", bare)), is_exact)
    except Exception as error:
        # A damaged file may raise anything in a parser.
        raise PlannerError(
            "cannot send a file", "it is damaged or does not say which object it is", "leave it out"
        ) from error


def batches_of(files: Sequence[Outgoing], most: int = MOST_CONTEXTS) -> list[list[Outgoing]]:
    """The files in as few associations as can offer all their kinds and encodings."""
    batches: list[list[Outgoing]] = []
    kinds: set[tuple[str, str]] = set()
    for file in sorted(files, key=lambda file: (file.sop_class, file.syntax)):
        kind = (file.sop_class, file.syntax)
        if not batches or (kind not in kinds and len(offered_to_send({*kinds, kind})) > most):
            batches.append([])
            kinds = set()
        kinds.add(kind)
        batches[-1].append(file)
    return batches


def read_plain(outgoing: Outgoing) -> Dataset:
    """The data set of a file, uncompressed. Raises PlannerError naming the encoding that cannot be undone."""
    try:
        with quiet_parser():
            dataset = pydicom.dcmread(outgoing.path, force=True)
            if "TransferSyntaxUID" not in dataset.file_meta:
                dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID(outgoing.syntax)
            if dataset.file_meta.TransferSyntaxUID.is_compressed:
                # It stays the same object: its pixels are the same ones (DICOM PS3.5 A.4).
                dataset.decompress(generate_instance_uid=False)
            return dataset
    except Exception as error:
        raise PlannerError(
            "cannot send an image",
            f"the archive does not take {syntax_name(outgoing.syntax)}, and it cannot be decompressed here",
            "ask who runs the archive to accept this encoding",
        ) from error


def send(node: Node, files: Sequence[Outgoing], progress: Progress | None = None) -> Sent:
    """C-STORE `files`; every one of them, or a refusal that says which kind was not taken.

    Raises PlannerError at the first object that the archive does not take; Cancelled.
    """
    link = Link(node, Pulse(f"Sending to {node.name}: image"))

    def work() -> Sent:
        n_done, n_converted, n_remarks = 0, 0, 0
        link.pulse.tell(0, len(files))
        for batch in batches_of(files):
            contexts = contexts_to_send((file.sop_class, file.syntax) for file in batch)
            with link.association(contexts, SERVICE) as assoc:
                for file in batch:
                    is_converted, status = _store(link, assoc, file)
                    n_done += 1
                    n_converted += is_converted
                    n_remarks += status != 0
                    link.pulse.tell(n_done)
        return sent_of(node, len(files), n_converted, n_remarks)

    return watched(
        work, link.pulse, progress or Silent(), link.stop, lambda: refusals.not_answered(node, node.idle_s)
    )


def _store(link: Link, assoc: Association, file: Outgoing) -> tuple[bool, int]:
    """Send one object; returns whether it was converted, and its status."""
    accepted = {
        str(cx.transfer_syntax[0]) for cx in assoc.accepted_contexts if cx.abstract_syntax == file.sop_class
    }
    if not accepted:
        raise refusals.failed_status(link.node, SERVICE, NOT_TAKEN)
    is_converted = file.syntax not in accepted
    dataset = file.path if file.is_exact and not is_converted else read_plain(file)
    try:
        answer = assoc.send_c_store(dataset)
    except RuntimeError as error:
        raise refusals.broken_off(link.node) from error
    except (ValueError, AttributeError, OSError) as error:
        raise PlannerError(
            "cannot send an image",
            f"the archive takes it in none of the encodings that can be made of {syntax_name(file.syntax)}",
            "ask who runs the archive to accept this encoding",
        ) from error
    if "Status" not in answer:
        raise refusals.broken_off(link.node)
    status = int(answer.Status)
    if status != 0 and status not in WARNINGS:
        raise refusals.failed_status(link.node, SERVICE, status)
    return is_converted, status


def sent_of(node: Node, n_images: int, n_converted: int, n_remarks: int) -> Sent:
    """The result of sending, with what the user should know of it."""
    found = []
    if n_converted:
        what = f"{n_converted} images were sent in another encoding than they have here"
        found.append(Finding("converted", what, f"{node.name} does not take theirs", "nothing to do"))
    if n_remarks:
        what = f"{node.name} took {n_remarks} objects with a remark"
        found.append(
            Finding("changed", what, "it changed or left out some of their values", "compare them there")
        )
    return Sent(n_images, n_converted, tuple(found))
