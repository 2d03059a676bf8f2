"""Our storage listener: it runs only while a C-MOVE waits, and for this machine alone unless told otherwise."""

from __future__ import annotations

import socket
import threading
import time
from socketserver import TCPServer
from types import TracebackType

from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event
from pynetdicom.transport import AssociationServer, ThreadedAssociationServer

from core.errors import PlannerError
from imaging.network.association import OUR_PDU_BYTES
from imaging.network.inflow import Inflow, shut
from imaging.network.node import Node
from imaging.network.receive import UNREADABLE, Receiver
from imaging.network.syntaxes import VERIFICATION, contexts_to_receive
from imaging.network.tls import server_context
from imaging.network.watch import LONGEST_GOODBYE_S, POLL_S, Pulse

MOST_CALLERS = 8


class Listener:
    """Takes what `node` sends us; open inside a ``with`` block.

    Only the node's own AE title (or `sender_aet`, where it sends under another one) may call, and only by our
    title. Raises PlannerError on entering when it cannot listen.
    """

    def __init__(self, node: Node, receiver: Receiver, pulse: Pulse) -> None:
        self._node, self._receiver, self._pulse = node, receiver, pulse
        self._inflow = Inflow(pulse)
        self._entity = ApplicationEntity(ae_title=node.calling_aet)
        self._server: AssociationServer | None = None
        self._sockets: list[socket.socket] = []
        self.n_turned_away = 0

    def __enter__(self) -> Listener:
        node, entity = self._node, self._entity
        entity.require_called_aet = True
        entity.require_calling_aet = [node.sender_aet or node.aet]
        entity.maximum_associations = MOST_CALLERS
        entity.maximum_pdu_size = OUR_PDU_BYTES
        entity.acse_timeout, entity.network_timeout, entity.dimse_timeout = (
            node.answer_s,
            node.idle_s,
            node.idle_s,
        )
        entity.supported_contexts = contexts_to_receive()
        entity.add_supported_context(VERIFICATION)
        handlers = [
            *self._inflow.handlers(node.idle_s),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_REJECTED, self._turned_away),
            (evt.EVT_CONN_OPEN, self._opened),
        ]
        try:
            self._server = entity.make_server(
                (node.listen_host, node.listen_port),
                ssl_context=server_context(node) if node.is_tls else None,
                evt_handlers=handlers,
                server_class=ThreadedAssociationServer,
            )
        except OSError as error:
            raise PlannerError(
                "the listener does not start",
                f"{node.listen_host}:{node.listen_port} cannot be listened on ({error.strerror or error})",
                "choose another port or address for the node, and tell the archive",
            ) from error
        threading.Thread(
            target=self._server.serve_forever, args=(POLL_S,), name="listener", daemon=True
        ).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._receiver.close()
        server, self._server = self._server, None
        if server is not None:
            callers = server.active_associations
            # Not the library's own ways to shut down: they wait for the callers one after the other.
            for assoc in callers:
                shut(assoc)
            TCPServer.shutdown(server)
            server.server_close()
            deadline_s = time.monotonic() + LONGEST_GOODBYE_S
            for assoc in callers:
                assoc.join(max(deadline_s - time.monotonic(), 0.0))
        # The library leaves a socket open whose other side has gone first.
        for connection in self._sockets:
            connection.close()

    @property
    def port(self) -> int:
        """The port it listens on; of use where 0 was asked for."""
        return int(self._server.server_address[1]) if self._server is not None else 0

    def _store(self, event: Event) -> int:
        status = store_event(self._receiver, event)
        self._inflow.handled(event.assoc)
        self._pulse.beat()
        return status

    def _opened(self, event: Event) -> None:
        transport = event.assoc.dul.socket
        if transport is not None and transport.socket is not None:
            self._sockets.append(transport.socket)

    def _turned_away(self, event: Event) -> None:
        self.n_turned_away += 1


def store_event(receiver: Receiver, event: Event) -> int:
    """Hand the object of a C-STORE request on; returns the status to answer with."""
    request = event.request
    if not isinstance(request, C_STORE):
        return UNREADABLE
    content = request.DataSet.getbuffer() if request.DataSet is not None else b""
    sop_class, sop_uid = str(request.AffectedSOPClassUID or ""), str(request.AffectedSOPInstanceUID or "")
    if str(event.context.abstract_syntax) != sop_class:
        return UNREADABLE
    return receiver.store(content, str(event.context.transfer_syntax), sop_class, sop_uid)
