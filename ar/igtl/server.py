"""Poses out: an OpenIGTLink server to which 3D Slicer, PLUS and others connect."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from threading import Condition, Lock, Thread
from types import TracebackType

from ar.igtl.message import STATUS_NOT_READY, Status, pack_status, pack_transform
from ar.igtl.naming import device_name, on_the_wire
from ar.poses import Pose, PoseState
from ar.registration.model import Registration
from core.errors import PlannerError
from core.frames import CAMERA

PORT = 18944
LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"
MAX_CLIENTS = 8
SEND_TIMEOUT_S = 2.0
WAIT_S = 0.2


class PoseServer:
    """Gives every client the newest pose of each body; a slow client misses poses, never gets old ones.

    Matrices are in millimetres and right-handed: the camera's frame has x right, y down, z forward; a body's is that
    of board.json. A body that is not TRACKED is sent as a STATUS that says so, and no TRANSFORM.
    """

    def __init__(self, port: int = PORT, is_lan: bool = False) -> None:
        """Listen on this machine alone, or with `is_lan` on all its networks: there is no password in the protocol.

        Raises:
            PlannerError: the port is taken.
        """
        try:
            self._listener = socket.create_server((EVERYWHERE if is_lan else LOOPBACK, port))
        except OSError as error:
            reason = str(error.strerror or error)
            raise PlannerError(f"cannot serve poses on port {port}", reason, "choose another port") from error
        self._listener.settimeout(WAIT_S)
        self._lock, self._is_open = Lock(), True
        self._clients: list[_Client] = []
        self._unix_from_source_s: float | None = None
        self._thread = Thread(target=self._accept, name="auricle OpenIGTLink server", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    @property
    def n_clients(self) -> int:
        """How many are connected."""
        with self._lock:
            return len(self._clients)

    def send(self, poses: Iterable[Pose], registration: Registration | None = None) -> None:
        """Give the poses of one frame to all clients, and a true registration as ``RasTo...``.

        A placement is not sent: nobody at the other end would see that it is none.

        Raises:
            PlannerError: a body's name does not fit the protocol.
        """
        messages: dict[str, bytes] = {}
        time_s = time.time()
        for pose in poses:
            time_s = self._unix_s(pose.time_s)
            messages[device_name(pose.body, CAMERA)] = _pose_message(pose, time_s)
        if registration is not None and registration.is_registered:
            name, matrix = on_the_wire(registration.body_from_patient)
            messages[name] = pack_transform(name, matrix, time_s)
        with self._lock:
            for client in self._clients:
                client.give(messages)

    def close(self) -> None:
        """Part from all clients; may be called twice."""
        self._is_open = False
        self._thread.join()
        self._listener.close()
        with self._lock:
            clients, self._clients = self._clients, []
        for client in clients:
            client.close()

    def _unix_s(self, source_s: float) -> float:
        """Unix time of a frame's own time: the least delay seen so far is taken for none."""
        offset = time.time() - source_s
        if self._unix_from_source_s is None or offset < self._unix_from_source_s:
            self._unix_from_source_s = offset
        return source_s + self._unix_from_source_s

    def _accept(self) -> None:
        while self._is_open:
            try:
                link, _ = self._listener.accept()
            except TimeoutError:
                self._drop_gone()
                continue
            self._drop_gone()
            with self._lock:
                if len(self._clients) < MAX_CLIENTS:
                    self._clients.append(_Client(link))
                    continue
            link.close()

    def _drop_gone(self) -> None:
        with self._lock:
            gone = [client for client in self._clients if client.is_gone]
            self._clients = [client for client in self._clients if not client.is_gone]
        for client in gone:
            client.close()

    def __enter__(self) -> PoseServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Client:
    """One connection with a thread that sends what is newest."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._link.settimeout(SEND_TIMEOUT_S)
        self._link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._news, self._waiting, self.is_gone = Condition(), dict[str, bytes](), False
        self._thread = Thread(target=self._run, name="auricle OpenIGTLink client", daemon=True)
        self._thread.start()

    def give(self, messages: dict[str, bytes]) -> None:
        with self._news:
            self._waiting.update(messages)
            self._news.notify()

    def close(self) -> None:
        with self._news:
            self.is_gone = True
            self._news.notify()
        # Wakes a thread that is sending to somebody who does not read.
        with suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._link.close()

    def _run(self) -> None:
        try:
            while True:
                with self._news:
                    self._news.wait_for(lambda: self._waiting or self.is_gone, WAIT_S)
                    if self.is_gone:
                        return
                    messages, self._waiting = self._waiting, {}
                if messages:
                    self._link.sendall(b"".join(messages.values()))
                self._listen()
        except OSError:
            self.is_gone = True

    def _listen(self) -> None:
        """Read away what the client says; nothing it may say is obeyed. Raises OSError when it has left."""
        self._link.setblocking(False)
        try:
            if not self._link.recv(65536):
                raise ConnectionError("the client has left")
        except BlockingIOError:
            pass
        finally:
            self._link.settimeout(SEND_TIMEOUT_S)


def _pose_message(pose: Pose, time_s: float) -> bytes:
    name = device_name(pose.body, CAMERA)
    if pose.state is PoseState.TRACKED and pose.camera_from_body is not None and not pose.is_ambiguous:
        return pack_transform(name, pose.camera_from_body.matrix, time_s)
    state = "AMBIGUOUS" if pose.is_ambiguous else pose.state.value
    return pack_status(name, Status(STATUS_NOT_READY, state, pose.reason), time_s)
