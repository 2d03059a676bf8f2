"""The plan on headsets: starts and stops their server, and lets viewers take part in the session."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.describe import describe_patient
from app.headset_wishes import Wishes
from app.session import Session
from app.state import State
from core.errors import PlannerError
from plan.items import CutPlane

if TYPE_CHECKING:
    from ar.headset.hub import Answer
    from ar.headset.messages import Message
    from ar.headset.pairing import Viewer
    from ar.headset.server import HeadsetServer, PairingCode
    from ar.headset.shown import Shown

InSession = Callable[[Callable[[], None]], None]


class Headset:
    """The one door for window and command line; knows no Qt. For the thread that owns the session.

    Attributes:
        allow_name: viewers see the patient's name, and what somebody typed as a name in the plan.
    """

    def __init__(
        self, session: Session, in_session: InSession, on_change: Callable[[], None] = lambda: None
    ) -> None:
        """Prepare; nothing listens yet.

        Args:
            in_session: runs a piece of work in the session's thread, in the order it was given, from any thread.
            on_change: called in the session's thread when a viewer pairs, comes or goes.
        """
        self.allow_name = False
        self._session, self._in_session, self._on_change = session, in_session, on_change
        self._wishes = Wishes(session)
        self._server: HeadsetServer | None = None
        self._leave: Callable[[], None] = lambda: None

    @property
    def is_running(self) -> bool:
        """True while the server listens."""
        return self._server is not None

    @property
    def is_on_lan(self) -> bool:
        """True while other machines can reach it."""
        from ar.headset.addresses import LOOPBACK

        return self._server is not None and self._server.address != LOOPBACK

    def start(self, is_on_lan: bool = False, port: int = 0, page: Path | None = None) -> None:
        """Listen: on this machine, or on the local network too.

        Args:
            port: 0 for any free one.
            page: the folder of the built page; None for the one that belongs to Auricle.

        Raises:
            PlannerError: the page is not built, there is no network, or the port is taken.
        """
        from ar.headset.files import DIST
        from ar.headset.server import HeadsetServer

        self.stop()
        changed = partial(self._later, self._on_change)
        self._server = HeadsetServer(self, is_on_lan, port, changed, page or DIST)
        self._leave = self._session.watch(self._follow)
        self._publish()

    def stop(self) -> None:
        """Shut all viewers out and stop listening."""
        if self._server is not None:
            self._leave()
            self._server.stop()
            self._server = None
            self._wishes.release()

    def pairing_code(self) -> PairingCode:
        """The address that pairs the next viewer, and the certificate's fingerprint."""
        return self._running().pairing_code()

    @property
    def viewers(self) -> tuple[Viewer, ...]:
        """All paired viewers; those with no socket are away."""
        return self._server.viewers if self._server is not None else ()

    def revoke(self, viewer_id: str) -> bool:
        """Shut one viewer out for good; False when there is no such viewer."""
        return self._running().revoke(viewer_id)

    def allow_names(self, is_allowed: bool) -> None:
        """Show the patient's name and typed names of plan items to viewers, or not."""
        self.allow_name = is_allowed
        self._publish()

    def show_picture(self, jpeg: bytes) -> None:
        """Show viewers the newest picture of the AR tab; empty bytes: there is none any more."""
        if self._server is not None:
            self._server.show_picture(jpeg)

    def receive(self, viewer: Viewer, message: Message, answer: Answer) -> None:
        """Take a viewer's wish into the session's thread. Called by the server."""
        from ar.headset.messages import PreviewPlane

        if isinstance(message, PreviewPlane):
            # Dragging sends more than a busy window can draw: the newest wins.
            if self._wishes.wait_with(viewer, message):
                self._later(lambda: self._wishes.preview(viewer.viewer_id, answer))
            return
        self._later(lambda: self._wishes.fulfil(viewer, message, answer))

    def lost(self, viewer: Viewer) -> None:
        """A viewer's link has ended. Called by the server."""
        self._later(lambda: self._wishes.release(viewer.viewer_id))

    def _follow(self, before: State, after: State) -> None:
        is_new_plan = self._wishes.revisions.follow(after.plan)
        shown = ("anatomy", "dragged", "view", "series", "scan", "volume", "arrangement")
        if is_new_plan or any(getattr(before, name) is not getattr(after, name) for name in shown):
            self._publish()

    def _publish(self) -> None:
        if self._server is not None:
            state = self._session.state
            self._wishes.revisions.follow(state.plan)
            self._wishes.has_names = self.allow_name
            name = patient_title(state) if self.allow_name else ""
            self._server.publish(shown_of(state, self._wishes.revisions.current, name, self.allow_name))

    def _later(self, work: Callable[[], None]) -> None:
        # The window may be gone before its server is.
        with suppress(RuntimeError):
            self._in_session(work)

    def _running(self) -> HeadsetServer:
        if self._server is None:
            raise PlannerError("no headset can join", "the server does not run", "start it first")
        return self._server


def shown_of(state: State, revision: int = 1, title: str = "", has_names: bool = False) -> Shown:
    """What viewers see of a state.

    Args:
        title: stands above the heart.
        has_names: names that somebody typed are told as they are.
    """
    from ar.headset.shown import Shown

    held = state.dragged.item_id if state.dragged is not None else ""
    return Shown(
        state.anatomy,
        state.shown_plan,
        state.view,
        revision,
        held,
        title,
        has_names=has_names,
        not_shown=_not_shown(state),
    )


def _not_shown(state: State) -> tuple[str, ...]:
    """What the 3-D view shows beside surfaces and plan, which viewers do not see."""
    found = []
    has_cuts = any(plane.is_active for plane in state.shown_plan.of_type(CutPlane))
    if state.volume is not None and state.arrangement.has_cut_images and has_cuts:
        found.append("the image on cut planes")
    if state.volume is not None and state.arrangement.rendering:
        found.append("the volume rendering")
    return tuple(found)


def patient_title(state: State) -> str:
    """Name and id of the patient whose series is open; empty when nobody's is."""
    if state.scan is None or state.series is None:
        return ""
    for number, patient in enumerate(state.scan.patients, start=1):
        if any(series is state.series for study in patient.studies for series in study.series):
            return describe_patient(patient, number)
    return ""
