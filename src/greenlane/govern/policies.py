"""Which policy pack is in force, and every one that ever was: a decision can always be made again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from greenlane.govern.action import REGISTRY
from greenlane.govern.actions import SetPolicy
from greenlane.govern.effect import Context, Edge, Outcome, Rows
from greenlane.govern.policy import Pack
from greenlane.govern.tables import policy_pack
from greenlane.kit.clock import Clock, stamp
from greenlane.kit.database import Database

_OWN = "organisation-"
"""How the files of the organisation's own layer are called."""


@dataclass(frozen=True, slots=True)
class Version:
    """A pack that was put in force once, by its digest, and when it last was."""

    digest: str
    since: str


def own_texts(pack: Pack) -> list[str]:
    """The organisation's own texts in a pack; what lies in the server's folder is not among them."""
    return [text for layer in pack.texts() for name, text in layer.items() if name.startswith(_OWN)]


def versions(connection: Connection, limit: int = 10) -> list[Version]:
    """The packs that were in force last, the newest first."""
    c = policy_pack.c
    rows = connection.execute(select(c.digest, c.in_force_since).order_by(c.in_force_since.desc()).limit(limit))
    return [Version(row.digest, row.in_force_since) for row in rows]


class Policies:
    """The packs of an installation. ``folder`` holds policies of the organisation that lie beside the server."""

    def __init__(self, database: Database, clock: Clock, folder: Path | None = None) -> None:
        self._database = database
        self._clock = clock
        self._folder = folder
        self._lock = threading.Lock()
        self._packs: dict[str, Pack] = {}
        self._in_force: Pack | None = None

    def in_force(self) -> Pack:
        """The pack that decides now."""
        if self._in_force is None:
            self.load()
        assert self._in_force is not None
        return self._in_force

    def load(self) -> None:
        """Put the newest kept pack in force, or the default one where none was ever set.

        Raises ``PackError`` with file, line and reason for a folder that cannot be used; what was in force stays.
        """
        with self._database.read() as connection:
            row = connection.execute(select(policy_pack).where(policy_pack.c.note == "set")).one_or_none()
        chosen = self.built([]) if row is None else Pack.load(*row.texts, verbs=_verbs())
        with self._lock:
            self._packs[chosen.digest] = chosen
            self._in_force = chosen

    def built(self, texts: Sequence[str]) -> Pack:
        """The default pack, the server's folder on top, the organisation's texts on top of that.

        Raises ``PackError`` with file, line and reason; nothing is kept or put in force.
        """
        layers: list[Path | dict[str, str]] = [] if self._folder is None else [self._folder]
        if texts:
            layers.append({f"{_OWN}{place}.cedar": text for place, text in enumerate(texts, 1)})
        return Pack.default(*layers, verbs=_verbs())

    def by_digest(self, digest: str) -> Pack | None:
        """A pack that decided something once."""
        with self._lock:
            if digest in self._packs:
                return self._packs[digest]
        with self._database.read() as connection:
            found = select(policy_pack.c.texts).where(policy_pack.c.digest == digest)
            texts = connection.execute(found).scalar_one_or_none()
        if texts is None:
            return None
        pack = Pack.load(*texts)
        with self._lock:
            self._packs[digest] = pack
        return pack

    def remember(self, pack: Pack, *, note: str = "") -> Rows:
        """Rows that keep a pack under its digest. ``note`` is "set" for the one that somebody put in force last."""
        now = stamp(self._clock.now())

        def rows(connection: Connection) -> None:
            if note:
                connection.execute(update(policy_pack).where(policy_pack.c.note == note).values(note=""))
            known = select(policy_pack.c.digest).where(policy_pack.c.digest == pack.digest)
            if connection.execute(known).one_or_none() is None:
                values = {"digest": pack.digest, "texts": pack.texts(), "in_force_since": now, "note": note}
                connection.execute(insert(policy_pack).values(**values))
            elif note:
                connection.execute(
                    update(policy_pack).where(policy_pack.c.digest == pack.digest).values(in_force_since=now, note=note)
                )

        return rows

    def set(self, action: SetPolicy, _context: Context) -> Outcome:
        """The effect of set-policy: build and check first, then keep; ``load`` puts it in force once it is settled."""
        pack = self.built(list(action.texts))
        return Outcome(
            rows=self.remember(pack, note="set"),
            happened={"pack": pack.digest, "before": self.in_force().digest, "policies": len(pack.policies)},
            made=(Edge("policy-pack", pack.digest, pack.digest),),
            answer={"pack": pack.digest, "policies": len(pack.policies)},
        )


def _verbs() -> list[str]:
    return [verb.name for verb in REGISTRY]
