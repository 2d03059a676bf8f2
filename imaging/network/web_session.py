"""One HTTP session with a DICOMweb archive: who we are, how long we wait, and why it failed."""

from __future__ import annotations

import logging
import os
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from dicomweb_client.session_utils import create_session
from dicomweb_client.web import DICOMwebClient

from core.errors import PlannerError
from core.progress import Progress, Silent
from imaging.dicom.headers import quiet_parser
from imaging.network import refusals
from imaging.network.multipart import MultipartError
from imaging.network.node import Node, is_loopback
from imaging.network.watch import Pulse, watched

# They log addresses, and a search's address names the patient.
for _name in ("dicomweb_client", "urllib3"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)

ResultT = TypeVar("ResultT")
ROOT_CAUSES = (ssl.SSLError, socket.gaierror, ConnectionError, TimeoutError)


class _Client(DICOMwebClient):
    """Leaves the wildcards of a search as they are: Orthanc 1.10 does not decode them."""

    def _http_get(
        self, url: str, params: dict[str, Any] | None = None, headers: Any = None, stream: bool = False
    ) -> Any:
        words = urlencode(params or {}, doseq=True, safe="*", quote_via=quote)
        return super()._http_get(f"{url}?{words}" if words else url, None, headers, stream)


class WebLink:
    """The way to one web archive during one piece of work."""

    def __init__(self, node: Node, secret: str, pulse: Pulse) -> None:
        """Raises PlannerError when a password is missing, or would travel where all can read it."""
        self.node, self.pulse = node, pulse
        self.session = create_session()
        # Neither a proxy nor a password comes from the surroundings: patients' data go where the node says.
        self.session.trust_env = False
        self.session.max_redirects = 0
        self.session.verify = (node.ca_file or True) if node.is_verified else False
        if node.cert_file:
            self.session.cert = (node.cert_file, node.key_file or node.cert_file)
        _authorise(self.session, node, secret)
        self.timeout_s = (node.connect_s, node.idle_s)
        self.client = _Client(node.url, session=self.session, timeout=self.timeout_s)
        self.client.set_http_retry_params(retry=False)
        self._answer: Any = None

    def run(self, work: Callable[[], ResultT], service: str, progress: Progress | None) -> ResultT:
        """Run `work` watched. Raises PlannerError naming why the archive did not do it; Cancelled."""

        def told() -> ResultT:
            try:
                with quiet_parser():
                    return work()
            except PlannerError:
                raise
            except Exception as error:
                # requests, urllib3 and the parsers of answers each raise their own.
                raise _refusal(self.node, service, error) from error

        try:
            return watched(
                told,
                self.pulse,
                progress or Silent(),
                self.stop,
                lambda: refusals.not_answered(self.node, self.node.idle_s),
            )
        finally:
            self.session.close()

    def request(self, method: str, path: str, **options: Any) -> Any:
        """One request whose answer is read while it comes; the answer, whatever its status."""
        options.setdefault("headers", {})["Accept-Encoding"] = "identity"
        self._answer = self.session.request(
            method, f"{self.node.url.rstrip('/')}{path}", timeout=self.timeout_s, stream=True, **options
        )
        return self._answer

    def stop(self) -> None:
        """End it from another thread."""
        answer = self._answer
        with suppress(Exception):
            if answer is not None:
                answer.raw.shutdown()
        self.session.close()


def secret_of(node: Node, given: str = "") -> str:
    """The password or token: what was typed, or what the node's environment variable holds."""
    return given or (os.environ.get(node.secret_env, "") if node.secret_env else "")


def _authorise(session: Any, node: Node, secret: str) -> None:
    if not node.user and not secret:
        return
    what = f"cannot call {node.name}"
    if not secret:
        raise PlannerError(
            what, "its password is missing", "type it, or set the environment variable of the node"
        )
    parts = urlsplit(node.url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise PlannerError(
            what, "the password would travel where all can read it", "use an https:// URL, or no password"
        )
    if node.user:
        session.auth = (node.user.encode(), secret.encode())
    else:
        session.headers["Authorization"] = f"Bearer {secret}"


def _refusal(node: Node, service: str, error: Exception) -> PlannerError:
    answer = getattr(error, "response", None)
    if answer is not None and getattr(answer, "status_code", 200) >= 400:
        return refusals.failed_http(node, service, int(answer.status_code))
    # The library's own classes have no home here; their names tell them apart.
    names = {kind.__name__ for kind in type(error).__mro__}
    if "TooManyRedirects" in names:
        return PlannerError(
            f"{node.name} refuses {service}", "it sends us to another address", "correct the URL of the node"
        )
    if "ReadTimeout" in names:
        return refusals.not_answered(node, node.idle_s)
    if "ConnectTimeout" in names:
        return refusals.unreachable(node, None)
    cause = _root_cause(error)
    if "ChunkedEncodingError" in names or isinstance(cause, ConnectionResetError):
        return refusals.broken_off(node)
    if cause is not None:
        return refusals.unreachable(node, cause)
    if isinstance(error, MultipartError):
        return PlannerError(
            f"{node.name} refuses {service}", str(error), "check that the URL is a DICOMweb root"
        )
    if isinstance(error, OSError) and type(error).__module__.startswith("requests"):
        return refusals.unreachable(node, OSError(0, "the connection failed"))
    return PlannerError(
        f"{node.name} cannot be understood",
        "its answer is not DICOMweb",
        "check that the URL is a DICOMweb root",
    )


def _root_cause(error: BaseException) -> OSError | None:
    """What the operating system said, below what three libraries made of it."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ROOT_CAUSES) and not type(seen).__module__.startswith(("requests", "urllib3")):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None
