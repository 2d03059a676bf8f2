from __future__ import annotations

import asyncio
import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ar.headset.hub import REVOKED, STOPPED, TOO_MUCH
from ar.headset.limits import LARGEST_MESSAGE_BYTES, MOST_MALFORMED, MOST_WRONG_TOKENS
from ar.headset.messages import Look
from ar.headset.server import HeadsetServer
from ar.headset.shown import Shown, sources_of
from core.errors import PlannerError
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
def host() -> NotingHost:
    return NotingHost()


@pytest.fixture
def server(host: NotingHost, tmp_path: Path) -> Iterator[HeadsetServer]:
    running = HeadsetServer(host, page=small_page(tmp_path))
    yield running
    running.stop()


@pytest.fixture
def shown() -> Shown:
    return Shown(make_anatomy(), Plan(FRAME_UID), ViewState(), 1)


def _raw(server: HeadsetServer, request: str) -> bytes:
    """The answer to a request that no library would send."""
    with (
        socket.create_connection((server.address, server.port), timeout=5) as bare,
        trusting(server).wrap_socket(bare, server_hostname=server.address) as secure,
    ):
        secure.sendall(request.encode())
        found = b""
        while part := secure.recv(4096):
            found += part
        return found


def test_it_listens_on_this_machine_only_unless_the_network_is_asked_for(server: HeadsetServer) -> None:
    assert server.address == "127.0.0.1"
    assert server.base_url.startswith("https://127.0.0.1:")


def test_on_the_network_it_has_the_networks_address_and_a_certificate_for_it(
    host: NotingHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ar.headset.server.lan_address", lambda: "127.0.0.2")
    server = HeadsetServer(host, is_on_lan=True, page=small_page(tmp_path))
    try:
        bare = socket.create_connection(("127.0.0.2", server.port), timeout=5)
        with bare, trusting(server).wrap_socket(bare, server_hostname="127.0.0.2") as secure:
            assert secure.version() in ("TLSv1.2", "TLSv1.3")
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", server.port), timeout=5)
    finally:
        server.stop()


def test_without_tls_nothing_is_answered(server: HeadsetServer) -> None:
    plain = http.client.HTTPConnection(server.address, server.port, timeout=5)
    plain.request("GET", "/")
    with pytest.raises((http.client.HTTPException, OSError)):
        plain.getresponse()
    plain.close()


def test_old_tls_is_refused(server: HeadsetServer) -> None:
    context = trusting(server)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection((server.address, server.port), timeout=5) as bare, pytest.raises(OSError):
        context.wrap_socket(bare, server_hostname=server.address)


@pytest.mark.parametrize("path", ["app.js", "picture.jpg", "live", "surface/" + "0" * 24, "index.html"])
def test_an_unpaired_browser_gets_none_of_it(server: HeadsetServer, path: str) -> None:
    async def steps(browser: Browser) -> None:
        status, content, _ = await browser.get(path, Origin=browser.origin)
        assert status in (403, 404)
        assert b"heart" not in content

    browse(server, steps)


def test_an_unpaired_browser_sees_the_pairing_page_and_a_paired_one_the_heart(server: HeadsetServer) -> None:
    async def steps(browser: Browser) -> None:
        assert b"pair" in (await browser.get(""))[1]
        assert await browser.pair(token_of(server)) == 200
        assert b"heart" in (await browser.get(""))[1]
        assert (await browser.get("app.js"))[0] == 200

    browse(server, steps)


def test_a_token_pairs_once_and_the_next_code_is_another(server: HeadsetServer) -> None:
    token = token_of(server)

    async def first(browser: Browser) -> None:
        assert await browser.pair(token) == 200

    async def second(browser: Browser) -> None:
        assert await browser.pair(token) == 403
        assert (await browser.get("app.js"))[0] == 403

    browse(server, first)
    browse(server, second)
    assert token_of(server) != token
    assert [viewer.name for viewer in server.viewers] == ["Viewer 1"]


def test_after_five_wrong_tokens_even_the_right_one_has_to_wait(server: HeadsetServer) -> None:
    async def steps(browser: Browser) -> None:
        for _ in range(MOST_WRONG_TOKENS):
            assert await browser.pair("wrong") == 403
        assert await browser.pair(token_of(server)) == 429

    browse(server, steps)
    assert server.viewers == ()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"token": 5}', b"\xff\xfe", b"[" * 4000])
def test_a_body_without_a_token_is_a_wrong_token(server: HeadsetServer, body: bytes) -> None:
    async def steps(browser: Browser) -> None:
        async with browser.http.post(
            browser.base + "pair", data=body, headers={"Origin": browser.origin}
        ) as answer:
            assert answer.status == 403

    browse(server, steps)


def test_a_large_body_is_refused(server: HeadsetServer) -> None:
    async def steps(browser: Browser) -> None:
        async with browser.http.post(
            browser.base + "pair", data=b"x" * 100_000, headers={"Origin": browser.origin}
        ) as answer:
            assert answer.status == 413

    browse(server, steps)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1", ""])
