"""Takes TCP connections in, so many at a time and each as long as it says something: nobody can use them all up."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

from ar.headset.limits import (
    HANDSHAKE_S,
    LONGEST_REQUEST_S,
    MOST_LINES,
    MOST_LINES_PER_ADDRESS,
    SILENT_LINE_S,
)

LOOK_S = 0.25
FLUSH_S = 5.0


class Lines:
    """All TCP connections of the server. For the server's own thread.

    Attributes:
        port: where it listens.
    """

    def __init__(self, address: str, port: int, context: ssl.SSLContext) -> None:
        """Take the address. Raises OSError when it is not free."""
        self._context = context
        self._addresses: Counter[str] = Counter()
        self._deadlines: dict[asyncio.BaseTransport, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener = socket.create_server((address, port), backlog=MOST_LINES)
        self._listener.setblocking(False)
        self.port = int(self._listener.getsockname()[1])

    def open(self, make_protocol: Callable[[], asyncio.Protocol]) -> None:
        """Take connections in from now on."""
        self._start(self._accept(make_protocol))

    async def close(self) -> None:
        """Cut every line and let the port go."""
        for task in self._tasks:
            task.cancel()
        self._listener.close()
        for line in list(self._deadlines):
            _cut(line)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @contextmanager
    def answering(self, request: web.Request) -> Iterator[None]:
        """While a request is answered its line is not silent; a socket may stay, a page has a minute."""
        line = request.transport
        if line in self._deadlines:
            is_socket = request.headers.get("Upgrade", "").lower() == "websocket"
            self._deadlines[line] = time.monotonic() + (float("inf") if is_socket else LONGEST_REQUEST_S)
        try:
            yield
        finally:
            if line in self._deadlines:
                self._deadlines[line] = time.monotonic() + SILENT_LINE_S

    async def _accept(self, make_protocol: Callable[[], asyncio.Protocol]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                line, (address, *_) = await loop.sock_accept(self._listener)
            except OSError:
                # No more open files, or the caller is gone already.
                await asyncio.sleep(LOOK_S)
                continue
            if self._addresses.total() >= MOST_LINES or self._addresses[address] >= MOST_LINES_PER_ADDRESS:
                line.close()
                continue
            self._addresses[address] += 1
            self._start(self._keep(line, address, make_protocol))

    async def _keep(
        self, line: socket.socket, address: str, make_protocol: Callable[[], asyncio.Protocol]
    ) -> None:
        """Greet a connection and watch it until it ends, by itself or because it says nothing."""
        transport: asyncio.BaseTransport | None = None
        try:
            loop = asyncio.get_running_loop()
            transport, _ = await loop.connect_accepted_socket(
                make_protocol,
                line,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_S,
                ssl_shutdown_timeout=FLUSH_S,
            )
            self._deadlines[transport] = time.monotonic() + SILENT_LINE_S
            # Closed by asyncio, the socket has no number any more; until then it counts.
            while line.fileno() != -1 and time.monotonic() < self._deadlines[transport]:
                await asyncio.sleep(LOOK_S)
        except OSError:
            # No TLS, or not in time.
            return
        finally:
            self._addresses[address] -= 1
            if transport is None:
                line.close()
            else:
                del self._deadlines[transport]
                _cut(transport)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _cut(line: asyncio.BaseTransport) -> None:
    if isinstance(line, asyncio.Transport):
        line.abort()
