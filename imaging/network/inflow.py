"""Bounds on what the other side of an association sends: pynetdicom reads whatever is announced, and waits for it."""

from __future__ import annotations

import socket
import threading
from collections import deque
from contextlib import suppress

from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.events import Event, EventHandlerType

from imaging.network.watch import Pulse

LARGEST_PDU_BYTES = 1 << 20
"""An association request with all contexts is larger than our PDU, but not than this."""
MOST_WAITING_BYTES = 1 << 30
"""What an archive may have sent that is not yet on the disk; one object must fit."""
Handler = EventHandlerType


class Inflow:
    """Bounds what callers send before it is handled; one for all associations of a listener."""

    def __init__(self, pulse: Pulse, most_bytes: int = MOST_WAITING_BYTES) -> None:
        self._pulse, self._most_bytes = pulse, most_bytes
        self._lock = threading.Lock()
        self._running: dict[Association, int] = {}
        self._waiting: dict[Association, deque[int]] = {}

    def handlers(self, patience_s: float) -> list[Handler]:
        """What an association has to be bound to."""
        return [
            (evt.EVT_CONN_OPEN, lambda event: bound_socket(event.assoc, patience_s)),
            (evt.EVT_DATA_RECV, self._count),
            (evt.EVT_DATA_SENT, lambda event: self._pulse.beat()),
            (evt.EVT_DIMSE_RECV, self._close_message),
            (evt.EVT_CONN_CLOSE, lambda event: self._forget(event.assoc)),
        ]

    def handled(self, assoc: Association) -> None:
        """The oldest object that waited is on the disk, or refused."""
        with self._lock:
            if self._waiting.get(assoc):
                self._waiting[assoc].popleft()

    def _count(self, event: Event) -> None:
        self._pulse.beat()
        with self._lock:
            self._running[event.assoc] = self._running.get(event.assoc, 0) + len(event.data)
            waiting = sum(self._running.values()) + sum(map(sum, self._waiting.values()))
        if waiting > self._most_bytes:
            shut(event.assoc)

    def _close_message(self, event: Event) -> None:
        with self._lock:
            n_bytes = self._running.pop(event.assoc, 0)
            if type(event.message).__name__ == "C_STORE_RQ":
                self._waiting.setdefault(event.assoc, deque()).append(n_bytes)

    def _forget(self, assoc: Association) -> None:
        with self._lock:
            self._running.pop(assoc, None)
            self._waiting.pop(assoc, None)


def bound_socket(assoc: Association, patience_s: float) -> None:
    """Bound in time and size what is read from an association's socket; pynetdicom bounds neither."""
    transport = assoc.dul.socket
    if transport is None or transport.socket is None:
        return
    transport.socket.settimeout(patience_s)
    # Commands and data go as packets of their own; each would wait for the other side's delayed answer.
    transport.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    receive = type(transport).recv

    def bounded(n_bytes: int) -> bytearray:
        if n_bytes > LARGEST_PDU_BYTES:
            raise OSError("a PDU is larger than was agreed")
        try:
            return receive(transport, n_bytes)
        except OSError:
            # Silence, or a TLS handshake that failed: the other side learns it now, not when it gives up.
            shut(assoc)
            raise

    vars(transport)["recv"] = bounded


def shut(assoc: Association) -> None:
    """Cut an association's connection; whoever waits for it is woken."""
    transport = assoc.dul.socket
    raw = transport.socket if transport is not None else None
    if raw is not None:
        with suppress(OSError):
            raw.shutdown(socket.SHUT_RDWR)
