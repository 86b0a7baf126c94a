"""Looking whether what a program needs is there and well: each look is a sentence and, if need be, a next step."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

LITTLE_ROOM, NO_ROOM = 2 * 1024**3, 256 * 1024**2
"""Bytes of free disk under which a look warns, and under which it fails."""
SOON = timedelta(days=21)
"""How long before its end a certificate should be renewed."""
OLDEST_SQLITE = (3, 35)
"""What the statements in use need (sqlite.org/changes.html: RETURNING, partial indexes, window functions)."""


class Health(StrEnum):
    """How a look ended."""

    WELL = "well"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Look:
    """One thing that was looked at, what was seen, and what to do about it where that is needed."""

    name: str
    health: Health
    says: str
    next_step: str = ""


def well(name: str, says: str) -> Look:
    """Nothing to do."""
    return Look(name, Health.WELL, says)


def warning(name: str, says: str, next_step: str) -> Look:
    """It works, and could be better."""
    return Look(name, Health.WARNING, says, next_step)


def wrong(name: str, says: str, next_step: str) -> Look:
    """It does not work like this."""
    return Look(name, Health.WRONG, says, next_step)


def folder(path: Path) -> Look:
    """Whether a folder can be used, or made, and is closed to others."""
    if not path.exists():
        parent = next(one for one in path.parents if one.exists())
        if os.access(parent, os.W_OK | os.X_OK):
            return well("data folder", f"{path} is made at the first start.")
        return wrong("data folder", f"{path} cannot be made.", f"Make {parent} writable, or name another folder.")
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return wrong("data folder", f"{path} is not writable.", f"Run `chown -R {os.getuid()} {path}`.")
    if path.stat().st_mode & 0o007:
        return warning("data folder", f"Every user of this machine can look into {path}.", f"Run `chmod 700 {path}`.")
    return well("data folder", f"{path} is writable and closed to others.")


def room(path: Path) -> Look:
    """Whether there is room on the disk of a path."""
    free = shutil.disk_usage(next(one for one in (path, *path.parents) if one.exists())).free
    says = f"{free / 1024**3:.1f} GiB are free."
    if free < NO_ROOM:
        return wrong("disk", says, "Free some space: below this the platform becomes read-only.")
    if free < LITTLE_ROOM:
        return warning("disk", says, "Free some space before it runs out.")
    return well("disk", says)


def private(files: Iterable[Path]) -> Look:
    """Whether nobody but their owner can read some files."""
    found = [one for one in files if one.is_file()]
    open_ones = [str(one) for one in found if one.stat().st_mode & 0o077]
    if open_ones:
        return wrong("keys", f"Others can read {', '.join(open_ones)}.", f"Run `chmod 600 {' '.join(open_ones)}`.")
    return well("keys", "Only their owner reads the keys." if found else "There are no keys yet.")


def sqlite() -> Look:
    """Whether the SQLite that Python came with is new enough."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        return wrong("sqlite", f"SQLite {sqlite3.sqlite_version} is too old.", "Use a Python built with 3.35 or later.")
    return well("sqlite", f"SQLite {sqlite3.sqlite_version}.")


def certificate(path: Path, key: Path, now: datetime, hosts: Sequence[str]) -> list[Look]:
    """Whether a certificate holds now and for a while, belongs to its key, and names these hosts."""
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
        pair = load_pem_private_key(key.read_bytes(), None).public_key() == found.public_key()
    except (OSError, ValueError, TypeError) as error:
        return [
            wrong("certificate", f"{path} or {key} cannot be read: {error}.", "Name a PEM certificate and its key.")
        ]
    looks = []
    ends = found.not_valid_after_utc
    if not pair:
        looks.append(wrong("certificate", f"{key} is not the key of {path}.", "Name the key that belongs to it."))
    if ends < now or found.not_valid_before_utc > now:
        looks.append(wrong("certificate", f"{path} does not hold today (until {ends:%Y-%m-%d}).", "Renew it."))
    elif ends - now < SOON:
        looks.append(warning("certificate", f"{path} holds only until {ends:%Y-%m-%d}.", "Renew it."))
    missing = [host for host in hosts if not _names(found, host)]
    if missing:
        looks.append(
            warning("certificate", f"{path} does not name {', '.join(missing)}.", "Get one that names all of them.")
        )
    return looks or [well("certificate", f"{path} holds until {ends:%Y-%m-%d}.")]


def _names(found: x509.Certificate, host: str) -> bool:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    named = names.get_values_for_type(x509.DNSName)
    return host in named or f"*.{host.partition('.')[2]}" in named


def listening(addresses: Sequence[str], port: int) -> list[str]:
    """The addresses at which the port cannot be had, because somebody has it or because there is no such address."""
    taken = []
    for address in addresses:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                taken.append(address)
    return taken


def resolves(host: str) -> bool:
    """Whether this machine finds an address for a host name."""
    try:
        return bool(socket.getaddrinfo(host, None))
    except (OSError, UnicodeError):
        return False


def clock(now: datetime, newest: datetime | None) -> Look:
    """Whether the clock is behind something that was already written down."""
    shown = f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if newest is not None and newest - now > timedelta(minutes=1):
        return wrong(
            "clock",
            f"The clock says {shown}, which is before the newest receipt ({newest:%Y-%m-%d %H:%M:%S}).",
            "Set the clock, best by NTP. The order of receipts does not depend on it; expiries do.",
        )
    return well("clock", f"It is {shown}.")
