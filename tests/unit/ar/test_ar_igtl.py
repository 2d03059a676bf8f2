"""Poses by OpenIGTLink: bytes and connections beside pyigtl, and what is not trusted."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from threading import enumerate as living

import numpy as np
import pytest

from ar.igtl import PoseClient, PoseServer, device_name, on_the_wire
from ar.igtl.message import (
    HEADER,
    STATUS_NOT_READY,
    Status,
    check_body,
    crc64,
    pack_status,
    pack_transform,
    read_head,
    read_status,
    read_transform,
)
from ar.poses import Pose, PoseState
from ar.registration import place_on_table, register_by_points
from core.errors import PlannerError
from core.frames import CAMERA, Transform, rigid

pyigtl = pytest.importorskip("pyigtl")

MATRIX = rigid(np.array([0.4, -0.7, 1.1]), np.array([12.5, -30.25, 701.0]))
TIME_S = 1_700_000_000.25


def _tracked(body: str = "pointer", matrix: np.ndarray = MATRIX) -> Pose:
    return Pose(0, 1.0, body, PoseState.TRACKED, Transform(CAMERA, body, matrix))


def _until(is_so: Callable[[], object], timeout_s: float = 5.0) -> bool:
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        if is_so():
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def server() -> Iterator[PoseServer]:
    with PoseServer(port=0) as server:
        yield server


def test_the_checksum_is_the_standards() -> None:
    # The check value of CRC-64/ECMA-182.
    assert crc64(b"123456789") == 0x6C40DF5F0B497347
    assert crc64(MATRIX.tobytes()) == pyigtl.messages.CRC64(MATRIX.tobytes())


def test_a_transform_has_the_bytes_that_pyigtl_writes() -> None:
    other = pyigtl.TransformMessage(MATRIX, timestamp=TIME_S, device_name="PointerToCamera").pack()
    own = pack_transform("PointerToCamera", MATRIX, TIME_S)
    assert len(own) == len(other)
    assert own[:34] == other[:34]
    assert own[42:] == other[42:]
    assert read_head(own[:58]).time_s == pytest.approx(read_head(other[:58]).time_s, abs=1e-6)


def test_messages_of_both_header_versions_are_read() -> None:
    for version in (1, 2):
        message = pyigtl.TransformMessage(MATRIX, timestamp=TIME_S, device_name="A")
        message.header_version = version
        message.metadata = {"Status": "OK"} if version == 2 else {}
        data = message.pack()
        head = read_head(data[: HEADER.size])
        check_body(head, data[HEADER.size :])
        np.testing.assert_allclose(read_transform(head, data[HEADER.size :]), MATRIX, atol=1e-4)


def test_a_status_survives_its_bytes() -> None:
    data = pack_status("PointerToCamera", Status(STATUS_NOT_READY, "LOST", "out of view"), TIME_S)
    head = read_head(data[: HEADER.size])
    assert read_status(head, data[HEADER.size :]) == Status(STATUS_NOT_READY, "LOST", "out of view")


def test_a_changed_byte_is_noticed() -> None:
    data = bytearray(pack_transform("A", MATRIX, TIME_S))
    data[70] ^= 1
    with pytest.raises(ValueError, match="checksum"):
        check_body(read_head(bytes(data[: HEADER.size])), bytes(data[HEADER.size :]))


def test_names_tell_the_direction_and_the_patients_axes() -> None:
    assert device_name("reference", CAMERA) == "ReferenceToCamera"
    assert device_name("bone saw", CAMERA) == "BoneSawToCamera"
    with pytest.raises(PlannerError, match="shorter name"):
        device_name("a very long tool's name", CAMERA)
    points = np.array([[0.0, 0, 0], [60, 5, 0], [10, 80, 10], [5, 20, 70]])
    name, matrix = on_the_wire(register_by_points(points, points, "reference").body_from_patient)
    assert name == "RasToReference"
    # 10 mm to the left, 20 to the back and 30 to the head, in RAS.
    np.testing.assert_allclose(matrix @ (-10.0, -20.0, 30.0, 1.0), (10.0, 20.0, 30.0, 1.0), atol=1e-9)


def test_pyigtls_client_receives_the_pose_in_millimetres(server: PoseServer) -> None:
    client = pyigtl.OpenIGTLinkClient("127.0.0.1", server.port)
    try:
        assert _until(lambda: server.n_clients == 1)
        server.send([_tracked()])
        message = client.wait_for_message("PointerToCamera", timeout=5)
    finally:
        client.stop()
    np.testing.assert_allclose(message.matrix, MATRIX, atol=1e-4)
    assert abs(message.timestamp - time.time()) < 5.0


def test_pyigtls_server_is_heard() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    other = pyigtl.OpenIGTLinkServer(port=port, local_server=True)
    try:
        with PoseClient("127.0.0.1", port, {"pointer": "StylusToTracker"}) as client:
            assert _until(lambda: other.is_connected() and client.is_connected)

            def is_tracked() -> bool:
                other.send_message(pyigtl.TransformMessage(MATRIX, device_name="StylusToTracker"), wait=False)
                return client.poses()[0].state is PoseState.TRACKED

            assert _until(is_tracked)
            (pose,) = client.poses()
            assert client.seen_devices == ("StylusToTracker",)
    finally:
        other.stop()
    assert pose.body == "pointer"
    assert pose.camera_from_body is not None
    np.testing.assert_allclose(pose.camera_from_body.matrix, MATRIX, atol=1e-4)


def _linked(server: PoseServer) -> PoseClient:
    client = PoseClient("127.0.0.1", server.port, {"pointer": "PointerToCamera"})
    assert _until(lambda: server.n_clients and client.is_connected)
    return client


def test_a_pose_grows_stale_and_is_lost_when_nothing_comes(server: PoseServer) -> None:
    with _linked(server) as client:
        server.send([_tracked()])
        seen: list[str] = []

        def is_lost_again() -> bool:
            state = client.poses()[0].state.value
            if not seen or seen[-1] != state:
                seen.append(state)
            return seen[-1] == "LOST" and len(seen) > 2

        assert _until(is_lost_again)
        assert seen[-3:] == ["TRACKED", "STALE", "LOST"]
        assert "last received" in client.poses()[0].reason


@pytest.mark.parametrize(
    "pose",
    [
        Pose(1, 1.0, "pointer", PoseState.LOST, reason="out of view"),
        Pose(1, 1.0, "pointer", PoseState.STALE, Transform(CAMERA, "pointer", MATRIX), reason="out of view"),
        Pose(
            1,
            1.0,
            "pointer",
            PoseState.TRACKED,
            Transform(CAMERA, "pointer", MATRIX),
            is_ambiguous=True,
            reason="out of view",
        ),
    ],
)
def test_a_pose_that_was_not_surely_measured_is_never_sent_as_one(pose: Pose, server: PoseServer) -> None:
    with _linked(server) as client:
        server.send([_tracked()])
        server.send([pose])
        assert _until(lambda: client.poses()[0].reason == "out of view")
        assert client.poses()[0].state is PoseState.LOST


def test_a_registration_is_sent_and_a_placement_is_not(server: PoseServer) -> None:
    points = np.array([[0.0, 0, 0], [60, 5, 0], [10, 80, 10], [5, 20, 70]])
    with _linked(server) as client:
        server.send([_tracked()], place_on_table(np.zeros(3), "reference", np.zeros(3)))
        assert _until(lambda: client.seen_devices)
        assert client.seen_devices == ("PointerToCamera",)
        server.send([_tracked()], register_by_points(points, points, "reference"))
        assert _until(lambda: "RasToReference" in client.seen_devices)


@pytest.mark.parametrize(
    "matrix", [np.diag([0.001, 0.001, 0.001, 1.0]), np.diag([1.0, 1.0, -1.0, 1.0]), np.full((4, 4), np.nan)]
)
def test_a_matrix_in_metres_or_mirrored_is_not_used(matrix: np.ndarray, server: PoseServer) -> None:
    with _linked(server) as client:
        server._clients[0].give({"PointerToCamera": pack_transform("PointerToCamera", matrix, TIME_S)})
        assert _until(lambda: "not a rotation" in client.poses()[0].reason)


HUGE = HEADER.pack(1, b"TRANSFORM", b"A", 0, 2**40, 0)
SPOILED = pack_transform("A", MATRIX, TIME_S)[:-1] + b"x"


@pytest.mark.parametrize(
    ("data", "why"), [(struct.pack(">H", 77) + bytes(56), "version"), (HUGE, "too long"), (SPOILED, "checksum")]
)
def test_nonsense_and_oversized_messages_end_the_connection(data: bytes, why: str) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, PoseClient("127.0.0.1", listener.getsockname()[1], {"pointer": "A"}) as client:
        link, _ = listener.accept()
        with link:
            link.sendall(data)
            assert _until(lambda: why in client.trouble)
        assert client.poses()[0].state is PoseState.LOST


def test_images_of_another_program_are_passed_over(server: PoseServer) -> None:
    with _linked(server) as client:
        picture = HEADER.pack(1, b"IMAGE", b"Cam", 0, 200_000, 0) + bytes(200_000)
        server._clients[0].give({"Cam": picture})
        assert _until(lambda: server.send([_tracked()]) or client.poses()[0].state is PoseState.TRACKED)


def test_a_client_comes_back_by_itself() -> None:
    first = PoseServer(port=0)
    port = first.port
    with PoseClient("127.0.0.1", port, {"pointer": "PointerToCamera"}) as client:
        assert _until(lambda: client.is_connected)
        first.close()
        assert _until(lambda: not client.is_connected)
        assert client.poses()[0].state is PoseState.LOST
        with PoseServer(port=port) as again:
            assert _until(lambda: again.n_clients == 1 and client.is_connected, 10.0)


def test_a_client_that_does_not_read_gets_the_newest_and_holds_nobody_up(server: PoseServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as idle:
        assert _until(lambda: server.n_clients == 1)
        started = time.monotonic()
        for i in range(5_000):
            server.send([Pose(i, i / 1e3, "pointer", PoseState.LOST, reason="x" * 40)])
        assert time.monotonic() - started < 20.0
        assert len(server._clients[0]._waiting) <= 1
        assert idle.fileno() >= 0


def test_it_listens_on_this_machine_alone_unless_asked() -> None:
    with PoseServer(port=0) as server:
        assert server._listener.getsockname()[0] == "127.0.0.1"
    with PoseServer(port=0, is_lan=True) as server:
        assert server._listener.getsockname()[0] == "0.0.0.0"


def test_a_port_that_is_taken_is_refused(server: PoseServer) -> None:
    with pytest.raises(PlannerError, match="cannot serve poses"):
        PoseServer(port=server.port)


def test_closing_leaves_no_thread() -> None:
    before = set(living())
    server = PoseServer(port=0)
    client = _linked(server)
    client.close()
    server.close()
    server.close()
    assert set(living()) <= before  # threads of earlier tests may end meanwhile
