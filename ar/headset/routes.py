"""What can be asked of the server, name by name; everything but the pairing page wants a paired viewer's cookie."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from aiohttp import WSMsgType, web

from ar.headset.files import PAIRING, PageFile
from ar.headset.guard import COOKIE, is_own_page
from ar.headset.hub import Content, Hub, Link
from ar.headset.limits import (
    LARGEST_MESSAGE_BYTES,
    LOCKED_S,
    LONGEST_BODY_S,
    LONGEST_GOODBYE_S,
    MOST_SOCKETS_PER_VIEWER,
    SLOWEST_SEND_S,
)
from ar.headset.messages import VERSION
from ar.headset.packing import Packing
from ar.headset.pairing import Pairing, Redeeming, Viewer
from core.errors import PlannerError
from core.resources import RESEARCH_NOTICE

STATUS = {Redeeming.WRONG: 403, Redeeming.LOCKED: 429, Redeeming.FULL: 503}


class Routes:
    """Answers requests. For the server's own thread.

    Attributes:
        packing: what viewers may load now.
    """

    def __init__(
        self, files: Mapping[str, PageFile], pairing: Pairing, hub: Hub, on_change: Callable[[], None]
    ) -> None:
        self.packing = Packing()
        self._files, self._pairing, self._hub, self._on_change = files, pairing, hub, on_change
        self._picture = b""

    def table(self) -> list[web.RouteDef]:
        """Every address that exists."""
        return [
            web.get("/", self._front, allow_head=False),
            *(web.get(f"/{name}", partial(self._file, name), allow_head=False) for name in PAIRING[1:]),
            web.get("/app.js", self._program, allow_head=False),
            web.post("/pair", self._pair),
            web.get("/surface/{name:[0-9a-f]{24}}", self._surface, allow_head=False),
            web.get("/picture.jpg", self._show_picture, allow_head=False),
            web.get("/live", self._live, allow_head=False),
        ]

    def keep_picture(self, jpeg: bytes) -> None:
        """Keep the newest picture of the workstation's AR view, and tell that there is one."""
        self._picture = jpeg

    def beat(self, number: int) -> None:
        """Tell every link that the server lives, and whether it has pictures to look at."""
        content = {"v": VERSION, "type": "alive", "number": number, "has_picture": bool(self._picture)}
        for link in self._hub.links:
            link.tell("alive", json.dumps(content))

    async def _front(self, request: web.Request) -> web.StreamResponse:
        return _answer(self._files["pair.html" if self._viewer(request) is None else "index.html"])

    async def _file(self, name: str, request: web.Request) -> web.StreamResponse:
        return _answer(self._files[name])

    async def _program(self, request: web.Request) -> web.StreamResponse:
        self._paired(request)
        return _answer(self._files["app.js"])

    async def _pair(self, request: web.Request) -> web.StreamResponse:
        if not is_own_page(request):
            raise web.HTTPForbidden(reason="Not from this page")
        try:
            token = await asyncio.wait_for(_token(request), LONGEST_BODY_S)
        except TimeoutError as error:
            raise web.HTTPRequestTimeout from error
        outcome, cookie = self._pairing.redeem(token, request.remote or "")
        if outcome is not Redeeming.PAIRED:
            status = STATUS[outcome]
            headers = {"Retry-After": f"{LOCKED_S:.0f}"} if status == 429 else {}
            return web.json_response({"refused": outcome.value}, status=status, headers=headers)
        self._on_change()
        answer = web.json_response({"paired": True})
        answer.set_cookie(COOKIE, cookie, httponly=True, secure=True, samesite="Strict", path="/")
        return answer

    async def _surface(self, request: web.Request) -> web.StreamResponse:
        self._paired(request)
        name = request.match_info["name"]
        if not self.packing.knows(name):
            raise web.HTTPNotFound
        try:
            packed = await self.packing.packed(name)
        except KeyError as error:
            raise web.HTTPNotFound from error
        except PlannerError as refusal:
            return web.json_response({"what": refusal.what, "why": refusal.why, "fix": refusal.fix}, status=409)
        if packed is None:
            return web.Response(status=204)
        headers = {"X-Surface": json.dumps(packed.facts)}
        return web.Response(body=packed.draco, content_type="application/octet-stream", headers=headers)

    async def _show_picture(self, request: web.Request) -> web.StreamResponse:
        self._paired(request)
        if not self._picture:
            raise web.HTTPNotFound
        return web.Response(body=self._picture, content_type="image/jpeg")

    async def _live(self, request: web.Request) -> web.StreamResponse:
        viewer = self._paired(request)
        if not is_own_page(request):
            raise web.HTTPForbidden(reason="Not from this page")
        if viewer.n_sockets >= MOST_SOCKETS_PER_VIEWER:
            raise web.HTTPTooManyRequests
        socket = web.WebSocketResponse(max_msg_size=LARGEST_MESSAGE_BYTES, heartbeat=10.0, compress=False)
        self._count(viewer, 1)
        link = self._hub.open(viewer, RESEARCH_NOTICE)
        sender: asyncio.Task[None] | None = None
        try:
            await socket.prepare(request)
            sender = asyncio.ensure_future(_send(link, socket))
            await self._listen(link, socket)
        finally:
            self._hub.gone(link)
            if sender is not None:
                await _end(sender, link)
            self._count(viewer, -1)
        return socket

    async def _listen(self, link: Link, socket: web.WebSocketResponse) -> None:
        answer = _threadsafe(link)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._hub.hear(link, message.data, answer)
            elif message.type is WSMsgType.BINARY:
                self._hub.hear(link, "", answer)

    def _viewer(self, request: web.Request) -> Viewer | None:
        return self._pairing.viewer(request.cookies.get(COOKIE))

    def _paired(self, request: web.Request) -> Viewer:
        viewer = self._viewer(request)
        if viewer is None:
            raise web.HTTPForbidden(reason="Not paired")
        return viewer

    def _count(self, viewer: Viewer, change: int) -> None:
        self._pairing.count_socket(viewer.viewer_id, change)
        self._on_change()