def test_another_pages_pairing_and_socket_are_refused(server: HeadsetServer, origin: str) -> None:
    async def steps(browser: Browser) -> None:
        assert await browser.pair(token_of(server), origin) == 403
        assert await browser.pair(token_of(server)) == 200
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await browser.live(origin)
        assert refusal.value.status == 403

    browse(server, steps)


def test_a_socket_without_an_origin_is_refused(server: HeadsetServer) -> None:
    async def steps(browser: Browser) -> None:
        assert await browser.pair(token_of(server)) == 200
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await browser.http.ws_connect(browser.base + "live")
        assert refusal.value.status == 403

    browse(server, steps)


@pytest.mark.parametrize("host_name", ["evil.example", "127.0.0.1", "127.0.0.1.evil.example:{port}", ""])
def test_a_request_by_another_name_is_refused(server: HeadsetServer, host_name: str) -> None:
    named = host_name.format(port=server.port)
    answer = _raw(server, f"GET / HTTP/1.1\r\nHost: {named}\r\nConnection: close\r\n\r\n")
    assert b" 421 " in answer.splitlines()[0]
    assert b"pair" not in answer


def test_a_request_with_two_names_or_none_is_refused(server: HeadsetServer) -> None:
    host = f"Host: {server.address}:{server.port}\r\n"
    for names in ("", host * 2):
        answer = _raw(server, f"GET / HTTP/1.1\r\n{names}Connection: close\r\n\r\n")
        assert answer.split(b" ")[1] in (b"400", b"421")


