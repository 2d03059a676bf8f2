"""The server of headsets: its own thread, HTTPS only, this machine only unless the network is asked for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
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
from ar.headset.lines import Lines
from ar.headset.pacing import Pace
from ar.headset.pairing import Pairing, Viewer
from ar.headset.routes import Routes
from ar.headset.shown import Shown, plan_message, sources_of, structures_message
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
            self._pace, self._lines, self._runner, self._beating = self._wait_for(self._start(port))
        except BaseException:
            self._end_loop()
            raise

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._lines.port

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
        """Show this to all viewers; does not wait for them. A heart that moves is told a few times a second."""
        structures, plan, sources = structures_message(shown), plan_message(shown), sources_of(shown)
        space = shown.space

        def tell() -> None:
            self._routes.packing.show(space, sources)
            self._hub.publish(structures)

        def take() -> None:
            self._pace.offer(space, frozenset(sources), tell)
            self._hub.publish(plan)

        self._loop.call_soon_threadsafe(take)

    def show_picture(self, jpeg: bytes) -> None:
        """Hand the newest picture of the workstation's AR view to those who look at it; empty: there is none."""
        self._loop.call_soon_threadsafe(self._routes.keep_picture, jpeg)

    def stop(self) -> None:
        """Close every link and the port; returns when they are closed. A second call does nothing."""
        if self._thread.is_alive():
            try:
                self._wait_for(self._shut())
            finally:
                self._end_loop()

    async def _start(self, port: int) -> tuple[Pace, Lines, web.AppRunner, asyncio.Task[None]]:
        try:
            lines = Lines(self.address, port, self.certificate.context)
        except OSError as error:
            reason = f"port {port}: {error.strerror or error}"
            raise PlannerError("the headset server does not start", reason, "choose another port") from error
        hosts = allowed_hosts(self.address, lines.port)
        application = web.Application(client_max_size=LARGEST_BODY_BYTES, middlewares=[guard_of(hosts, lines)])
        application.add_routes(self._routes.table())
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        assert runner.server is not None
        lines.open(runner.server)
        return Pace(self._loop), lines, runner, self._loop.create_task(self._beat())

    async def _beat(self) -> None:
        number = 0
        while True:
            await asyncio.sleep(BEAT_S)
            number += 1
            self._routes.beat(number)

    async def _shut(self) -> None:
        self._beating.cancel()
        self._pace.close()
        self._hub.close(STOPPED)
        # Lets each link say goodbye before the port goes.
        await asyncio.sleep(GOODBYE_S)
        # A browser that does not answer TLS's goodbye would keep its line for half a minute.
        await self._lines.close()
        await self._runner.cleanup()

    def _ask(self, question: Callable[[], ResultT]) -> ResultT:
        """The answer to a question that only the server's own thread may ask."""

        async def ask() -> ResultT:
            return question()

        return self._wait_for(ask())

    def _wait_for(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LONGEST_WAIT_S)

    def _end_loop(self) -> None:
        self._routes.packing.close()
        with suppress(TimeoutError):
            self._wait_for(_cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LONGEST_WAIT_S)
        self._loop.close()


async def _cancel_all() -> None:
    """End what still runs in this loop: a task that is pending when its loop ends is an error of its own."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