async def _send(link: Link, socket: web.WebSocketResponse) -> None:
    """Send what waits for a link until it is closed; a viewer that takes too long to listen is dropped."""
    while not socket.closed:
        await link.wake.wait()
        link.wake.clear()
        while link.waiting and not link.closing:
            kind = next(iter(link.waiting))
            try:
                await asyncio.wait_for(socket.send_str(link.waiting.pop(kind)), SLOWEST_SEND_S)
            except (TimeoutError, ConnectionError):
                link.closing = link.closing or 1013
        if link.closing:
            # One that does not answer the goodbye would stay open: its line is cut by the handler's end.
            with suppress(TimeoutError):
                await asyncio.wait_for(socket.close(code=link.closing), LONGEST_GOODBYE_S)
            return


async def _end(sender: asyncio.Task[None], link: Link) -> None:
    """Let a sender say why the link ends; cancelled at once it would say nothing."""
    link.close(1000)
    await asyncio.wait({sender}, timeout=SLOWEST_SEND_S)
    sender.cancel()


async def _token(request: web.Request) -> str:
    """The token in a request's body; empty, which is wrong, when there is none."""
    try:
        content = json.loads(await request.text())
    except (ValueError, RecursionError, LookupError):
        return ""
    token = content.get("token") if isinstance(content, dict) else None
    return token if isinstance(token, str) else ""


def _threadsafe(link: Link) -> Callable[[Content], None]:
    loop = asyncio.get_running_loop()

    def answer(content: Content) -> None:
        # The server may have stopped in the meantime; then nobody is left to tell.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(link.answer, content)

    return answer


def _answer(file: PageFile) -> web.Response:
    return web.Response(body=file.content, content_type=file.content_type, charset="utf-8")
