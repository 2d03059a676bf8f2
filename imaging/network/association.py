"""One association with an archive: made, bounded in time and size, ended at once when asked, and why it failed."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from pynetdicom import _config, evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.events import Event
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AddressInformation, AssociationSocket

from core.errors import PlannerError
from imaging.network import refusals
from imaging.network.inflow import Handler, Inflow, shut
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
LAST_WORDS_S = 0.4
RELEASE_S = 3.0


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
        assoc, seconds = self._ask(contexts, roles, handlers)
        if not assoc.is_established and self._is_unexplained(assoc, seconds):
            # An archive that rejects and hangs up at once may outrun its own answer: asked once more, it is heard.
            self._close()
            assoc, seconds = self._ask(contexts, roles, handlers)
        if not assoc.is_established:
            raise self._reason(assoc, service, seconds)
        self.pulse.idle_limit_s = self.node.idle_s
        self.pulse.beat()
        return assoc

    def _ask(
        self, contexts: Sequence[PresentationContext], roles: Sequence[Any], handlers: Sequence[Handler]
    ) -> tuple[Association, float]:
        """An association, established or not, and how many seconds it took to know."""
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
        return assoc, time.monotonic() - began_s

    def _is_unexplained(self, assoc: Association, seconds: float) -> bool:
        """True when the archive took the connection and ended it without a word, before its time was up."""
        is_cut = self._socket is not None and assoc.acceptor.primitive is None
        return is_cut and seconds < 0.9 * self.node.answer_s and not self.pulse.is_stopped

    def _opened(self, event: Event) -> None:
        # pynetdicom hands the association out only when it stands; a silent archive must be left before.
        self._assoc = event.assoc
        transport = event.assoc.dul.socket
        self._socket = transport.socket if transport is not None else None
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
