"""What an archive or the way to it refused, as a sentence: what, why, what to do."""

from __future__ import annotations

import socket
import ssl

from core.errors import PlannerError
from imaging.network.node import Node

STATUS_REASONS = {
    0x0110: ("it had a processing failure", "try again, or ask who runs the archive"),
    0x0117: ("an instance UID is invalid", "the object must be written anew"),
    0x0122: ("it does not take this kind of object", "ask who runs the archive to allow it"),
    0x0124: ("it does not allow this to our AE title", "ask who runs the archive to allow it"),
    0x0212: ("it did not understand the request", "ask who runs the archive"),
    0xA700: ("it is out of resources", "free space on it, then try again"),
    0xA701: ("it cannot count the matches", "ask for less"),
    0xA702: ("it is out of resources for sending", "try again later, or fewer series at once"),
    0xA801: (
        "it does not know where our AE title is",
        "register our AE title, host and port with the archive, or retrieve with C-GET",
    ),
    0xA900: ("the data set does not fit what was asked", "ask who runs the archive"),
    0xB000: ("some objects could not be sent", "ask who runs the archive which"),
}
REJECTIONS = {
    (1, 2): ("it does not speak our application context", "check that this is a DICOM port"),
    (1, 3): ("it does not know our AE title", "register our AE title with the archive, or set another one"),
    (1, 7): ("its AE title is another one", "correct the AE title of the node"),
    (2, 2): ("its protocol version is another one", "check that this is a DICOM port"),
    (3, 1): ("it is overloaded", "try again later"),
    (3, 2): ("too many callers are connected", "try again later"),
}


def unreachable(node: Node, error: OSError | None) -> PlannerError:
    """No connection. `error` is what the operating system said; None when it only took too long."""
    what = f"cannot reach {node.name}"
    if error is None or isinstance(error, TimeoutError):
        return PlannerError(
            what, f"nothing answers within {node.connect_s:g} s", "check host, port and the network"
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message or "it is not trusted"
        return PlannerError(
            what, f"its certificate is refused ({reason})", "name the authority's CA file, or check the host"
        )
    if isinstance(error, ssl.SSLError):
        return PlannerError(
            what, "the two do not agree on TLS", "check that the port expects TLS, and our certificate"
        )
    if isinstance(error, ConnectionRefusedError):
        return PlannerError(what, "the connection is refused", "check host and port, and that the archive runs")
    if isinstance(error, socket.gaierror):
        return PlannerError(what, "its host name is unknown", "correct the host")
    return PlannerError(what, error.strerror or "the connection failed", "check host, port and the network")


def rejected(node: Node, source: int, diagnostic: int) -> PlannerError:
    """The association was rejected (DICOM PS3.8 9.3.4)."""
    why, fix = REJECTIONS.get((source, diagnostic), ("it gives no reason", "ask who runs the archive"))
    return PlannerError(f"{node.name} rejects the connection", why, f"{fix} (we are {node.calling_aet})")


def not_answered(node: Node, seconds: float) -> PlannerError:
    """Connected, but silent."""
    return PlannerError(
        f"{node.name} does not answer",
        f"nothing came for {seconds:g} s",
        "check that this is a DICOM port, and try again",
    )


def broken_off(node: Node) -> PlannerError:
    """The other side closed or aborted."""
    return PlannerError(
        f"{node.name} ended the connection", "it gives no reason", "try again, or ask who runs the archive"
    )


def not_offered(node: Node, service: str) -> PlannerError:
    """No accepted presentation context."""
    return PlannerError(
        f"{node.name} does not offer {service}",
        "it accepts no such presentation context from our AE title",
        "choose another way to retrieve, or ask who runs the archive to allow it",
    )


def failed_status(node: Node, service: str, status: int) -> PlannerError:
    """A DIMSE status that is neither success nor pending (DICOM PS3.7 C, PS3.4 C.4)."""
    generic = 0xA700 if 0xA700 <= status <= 0xA7FF else 0xA900 if 0xA900 <= status <= 0xA9FF else status
    generic = 0x0110 if 0xC000 <= status <= 0xCFFF else generic
    known = STATUS_REASONS.get(status) or STATUS_REASONS.get(generic)
    why, fix = known or ("it gives no known reason", "ask who runs the archive")
    return PlannerError(f"{node.name} refuses {service}", f"{why} (status 0x{status:04X})", fix)


def failed_http(node: Node, service: str, status: int) -> PlannerError:
    """An HTTP status that is no success."""
    known = {
        400: ("it did not understand the request", "check the search"),
        401: ("user, password or token are missing or wrong", "give them again"),
        403: ("it does not allow this to this user", "ask who runs the archive to allow it"),
        404: ("it has no such study, or its DICOMweb root is elsewhere", "check the URL of the node"),
        406: ("it cannot send the images in a form that is asked for", "ask who runs the archive"),
        409: ("it refused the objects", "ask who runs the archive why"),
        413: ("the objects are too large for it", "send fewer or smaller ones"),
        415: ("it does not take this kind of object", "ask who runs the archive to allow it"),
        503: ("it is overloaded", "try again later"),
    }
    why, fix = known.get(status, ("it had a failure of its own", "try again, or ask who runs the archive"))
    return PlannerError(f"{node.name} refuses {service}", f"{why} (HTTP {status})", fix)
