"""Where the server listens, and the only names by which a browser may call it."""

from __future__ import annotations

import socket

from core.errors import PlannerError

LOOPBACK = "127.0.0.1"
# Reserved for documentation (RFC 5737): nothing is sent, the system only tells from where it would send.
ELSEWHERE = ("192.0.2.1", 9)


def lan_address() -> str:
    """This machine's IPv4 address on the local network. Raises PlannerError when it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
            address = str(probe.getsockname()[0])
        except OSError as error:
            raise _no_network() from error
    if address.startswith("127.") or address == "0.0.0.0":
        raise _no_network()
    return address


def allowed_hosts(address: str, port: int) -> frozenset[str]:
    """The values of the Host header that mean this server.

    Anything else was led here by another name, as when a foreign page's name is made to point to this machine
    (DNS rebinding).
    """
    names = {address, "localhost"} if address == LOOPBACK else {address}
    ports = {"", ":443"} if port == 443 else {f":{port}"}
    return frozenset(name + ending for name in names for ending in ports)


def _no_network() -> PlannerError:
    return PlannerError(
        "headsets cannot reach this machine",
        "it has no address on a local network",
        "connect it to the network of the headset, or leave out --lan to try it on this machine",
    )
