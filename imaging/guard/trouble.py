"""Why a file gave nothing: what a person is told instead of a traceback."""

from __future__ import annotations

from enum import Enum

from core.errors import PlannerError

TIME_LIMIT_S = 12.0
"""For one file. A person waits 15 s at most, and a process has to be ended and its reason told within them."""
MEMORY_LIMIT_BYTES = 2 << 30


class Trouble(Enum):
    """What stopped the reading of a file."""

    DAMAGED = "unreadable"
    CLOSED = "no_access"
    TOO_SLOW = "too_slow"
    TOO_LARGE = "too_large"
    CRASHED = "crashed_reader"

    @property
    def why(self) -> str:
        """Completes the sentence "the file is ..."."""
        return _WHY[self]

    @property
    def fix(self) -> str:
        """What a person can do about it."""
        return _FIX[self]


_WHY = {
    Trouble.DAMAGED: "damaged, or not what it claims to be",
    Trouble.CLOSED: "gone, or not yours to read",
    Trouble.TOO_SLOW: f"not read within {TIME_LIMIT_S:.0f} seconds",
    Trouble.TOO_LARGE: f"asking for more than {MEMORY_LIMIT_BYTES >> 30} GB of memory",
    Trouble.CRASHED: "damaged in a way that crashes its reader",
}
_FIX = {
    Trouble.DAMAGED: "copy it again from its source",
    Trouble.CLOSED: "allow this user to read it, and scan the folder again",
    Trouble.TOO_SLOW: "copy it again, or export it again from its source",
    Trouble.TOO_LARGE: "export it again in smaller parts",
    Trouble.CRASHED: "do not trust this file; export it again from its source",
}


def refusal_of(trouble: Trouble, what: str = "cannot read an image") -> PlannerError:
    """The refusal that a person is shown for one file."""
    return PlannerError(what, f"its file is {trouble.why}", trouble.fix)
