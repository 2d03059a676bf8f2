"""Who may look: one-time tokens that become cookies, the viewers that hold one, and their revocation."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from ar.headset.limits import MOST_VIEWERS, MOST_WRONG_PER_MINUTE, TOKEN_LIFE_S, Lockout, Rate

TOKEN_BYTES = 24


class Redeeming(Enum):
    """What became of a token that was brought."""

    PAIRED = "paired"
    WRONG = "wrong"
    LOCKED = "locked"
    FULL = "full"


@dataclass(frozen=True)
class Viewer:
    """One paired headset or tablet.

    Attributes:
        viewer_id: short and public; it opens nothing.
        name: "Viewer 2".
        address: where it paired from.
        n_sockets: how many links it has now; 0: it is away.
    """

    viewer_id: str
    name: str
    address: str
    n_sockets: int = 0


class Pairing:
    """Tokens and cookies are kept as hashes only. For one thread.

    A token pairs one viewer within `TOKEN_LIFE_S`; then another one is made.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lockout = Lockout(clock)
        self._wrong = Rate(MOST_WRONG_PER_MINUTE / 60.0, clock, 60.0)
        self._token = ""
        self._made_s = 0.0
        self._viewers: dict[bytes, Viewer] = {}
        self._n_paired = 0

    @property
    def viewers(self) -> tuple[Viewer, ...]:
        """All paired viewers, in the order they came."""
        return tuple(self._viewers.values())

    def token(self) -> str:
        """The token that pairs the next viewer; a fresh one when the last was used or is too old."""
        if not self._is_token_alive():
            self._token, self._made_s = secrets.token_urlsafe(TOKEN_BYTES), self._clock()
        return self._token

    def redeem(self, token: str, address: str) -> tuple[Redeeming, str]:
        """Trade a token for a cookie; the cookie is empty unless it is PAIRED."""
        if self._lockout.is_locked(address):
            return Redeeming.LOCKED, ""
        # Half a surrogate pair is text in JSON and has no bytes of its own.
        brought, expected = token.encode(errors="replace"), self._token.encode()
        is_right = self._is_token_alive() and hmac.compare_digest(brought, expected)
        if not is_right:
            if not self._wrong.allows():
                return Redeeming.LOCKED, ""
            self._lockout.note_wrong(address)
            return Redeeming.WRONG, ""
        if len(self._viewers) >= MOST_VIEWERS:
            return Redeeming.FULL, ""
        self._token = ""
        self._lockout.forget(address)
        self._n_paired += 1
        cookie = secrets.token_urlsafe(TOKEN_BYTES)
        self._viewers[_hashed(cookie)] = Viewer(secrets.token_hex(6), f"Viewer {self._n_paired}", address)
        return Redeeming.PAIRED, cookie

    def viewer(self, cookie: str | None) -> Viewer | None:
        """Whose cookie this is; None for nobody's."""
        return self._viewers.get(_hashed(cookie)) if cookie else None

    def count_socket(self, viewer_id: str, change: int) -> None:
        """Note that a viewer opened (1) or closed (-1) a link; nothing happens for one that is gone."""
        for key, viewer in self._viewers.items():
            if viewer.viewer_id == viewer_id:
                self._viewers[key] = replace(viewer, n_sockets=viewer.n_sockets + change)

    def revoke(self, viewer_id: str) -> bool:
        """Take a viewer's cookie away; False when there is no such viewer."""
        kept = {key: viewer for key, viewer in self._viewers.items() if viewer.viewer_id != viewer_id}
        is_known = len(kept) < len(self._viewers)
        self._viewers = kept
        return is_known

    def _is_token_alive(self) -> bool:
        return bool(self._token) and self._clock() - self._made_s < TOKEN_LIFE_S


def _hashed(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode(errors="replace")).digest()
