from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from ar.headset.addresses import allowed_hosts
from ar.headset.certificate import make_certificate
from ar.headset.codes import qr_svg, qr_text
from ar.headset.limits import LOCKED_S, MOST_VIEWERS, MOST_WRONG_TOKENS, TOKEN_LIFE_S, Lockout, Rate
from ar.headset.pairing import Pairing, Redeeming


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pairing(clock: Clock) -> Pairing:
    return Pairing(clock)


def test_a_token_that_nobody_used_in_time_is_wrong(pairing: Pairing, clock: Clock) -> None:
    token = pairing.token()
    assert pairing.token() == token
    clock.now_s += TOKEN_LIFE_S
    assert pairing.redeem(token, "a") == (Redeeming.WRONG, "")
    assert pairing.token() != token


def test_before_a_token_was_made_an_empty_one_is_wrong(pairing: Pairing) -> None:
    assert pairing.redeem("", "a")[0] is Redeeming.WRONG


def test_a_lockout_is_of_one_address_and_ends(pairing: Pairing, clock: Clock) -> None:
    for _ in range(MOST_WRONG_TOKENS):
        assert pairing.redeem("x", "a")[0] is Redeeming.WRONG
    assert pairing.redeem(pairing.token(), "a")[0] is Redeeming.LOCKED
    assert pairing.redeem(pairing.token(), "b")[0] is Redeeming.PAIRED
    clock.now_s += LOCKED_S
    assert pairing.redeem(pairing.token(), "a")[0] is Redeeming.PAIRED


def test_only_the_wrong_ones_of_late_are_remembered(clock: Clock) -> None:
    lockout = Lockout(clock)
    for number in range(3000):
        lockout.note_wrong(str(number))
    assert len(lockout._wrong) == 1000


def test_a_cookie_names_its_viewer_until_it_is_revoked(pairing: Pairing) -> None:
    cookies = [pairing.redeem(pairing.token(), "a")[1] for _ in range(2)]
    first = pairing.viewer(cookies[0])
    assert first is not None
    assert pairing.revoke(first.viewer_id)
    assert not pairing.revoke(first.viewer_id)
    assert pairing.viewer(cookies[0]) is None
    assert [viewer.name for viewer in pairing.viewers] == ["Viewer 2"]
    assert pairing.viewer(cookies[1]) == pairing.viewers[0]


def test_neither_cookie_nor_token_can_be_read_from_what_is_kept_of_viewers(pairing: Pairing) -> None:
    token = pairing.token()
    cookie = pairing.redeem(token, "a")[1]
    kept = repr(pairing._viewers)
    assert cookie not in kept
    assert token not in kept


def test_there_are_only_so_many_viewers(pairing: Pairing) -> None:
    for _ in range(MOST_VIEWERS):
        pairing.redeem(pairing.token(), "a")
    assert pairing.redeem(pairing.token(), "a")[0] is Redeeming.FULL


def test_a_rate_gives_one_second_of_permits_and_fills_up_again(clock: Clock) -> None:
    rate = Rate(10.0, clock)
    assert [rate.allows() for _ in range(11)] == [True] * 10 + [False]
    clock.now_s += 0.2
    assert [rate.allows() for _ in range(3)] == [True, True, False]


def test_a_certificate_is_of_this_machine_short_lived_and_new_each_time() -> None:
    first, second = make_certificate(("192.168.7.9",)), make_certificate(("192.168.7.9",))
    read = x509.load_pem_x509_certificate(first.pem)
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["192.168.7.9"]
    assert isinstance(read.public_key(), ec.EllipticCurvePublicKey)
    assert (read.not_valid_after_utc - read.not_valid_before_utc).days <= 8
    assert first.fingerprint != second.fingerprint
    assert b"PRIVATE" not in first.pem


def test_no_key_stays_on_the_disk(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    make_certificate(("127.0.0.1",))
    assert list(tmp_path.iterdir()) == []  # type: ignore[attr-defined]


def test_the_default_port_is_named_with_and_without_its_number() -> None:
    assert allowed_hosts("10.0.0.2", 443) == {"10.0.0.2", "10.0.0.2:443"}
    assert allowed_hosts("127.0.0.1", 8443) == {"127.0.0.1:8443", "localhost:8443"}


def test_opencv_reads_the_address_from_the_code() -> None:
    import cv2
    import numpy as np
    import segno

    url = "https://192.168.1.20:8443/#" + "Ab3-_" * 6
    rows = np.array([list(row) for row in segno.make(url, error="m", micro=False).matrix_iter(border=4)])
    picture = np.kron(np.where(rows, 0, 255).astype(np.uint8), np.ones((8, 8), np.uint8))
    assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == url
    assert qr_svg(url).startswith("<svg")
    assert len(qr_text(url).splitlines()) > 15
