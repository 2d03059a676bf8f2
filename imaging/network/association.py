"""One association with an archive: made, bounded in time and size, ended at once when asked, and why it failed."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from pynetdicom import _config, evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.events import Event, EventHandlerType
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AddressInformation, AssociationSocket

from core.errors import PlannerError
from imaging.network import refusals
from imaging.network.node import Node
from imaging.network.tls import client_context
from imaging.network.watch import Pulse

# pynetdicom logs whole data sets, which name patients.
_config.LOG_HANDLER_LEVEL = "none"
_config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False
# Files go out byte for byte as they lie on the disk.
_config.STORE_SEND_CHUNKED_DATASET = True
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)

OUR_PDU_BYTES = 1 << 17
LARGEST_PDU_BYTES = 1 << 20
"""An association request with all contexts is larger than our PDU, but not than this."""
MOST_WAITING_BYTES = 1 << 30
"""What an archive may have sent that is not yet on the disk; one object must fit."""
LAST_WORDS_S = 0.3
RELEASE_S = 3.0
Handler = EventHandlerType


class _Transport(AssociationSocket):
    """Closes its socket even where there was no connection to shut down."""

    def _shutdown_socket(self) -> None:
        super()._shutdown_socket()
        if self.socket is not None:
            self.socket.close()


class _Entity(ApplicationEntity):
    """Makes associations on such a transport."""

    def _create_socket(
        self, assoc: Association, address: AddressInformation, tls_args: tuple[ssl.SSLContext, str] | None
    ) -> AssociationSocket:
        transport = _Transport(assoc, address=address)
        transport.tls_args = tls_args
        return transport


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


class Link:
    """The way to one archive during one piece of work."""

    def __init__(self, node: Node, pulse: Pulse) -> None:
        self.node, self.pulse = node, pulse
        self.inflow = Inflow(pulse)
        self._assoc: Association | None = None
        self._socket: socket.socket | None = None
        self._ended = threading.Event()
        self._cancel_model = ""

    @contextmanager
    def association(
        self,
        contexts: Sequence[PresentationContext],
        service: str,
        roles: Sequence[Any] = (),
        handlers: Sequence[Handler] = (),
    ) -> Iterator[Association]:
        """An association that offers `contexts`, released at the end.

        Raises PlannerError naming why there is none; `service` is what it was wanted for.
        """
        try:
            yield self._open(contexts, service, roles, handlers)
        finally:
            self._close()

    def cancellable(self, model: str) -> None:
        """A request under this information model runs: C-CANCEL may end it."""
        self._cancel_model = model

    def stop(self) -> None:
        """End it from another thread: C-CANCEL where that helps, then the connection is cut."""
        assoc = self._assoc
        if assoc is not None and assoc.is_established and self._cancel_model:
            with suppress(Exception):
                assoc.send_c_cancel(1, query_model=self._cancel_model)
            self._ended.wait(LAST_WORDS_S)
        if assoc is not None:
            shut(assoc)

    def _open(
        self,
        contexts: Sequence[PresentationContext],
        service: str,
        roles: Sequence[Any],
        handlers: Sequence[Handler],
    ) -> Association:
        node, self._assoc, self._socket = self.node, None, None
        self._ended.clear()
        entity = _Entity(ae_title=node.calling_aet)
        entity.connection_timeout, entity.acse_timeout = node.connect_s, node.answer_s
        # Silence is watched from outside, by bytes: one slow object is not a dead archive.
        entity.dimse_timeout = entity.network_timeout = None
        tls = (client_context(node), node.host) if node.is_tls else None
        bound = [*self.inflow.handlers(node.idle_s), (evt.EVT_CONN_OPEN, self._opened), *handlers]
        began_s = time.monotonic()
        try:
            assoc = entity.associate(
                node.host,
                node.port,
                contexts=list(contexts),
                ae_title=node.aet,
                max_pdu=OUR_PDU_BYTES,
                ext_neg=list(roles),
                tls_args=tls,
                evt_handlers=bound,
            )
        except OSError as error:
            raise refusals.unreachable(node, error) from error
        if not assoc.is_established:
            raise self._reason(assoc, service, time.monotonic() - began_s)
        self.pulse.idle_limit_s = node.idle_s
        self.pulse.beat()
        return assoc

    def _opened(self, event: Event) -> None:
        # pynetdicom hands the association out only when it stands; a silent archive must be left before.
        self._assoc = event.assoc
        transport = event.assoc.dul.socket
        self._socket = transport.socket if transport is not None else None
        bound_socket(event.assoc, self.node.idle_s)
        if self.pulse.is_stopped:
            shut(event.assoc)

    def _reason(self, assoc: Association, service: str, seconds: float) -> PlannerError:
        node, answer = self.node, assoc.acceptor.primitive
        if self._socket is None:
            is_late = seconds >= 0.9 * node.connect_s
            return refusals.unreachable(node, None if is_late else _connection_error(node))
        if assoc.is_rejected and answer is not None:
            return refusals.rejected(node, answer.result_source or 0, answer.diagnostic or 0)
        if answer is not None and answer.result == 0:
            return refusals.not_offered(node, service)
        if seconds >= 0.9 * node.answer_s:
            return refusals.not_answered(node, node.answer_s)
        return refusals.broken_off(node)

    def _close(self) -> None:
        self._ended.set()
        assoc, self.pulse.idle_limit_s = self._assoc, None
        if assoc is not None and assoc.is_established and not self.pulse.is_stopped:
            assoc.acse_timeout = min(RELEASE_S, self.node.answer_s)
            assoc.release()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
        if assoc is not None and assoc.is_alive():
            assoc.join(RELEASE_S)


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


def _connection_error(node: Node) -> OSError:
    """What the operating system says to a connection; pynetdicom keeps it to itself."""
    try:
        with socket.create_connection((node.host, node.port), timeout=node.connect_s) as raw:
            if node.is_tls:
                with client_context(node).wrap_socket(raw, server_hostname=node.host):
                    pass
    except OSError as error:
        return error
    return OSError(0, "the connection failed")
