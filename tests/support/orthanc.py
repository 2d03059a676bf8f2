"""A real DICOM archive for the tests: Orthanc in a folder of its own, for callers on this machine only."""

from __future__ import annotations

import base64
import json
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

CANDIDATES = ("/usr/sbin/Orthanc", "/usr/local/sbin/Orthanc", "/usr/local/bin/Orthanc")
DICOMWEB_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
START_TIMEOUT_S = 60.0
USER = "surgeon"


class OrthancError(Exception):
    """Orthanc answered something else than success, or did not start."""


@dataclass(frozen=True)
class Orthanc:
    """A running archive.

    Attributes:
        aet, dicom_port: how it is called over DIMSE, on 127.0.0.1.
        http_port, user, password: how it is called over HTTP, on 127.0.0.1.
        web_url: root of DICOMweb; empty where the plug-in is not installed.
    """

    aet: str
    dicom_port: int
    http_port: int
    user: str
    password: str = field(repr=False)
    web_url: str

    def rest(self, method: str, path: str, body: object = None) -> Any:
        """One call of Orthanc's own REST interface; JSON decoded, other answers as bytes."""
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        connection = HTTPConnection("127.0.0.1", self.http_port, timeout=30)
        try:
            connection.request(method, path, content, {"Authorization": f"Basic {pair}"})
            answer = connection.getresponse()
            text, kind = answer.read(), answer.getheader("Content-Type", "")
        finally:
            connection.close()
        if answer.status != 200:
            raise OrthancError(f"{method} {path}: {answer.status}")
        return json.loads(text) if "json" in kind else text

    def register(self, aet: str, port: int) -> None:
        """Let `aet` call in, and send it what it asks for (C-MOVE) to 127.0.0.1:`port`."""
        self.rest("PUT", f"/modalities/{aet.lower()}", {"AET": aet, "Host": "127.0.0.1", "Port": port})

    def upload(self, file: Path) -> str:
        """Store a DICOM file; returns Orthanc's own name of the instance."""
        return str(self.rest("POST", "/instances", file.read_bytes())["ID"])

    def stored_sop_uids(self) -> set[str]:
        """SOP Instance UIDs of all that is stored."""
        found = self.rest("GET", "/instances?expand")
        return {instance["MainDicomTags"]["SOPInstanceUID"] for instance in found}

    def file_of(self, sop_uid: str) -> bytes:
        """A stored instance as the DICOM file that Orthanc keeps."""
        names = self.rest("POST", "/tools/lookup", sop_uid.encode())
        return bytes(self.rest("GET", f"/instances/{names[0]['ID']}/file"))

    def clear(self) -> None:
        """Remove all patients."""
        for patient in self.rest("GET", "/patients"):
            self.rest("DELETE", f"/patients/{patient}")


def find_orthanc() -> str | None:
    """The Orthanc program; None where it is not installed."""
    return shutil.which("Orthanc") or next((c for c in CANDIDATES if Path(c).is_file()), None)


@contextmanager
def running_orthanc(folder: Path, callers: tuple[str, ...] = ("AURICLE",)) -> Iterator[Orthanc]:
    """Run Orthanc with its data below `folder`; `callers` are the AE titles it knows. It ends with the block.

    Raises OrthancError when it does not start.
    """
    program = find_orthanc()
    if program is None:
        raise OrthancError("Orthanc is not installed")
    archive = _new_archive()
    configuration = folder / "orthanc.json"
    configuration.write_text(json.dumps(_configuration(archive, folder, callers)), encoding="utf-8")
    log = folder / "orthanc.log"
    with log.open("wb") as stream:
        process = subprocess.Popen([program, str(configuration)], stdout=stream, stderr=stream, cwd=folder)
    try:
        _wait_until_ready(archive, process, log)
        yield archive
    finally:
        # All it holds is thrown away: a farewell would only take seconds.
        process.kill()
        process.wait()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _new_archive() -> Orthanc:
    http_port = free_port()
    url = f"http://127.0.0.1:{http_port}/dicom-web" if DICOMWEB_PLUGIN.is_file() else ""
    return Orthanc("ORTHANC", free_port(), http_port, USER, secrets.token_urlsafe(12), url)


def _configuration(archive: Orthanc, folder: Path, callers: tuple[str, ...]) -> dict[str, object]:
    """Only this machine may call, under a known AE title or with the password; nothing is sent anywhere.

    Orthanc 1.10 cannot bind its DICOM port to one address, so that strangers are turned away by their host.
    """
    return {
        "Name": "archive of a test",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "StorageCompression": False,
        "HttpPort": archive.http_port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {archive.user: archive.password},
        "HttpsCACertificates": "",
        "DicomAet": archive.aet,
        "DicomPort": archive.dicom_port,
        "DicomCheckCalledAet": True,
        "DicomCheckModalityHost": True,
        "DicomAlwaysAllowEcho": False,
        "DicomAlwaysAllowStore": False,
        "DicomModalities": {caller.lower(): [caller, "127.0.0.1", 1] for caller in callers},
        "DefaultEncoding": "Utf8",
        "OverwriteInstances": True,
        "SynchronousCMove": True,
        "SaveJobs": False,
        "Plugins": [str(DICOMWEB_PLUGIN)] if archive.web_url else [],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "EnableWado": False},
    }


def _wait_until_ready(archive: Orthanc, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            archive.rest("GET", "/system")
            with socket.create_connection(("127.0.0.1", archive.dicom_port), timeout=1.0):
                return
        except OSError:
            time.sleep(0.05)
    last = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise OrthancError(f"Orthanc did not start:\n{last}")
