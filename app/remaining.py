"""How long work will still take, said only when it can be believed."""

from __future__ import annotations

FIRST_S, LEAST_SHARE = 2.0, 0.05
"""Before so long, or so little is done, nothing is said."""
MINUTE_S = 60.0


class RemainingTime:
    """Follows one piece of work by the share that is done; a share that falls begins the estimate again."""

    def __init__(self) -> None:
        self._began: tuple[float, float] | None = None
        self._last = 0.0

    def after(self, now_s: float, done: float) -> float | None:
        """Seconds left when `done` of 0 to 1 is done at time `now_s`; None while that is not known."""
        if self._began is None or done < self._last:
            self._began = now_s, done
        self._last = done
        elapsed_s, gained = now_s - self._began[0], done - self._began[1]
        if elapsed_s < FIRST_S or gained < LEAST_SHARE:
            return None
        return elapsed_s * (1.0 - done) / gained


def in_words(remaining_s: float | None) -> str:
    """Rounded upwards to what such an estimate is worth; empty where it is not known."""
    if remaining_s is None:
        return ""
    if remaining_s < 5.0:
        return "a few seconds left"
    if remaining_s < MINUTE_S:
        return f"about {-int(-remaining_s // 5) * 5} s left"
    return f"about {-int(-remaining_s // MINUTE_S)} min left"
