"""Reads metadata of SAML providers again, in time, and takes new certificates over through the door.

What an administrator decided stays theirs: another name or address is told, never taken over. What cannot be read
changes nothing and is told once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from greenlane.govern.actor import PLATFORM
from greenlane.govern.door import Door
from greenlane.govern.effect import Rows
from greenlane.identity.names import readable
from greenlane.identity.oidc.books import Books
from greenlane.identity.oidc.driver import NotReached
from greenlane.identity.saml.parties import SamlProvider
from greenlane.identity.saml.refusals import SamlRefused
from greenlane.identity.sso import by_saml, readings
from greenlane.identity.sso.actions import RefreshIdentityProvider, TellOfMetadata
from greenlane.identity.sso.providers import IdentityProvider
from greenlane.identity.sso.readings import Reading
from greenlane.kit.clock import stamp
from greenlane.kit.errors import GreenlaneError

log = structlog.get_logger()

LOOKS_EVERY = 60.0
"""Seconds between two looks at what is due."""

TOLD_AFTER = 3
"""Times in a row, an hour apart, that an address may be silent before administrators hear of it."""

_UNREAD = "Ask whoever runs the provider; until then all stays as it is."
_SILENT = "Their address does not answer as it should. Look whether it is still right."

_DECIDED = {
    "entity_id": "it calls itself {}",
    "sso": "people would sign in at {}",
    "slo": "people would sign out at {}",
    "slo_answers": "logouts would be answered at {}",
}
"""What an administrator decided, and how another value of it is told."""


class Refreshing:
    """A thread of its own, since a provider may be slow. ``start`` and ``stop`` once each."""

    def __init__(self, door: Door, books: Books, write: Callable[[Rows], None]) -> None:
        self._door, self._books, self._write = door, books, write
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metadata", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Read nothing more. A provider that is slow to answer is not waited for."""
        self._stopped.set()

    def round(self) -> None:
        """Read what is due, one provider after the other; what one of them does keeps no other waiting for long."""
        with self._door.database.read() as connection:
            late = readings.due(connection, self._door.clock.now())
        for provider in late:
            if self._stopped.is_set():
                return
            try:
                self._look(provider)
            except GreenlaneError as error:
                log.warning("metadata could not be taken over", provider=provider.name, code=error.code)

    def _look(self, provider: IdentityProvider) -> None:
        assert provider.saml is not None
        now = self._door.clock.now()
        with self._door.database.read() as connection:
            before = readings.reading(connection, provider.id) or Reading(None, "", 0, "")
        again = replace(before, due=stamp(now + readings.SOONEST), missed=before.missed + 1)
        self._note(provider, again)
        try:
            found, _ = by_saml.read(self._books.wire, provider.metadata, provider.networks, now)
        except NotReached as error:
            log.info("metadata were not reached", provider=provider.name, detail=error.detail)
            if again.missed >= TOLD_AFTER:
                self._tell(provider, again, _SILENT)
            return
        except SamlRefused as error:
            self._tell(provider, replace(again, missed=0), f"{error.message} {_UNREAD}")
            return
        held = Reading(stamp(now), stamp(readings.next_after(found, now)), 0, "")
        if other := _other(provider.saml, found):
            self._tell(provider, replace(held, told=before.told), other)
            return
        if (found.certificates, found.signed_requests) != (provider.saml.certificates, provider.saml.signed_requests):
            shown = RefreshIdentityProvider(provider.name, provider.metadata, found.certificates, found.signed_requests)
            self._door.govern(PLATFORM, shown)
        self._note(provider, held)

    def _tell(self, provider: IdentityProvider, held: Reading, says: str) -> None:
        """Administrators hear of it, unless it is what they heard last. It is the door that writes down what they were told."""
        self._note(provider, held)
        if says != held.told:
            self._door.govern(PLATFORM, TellOfMetadata(provider.name, says))

    def _note(self, provider: IdentityProvider, held: Reading) -> None:
        def rows(connection: Connection) -> None:
            readings.note(connection, provider.id, held)

        self._write(rows)

    def _run(self) -> None:
        while True:
            try:
                self.round()
            except DBAPIError as error:
                log.warning("metadata are read once the database is back", error=repr(error.orig))
            if self._stopped.wait(LOOKS_EVERY):
                return


def _other(known: SamlProvider, found: SamlProvider) -> str:
    """What metadata say otherwise of what an administrator decided, in words; empty for nothing."""
    other = [
        words.format(_shown(getattr(found, name)))
        for name, words in _DECIDED.items()
        if getattr(found, name) != getattr(known, name)
    ]
    if not other:
        return ""
    said = "; ".join(other)
    return f"They say something else now: {said}. If that is right, read them anew on the provider's page."


def _shown(value: str) -> str:
    return value[:200] if value and readable(value) else "nowhere" if not value else "something unreadable"
