"""How often somebody may try: wrong attempts are counted by account and by address, and each makes the next one wait.

Counted before the answer is known and taken back when it is right, so that many attempts at the same moment are not
many guesses. Kept in the database, so that a restart forgets nothing; forgotten a day after the last attempt. The wait
has an upper bound, and a link, a token or a passkey does not wait for the account: nobody is locked out for good by
somebody else's guesses.

Accounts and addresses are kept as keyed digests: what somebody typed into the wrong field is nobody's to read.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from greenlane.govern.effect import Rows
from greenlane.govern.errors import TooSoon
from greenlane.identity.tables import SIGN_IN_ATTEMPT
from greenlane.kit.clock import Clock, parse, stamp

FREE_BY_ACCOUNT = 4
"""Wrong attempts at one account that wait for nothing: mistyping is human."""

FREE_BY_ADDRESS = 20
"""The same for one address, which a whole office may share."""

LONGEST_WAIT = timedelta(minutes=15)
"""However often somebody tried."""

FORGOTTEN_AFTER = timedelta(days=1)
"""A count without a new attempt ends after this long."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that was let through: what it counts against, and which one in a row it is at each."""

    keys: tuple[str, ...]
    rows: tuple[int, ...]

    @property
    def row(self) -> int:
        """Which one in a row it is, where it counts most."""
        return max(self.rows)

    @property
    def matters(self) -> bool:
        """Whether it goes on the record if it is wrong: the 4th, 8th, 16th in a row. What goes on and on is told at a
        pace that cannot fill a ledger.
        """
        return any(row >= FREE_BY_ACCOUNT and row & (row - 1) == 0 for row in self.rows)


class Attempts:
    """Counts. ``write`` is the ledger's way to write rows without a receipt."""

    def __init__(self, key: bytes, write: Callable[[Rows], None], clock: Clock) -> None:
        self._key = key
        self._write = write
        self._clock = clock

    def begin(self, address: str, account: str = "") -> Attempt:
        """Count an attempt. Raises ``TooSoon`` when the last one was too short a time ago."""
        counted = {self._of("address", _network(address)): FREE_BY_ADDRESS}
        if account:
            counted[self._of("account", account)] = FREE_BY_ACCOUNT
        rows: list[int] = []

        def count(connection: Connection) -> None:
            now = self._clock.now()
            rows.clear()
            connection.execute(delete(SIGN_IN_ATTEMPT).where(SIGN_IN_ATTEMPT.c.last < stamp(now - FORGOTTEN_AFTER)))
            failures = {key: _failures(connection, key, now) for key in counted}
            for key, free in counted.items():
                rows.append(failures[key] + 1)
                _count(connection, key, failures[key] + 1, now, wait(failures[key] + 1, free))

        self._write(count)
        return Attempt(tuple(counted), tuple(rows))

    def was_right(self, attempt: Attempt) -> None:
        """Take an attempt back: the account starts anew, and its address has one less."""
        address, *account = attempt.keys

        def forgive(connection: Connection) -> None:
            connection.execute(delete(SIGN_IN_ATTEMPT).where(SIGN_IN_ATTEMPT.c.key.in_(account)))
            connection.execute(
                update(SIGN_IN_ATTEMPT)
                .where(SIGN_IN_ATTEMPT.c.key == address)
                .values(failures=SIGN_IN_ATTEMPT.c.failures - 1, free=SIGN_IN_ATTEMPT.c.last)
            )

        self._write(forgive)

    def _of(self, kind: str, value: str) -> str:
        return hmac.digest(self._key, f"{kind}:{value}".encode(), "sha256").hex()


def wait(failures: int, free: int) -> timedelta:
    """How long the attempt after so many wrong ones waits: nothing, then 1, 2, 4 ... seconds, 15 minutes at most."""
    over = failures - free
    return min(timedelta(seconds=2 ** min(over, 16)), LONGEST_WAIT) if over >= 0 else timedelta()


def _failures(connection: Connection, key: str, now: datetime) -> int:
    row = connection.execute(select(SIGN_IN_ATTEMPT).where(SIGN_IN_ATTEMPT.c.key == key)).one_or_none()
    if row is None:
        return 0
    if row.free > stamp(now):
        raise TooSoon.after(parse(row.free) - now)
    return int(row.failures)


def _count(connection: Connection, key: str, failures: int, now: datetime, waits: timedelta) -> None:
    values = {"failures": failures, "last": stamp(now), "free": stamp(now + waits)}
    if failures == 1:
        connection.execute(delete(SIGN_IN_ATTEMPT).where(SIGN_IN_ATTEMPT.c.key == key))
        connection.execute(insert(SIGN_IN_ATTEMPT).values(key=key, **values))
    else:
        connection.execute(update(SIGN_IN_ATTEMPT).where(SIGN_IN_ATTEMPT.c.key == key).values(**values))


def _network(address: str) -> str:
    """An address, or of IPv6 the network that one household has all of."""
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((read, 64), strict=False)) if read.version == 6 else str(read)
