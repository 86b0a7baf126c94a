"""Mail goes to a real server: with and without encryption, with a name and a password, and on one line."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.notices import post_office

from greenlane.cli import doctor
from greenlane.kit.settings import Settings, WrongSettings, read
from greenlane.notices.driver import Postponed, Undeliverable
from greenlane.notices.smtp import MailServer, Smtp


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for localhost that this test trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain = tmp_path / "mail.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context


@pytest.fixture
def server() -> Iterator[post_office.MailServer]:
    with post_office.mail_server(post_office.MailServer()) as running:
        yield running


def settings(server: post_office.MailServer, **more: object) -> Settings:
    return Settings(smtp_host="localhost", smtp_port=server.port, mail_sender="Us <us@example.com>", **more)


def smtp(server: post_office.MailServer, **more: object) -> Smtp:
    found = MailServer.of(settings(server, **more))
    assert found is not None
    return Smtp(found)


def mail(to: str) -> EmailMessage:
    one = EmailMessage()
    one["From"], one["To"], one["Subject"] = "Us <us@example.com>", to, "Grüße"
    one.set_content("Ada schrieb: ü\n.\n..\n")
    return one


def test_mail_arrives_as_it_was_written_and_on_one_line(server: post_office.MailServer):
    line = smtp(server, smtp_tls="none")
    line.send(mail("ada@example.com"), "ada@example.com")
    line.send(mail("bea@example.com"), "bea@example.com")
    line.rest()
    line.rest()
    assert [to for to, _ in server.mails] == ["ada@example.com", "bea@example.com"]
    assert server.mails[0][1]["Subject"] == "Grüße"
    assert server.lines == 1


def test_an_address_that_is_refused_does_not_spoil_the_next(server: post_office.MailServer):
    server.refused.add("nobody@example.com")
    line = smtp(server, smtp_tls="none")
    with pytest.raises(Undeliverable, match="550"):
        line.send(mail("nobody@example.com"), "nobody@example.com")
    line.send(mail("ada@example.com"), "ada@example.com")
    line.rest()
    assert [to for to, _ in server.mails] == ["ada@example.com"]


def test_encryption_and_a_password_are_used_where_they_are_set(certificate: ssl.SSLContext, tmp_path: Path):
    (tmp_path / "password").write_text("correct horse\n")
    wanted = {"smtp_user": "us", "smtp_password_file": tmp_path / "password"}
    with post_office.mail_server(post_office.MailServer(certificate, ("us", "correct horse"))) as server:
        line = smtp(server, **wanted)
        line.send(mail("ada@example.com"), "ada@example.com")
        line.rest()
        assert len(server.mails) == 1
        assert "lets us in" in told(settings(server, **wanted))
        (tmp_path / "password").write_text("wrong\n")
        with pytest.raises(Undeliverable, match="535"):
            smtp(server, **wanted).send(mail("ada@example.com"), "ada@example.com")
        assert "does not let us in" in told(settings(server, **wanted))


def test_a_server_without_the_encryption_that_is_set_gets_nothing(server: post_office.MailServer):
    with pytest.raises(Undeliverable):
        smtp(server).send(mail("ada@example.com"), "ada@example.com")
    assert server.mails == []


def test_a_server_that_nobody_trusts_gets_nothing(certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with post_office.mail_server(post_office.MailServer(certificate)) as server:
        with pytest.raises(Postponed):
            smtp(server).send(mail("ada@example.com"), "ada@example.com")
        assert server.mails == []


def test_a_line_that_broke_is_opened_once_more(server: post_office.MailServer):
    line = smtp(server, smtp_tls="none")
    line.send(mail("ada@example.com"), "ada@example.com")
    assert line._line is not None
    assert line._line.sock is not None
    line._line.sock.shutdown(socket.SHUT_RDWR)
    line.send(mail("ada@example.com"), "ada@example.com")
    line.rest()
    assert (len(server.mails), server.lines) == (2, 2)


def test_a_server_that_is_away_is_tried_again_later():
    with pytest.raises(Postponed):
        smtp(post_office.MailServer(port=1), smtp_tls="none").send(mail("ada@example.com"), "ada@example.com")


def told(settings: Settings) -> str:
    return doctor._mail(settings).says


def test_the_doctor_says_how_mail_does(server: post_office.MailServer):
    assert "No mail server is set" in told(Settings())
    assert "lets us in" in told(settings(server, smtp_tls="none"))
    assert "does not let us in" in told(settings(post_office.MailServer(port=1), smtp_tls="none"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"smtp_host": "mail.example.com"},
        {"smtp_host": "mail.example.com", "mail_sender": "nobody"},
        {"smtp_host": "mail.example.com", "mail_sender": "a@example.com", "smtp_user": "us"},
        {"webhook_networks": ("here",)},
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(wrong: dict[str, object]):
    with pytest.raises(WrongSettings):
        read(**wrong)
