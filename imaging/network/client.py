"""What the window and the command line ask of an archive, whichever way it is reached."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import PlannerError
from core.progress import Progress
from imaging.network.node import WEB, Node, checked
from imaging.network.query import Match, Query, Target

if TYPE_CHECKING:
    from imaging.network.receive import Received
    from imaging.network.store import Sent

GET, MOVE, WADO = "get", "move", "wado"


def methods_of(node: Node) -> tuple[str, ...]:
    """The ways to retrieve from a node, the usual one first."""
    return (WADO,) if node.kind == WEB else (GET, MOVE)


def echo(node: Node, secret: str = "", progress: Progress | None = None) -> None:
    """Ask whether an archive answers. Raises PlannerError saying why it does not; Cancelled."""
    if checked(node).kind == WEB:
        from imaging.network import dicomweb
        from imaging.network.web_session import secret_of

        dicomweb.echo(node, secret_of(node, secret), progress)
        return
    from imaging.network import dimse

    dimse.echo(node, progress)


def find(node: Node, query: Query, secret: str = "", progress: Progress | None = None) -> tuple[Match, ...]:
    """Search an archive. Raises PlannerError when it refuses; Cancelled."""
    if checked(node).kind == WEB:
        from imaging.network import dicomweb
        from imaging.network.web_session import secret_of

        return dicomweb.find(node, query, secret_of(node, secret), progress)
    from imaging.network import dimse

    return dimse.find(node, query, progress)


def retrieve(
    node: Node,
    targets: Sequence[Target],
    folder: Path,
    method: str = "",
    secret: str = "",
    progress: Progress | None = None,
) -> Received:
    """Bring studies or series into `folder`, which opens like any other then.

    Args:
        method: "get" or "move" for a DIMSE node, "wado" for a web node; empty for the usual one.

    Raises PlannerError when nothing came; what came in part is said in the findings. Raises Cancelled.
    """
    method = method or methods_of(checked(node))[0]
    if method not in methods_of(node):
        raise PlannerError(
            f"cannot retrieve by {method} from {node.name}",
            f"a node of kind {node.kind} is not asked that way",
            f"choose {' or '.join(methods_of(node))}",
        )
    if method == WADO:
        from imaging.network import dicomweb
        from imaging.network.web_session import secret_of

        return dicomweb.get(node, targets, folder, secret_of(node, secret), progress)
    from imaging.network import dimse

    way = dimse.get if method == GET else dimse.move
    return way(node, targets, folder, progress)


def send(node: Node, paths: Sequence[Path], secret: str = "", progress: Progress | None = None) -> Sent:
    """Give an archive the DICOM files among `paths` and below them.

    Raises PlannerError at the first object that it does not take, or when there is none; Cancelled.
    """
    from imaging.network.store import outgoing_files

    files = outgoing_files(paths)
    if checked(node).kind == WEB:
        from imaging.network import dicomweb
        from imaging.network.web_session import secret_of

        return dicomweb.send(node, files, secret_of(node, secret), progress)
    from imaging.network import store

    return store.send(node, files, progress)
