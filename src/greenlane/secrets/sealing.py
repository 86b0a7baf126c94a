"""How values lie at rest: sealed by a data key of their scope, which lies wrapped by a key that only the driver has.

AES-256-GCM (NIST SP 800-38D) with a fresh nonce, bound to the place that a value belongs to. A sealed value names its
data key, so that values sealed under older keys, and those sealed before there were data keys, open as before.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Row, insert, select, update

from greenlane.govern.effect import Rows
from greenlane.kit import ids
from greenlane.kit.database import Database
from greenlane.secrets.driver import KEY_BYTES, KeyDriver, ValueUnreadable, Wrapped
from greenlane.secrets.scopes import ORGANISATION
from greenlane.secrets.tables import DATA_KEY

_MARK: Final = b"greenlane:sealed/1:"
_ID: Final = len(ids.new("dk"))
_NONCE: Final = 12


@dataclass(frozen=True, slots=True)
class Envelope:
    """A data key that is at hand: seals without asking anybody."""

    id: str
    cipher: AESGCM

    def seal(self, value: str, place: str) -> bytes:
        """The sealed value. ``place`` says where it belongs; it opens nowhere else."""
        nonce = secrets.token_bytes(_NONCE)
        return _MARK + self.id.encode() + nonce + self.cipher.encrypt(nonce, value.encode(), place.encode())


@dataclass(frozen=True, slots=True)
class Standing:
    """How the wrapping keys stand: the newest, all there are, and how many data keys lie under an older one."""

    newest: str
    names: tuple[str, ...]
    data_keys: int
    under_older: int


class Sealing:
    """Seals and opens values. ``write`` keeps bookkeeping rows; ``before`` is the key from before data keys."""

    def __init__(
        self,
        driver: KeyDriver,
        database: Database,
        write: Callable[[Rows], None],
        now: Callable[[], str],
        before: bytes | None = None,
    ) -> None:
        self.driver = driver
        self._database = database
        self._write = write
        self._now = now
        self._before = None if before is None else AESGCM(before)
        self._at_hand: dict[str, AESGCM] = {}
        self._making = threading.Lock()

    def envelope(self, scope: str) -> Envelope:
        """The data key that seals for a scope; made, wrapped and kept where there is none yet. May ask the driver."""
        with self._making:
            with self._database.read() as connection:
                found = connection.execute(
                    select(DATA_KEY)
                    .where(DATA_KEY.c.scope == scope, DATA_KEY.c.retired.is_(None))
                    .order_by(DATA_KEY.c.created.desc(), DATA_KEY.c.id.desc())
                    .limit(1)
                ).one_or_none()
            return self._make(scope) if found is None else Envelope(found.id, self._opened(found))

    def seal(self, value: str, place: str, scope: str = ORGANISATION) -> bytes:
        """A value sealed for a place."""
        return self.envelope(scope).seal(value, place)

    def open(self, sealed: bytes, place: str) -> str:
        """The value. Raises ``ValueUnreadable``, or ``KeysAway`` when the driver is needed and does not answer."""
        if not is_wrapped(sealed):
            return self._open_from_before(sealed, place)
        body = sealed[len(_MARK) :]
        nonce, text = body[_ID : _ID + _NONCE], body[_ID + _NONCE :]
        try:
            return self._cipher(body[:_ID].decode("ascii", "replace")).decrypt(nonce, text, place.encode()).decode()
        except InvalidTag as error:
            raise _unreadable(place) from error

    def standing(self) -> Standing:
        """How the wrapping keys stand."""
        newest, names = self.driver.newest(), self.driver.names()
        with self._database.read() as connection:
            by = connection.execute(select(DATA_KEY.c.wrapped_by)).scalars().all()
        return Standing(newest, names, len(by), sum(one != newest for one in by))

    def rewrapped(self) -> tuple[int, Rows]:
        """Every data key under the newest wrapping key; how many, and the rows that say so. Sealed values stay as they
        are. Data keys from before seal nothing new, so whoever saw one of them sees no later value.
        """
        newest = self.driver.newest()
        with self._database.read() as connection:
            found = connection.execute(select(DATA_KEY)).all()
        fresh = {row.id: self.driver.wrap(self._unwrapped(row), _about(row.id, row.scope)) for row in found}
        now = self._now()

        def rows(connection: Connection) -> None:
            for id, wrapped in fresh.items():
                connection.execute(
                    update(DATA_KEY)
                    .where(DATA_KEY.c.id == id, DATA_KEY.c.wrapped_by != newest)
                    .values(wrapped=wrapped.key, wrapped_by=wrapped.by)
                )
            connection.execute(update(DATA_KEY).where(DATA_KEY.c.retired.is_(None)).values(retired=now))

        return len(fresh), rows

    def forget_unused(self) -> tuple[str, ...]:
        """Destroy the wrapping keys under which nothing lies any more; their names."""
        newest = self.driver.newest()
        with self._database.read() as connection:
            used = set(connection.execute(select(DATA_KEY.c.wrapped_by).distinct()).scalars())
        unused = tuple(name for name in self.driver.names() if name not in used and name != newest)
        for name in unused:
            self.driver.forget(name)
        return unused

    def _make(self, scope: str) -> Envelope:
        id, key = ids.new("dk"), secrets.token_bytes(KEY_BYTES)
        wrapped, now = self.driver.wrap(key, _about(id, scope)), self._now()

        def rows(connection: Connection) -> None:
            connection.execute(
                insert(DATA_KEY).values(
                    id=id, scope=scope, wrapped=wrapped.key, wrapped_by=wrapped.by, created=now, retired=None
                )
            )

        self._write(rows)
        self._at_hand[id] = AESGCM(key)
        return Envelope(id, self._at_hand[id])

    def _cipher(self, id: str) -> AESGCM:
        if id not in self._at_hand:
            with self._database.read() as connection:
                row = connection.execute(select(DATA_KEY).where(DATA_KEY.c.id == id)).one_or_none()
            if row is None:
                raise _unreadable(id)
            return self._opened(row)
        return self._at_hand[id]

    def _opened(self, row: Row[tuple[object, ...]]) -> AESGCM:
        if row.id not in self._at_hand:
            self._at_hand[row.id] = AESGCM(self._unwrapped(row))
        return self._at_hand[row.id]

    def _unwrapped(self, row: Row[tuple[object, ...]]) -> bytes:
        try:
            return self.driver.unwrap(Wrapped(row.wrapped_by, row.wrapped), _about(row.id, row.scope))
        except ValueUnreadable:
            # between reading the row and asking, the key may have changed so often that its wrapping was forgotten
            with self._database.read() as connection:
                fresh = connection.execute(select(DATA_KEY).where(DATA_KEY.c.id == row.id)).one()
            if fresh.wrapped_by == row.wrapped_by:
                raise
            return self._unwrapped(fresh)

    def _open_from_before(self, sealed: bytes, place: str) -> str:
        if self._before is None:
            raise _unreadable(place)
        try:
            return self._before.decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode()).decode()
        except InvalidTag as error:
            raise _unreadable(place) from error


def is_wrapped(sealed: bytes) -> bool:
    """Whether a sealed value names its data key; those from before do not."""
    return sealed.startswith(_MARK)


def _about(id: str, scope: str) -> str:
    return f"data key {id} of {scope}"


def _unreadable(place: str) -> ValueUnreadable:
    return ValueUnreadable(
        "A stored value does not open.",
        next_step="Bring back the files keys/variables*.key that belong to this database, or put the value in again.",
        detail=place,
    )
