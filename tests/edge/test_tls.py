"""Certificates from files: per name, taken up anew while connections live, and never a broken one."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.edge.conftest import World, furnish

HOST = "open.localhost"


def certify(certificate: Path, key: Path, name: str) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(private, hashes.SHA256())
    )
    for path, data in (
        (certificate, made.public_bytes(serialization.Encoding.PEM)),
        (
            key,
            private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        ),
    ):
        fresh = path.with_suffix(".new")
        fresh.write_bytes(data)
        fresh.replace(path)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "domains").mkdir()
    certify(tmp_path / "cert.pem", tmp_path / "key.pem", "first")
    certify(tmp_path / "domains/board.example.crt", tmp_path / "domains/board.example.key", "own-domain")
    made = World(
        tmp_path, certificate=tmp_path / "cert.pem", key=tmp_path / "key.pem", certificates=tmp_path / "domains"
    )
    furnish(made)
    made.table["scheme"] = "https"
    made.start()
    yield made
    made.stop()


def dial(world: World, name: str | None = HOST) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", world.port), timeout=20), server_hostname=name)


def shown(world: World, name: str | None = HOST) -> str:
    with dial(world, name) as peer:
        certificate = x509.load_der_x509_certificate(peer.getpeercert(binary_form=True) or b"")
        return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def fetch(peer: ssl.SSLSocket) -> bytes:
    peer.sendall(f"GET /noise.txt HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    received = b""
    while not received.endswith(b"\r\n\r\nshort"):
        received += peer.recv(65_536)
    return received


def test_a_new_certificate_is_taken_up_without_dropping_a_connection(world: World) -> None:
    with dial(world) as before:
        assert fetch(before).startswith(b"HTTP/1.1 200 ")
        assert shown(world) == "first"
        certify(world.folder / "cert.pem", world.folder / "key.pem", "second")
        world.call(world.control.until(lambda: shown_on_thread(world, "second")))
        assert shown(world) == "second"
        assert fetch(before).startswith(b"HTTP/1.1 200 ")


def shown_on_thread(world: World, wanted: str) -> bool:
    """The look of the second is awaited through its effect."""
    certificates = world.edge._certificates
    assert certificates
    return certificates._stamps[world.folder / "cert.pem"][0] == (world.folder / "cert.pem").stat().st_mtime_ns


def test_a_broken_pair_is_not_taken_up(world: World) -> None:
    (world.folder / "key.pem").write_text("nonsense")
    world.loop.call_soon_threadsafe(world.edge.refresh_certificates)
    world.call(asyncio.sleep(0))
    assert shown(world) == "first"
    certify(world.folder / "cert.pem", world.folder / "key.pem", "third")
    world.loop.call_soon_threadsafe(world.edge.refresh_certificates)
    world.call(asyncio.sleep(0))
    assert shown(world) == "third"


def test_a_domain_of_its_own_has_its_own_certificate(world: World) -> None:
    assert shown(world, "board.example") == "own-domain"
    assert shown(world, None) == "first"
    (world.folder / "domains/board.example.crt").unlink()
    world.loop.call_soon_threadsafe(world.edge.refresh_certificates)
    world.call(asyncio.sleep(0))
    assert shown(world, "board.example") == "first"


def test_who_speaks_no_tls_gets_nothing(world: World) -> None:
    with socket.create_connection(("127.0.0.1", world.port), timeout=20) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: open.localhost\r\n\r\n")
        received = b""
        try:
            while data := peer.recv(65_536):
                received += data
        except ConnectionResetError:
            pass
        assert b"HTTP/1.1 200" not in received
