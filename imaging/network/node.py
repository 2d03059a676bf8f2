"""One archive as the settings keep it; no password is ever part of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from core.errors import PlannerError

DIMSE, WEB = "dimse", "web"
LOOPBACK = "127.0.0.1"
LONGEST_TEXT = 1024
LONGEST_WAIT_S = 3600.0


@dataclass(frozen=True)
class Node:
    """An archive and how it is reached.

    Attributes:
        kind: "dimse" or "web".
        host, port, aet: where a DIMSE node listens and its AE title; calling_aet: the title we go by;
            sender_aet: its title when it sends us what a C-MOVE asked for, where that is another one.
        url: root of the DICOMweb service of a web node.
        user, secret_env: basic authentication with this user; the password (without a user: a bearer token)
            comes from the environment variable of this name, or is asked for. It is never kept.
        is_tls: DIMSE over TLS; a web node says it in its URL.
        is_verified: whether its certificate is checked; ca_file: by which authorities (empty: the system's).
        cert_file, key_file: our own certificate, for those who ask for one.
        listen_host, listen_port: where our storage listener waits for what a C-MOVE sends.
        connect_s, answer_s, idle_s: the longest waits: for a connection, for an association to be answered,
            and for the next byte of anything that follows.
    """

    name: str
    kind: str = DIMSE
    host: str = LOOPBACK
    port: int = 104
    aet: str = "ANY-SCP"
    calling_aet: str = "AURICLE"
    sender_aet: str = ""
    url: str = ""
    user: str = ""
    secret_env: str = ""
    is_tls: bool = False
    is_verified: bool = True
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    listen_host: str = LOOPBACK
    listen_port: int = 11112
    connect_s: float = 10.0
    answer_s: float = 30.0
    idle_s: float = 60.0

    @property
    def place(self) -> str:
        """Where it is, for a person."""
        return self.url if self.kind == WEB else f"{self.aet} at {self.host}:{self.port}"


def checked(node: Node) -> Node:
    """The node itself. Raises PlannerError naming the first field that cannot be."""
    problem = _problem(node)
    if problem:
        raise PlannerError(f"the node {node.name or '(no name)'} cannot be used", problem, "correct it")
    return node


def node_from(content: object) -> Node | None:
    """A node of the settings file; None when it is none, or one of its fields cannot be."""
    if not isinstance(content, Mapping):
        return None
    values: dict[str, Any] = {}
    for field in fields(Node):
        if field.name in content:
            value = content[field.name]
            if not _is_of_type(value, str(field.type)):
                return None
            values[field.name] = float(value) if field.type == "float" else value
    if "name" not in values or any(isinstance(v, str) and len(v) > LONGEST_TEXT for v in values.values()):
        return None
    node = Node(**values)
    return None if _problem(node) else node


def node_from_address(address: str, calling_aet: str = "AURICLE") -> Node:
    """A node from ``dicom://AET@host:port``, ``dicoms://`` (TLS) or the URL of a DICOMweb service.

    Raises PlannerError when it is none of these.
    """
    parts = urlsplit(address)
    if parts.scheme in ("http", "https"):
        return checked(Node(name=address, kind=WEB, url=address.rstrip("/")))
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme not in ("dicom", "dicoms") or not parts.hostname or not port or not parts.username:
        raise PlannerError(
            f"{address} is no archive",
            "it is neither a name from the settings nor an address",
            "write dicom://AETITLE@host:port, dicoms:// for TLS, or the https:// URL of a DICOMweb service",
        )
    return checked(
        Node(
            name=address,
            host=parts.hostname,
            port=port,
            aet=parts.username,
            calling_aet=calling_aet,
            is_tls=parts.scheme == "dicoms",
        )
    )


def is_loopback(host: str) -> bool:
    """True when only this machine answers to `host`."""
    return host in ("localhost", "::1") or bool(re.fullmatch(r"127(\.\d{1,3}){3}", host))


def _problem(node: Node) -> str:
    if not node.name.strip() or not node.name.isprintable():
        return "it has no name"
    if node.kind not in (DIMSE, WEB):
        return "it is neither of kind dimse nor web"
    if not all(0 < wait <= LONGEST_WAIT_S for wait in (node.connect_s, node.answer_s, node.idle_s)):
        return f"its waiting times are not between 0 and {LONGEST_WAIT_S:.0f} s"
    return _web_problem(node) if node.kind == WEB else _dimse_problem(node)


def _web_problem(node: Node) -> str:
    try:
        parts = urlsplit(node.url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        return "its URL does not begin with https:// or http:// and a host"
    if parts.username or parts.password:
        return "its URL holds a user or a password, which would be kept in plain text"
    return ""


def _dimse_problem(node: Node) -> str:
    if not node.host or not node.host.isprintable() or " " in node.host:
        return "it has no host"
    if not (0 < node.port < 65536 and 0 <= node.listen_port < 65536):
        return "a port is not between 1 and 65535"
    for title in (node.aet, node.calling_aet, node.sender_aet or node.aet):
        # DICOM PS3.5 6.2: AE is 1 to 16 characters of the default repertoire, without backslash.
        if not re.fullmatch(r"[ -\[\]-~]{1,16}", title) or not title.strip():
            return f"'{title}' is no AE title (1 to 16 plain characters)"
    return ""


def _is_of_type(value: object, name: str) -> bool:
    if name == "bool":
        return isinstance(value, bool)
    kinds = {"str": (str,), "int": (int,), "float": (int, float)}[name]
    return isinstance(value, kinds) and not isinstance(value, bool)
