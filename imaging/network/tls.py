"""TLS for DIMSE, both ways; certificates are checked unless the user has said otherwise."""

from __future__ import annotations

import socket
import ssl
from typing import Any

from core.errors import PlannerError
from imaging.network.node import Node

HANDSHAKE_S = 10.0


class _UnhurriedContext(ssl.SSLContext):
    """A server's context that leaves the handshake to the caller's own thread.

    A caller that connects and stays silent would otherwise keep all others out.
    """

    def wrap_socket(self, sock: socket.socket, *args: Any, **options: Any) -> ssl.SSLSocket:
        """Wrap without shaking hands; the first read does it, within its timeout."""
        sock.settimeout(HANDSHAKE_S)
        options["do_handshake_on_connect"] = False
        return super().wrap_socket(sock, *args, **options)


def client_context(node: Node) -> ssl.SSLContext:
    """How we call `node`. Raises PlannerError when a certificate file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=node.ca_file or None)
    except (OSError, ValueError) as error:
        raise _unusable("CA file", error) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if node.cert_file:
        _load_own(context, node)
    if not node.is_verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def server_context(node: Node) -> ssl.SSLContext:
    """How `node` calls our listener; with a CA file it must show a certificate of it.

    Raises PlannerError when we have no certificate, or a file cannot be used.
    """
    if not node.cert_file:
        raise PlannerError(
            "the listener does not start", "TLS needs a certificate of our own", "name certificate and key file"
        )
    context = _UnhurriedContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load_own(context, node)
    if node.ca_file:
        try:
            context.load_verify_locations(node.ca_file)
        except (OSError, ValueError) as error:
            raise _unusable("CA file", error) from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _load_own(context: ssl.SSLContext, node: Node) -> None:
    try:
        # Without a password of ours OpenSSL would ask for one on the terminal, and wait.
        context.load_cert_chain(node.cert_file, node.key_file or None, password="")
    except (OSError, ValueError) as error:
        raise _unusable("certificate or key file", error) from error


def _unusable(name: str, error: Exception) -> PlannerError:
    why = "it is not there" if isinstance(error, FileNotFoundError) else "it is no readable PEM file"
    return PlannerError(f"the {name} cannot be used", why, "choose another file")
