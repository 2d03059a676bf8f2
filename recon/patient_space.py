"""Do images lie in one patient space? Their headers say so, or the user does where the headers are silent."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import Finding, PlannerError

JOINED_BY_USER = Finding(
    "joined-by-user",
    "the images were joined on the user's word",
    "not all of their files name a patient space; the user states that they lie in the same one",
    "check that the contours of each image fit the others; where they do not, reconstruct them one by one",
)


def one_patient_space(spaces: Sequence[str], what: str, is_one_by_user: bool = False) -> str:
    """The frame of reference that images share, empty where none of their files names one.

    Args:
        spaces: the frame of reference of each image, empty where its file names none.
        what: what is refused, for the message.
        is_one_by_user: the user states that images which name none lie where the others do.

    Raises:
        PlannerError: two are named, or several images are not told to share one.
    """
    named = set(spaces) - {""}
    if len(named) > 1 or (named and "" in spaces and not is_one_by_user):
        raise PlannerError(
            what,
            "they belong to different frames of reference",
            "choose series of one examination, or register them first",
        )
    if not named and len(spaces) > 1 and not is_one_by_user:
        raise PlannerError(
            what,
            "they do not say which patient space they belong to",
            "reconstruct them one by one; or, where you know that they share the scanner's coordinates, "
            "say so on the command line: --same-space",
        )
    return named.pop() if named else ""


def is_by_user(spaces: Sequence[str], is_one_by_user: bool) -> bool:
    """True where images are joined by nothing but the user's word."""
    return is_one_by_user and len(spaces) > 1 and "" in spaces
