"""What came of a transfer: all, a part that is said, or a refusal."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import Finding, PlannerError
from imaging.network.node import Node
from imaging.network.receive import DUPLICATE, NO_SPACE, NOT_WANTED, UNREADABLE, Received, Receiver

OUR_REASONS = {
    NO_SPACE: ("there is not enough space on this disk", "free some space or choose another folder"),
    NOT_WANTED: ("they are not what was asked for", "ask who runs the archive"),
    UNREADABLE: ("they are damaged or in an encoding that is not read", "ask who runs the archive"),
    DUPLICATE: ("another image with the same UID is in the folder", "choose an empty folder"),
}


@dataclass(frozen=True)
class Count:
    """How many objects the archive says it sent, could not send, and sent with a remark."""

    n_completed: int = 0
    n_failed: int = 0
    n_warned: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.n_completed + other.n_completed, self.n_failed + other.n_failed, self.n_warned + other.n_warned
        )


def received_of(node: Node, receiver: Receiver, count: Count, n_turned_away: int = 0) -> Received:
    """The result of a retrieval. Raises PlannerError when nothing came."""
    n_images, n_sent = receiver.n_images, count.n_completed + count.n_failed + count.n_warned
    n_missing = max(n_sent - n_images, sum(receiver.refusals.values()))
    why, fix = _reason(receiver, count, n_turned_away)
    if n_images == 0:
        raise PlannerError(f"no image came from {node.name}", why, fix)
    if n_missing == 0:
        return Received(receiver.folder, n_images)
    what = f"{n_missing} of {n_images + n_missing} images did not come"
    return Received(receiver.folder, n_images, (Finding("incomplete", what, why, fix),))


def too_many(node: Node, most: int) -> PlannerError:
    """More answers than a person can read."""
    return PlannerError(
        "the search is too wide", f"{node.name} finds more than {most}", "name a patient or a shorter time"
    )


def _reason(receiver: Receiver, count: Count, n_turned_away: int) -> tuple[str, str]:
    for status, reason in OUR_REASONS.items():
        if status in receiver.refusals:
            return reason
    if n_turned_away:
        return (
            "a caller with another AE title was turned away",
            "name the title under which the archive sends in the node",
        )
    if count.n_failed:
        return "the archive could not send them", "ask who runs the archive, or retrieve in another way"
    return "the archive has none, or sent them elsewhere", "search again, or retrieve in another way"
