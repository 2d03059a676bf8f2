"""C-ECHO, C-FIND, C-GET and C-MOVE: asking an archive over DIMSE."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydicom.dataset import Dataset
from pynetdicom import build_context, evt
from pynetdicom.events import Event

from core.progress import Progress, Silent
from imaging.network import refusals
from imaging.network.answers import identifier_of, identifier_of_target, match_of
from imaging.network.association import Link
from imaging.network.listener import Listener, store_event
from imaging.network.node import Node
from imaging.network.outcome import Count, received_of, too_many
from imaging.network.query import Level, Match, Query, Target
from imaging.network.receive import Received, Receiver
from imaging.network.syntaxes import (
    PATIENT_FIND,
    STUDY_FIND,
    STUDY_GET,
    STUDY_MOVE,
    VERIFICATION,
    contexts_to_get,
)
from imaging.network.watch import Pulse, watched

ResultT = TypeVar("ResultT")
PENDING = (0xFF00, 0xFF01)
SUCCESS, SOME_FAILED = 0x0000, 0xB000
MOST_MATCHES = 5000
SETTLE_S = 3.0
"""An archive may say that a C-MOVE is done while its last objects are on their way."""
SUBOPERATIONS = ("Remaining", "Completed", "Failed", "Warning")
Answers = Iterator[tuple[Dataset, Dataset | None]]


def echo(node: Node, progress: Progress | None = None) -> None:
    """C-ECHO. Raises PlannerError saying why the archive cannot be used; Cancelled."""
    link = Link(node, Pulse(f"Calling {node.name}"))

    def work() -> None:
        with link.association([build_context(VERIFICATION)], "verification (C-ECHO)") as assoc:
            status = _status(link, assoc.send_c_echo())
            if status != SUCCESS:
                raise refusals.failed_status(node, "verification (C-ECHO)", status)

    _run(link, work, progress)


def find(node: Node, query: Query, progress: Progress | None = None) -> tuple[Match, ...]:
    """C-FIND, study root; at the level of patients patient root.

    Raises PlannerError when the archive refuses or finds more than `MOST_MATCHES`; Cancelled.
    """
    link = Link(node, Pulse(f"Searching {node.name}"))
    model = PATIENT_FIND if query.level is Level.PATIENT else STUDY_FIND

    def work() -> tuple[Match, ...]:
        service, matches = "searching (C-FIND)", list[Match]()
        with link.association([build_context(model)], service) as assoc:
            link.cancellable(model)
            for answer, identifier in assoc.send_c_find(identifier_of(query), model, msg_id=1):
                status = _status(link, answer)
                if status not in PENDING:
                    if status != SUCCESS:
                        raise refusals.failed_status(node, service, status)
                    break
                if identifier is not None:
                    matches.append(match_of(identifier, query.level))
                link.pulse.tell(len(matches))
                if len(matches) > MOST_MATCHES:
                    link.stop()
                    raise too_many(node, MOST_MATCHES)
        return tuple(matches)

    return _run(link, work, progress)


def get(node: Node, targets: Sequence[Target], folder: Path, progress: Progress | None = None) -> Received:
    """C-GET: what `targets` name comes over our own association into `folder`.

    Raises PlannerError when nothing came; what came in part is said in the findings. Raises Cancelled.
    """
    link, receiver = Link(node, Pulse(f"Receiving from {node.name}: image")), Receiver(folder, targets)
    model = STUDY_GET
    contexts, roles = contexts_to_get(model)

    def store(event: Event) -> int:
        status = store_event(receiver, event)
        link.inflow.handled(event.assoc)
        link.pulse.tell(receiver.n_images)
        return status

    def work() -> Count:
        service, count = "sending us images (C-GET)", Count()
        with link.association(contexts, service, roles, [(evt.EVT_C_STORE, store)]) as assoc:
            if all(cx.abstract_syntax != model for cx in assoc.accepted_contexts):
                raise refusals.not_offered(node, service)
            link.cancellable(model)
            for target in targets:
                answers = assoc.send_c_get(identifier_of_target(target), model, msg_id=1)
                count += _follow(link, answers, service, receiver)
        return count

    try:
        count = _run(link, work, progress)
    finally:
        receiver.close()
    return received_of(node, receiver, count)


def move(node: Node, targets: Sequence[Target], folder: Path, progress: Progress | None = None) -> Received:
    """C-MOVE: the archive sends what `targets` name to our listener, which runs only as long as this.

    Raises PlannerError when the listener cannot start or nothing came; Cancelled.
    """
    link, receiver = Link(node, Pulse(f"Receiving from {node.name}: image")), Receiver(folder, targets)
    model = STUDY_MOVE

    def work() -> Count:
        service, count = "moving images to us (C-MOVE)", Count()
        with link.association([build_context(model)], service) as assoc:
            link.cancellable(model)
            for target in targets:
                identifier = identifier_of_target(target)
                answers = assoc.send_c_move(identifier, node.calling_aet, model, msg_id=1)
                count += _follow(link, answers, service, receiver)
            _settle(link, receiver, count)
        return count

    with Listener(node, receiver, link.pulse) as listener:
        count = _run(link, work, progress)
    return received_of(node, receiver, count, listener.n_turned_away)


def _run(link: Link, work: Callable[[], ResultT], progress: Progress | None) -> ResultT:
    node = link.node
    return watched(
        work, link.pulse, progress or Silent(), link.stop, lambda: refusals.not_answered(node, node.idle_s)
    )


def _status(link: Link, answer: Dataset) -> int:
    """The status of an answer. Raises PlannerError when the archive left instead of answering."""
    if "Status" not in answer:
        raise refusals.broken_off(link.node)
    return int(answer.Status)


def _follow(link: Link, answers: Answers, service: str, receiver: Receiver) -> Count:
    """Follow a retrieval to its end. Raises PlannerError when the archive refuses it altogether."""
    n_before, count = receiver.n_images, Count()
    for answer, _ in answers:
        status = _status(link, answer)
        remaining, *ended = (_number(answer, f"NumberOf{name}Suboperations") for name in SUBOPERATIONS)
        count = Count(*ended)
        link.pulse.tell(receiver.n_images, n_before + remaining + sum(ended))
        if status not in (*PENDING, SUCCESS, SOME_FAILED) and not count.n_completed:
            raise refusals.failed_status(link.node, service, status)
    return count


def _settle(link: Link, receiver: Receiver, count: Count) -> None:
    n_before, since_s = receiver.n_images, time.monotonic()
    while receiver.n_images < max(count.n_completed, 1) and not link.pulse.is_stopped:
        if receiver.n_images != n_before:
            n_before, since_s = receiver.n_images, time.monotonic()
        if time.monotonic() - since_s > SETTLE_S or count.n_failed:
            break
        link.pulse.tell(receiver.n_images)
        time.sleep(0.05)


def _number(answer: Any, name: str) -> int:
    return int(answer.get(name) or 0)
