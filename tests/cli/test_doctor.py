"""What the doctor sees, and what it says to do about it."""

from __future__ import annotations

import shutil
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from greenlane.cli.doctor import examine
from greenlane.kit import checkup
from greenlane.kit.checkup import Health
from greenlane.kit.settings import Settings


def seen(settings: Settings) -> dict[str, tuple[str, str]]:
    return {one["name"]: (one["health"], one["next_step"]) for one in examine(settings).document["looks"]}


def at(folder: Path, **more: object) -> Settings:
    return Settings(data=folder, port=0, **more)


def test_before_the_first_start_nothing_is_wrong(tmp_path: Path) -> None:
    told = examine(at(tmp_path / "new"))
    assert told.exit_code == 0
    assert not (tmp_path / "new").exists()


def test_a_key_that_others_can_read_is_wrong_and_says_what_to_type(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    key = tmp_path / "keys" / "payload.key"
    key.write_bytes(b"k")
    key.chmod(0o644)
    told = examine(at(tmp_path))
    assert told.exit_code == 1
    assert seen(at(tmp_path))["keys"] == (Health.WRONG, f"Run `chmod 600 {key}`.")


def test_a_database_that_does_not_answer_is_wrong(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"postgresql://me:hidden@127.0.0.1:{nobody.getsockname()[1]}/greenlane"
        told = examine(at(tmp_path, database=address))
    assert told.exit_code == 1
    assert "hidden" not in " ".join(told.says)


def test_a_port_that_somebody_else_has_is_told(tmp_path: Path) -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        settings = Settings(data=tmp_path, port=somebody.getsockname()[1], listen=("127.0.0.1",))
        health, next_step = seen(settings)["port"]
    assert health is Health.WARNING
    assert "--port" in next_step


@pytest.mark.parametrize(
    ("console", "apps", "health"),
    [
        ("localhost", "localhost", Health.WELL),
        ("console.example.com", "apps.example.com", Health.WARNING),
        ("greenlane.firm.co.uk", "apps.firm.co.uk", Health.WARNING),
        ("greenlane.firm.co.uk", "firm-apps.co.uk", Health.WELL),
        ("firm.github.io", "other.github.io", Health.WELL),
        ("greenlane.intern", "apps.greenlane.intern", Health.WARNING),
        ("console.example.com", "example-apps.net", Health.WELL),
    ],
)
def test_apps_belong_under_another_domain_than_the_console(
    tmp_path: Path, console: str, apps: str, health: str
) -> None:
    assert seen(at(tmp_path, console_host=console, apps_domain=apps))["domains"][0] == health


def test_a_clock_behind_the_newest_receipt_is_wrong() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert checkup.clock(now, now + timedelta(hours=1)).health is Health.WRONG
    assert checkup.clock(now, now - timedelta(hours=1)).health is Health.WELL


def test_the_disk_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, health in ((10**12, Health.WELL), (10**9, Health.WARNING), (10**6, Health.WRONG)):
        monkeypatch.setattr(checkup.shutil, "disk_usage", lambda _path, free=free: type("Use", (), {"free": free}))
        assert checkup.room(tmp_path).health is health


def certificate(folder: Path, key: EllipticCurvePrivateKey, days: int) -> tuple[Path, Path]:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "console.example.com")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("console.example.com"), x509.DNSName("*.apps.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=days, hours=1))
        .add_extension(names, critical=False)
        .sign(key, SHA256())
    )
    (folder / "c.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "k.pem").write_bytes(private)
    return folder / "c.pem", folder / "k.pem"


@pytest.mark.parametrize(("days", "health"), [(60, Health.WELL), (5, Health.WARNING), (-1, Health.WRONG)])
def test_a_certificate_is_renewed_before_its_end(tmp_path: Path, days: int, health: Health) -> None:
    files = certificate(tmp_path, generate_private_key(SECP256R1()), days)
    looks = checkup.certificate(*files, datetime.now(UTC), ["console.example.com", "app.apps.example"])
    assert [one.health for one in looks] == [health]


def test_a_certificate_names_the_hosts_and_belongs_to_its_key(tmp_path: Path) -> None:
    file, key = certificate(tmp_path, generate_private_key(SECP256R1()), 60)
    [look] = checkup.certificate(file, key, datetime.now(UTC), ["elsewhere.example.com"])
    assert look.health is Health.WARNING
    (tmp_path / "other").mkdir()
    _, other = certificate(tmp_path / "other", generate_private_key(SECP256R1()), 60)
    [look] = checkup.certificate(file, other, datetime.now(UTC), ["console.example.com"])
    assert look.health is Health.WRONG


def test_who_builds_front_ends_hears_that_no_registry_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", _without_npm)
    health, next_step = seen(at(tmp_path))["npm"]
    assert health is Health.WARNING
    assert "npm_registry" in next_step
    assert seen(at(tmp_path, npm_registry="https://packages.internal/npm"))["npm"][0] is Health.WELL


def _without_npm(program: str, _which: object = shutil.which, **more: object) -> str | None:
    return None if program == "npm" else _which(program, **more)  # type: ignore[operator, no-any-return]
