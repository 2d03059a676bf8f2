"""Our storage listener and what it takes: from peers that misbehave, over TLS, and never beyond its folder."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pynetdicom.association import Association

from core.errors import PlannerError
from imaging.network.inflow import LARGEST_PDU_BYTES
from imaging.network.listener import Listener
from imaging.network.node import Node
from imaging.network.query import Target
from imaging.network.receive import (
    DUPLICATE,
    NO_SPACE,
    NOT_WANTED,
    SUCCESS,
    UNREADABLE,
    Receiver,
    read_identity,
)
from imaging.network.store import outgoing_files, send
from imaging.network.watch import Pulse
from tests.support.orthanc import free_port
from tests.support.pacs import (
    CT,
    OTHER_SERIES,
    SERIES,
    STUDY,
    calling,
    data_sets,
    element,
    make_certificates,
    object_bytes,
    silent_peer,
    store_raw,
    write_study,
)

IMPLICIT = "1.2.840.10008.1.2"


@pytest.fixture
def receiver(tmp_path: Path) -> Receiver:
    return Receiver(tmp_path / "in", [Target(STUDY)])


@pytest.fixture
def node() -> Node:
    return Node("Archive", aet="ARCHIVE", listen_port=free_port(), answer_s=3.0, idle_s=3.0)


@pytest.fixture
def listener(node: Node, receiver: Receiver) -> Iterator[Listener]:
    with Listener(node, receiver, Pulse("Receiving")) as running:
        yield running


@pytest.fixture
def peer(listener: Listener) -> Iterator[Association]:
    with calling(listener.port, "ARCHIVE", "AURICLE") as assoc:
        assert assoc.is_established
        yield assoc


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_an_object_keeps_its_bytes_and_its_encoding(peer: Association, receiver: Receiver) -> None:
    content = object_bytes("2.25.1") + element(0x28, 0x10, b"\x07\x00")
    assert store_raw(peer, content, "2.25.1") == SUCCESS
    (path,) = files_below(receiver.folder)
    assert data_sets([path]) == {"2.25.1": content}
    assert pydicom.dcmread(path).file_meta.TransferSyntaxUID == IMPLICIT
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "uid", ["../../../../escaped", "..", "/tmp/escaped", "1.2\\..\\3", "", "1" * 65, "1.2;3"]
)
def test_no_uid_leaves_the_folder(receiver: Receiver, tmp_path: Path, uid: str) -> None:
    for content in (object_bytes(uid), object_bytes("2.25.1", series_uid=uid), object_bytes("2.25.1", uid)):
        assert receiver.store(content, IMPLICIT, CT, uid) in (UNREADABLE, NOT_WANTED)
        assert receiver.store(content, IMPLICIT, CT, "2.25.1") in (UNREADABLE, NOT_WANTED)
    assert files_below(tmp_path) == []


def test_a_hostile_uid_is_refused_over_the_network_too(peer: Association, tmp_path: Path) -> None:
    uid = "../../escaped"
    assert store_raw(peer, object_bytes(uid), uid) == UNREADABLE
    assert files_below(tmp_path) == []
    assert store_raw(peer, object_bytes("2.25.5"), "2.25.5") == SUCCESS


def test_an_object_that_is_not_what_it_was_called_is_refused(peer: Association, tmp_path: Path) -> None:
    assert store_raw(peer, object_bytes("2.25.2"), "2.25.1") == NOT_WANTED
    other_class = object_bytes("2.25.1", sop_class="1.2.840.10008.5.1.4.1.1.4")
    assert store_raw(peer, other_class, "2.25.1") == NOT_WANTED
    assert files_below(tmp_path) == []


def test_only_what_was_asked_for_is_taken(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path, [Target(STUDY, SERIES)])
    assert receiver.store(object_bytes("2.25.1"), IMPLICIT, CT, "2.25.1") == SUCCESS
    other = object_bytes("2.25.2", series_uid=OTHER_SERIES)
    assert receiver.store(other, IMPLICIT, CT, "2.25.2") == NOT_WANTED
    stranger = object_bytes("2.25.3", study_uid="2.25.99")
    assert receiver.store(stranger, IMPLICIT, CT, "2.25.3") == NOT_WANTED
    assert len(files_below(tmp_path)) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 64,
        object_bytes()[:-4],
        element(0x8, 0x16, b"1.2", length=0x7FFFFFFF),
        object_bytes()[:20] + b"\xff" * 40,
        element(0x8, 0x1140, b"\xfe\xff\x00\xe0\xff\xff\xff\xff" * 1500, length=0xFFFFFFFF),
    ],
)
def test_damaged_bytes_and_wrong_lengths_are_refused(receiver: Receiver, content: bytes) -> None:
    assert receiver.store(content, IMPLICIT, CT, "2.25.1") == UNREADABLE
    assert read_identity(content, IMPLICIT) is None
    assert files_below(receiver.folder) == []


def test_another_object_under_the_same_uid_overwrites_nothing(receiver: Receiver) -> None:
    first, second = object_bytes() + element(0x28, 0x10, b"\1\0"), object_bytes() + element(0x28, 0x10, b"\2\0")
    assert receiver.store(first, IMPLICIT, CT, "2.25.1") == SUCCESS
    assert receiver.store(first, IMPLICIT, CT, "2.25.1") == SUCCESS
    assert receiver.store(second, IMPLICIT, CT, "2.25.1") == DUPLICATE
    assert data_sets(files_below(receiver.folder)) == {"2.25.1": first}
    assert receiver.n_images == 1


def test_a_full_disk_is_said_before_anything_is_written(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path / "in", kept_free_bytes=shutil.disk_usage(tmp_path).total)
    assert receiver.store(object_bytes(), IMPLICIT, CT, "2.25.1") == NO_SPACE
    assert files_below(tmp_path) == []


def test_an_encoding_that_unfolds_without_bound_is_not_taken(receiver: Receiver) -> None:
    assert receiver.store(object_bytes(), "1.2.840.10008.1.2.1.99", CT, "2.25.1") == UNREADABLE


def test_strangers_are_turned_away_by_their_titles(listener: Listener, receiver: Receiver) -> None:
    for calling_aet, called_aet in (("STRANGER", "AURICLE"), ("ARCHIVE", "OTHER")):
        with calling(listener.port, calling_aet, called_aet) as assoc:
            assert assoc.is_rejected
    assert listener.n_turned_away == 2


def test_the_listener_is_for_this_machine_alone_and_gone_afterwards(node: Node, receiver: Receiver) -> None:
    with Listener(node, receiver, Pulse("Receiving")) as listener:
        assert listener._server is not None
        assert listener._server.server_address[0] == "127.0.0.1"
        port = listener.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)


def test_a_port_that_is_taken_is_a_refusal(node: Node, receiver: Receiver) -> None:
    with silent_peer() as port, pytest.raises(PlannerError, match="cannot be listened on"):
        Listener(replace(node, listen_port=port), receiver, Pulse("Receiving")).__enter__()


def test_a_packet_larger_than_agreed_ends_the_connection(listener: Listener) -> None:
    with socket.create_connection(("127.0.0.1", listener.port), timeout=5) as raw:
        raw.sendall(b"\x01\0" + (LARGEST_PDU_BYTES + 1).to_bytes(4, "big"))
        assert raw.recv(1) == b""
    with calling(listener.port, "ARCHIVE", "AURICLE") as assoc:
        assert assoc.is_established


def test_more_than_may_wait_ends_the_connection(peer: Association, listener: Listener, tmp_path: Path) -> None:
    listener._inflow._most_bytes = 1 << 16
    assert store_raw(peer, object_bytes() + element(0x7FE0, 0x10, bytes(1 << 18)), "2.25.1") is None
    assert files_below(tmp_path) == []


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make certificates with")
    return make_certificates(tmp_path_factory.mktemp("certificates"), openssl)


@pytest.fixture
def secure(node: Node, certificates: tuple[Path, Path, Path]) -> Callable[[int], Node]:
    """Both sides of a TLS connection: who listens, and with a port who calls it."""
    ca, own, key = map(str, certificates)
    ours = replace(node, is_tls=True, ca_file=ca, cert_file=own, key_file=key)
    return lambda port: replace(ours, aet="AURICLE", calling_aet="ARCHIVE", port=port) if port else ours


def test_tls_carries_images_between_two_that_trust_each_other(
    secure: Callable[[int], Node], receiver: Receiver, tmp_path: Path
) -> None:
    files = write_study(tmp_path / "out", 3)
    with Listener(secure(0), receiver, Pulse("Receiving")) as listener:
        assert send(secure(listener.port), outgoing_files(files)).n_images == 3
    assert data_sets(files_below(receiver.folder)) == data_sets(files)


def test_tls_is_refused_where_a_certificate_is_missing_or_unknown(
    secure: Callable[[int], Node], receiver: Receiver, tmp_path: Path
) -> None:
    files = outgoing_files(write_study(tmp_path / "out", 1))
    with Listener(secure(0), receiver, Pulse("Receiving")) as listener:
        caller = secure(listener.port)
        with pytest.raises(PlannerError, match="certificate is refused"):
            send(replace(caller, ca_file=""), files)
        with pytest.raises(PlannerError, match=r"ended the connection|certificate|TLS"):
            send(replace(caller, cert_file="", key_file=""), files)
        with pytest.raises(PlannerError, match=r"ended the connection|does not answer"):
            send(replace(caller, is_tls=False), files)
        with pytest.raises(PlannerError, match="CA file cannot be used"):
            send(replace(caller, ca_file=str(tmp_path / "none.pem")), files)
        assert send(replace(caller, ca_file="", is_verified=False), files).n_images == 1
    assert receiver.n_images == 1


def test_a_silent_tls_caller_keeps_nobody_out(
    secure: Callable[[int], Node], receiver: Receiver, tmp_path: Path
) -> None:
    files = outgoing_files(write_study(tmp_path / "out", 1))
    with (
        Listener(secure(0), receiver, Pulse("Receiving")) as listener,
        socket.create_connection(("127.0.0.1", listener.port), timeout=5),
    ):
        assert send(secure(listener.port), files).n_images == 1
