"""A headset server with a page of a few bytes, a host that notes what it hears, and a browser's part of the talk."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from ar.headset.hub import Answer
from ar.headset.messages import Message
from ar.headset.pairing import Viewer
from ar.headset.server import HeadsetServer

PAGE = {
    "pair.html": "<title>pair</title>",
    "pair.js": "// pair",
    "page.css": "/* */",
    "index.html": "<title>heart</title>",
    "app.js": "// secret heart",
    "lesson.html": "<body><!-- lesson --></body>",
}


@dataclass
class NotingHost:
    """Notes every message it is given."""

    heard: list[Message] = field(default_factory=list)
    lost_names: list[str] = field(default_factory=list)

    def receive(self, viewer: Viewer, message: Message, answer: Answer) -> None:
        self.heard.append(message)

    def lost(self, viewer: Viewer) -> None:
        self.lost_names.append(viewer.name)


def small_page(folder: Path) -> Path:
    """A folder with every file of the page, each a few bytes."""
    for name, text in PAGE.items():
        (folder / name).write_text(text)
    return folder


def trusting(server: HeadsetServer) -> ssl.SSLContext:
    """A client's TLS set-up that trusts this server's certificate and nothing else; names are checked."""
    context = ssl.create_default_context(cadata=server.certificate.pem.decode())
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    return context


class Browser:
    """One browser: its cookie jar and the page it is on."""

    def __init__(self, server: HeadsetServer) -> None:
        self.base = server.base_url
        self.origin = self.base.rstrip("/")
        jar = aiohttp.CookieJar(unsafe=True)
        connector = aiohttp.TCPConnector(ssl=trusting(server))
        self.http = aiohttp.ClientSession(connector=connector, cookie_jar=jar)

    async def get(self, path: str, **headers: str) -> tuple[int, bytes, Mapping[str, str]]:
        async with self.http.get(self.base + path, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.read(), answer.headers

    async def pair(self, token: str, origin: str | None = None) -> int:
        headers = {"Origin": self.origin if origin is None else origin}
        async with self.http.post(self.base + "pair", json={"token": token}, headers=headers) as answer:
            return answer.status

    def live(self, origin: str | None = None) -> Any:
        return self.http.ws_connect(self.base + "live", origin=self.origin if origin is None else origin)


def token_of(server: HeadsetServer) -> str:
    """The token of the pairing code, as a browser reads it from the fragment."""
    return server.pairing_code().url.partition("#")[2]


def browse(server: HeadsetServer, steps: Callable[[Browser], Awaitable[None]]) -> None:
    """Run a browser's steps to their end."""

    async def run() -> None:
        browser = Browser(server)
        try:
            await asyncio.wait_for(steps(browser), 60.0)
        finally:
            await browser.http.close()
            # The connector's TLS goodbye takes turns of the loop, and the server's part of it.
            for _ in range(4):
                await asyncio.sleep(0.01)

    asyncio.run(run())


async def hear(socket: Any, kind: str) -> dict[str, Any]:
    """The next message of a kind; others are passed over."""
    while True:
        content = json.loads(await asyncio.wait_for(socket.receive_str(), 20.0))
        if content["type"] == kind:
            return dict(content)


async def closing_code(socket: Any) -> int:
    """The code that the server closes a socket with; 1006 where the connection ended before it could be read."""
    while True:
        message = await asyncio.wait_for(socket.receive(), 20.0)
        if message.type is aiohttp.WSMsgType.CLOSE:
            return int(message.data)
        if message.type is not aiohttp.WSMsgType.TEXT:
            return 1006


def wish(kind: str, **fields: object) -> str:
    """A message of a viewer as text."""
    return json.dumps({"v": 1, "type": kind, **fields})
