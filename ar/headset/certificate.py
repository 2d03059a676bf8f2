"""A certificate for this machine's addresses, made on the spot: browsers offer AR and VR on secure pages only."""

from __future__ import annotations

import datetime
import secrets
import ssl
import tempfile
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

VALID_DAYS = 7


@dataclass(frozen=True)
class Certificate:
    """A TLS set-up and what a person compares when the browser asks.

    Attributes:
        context: for the server; holds the only copy of the key that can be read.
        pem: the public certificate.
        fingerprint: SHA-256 of the certificate as browsers show it, "AB:CD:...".
    """

    context: ssl.SSLContext
    pem: bytes
    fingerprint: str


def make_certificate(addresses: tuple[str, ...]) -> Certificate:
    """A self-signed ECDSA certificate for IP addresses and "localhost", valid for `VALID_DAYS`.

    Source: RFC 5280 (names of the subject), RFC 5480 (P-256).
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Auricle on this network")])
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    names += [x509.IPAddress(ip_address(address)) for address in addresses]
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Clocks of headsets are off by hours.
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    password = secrets.token_bytes(32).hex().encode()
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password),
    )
    digest = certificate.fingerprint(hashes.SHA256()).hex().upper()
    fingerprint = ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))
    return Certificate(_context(pem, locked, password), pem, fingerprint)


def _context(pem: bytes, locked: bytes, password: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # OpenSSL reads keys from files only: this one is encrypted with a password that never leaves memory.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "server.pem"
        path.write_bytes(pem + locked)
        context.load_cert_chain(path, password=password)
    return context
