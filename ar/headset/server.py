"""The server of headsets: its own thread, HTTPS only, this machine only unless the network is asked for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from ar.headset.addresses import LOOPBACK, allowed_hosts, lan_address
from ar.headset.certificate import Certificate, make_certificate
from ar.headset.files import DIST, read_page
from ar.headset.guard import guard_of
from ar.headset.hub import REVOKED, STOPPED, Host, Hub
from ar.headset.limits import BEAT_S
from ar.headset.pairing import Pairing, Viewer
from ar.headset.routes import Routes
from ar.headset.shown import Shown, plan_message, structures_message, surfaces_of
from core.errors import PlannerError

ResultT = TypeVar("ResultT")
LONGEST_WAIT_S = 10.0
GOODBYE_S = 0.05
LARGEST_BODY_BYTES = 4096


@dataclass(frozen=True)
class PairingCode:
    """What a person needs to pair one viewer.

    Attributes:
        url: opened once by a headset; the token is in its fragment, which browsers send to nobody.
        fingerprint: SHA-256 of the certificate, to compare when the browser asks.
    """

    url: str
    fingerprint: str


class HeadsetServer:
    """Serves what is shown to paired viewers. All its methods may be called from any one thread."""

    def __init__(
        self,
        host: Host,
        is_on_lan: bool = False,
        port: int = 0,
        on_change: Callable[[], None] = lambda: None,
        page: Path = DIST,
    ) -> None:
        """Start listening.

        Args:
            host: gets what viewers wish.
            is_on_lan: listen on the local network; otherwise this machine alone reaches it.
            port: 0 for any free one.
            on_change: called in the server's thread when a viewer pairs, comes or goes.
            page: the folder of the built page.

        Raises:
            PlannerError: the page is not built, there is no network, or the port is taken.
        """
        files = read_page(page)
        self.address = lan_address() if is_on_lan else LOOPBACK
        self.certificate: Certificate = make_certificate((self.address,))
        self._pairing, self._hub = Pairing(), Hub(host)
        self._routes = Routes(files, self._pairing, self._hub, on_change)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="headset server", daemon=True)
        self._thread.start()
        try:
            self._runner, self.port, self._beating = self._wait_for(self._start(port))
        except BaseException:
            self._end_loop()
            raise

    @property
    def base_url(self) -> str:
        """Where the page is; of no use without a pairing."""
        return f"https://{self.address}:{self.port}/"

    def pairing_code(self) -> PairingCode:
        """The code that pairs the next viewer; another one as soon as it was used."""
        token = self._ask(self._pairing.token)
        return PairingCode(f"{self.base_url}#{token}", self.certificate.fingerprint)

    @property
    def viewers(self) -> tuple[Viewer, ...]:
        """All paired viewers."""
        return self._ask(lambda: self._pairing.viewers)

    def revoke(self, viewer_id: str) -> bool:
        """Shut a viewer out at once; False when there is no such viewer."""

        def shut_out() -> bool:
            is_known = self._pairing.revoke(viewer_id)
            self._hub.close(REVOKED, viewer_id)
            return is_known

        return self._ask(shut_out)

    def publish(self, shown: Shown) -> None:
        """Show this to all viewers; does not wait for them."""
        structures, plan, surfaces = structures_message(shown), plan_message(shown), surfaces_of(shown)

        def tell() -> None:
            self._routes.surfaces = surfaces
            self._hub.publish(structures, plan)

        self._loop.call_soon_threadsafe(tell)

    def show_picture(self, jpeg: bytes) -> None:
        """Hand the newest picture of the workstation's AR view to those who look at it; empty: there is none."""
        self._loop.call_soon_threadsafe(self._routes.keep_picture, jpeg)

    def stop(self) -> None:
        """Close every link and the port; returns when they are closed. A second call does nothing."""
        if self._thread.is_alive():
            self._wait_for(self._shut())
            self._end_loop()

    async def _start(self, port: int) -> tuple[web.AppRunner, int, asyncio.Task[None]]:
        # The port is known once it is bound, and only then the names by which it may be called.
        hosts: set[str] = set()
        application = web.Application(client_max_size=LARGEST_BODY_BYTES, middlewares=[guard_of(hosts)])
        application.add_routes(self._routes.table())
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, self.address, port, ssl_context=self.certificate.context)
        try:
            await site.start()
        except OSError as error:
            await runner.cleanup()
            reason = f"port {port}: {error.strerror or error}"
            raise PlannerError("the headset server does not start", reason, "choose another port") from error
        bound = int(runner.addresses[0][1])
        hosts |= allowed_hosts(self.address, bound)
        return runner, bound, self._loop.create_task(self._beat())

    async def _beat(self) -> None:
        number = 0
        while True:
            await asyncio.sleep(BEAT_S)
            number += 1
            self._routes.beat(number)

    async def _shut(self) -> None:
        self._beating.cancel()
        self._hub.close(STOPPED)
        # Lets each link say goodbye before the port goes.
        await asyncio.sleep(GOODBYE_S)
        server = self._runner.server
        open_lines = [one.transport for one in server.connections if one.transport] if server else []
        await self._runner.cleanup()
        # A browser that does not answer TLS's goodbye would keep its line for half a minute.
        for line in open_lines:
            line.abort()
        await asyncio.sleep(GOODBYE_S)

    def _ask(self, question: Callable[[], ResultT]) -> ResultT:
        """The answer to a question that only the server's own thread may ask."""

        async def ask() -> ResultT:
            return question()

        return self._wait_for(ask())

    def _wait_for(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LONGEST_WAIT_S)

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LONGEST_WAIT_S)
        self._loop.close()
