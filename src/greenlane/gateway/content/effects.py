"""How the verbs about words are carried out. Imported by ``main`` alone."""

from __future__ import annotations

from dataclasses import dataclass

from greenlane.gateway import queries
from greenlane.gateway.content.actions import EraseWords, LookAtWords
from greenlane.gateway.content.keeping import erased, sealed_of
from greenlane.gateway.content.sealed import opened
from greenlane.govern.effect import Context, Edge, Handling, Outcome
from greenlane.govern.errors import NotFound
from greenlane.identity import queries as identity
from greenlane.kit.database import Database


def handlings(database: Database, key: bytes) -> dict[str, Handling]:
    """The effects by verb. ``key`` is what words are sealed with."""
    words = _Words(database, key)
    return {"look-at-words": Handling(words.look), "erase-words": Handling(words.erase)}


@dataclass(frozen=True, slots=True)
class _Words:
    database: Database
    key: bytes

    def look(self, action: LookAtWords, context: Context) -> Outcome:
        """The words go to whoever asked, and nowhere else."""
        with self.database.read() as connection:
            call = queries.call(connection, action.call)
            sealed = sealed_of(connection, action.call)
        if sealed is None:
            raise NotFound(
                f"Nothing is kept of what was said in {action.call}.",
                next_step="Words are kept while the setting capture is on, and for so many days.",
            )
        said = opened(self.key, action.call, sealed)
        return Outcome(
            happened={"call": call.id, "person": call.person or None}, used=(Edge("call", call.id),), answer={**said}
        )

    def erase(self, action: EraseWords, context: Context) -> Outcome:
        """The words are gone; the records of the calls stay."""
        with self.database.read() as connection:
            if action.call:
                queries.call(connection, action.call)
            else:
                identity.person(connection, action.person)
        return Outcome(erased(call=action.call, person=action.person), happened={"call": action.call or None})
