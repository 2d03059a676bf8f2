"""How much a headset server takes from others: sizes, rates and times, in one place to be read and tested."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

LARGEST_MESSAGE_BYTES = 8192
MOST_MESSAGES_PER_S = 150.0
MOST_MALFORMED = 20
MOST_VIEWERS = 12
MOST_SOCKETS_PER_VIEWER = 2
MOST_WRONG_TOKENS = 5
LOCKED_S = 60.0
TOKEN_LIFE_S = 600.0
BEAT_S = 1.0
SLOWEST_SEND_S = 5.0
MOST_ADDRESSES = 1000
# Lines are TCP connections, paired or not: without an end they would use up the workstation's open files.
MOST_LINES = 96
MOST_LINES_PER_ADDRESS = 32
HANDSHAKE_S = 5.0
SILENT_LINE_S = 10.0
LONGEST_REQUEST_S = 60.0
LONGEST_BODY_S = 5.0
LONGEST_GOODBYE_S = 1.0
MOST_WRONG_PER_MINUTE = 100.0
MOST_EDITS_PER_S = 10.0
SURFACES_PAUSE_S = 0.33
LARGEST_LOG_BYTES = 5_000_000


class Rate:
    """A bucket that fills with `per_s` permits a second and holds `held_s` seconds of them."""

    def __init__(self, per_s: float, clock: Callable[[], float], held_s: float = 1.0) -> None:
        self._per_s, self._clock, self._most = per_s, clock, per_s * held_s
        self._left, self._seen_s = self._most, clock()

    def allows(self) -> bool:
        """Take one permit; False when none is left."""
        now_s = self._clock()
        self._left = min(self._most, self._left + (now_s - self._seen_s) * self._per_s)
        self._seen_s = now_s
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Lockout:
    """Counts what an address got wrong; after too much of it the address has to wait."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def is_locked(self, address: str) -> bool:
        """True while the address has to wait."""
        n_wrong, since_s = self._wrong.get(address, (0, 0.0))
        if n_wrong < MOST_WRONG_TOKENS:
            return False
        if self._clock() - since_s < LOCKED_S:
            return True
        del self._wrong[address]
        return False

    def note_wrong(self, address: str) -> None:
        """Count one wrong try; the addresses that were wrong longest ago are forgotten first."""
        n_wrong, _ = self._wrong.pop(address, (0, 0.0))
        self._wrong[address] = n_wrong + 1, self._clock()
        while len(self._wrong) > MOST_ADDRESSES:
            self._wrong.popitem(last=False)

    def forget(self, address: str) -> None:
        """Count from zero again."""
        self._wrong.pop(address, None)
