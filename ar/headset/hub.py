"""All open links: what each has yet to be told, what each said, and who must go. For the server's own thread."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ar.headset.limits import MOST_EDITS_PER_S, MOST_MALFORMED, MOST_MESSAGES_PER_S, Rate
from ar.headset.messages import VERSION, Beat, Malformed, Message, parse
from ar.headset.pairing import Viewer

Content = Mapping[str, object]
Answer = Callable[[Content], None]
# WebSocket close codes 4000 to 4999 are free for applications (RFC 6455, 7.4.2).
REVOKED, TOO_MUCH, STOPPED = 4401, 4429, 4410


class Host(Protocol):
    """Who owns the plan. Called in the server's thread; it must come back at once."""

    def receive(self, viewer: Viewer, message: Message, answer: Answer) -> None:
        """Take a viewer's wish; `answer` may be called later and from any thread."""

    def lost(self, viewer: Viewer) -> None:
        """A viewer's link has ended: what it was dragging is nobody's now."""


@dataclass(eq=False)
class Link:
    """One open socket of a viewer, and the newest of each kind of message that it has not been sent yet."""

    viewer: Viewer
    rate: Rate
    edits: Rate
    waiting: dict[str, str] = field(default_factory=dict)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    n_malformed: int = 0
    n_answers: int = 0
    closing: int = 0

    def tell(self, kind: str, text: str) -> None:
        """Send this next; an older one of the same kind that still waits is dropped: the newest wins."""
        self.waiting.pop(kind, None)
        self.waiting[kind] = text
        self.wake.set()

    def answer(self, content: Content) -> None:
        """Send an answer; none of these is dropped."""
        self.n_answers += 1
        self.tell(f"answer {self.n_answers}", json.dumps(content))

    def close(self, code: int) -> None:
        """Close the link with this code as soon as its sender wakes."""
        self.closing = self.closing or code
        self.wake.set()


class Hub:
    """Tells every link the newest scene and gives the host what they say."""

    def __init__(self, host: Host, clock: Callable[[], float] = time.monotonic) -> None:
        self._host, self._clock = host, clock
        self.links: list[Link] = []
        self._newest: dict[str, str] = {}

    def open(self, viewer: Viewer, notice: str) -> Link:
        """A new link; it is told at once what is shown."""
        link = Link(viewer, Rate(MOST_MESSAGES_PER_S, self._clock), Rate(MOST_EDITS_PER_S, self._clock))
        hello = {"v": VERSION, "type": "hello", "viewer": viewer.name, "notice": notice}
        link.tell("hello", json.dumps(hello))
        for kind, text in self._newest.items():
            link.tell(kind, text)
        self.links.append(link)
        return link

    def gone(self, link: Link) -> None:
        """A link has ended."""
        self.links.remove(link)
        self._host.lost(link.viewer)

    def publish(self, *messages: Content) -> None:
        """Tell all links, and those to come, what is shown now; a message that says nothing new is left out."""
        for message in messages:
            kind, text = str(message["type"]), json.dumps(message)
            if self._newest.get(kind) != text:
                self._newest[kind] = text
                for link in self.links:
                    link.tell(kind, text)

    def hear(self, link: Link, text: str, answer: Answer) -> None:
        """Take one message of a link. Never raises; what is malformed is answered and does nothing."""
        if link.closing:
            return
        if not link.rate.allows():
            link.close(TOO_MUCH)
            return
        try:
            message = parse(text)
        except Malformed as error:
            link.n_malformed += 1
            refusal = {"code": "malformed", "what": "the message was not understood", "why": str(error)}
            link.answer({"v": VERSION, "type": "refused", "ref": "", **refusal, "fix": "load the page again"})
            if link.n_malformed >= MOST_MALFORMED:
                link.close(TOO_MUCH)
            return
        ref = getattr(message, "ref", "")
        if isinstance(message, Beat):
            link.answer({"v": VERSION, "type": "beat", "sent_ms": message.sent_ms})
        elif ref and not link.edits.allows():
            # Each edit is a line in the patient's journal.
            refusal = {"code": "refused", "what": "it is not changed", "why": "changes come too fast"}
            link.answer({"v": VERSION, "type": "refused", "ref": ref, **refusal, "fix": "wait for a moment"})
        else:
            self._host.receive(link.viewer, message, answer)

    def close(self, code: int, viewer_id: str | None = None) -> None:
        """Close all links, or those of one viewer."""
        for link in self.links:
            if viewer_id in (None, link.viewer.viewer_id):
                link.close(code)