@pytest.mark.parametrize(
    "path",
    [
        "/../server.py",
        "/%2e%2e/server.py",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "//etc/passwd",
        "/surface/../../app.js",
        "/surface/%2e%2e%2fapp.js",
        "/pair.html",
        "/page.css/../app.js",
        "/surface/" + "g" * 24,
        "/\\..\\app.js",
    ],
)
def test_no_path_leads_anywhere_but_to_known_names(server: HeadsetServer, path: str) -> None:
    host = f"{server.address}:{server.port}"
    answer = _raw(server, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
    assert answer.split(b" ")[1] in (b"400", b"403", b"404")
    assert b"secret" not in answer
    assert b"root:" not in answer


def test_the_cookie_is_for_this_site_over_tls_and_no_script_reads_it(server: HeadsetServer) -> None:
    async def steps(browser: Browser) -> None:
        headers = {"Origin": browser.origin}
        async with browser.http.post(
            browser.base + "pair", json={"token": token_of(server)}, headers=headers
        ) as answer:
            cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-")
        assert {"HttpOnly", "Secure", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie

    browse(server, steps)


def test_every_answer_forbids_framing_foreign_scripts_and_caching(server: HeadsetServer) -> None:
    async def steps(browser: Browser) -> None:
        for path in ("", "nothing", "app.js"):
            _, _, headers = await browser.get(path)
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe-inline" not in policy
            assert headers["Cache-Control"] == "no-store"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert "aiohttp" not in headers["Server"]

    browse(server, steps)


def test_a_forged_cookie_opens_nothing(server: HeadsetServer) -> None:
    async def steps(browser: Browser) -> None:
        assert (await browser.get("app.js", Cookie="__Host-auricle=guess"))[0] == 403

    browse(server, steps)


def test_a_viewer_is_told_the_scene_at_once_and_each_change_of_it(server: HeadsetServer, shown: Shown) -> None:
    server.publish(shown)

    async def steps(browser: Browser) -> None:
        await browser.pair(token_of(server))
        async with browser.live() as live:
            hello = await hear(live, "hello")
            assert hello["notice"] == "For research and education; not for clinical decisions."
            structures = await hear(live, "structures")
            assert [part["key"] for part in structures["structures"]] == ["lv", "lv_myocardium"]
            assert (await hear(live, "plan"))["revision"] == 1
            server.publish(Shown(shown.anatomy, shown.plan, shown.view, 2))
            assert (await hear(live, "plan"))["revision"] == 2

    browse(server, steps)


def test_no_name_and_no_uid_of_the_patient_is_sent(server: HeadsetServer, shown: Shown) -> None:
    server.publish(shown)

    async def steps(browser: Browser) -> None:
        await browser.pair(token_of(server))
        async with browser.live() as live:
            told = [await hear(live, "structures"), await hear(live, "plan")]
        assert told[0]["title"] == ""
        assert FRAME_UID not in json.dumps(told)

    browse(server, steps)


def test_a_surface_is_given_to_paired_viewers_by_its_random_name_while_it_is_shown(
    server: HeadsetServer, shown: Shown
) -> None:
    server.publish(shown)
    name = next(iter(sources_of(shown)))

    async def steps(browser: Browser) -> None:
        assert (await browser.get(f"surface/{name}"))[0] == 403
        await browser.pair(token_of(server))
        status, packed, headers = await browser.get(f"surface/{name}")
        assert (status, packed[:5]) == (200, b"DRACO")
        assert json.loads(headers["X-Surface"])["error_mm"] <= 0.005
        server.publish(Shown(None, Plan(), ViewState(), 2))
        assert (await browser.get(f"surface/{name}"))[0] == 404

    browse(server, steps)


def test_a_revoked_viewer_is_put_out_and_cannot_come_back(server: HeadsetServer, host: NotingHost) -> None:
    async def steps(browser: Browser) -> None:
        await browser.pair(token_of(server))
        async with browser.live() as live:
            await hear(live, "hello")
            (viewer,) = server.viewers
            assert viewer.n_sockets == 1
            loop = asyncio.get_running_loop()
            assert await loop.run_in_executor(None, server.revoke, viewer.viewer_id)
            assert await closing_code(live) == REVOKED
        assert (await browser.get("app.js"))[0] == 403

    browse(server, steps)
    assert server.viewers == ()
    assert host.lost_names == ["Viewer 1"]


def test_several_viewers_watch_and_one_that_is_revoked_takes_no_other_with_it(
    server: HeadsetServer, shown: Shown
) -> None:
    async def steps(browser: Browser) -> None:
        other = Browser(server)
        await browser.pair(token_of(server))
        await other.pair(token_of(server))
        async with browser.live() as live, other.live() as other_live:
            await hear(live, "hello")
            await hear(other_live, "hello")
            server.revoke(server.viewers[0].viewer_id)
            server.publish(shown)
            assert (await hear(other_live, "plan"))["revision"] == 1
        await other.http.close()

    browse(server, steps)


def test_an_oversized_message_ends_the_link_and_reaches_nobody(server: HeadsetServer, host: NotingHost) -> None:
    async def steps(browser: Browser) -> None:
        await browser.pair(token_of(server))
        async with browser.live() as live:
            await live.send_str(" " * LARGEST_MESSAGE_BYTES + wish("release"))
            assert await closing_code(live) == 1009

    browse(server, steps)
    assert host.heard == []


def test_malformed_messages_are_answered_and_too_many_end_the_link(
    server: HeadsetServer, host: NotingHost
) -> None:
    async def steps(browser: Browser) -> None:
        await browser.pair(token_of(server))
        async with browser.live() as live:
            await live.send_str("{")
            assert (await hear(live, "refused"))["code"] == "malformed"
            for _ in range(MOST_MALFORMED):
                await live.send_bytes(b"\0")
            # What it still sends may cut the line before the goodbye is read.
            assert await closing_code(live) in (TOO_MUCH, 1006)

    browse(server, steps)
    assert host.heard == []


def test_a_flood_of_messages_ends_the_link(server: HeadsetServer, host: NotingHost) -> None:
    async def steps(browser: Browser) -> None:
        await browser.pair(token_of(server))
        async with browser.live() as live:
            for _ in range(400):
                await live.send_str(wish("look", key="lv", is_visible=True, opacity=1.0))
            # What it still sends may cut the line before the goodbye is read.
            assert await closing_code(live) in (TOO_MUCH, 1006)

    browse(server, steps)
    assert len(host.heard) < 300
    assert host.heard[0] == Look("lv", True, 1.0)


def test_a_beat_comes_back_with_the_viewers_own_time(server: HeadsetServer) -> None:
    async def steps(browser: Browser) -> None:
        await browser.pair(token_of(server))
        async with browser.live() as live:
            await live.send_str(wish("beat", sent_ms=12.5))
            assert (await hear(live, "beat"))["sent_ms"] == 12.5
            assert (await hear(live, "alive"))["number"] >= 1

    browse(server, steps)


def test_pictures_of_the_workstation_are_for_paired_viewers_and_the_newest_is_shown(
    server: HeadsetServer,
) -> None:
    async def steps(browser: Browser) -> None:
        server.show_picture(b"one")
        server.show_picture(b"two")
        assert (await browser.get("picture.jpg"))[0] == 403
        await browser.pair(token_of(server))
        assert (await browser.get("picture.jpg"))[1] == b"two"
        server.show_picture(b"")
        assert (await browser.get("picture.jpg"))[0] == 404

    browse(server, steps)


def test_stopping_tells_the_viewers_and_frees_the_port(host: NotingHost, tmp_path: Path) -> None:
    server = HeadsetServer(host, page=small_page(tmp_path))

    async def steps(browser: Browser) -> None:
        await browser.pair(token_of(server))
        async with browser.live() as live:
            await hear(live, "hello")
            await asyncio.get_running_loop().run_in_executor(None, server.stop)
            assert await closing_code(live) == STOPPED

    browse(server, steps)
    server.stop()
    again: Any = HeadsetServer(host, port=server.port, page=tmp_path)
    again.stop()


def test_a_port_that_is_taken_is_refused(server: HeadsetServer, host: NotingHost, tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="choose another port"):
        HeadsetServer(host, port=server.port, page=tmp_path)


def test_a_page_that_was_not_built_is_said_with_what_to_do(host: NotingHost, tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="make headset-page"):
        HeadsetServer(host, page=tmp_path / "none")
