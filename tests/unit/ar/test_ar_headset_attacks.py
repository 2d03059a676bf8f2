from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ar.headset.hub import REVOKED, Hub
from ar.headset.limits import MOST_EDITS_PER_S, MOST_WRONG_PER_MINUTE, TOKEN_LIFE_S
from ar.headset.pairing import Pairing, Redeeming, Viewer
from ar.headset.server import HeadsetServer
from ar.headset.shown import Shown
from plan.plan import Plan
from render.view import ViewState
from tests.support.ball_patient import FRAME_UID, make_anatomy
from tests.support.headset import (
    Browser,
    NotingHost,
    browse,
    closing_code,
    hear,
    small_page,
    token_of,
    trusting,
    wish,
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HeadsetServer]:
    running = HeadsetServer(NotingHost(), page=small_page(tmp_path))
    yield running
    running.stop()


def _seconds_until_cut(line: socket.socket) -> float:
    """How long the server keeps a line on which nothing more is said."""
    began_s = time.monotonic()
    line.settimeout(8.0)
    try:
        while line.recv(4096):
            pass
    except ConnectionError:
        pass
    return time.monotonic() - began_s


def test_a_line_without_tls_is_cut(server: HeadsetServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ar.headset.lines.HANDSHAKE_S", 0.3)
    with socket.create_connection((server.address, server.port)) as line:
        assert 0.2 < _seconds_until_cut(line) < 4.0


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: "])
def test_a_line_that_never_ends_its_first_request_is_cut(
    server: HeadsetServer, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr("ar.headset.lines.SILENT_LINE_S", 0.3)
    with (
        socket.create_connection((server.address, server.port)) as bare,
        trusting(server).wrap_socket(bare, server_hostname=server.address, suppress_ragged_eofs=True) as line,
    ):
        line.sendall(said)
        assert 0.1 < _seconds_until_cut(line) < 4.0


def test_a_body_that_never_comes_is_not_waited_for(
    server: HeadsetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ar.headset.routes.LONGEST_BODY_S", 0.2)
    host = f"{server.address}:{server.port}"
    head = f"POST /pair HTTP/1.1\r\nHost: {host}\r\nOrigin: https://{host}\r\nContent-Length: 30\r\n\r\n"
    with (
        socket.create_connection((server.address, server.port)) as bare,
        trusting(server).wrap_socket(bare, server_hostname=server.address) as line,
    ):
        line.sendall(head.encode() + b"{")
        line.settimeout(6.0)
        assert b" 408 " in line.recv(4096)


def test_one_address_cannot_hold_all_lines(server: HeadsetServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ar.headset.lines.MOST_LINES_PER_ADDRESS", 4)
    held = [socket.create_connection((server.address, server.port)) for _ in range(4)]
    time.sleep(0.2)
    try:
        with socket.create_connection((server.address, server.port)) as line:
            assert _seconds_until_cut(line) < 2.0
    finally:
        for line in held:
            line.close()
    end_s = time.monotonic() + 6.0
    while time.monotonic() < end_s:
        with socket.create_connection((server.address, server.port)) as bare:
            try:
                with trusting(server).wrap_socket(bare, server_hostname=server.address):
                    return
            except OSError:
                time.sleep(0.05)
    pytest.fail("the lines that ended were not counted out")


def test_a_token_of_half_characters_is_a_wrong_token_and_counts(server: HeadsetServer) -> None:
    async def steps(browser: Browser) -> None:
        headers = {"Origin": browser.origin}
        for _ in range(5):
            async with browser.http.post(
                browser.base + "pair", data=b'{"token": "\\ud800"}', headers=headers
            ) as answer:
                assert answer.status == 403
        assert await browser.pair(token_of(server)) == 429

    browse(server, steps)


def test_wrong_tokens_of_many_addresses_are_limited_together() -> None:
    now_s = 0.0
    pairing = Pairing(lambda: now_s)
    pairing.token()
    outcomes = [
        pairing.redeem("x", f"10.0.{n // 250}.{n % 250}")[0] for n in range(int(MOST_WRONG_PER_MINUTE) + 20)
    ]
    assert outcomes.count(Redeeming.WRONG) == MOST_WRONG_PER_MINUTE
    assert outcomes[-1] is Redeeming.LOCKED
    # Whoever has the right code is not locked out by the others.
    assert pairing.redeem(pairing.token(), "10.9.9.9")[0] is Redeeming.PAIRED


def test_a_token_has_192_random_bits_and_dies_of_age() -> None:
    now_s = [0.0]
    pairing = Pairing(lambda: now_s[0])
    tokens = set()
    for _ in range(50):
        now_s[0] += TOKEN_LIFE_S
        tokens.add(pairing.token())
    assert len(tokens) == 50
    assert {len(token) for token in tokens} == {32}
    old = pairing.token()
    now_s[0] += TOKEN_LIFE_S
    assert pairing.redeem(old, "a")[0] is Redeeming.WRONG


def test_edits_of_one_viewer_are_limited_and_the_rest_is_said() -> None:
    host = NotingHost()
    hub = Hub(host, lambda: 0.0)
    link = hub.open(Viewer("a", "Viewer 1", ""), "")
    for n in range(30):
        hub.hear(link, wish("undo", ref=f"r{n}", base=1), lambda _: None)
    assert len(host.heard) == MOST_EDITS_PER_S
    refused = [json.loads(text) for text in link.waiting.values() if "too fast" in text]
    assert len(refused) == 30 - MOST_EDITS_PER_S
    assert refused[-1]["ref"] == "r29"


def test_a_viewer_that_does_not_listen_is_out_at_once_when_it_is_revoked(server: HeadsetServer) -> None:
    async def steps(browser: Browser) -> None:
        await browser.pair(token_of(server))
        async with browser.live() as live:
            await hear(live, "hello")
            began_s = time.monotonic()
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, server.revoke, server.viewers[0].viewer_id)
            server.publish(Shown(make_anatomy(), Plan(FRAME_UID), ViewState(), 7))
            # It does not read, so it does not answer the goodbye either.
            while any(True for _ in server._hub.links):
                assert time.monotonic() - began_s < 4.0
                await asyncio.sleep(0.02)
            assert await closing_code(live) == REVOKED

    browse(server, steps)


def test_a_server_that_stopped_leaves_no_thread_and_no_line(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    server = HeadsetServer(NotingHost(), page=small_page(tmp_path))
    shown = Shown(make_anatomy(), Plan(FRAME_UID), ViewState(), 1)
    server.publish(shown)

    async def steps(browser: Browser) -> None:
        await browser.pair(token_of(server))
        async with browser.live() as live:
            name = (await hear(live, "structures"))["structures"][0]["surface"]
            assert (await browser.get(f"surface/{name}"))[0] == 200

    browse(server, steps)
    with socket.create_connection((server.address, server.port)) as silent:
        server.stop()
        assert {one for one in set(threading.enumerate()) - before if "headset" in one.name} == set()
        assert _seconds_until_cut(silent) < 1.0
    again = HeadsetServer(NotingHost(), port=server.port, page=tmp_path)
    again.stop()


def test_nothing_that_pairs_or_names_is_written_to_a_log(
    server: HeadsetServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    token = token_of(server)
    server.publish(Shown(make_anatomy(), Plan(FRAME_UID), ViewState(), 1, title="DOE JANE"))

    async def steps(browser: Browser) -> None:
        with caplog.at_level("INFO"):
            await browser.pair("wrong")
            await browser.pair(token)
            await browser.get("nothing", Cookie="__Host-auricle=guess")
            async with browser.live() as live:
                await hear(live, "structures")

    browse(server, steps)
    out, err = capfd.readouterr()
    written = caplog.text + out + err
    for secret in (token, "JANE", "guess", "__Host-auricle"):
        assert secret not in written
